/* The token bucket against a reference that counts millisecond by millisecond. */
#include "support/cmocka_all.h"

#include "base/token_bucket.h"
#include "support/assertion.h"
#include "support/random.h"

#define ROUNDS          300u
#define TAKES_PER_ROUND 200u

/* The slow truth: one addition for every millisecond that passes. */
struct reference {
    uint64_t level_milli;
    uint64_t now_ms;
    bool is_used;
};

static bool reference_take(struct reference *reference, uint32_t per_sec, uint32_t burst,
                           uint64_t now_ms)
{
    uint64_t full_milli = (uint64_t)burst * 1000;
    if (!reference->is_used) {
        *reference = (struct reference){full_milli, now_ms, true};
    }
    for (; reference->now_ms < now_ms; reference->now_ms++) {
        reference->level_milli += per_sec;
        if (reference->level_milli > full_milli) {
            reference->level_milli = full_milli;
        }
    }
    if (reference->level_milli < 1000) {
        return false;
    }
    reference->level_milli -= 1000;
    return true;
}

static bool take(struct token_bucket *bucket, uint32_t per_sec, uint32_t burst, uint64_t now_ms)
{
    return token_bucket_take(bucket, per_sec, burst, token_bucket_stamp(now_ms));
}

static void token_bucket_random_times_match_reference(void **state)
{
    (void)state;
    struct random_source source = random_begin(__func__);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct token_bucket bucket = {0};
        struct reference reference = {0};
        uint32_t per_sec = 1 + random_below(&source, 1000000 >> random_below(&source, 20));
        uint32_t burst = 1 + random_below(&source, 1000000 >> random_below(&source, 20));
        uint64_t now_ms = random_u64(&source) >> 20;
        if ((uint32_t)now_ms > UINT32_MAX - 1000000u) {
            now_ms += 2000000; /* the wrap of the stamp has a test of its own */
        }
        for (uint32_t i = 0; i < TAKES_PER_ROUND; i++) {
            assert_int_equal(take(&bucket, per_sec, burst, now_ms),
                             reference_take(&reference, per_sec, burst, now_ms));
            assert_int_equal(bucket.level_milli, reference.level_milli);
            token_bucket_check(&bucket, burst);
            now_ms += random_below(&source, 3) == 0 ? random_below(&source, 2000) : 0;
        }
    }
}

static void token_bucket_unused_is_full(void **state)
{
    (void)state;
    struct token_bucket bucket = {0};
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(take(&bucket, 1, 5, 0));
    }
    assert_false(take(&bucket, 1, 5, 999));
    assert_true(take(&bucket, 1, 5, 1000));
    assert_false(take(&bucket, 1, 5, 1999));
}

static void token_bucket_many_small_steps_lose_nothing(void **state)
{
    (void)state;
    struct token_bucket bucket = {0};
    uint32_t taken = 0;
    for (uint64_t now_ms = 1; now_ms <= 10000; now_ms++) {
        taken += take(&bucket, 7, 1, now_ms);
    }
    assert_int_equal(taken, 1 + 9999 * 7 / 1000);
}

static void token_bucket_largest_rate_does_not_overflow(void **state)
{
    (void)state;
    struct token_bucket bucket = {0};
    assert_true(take(&bucket, 1000000, 1000000, 0));
    assert_true(take(&bucket, 1000000, 1000000, UINT32_MAX - 1u));
    assert_int_equal(bucket.level_milli, 999999000);
}

/* At the wrap of the 32-bit stamp at most one millisecond is lost and nothing is won. */
static void token_bucket_stamp_wrap_never_refills_too_much(void **state)
{
    (void)state;
    for (uint64_t start = UINT32_MAX - 5u; start < UINT32_MAX + UINT64_C(5); start++) {
        struct token_bucket bucket = {0};
        assert_true(take(&bucket, 1000, 10, start));
        for (uint32_t i = 0; i < 9; i++) {
            assert_true(take(&bucket, 1000, 10, start));
        }
        assert_false(take(&bucket, 1000, 10, start));
        uint32_t taken = 0;
        for (uint64_t now_ms = start + 1; now_ms <= start + 10; now_ms++) {
            taken += take(&bucket, 1000, 10, now_ms);
        }
        assert_in_range(taken, 9, 10);
    }
}

static void token_bucket_pause_of_49_days_never_refills_too_much(void **state)
{
    (void)state;
    struct token_bucket bucket = {0};
    assert_true(take(&bucket, 1, 1, 5));
    assert_false(take(&bucket, 1, 1, (UINT64_C(1) << 32) + 5));
}

static void token_bucket_rate_out_of_bounds_asserts(void **state)
{
    (void)state;
    struct token_bucket bucket = {0};
    EXPECT_ASSERTION(take(&bucket, 0, 1, 0));
    EXPECT_ASSERTION(take(&bucket, 1, 0, 0));
    EXPECT_ASSERTION(take(&bucket, 1000001, 1, 0));
    EXPECT_ASSERTION(take(&bucket, 1, 1000001, 0));
}

static void token_bucket_check_broken_invariant_asserts(void **state)
{
    (void)state;
    struct token_bucket above_burst = {.level_milli = 2001, .filled = 1};
    EXPECT_ASSERTION(token_bucket_check(&above_burst, 2));
    struct token_bucket never_filled = {.level_milli = 1, .filled = 0};
    EXPECT_ASSERTION(token_bucket_check(&never_filled, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_bucket_random_times_match_reference),
        cmocka_unit_test(token_bucket_unused_is_full),
        cmocka_unit_test(token_bucket_many_small_steps_lose_nothing),
        cmocka_unit_test(token_bucket_largest_rate_does_not_overflow),
        cmocka_unit_test(token_bucket_stamp_wrap_never_refills_too_much),
        cmocka_unit_test(token_bucket_pause_of_49_days_never_refills_too_much),
        cmocka_unit_test(token_bucket_rate_out_of_bounds_asserts),
        cmocka_unit_test(token_bucket_check_broken_invariant_asserts),
    };
    return cmocka_run_group_tests_name("token_bucket", tests, NULL, NULL);
}
