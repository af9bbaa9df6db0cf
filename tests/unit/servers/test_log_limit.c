/* Lines that peers can cause: so many a second, the rest counted. */
#include "support/cmocka_all.h"

#include "common/log_limit.h"

#define PER_SEC 3u

static struct log quiet_log(void)
{
    struct log log;
    log_init(&log, stderr, "test", LOG_ERROR, LOG_TEXT);
    return log;
}

static uint32_t admitted(struct log_limit *limit, const struct log *log, uint64_t now_ms,
                         uint32_t per_sec)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < 10; i++) {
        count += log_limit_admit(limit, log, now_ms, per_sec) ? 1 : 0;
    }
    return count;
}

static void log_limit_within_a_second_admits_so_many(void **state)
{
    (void)state;
    struct log log = quiet_log();
    struct log_limit limit = {0};
    assert_int_equal(admitted(&limit, &log, 5000, PER_SEC), PER_SEC);
    assert_int_equal(admitted(&limit, &log, 5999, PER_SEC), 0);
    assert_int_equal(limit.suppressed, 17);
}

static void log_limit_next_second_tells_and_admits_anew(void **state)
{
    (void)state;
    struct log log = quiet_log();
    struct log_limit limit = {0};
    (void)admitted(&limit, &log, 5000, PER_SEC);
    assert_int_equal(admitted(&limit, &log, 6000, PER_SEC), PER_SEC);
    assert_int_equal(limit.suppressed, 7);
    assert_int_equal(limit.suppressed_total, 14);
    log_limit_flush(&limit, &log);
    assert_int_equal(limit.suppressed, 0);
    assert_int_equal(limit.suppressed_total, 14);
}

static void log_limit_of_zero_admits_all(void **state)
{
    (void)state;
    struct log log = quiet_log();
    struct log_limit limit = {0};
    assert_int_equal(admitted(&limit, &log, 5000, 0), 10);
    assert_int_equal(limit.suppressed_total, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_limit_within_a_second_admits_so_many),
        cmocka_unit_test(log_limit_next_second_tells_and_admits_anew),
        cmocka_unit_test(log_limit_of_zero_admits_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
