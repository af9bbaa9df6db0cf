/* The latency histogram. */
#include "support/cmocka_all.h"

#include <string.h>

#include "histogram.h"

static void histogram_empty_is_zero(void **state)
{
    (void)state;
    static struct histogram histogram;
    assert_int_equal(histogram_percentile(&histogram, 500), 0);
    assert_int_equal(histogram_percentile(&histogram, 1000), 0);
}

static void histogram_small_values_are_exact(void **state)
{
    (void)state;
    static struct histogram histogram;
    for (uint64_t value = 1; value <= 250; value++) {
        histogram_record(&histogram, value);
    }
    assert_int_equal(histogram_percentile(&histogram, 500), 125);
    assert_int_equal(histogram_percentile(&histogram, 1000), 250);
    assert_int_equal(histogram.count, 250);
}

static void histogram_percentile_is_at_most_a_128th_too_high(void **state)
{
    (void)state;
    for (uint64_t value = 1; value < ((uint64_t)1 << 35); value = value * 3 + 1) {
        struct histogram histogram = {0};
        histogram_record(&histogram, value);
        histogram_record(&histogram, (uint64_t)1 << 35);
        uint64_t half = histogram_percentile(&histogram, 500);
        assert_true(half >= value);
        assert_true(half - value <= value / 128);
    }
}

static void histogram_beyond_the_range_counts_in_the_last_bucket(void **state)
{
    (void)state;
    static struct histogram histogram;
    histogram_record(&histogram, UINT64_MAX);
    assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
    assert_true(histogram.max == UINT64_MAX);
}

static void histogram_p99_of_a_hundred_ignores_one_outlier(void **state)
{
    (void)state;
    static struct histogram histogram;
    for (int i = 0; i < 99; i++) {
        histogram_record(&histogram, 10);
    }
    histogram_record(&histogram, 1000000);
    assert_int_equal(histogram_percentile(&histogram, 990), 10);
    assert_int_equal(histogram_percentile(&histogram, 1000), 1000000);
}

static void histogram_merge_adds_counts_and_keeps_the_greater_max(void **state)
{
    (void)state;
    static struct histogram target;
    static struct histogram source;
    histogram_record(&target, 5);
    histogram_record(&source, 7);
    histogram_record(&source, 9000);
    histogram_merge(&target, &source);
    assert_int_equal(target.count, 3);
    assert_int_equal(target.max, 9000);
    assert_int_equal(histogram_percentile(&target, 334), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram_empty_is_zero),
        cmocka_unit_test(histogram_small_values_are_exact),
        cmocka_unit_test(histogram_percentile_is_at_most_a_128th_too_high),
        cmocka_unit_test(histogram_beyond_the_range_counts_in_the_last_bucket),
        cmocka_unit_test(histogram_p99_of_a_hundred_ignores_one_outlier),
        cmocka_unit_test(histogram_merge_adds_counts_and_keeps_the_greater_max),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
