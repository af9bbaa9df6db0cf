/* The table of requests that wait: correlations, bounds, expiry, against a plain model. */
#include "support/cmocka_all.h"

#include <stdlib.h>

#include "common/request_table.h"
#include "support/random.h"

#define REQUESTS_MAX 8u
#define TIMEOUT_MS   100u

/* What the callbacks were told. */
static uint64_t reported[64];
static uint32_t reported_count;

static void report(struct pc_worker *worker, const struct request *request)
{
    assert_null(worker);
    assert_true(reported_count < COUNT_OF(reported));
    reported[reported_count] = request->user;
    reported_count++;
}

static int set_up(void **state)
{
    reported_count = 0;
    *state = request_table_create(REQUESTS_MAX, TIMEOUT_MS);
    return *state == NULL;
}

static int tear_down(void **state)
{
    request_table_destroy(*state);
    return 0;
}

static uint64_t add(struct request_table *table, uint64_t user, uint64_t now_ms)
{
    const struct request request = {.session = 1000 + user, .user = user, .kind = 7};
    return request_table_add(table, &request, now_ms);
}

static void request_table_take_yields_what_was_added(void **state)
{
    struct request request;
    uint64_t correlation = add(*state, 5, 42);
    assert_int_not_equal(correlation, 0);
    assert_int_equal(request_table_count(*state), 1);
    assert_true(request_table_take(*state, correlation, &request));
    assert_int_equal(request.session, 1005);
    assert_int_equal(request.user, 5);
    assert_int_equal(request.kind, 7);
    assert_int_equal(request.added_ms, 42);
    assert_int_equal(request_table_count(*state), 0);
}

static void request_table_second_take_fails(void **state)
{
    struct request request;
    uint64_t correlation = add(*state, 5, 0);
    assert_true(request_table_take(*state, correlation, &request));
    assert_false(request_table_take(*state, correlation, &request));
}

static void request_table_old_correlation_names_nobody_new(void **state)
{
    struct request request;
    uint64_t old = add(*state, 1, 0);
    assert_true(request_table_take(*state, old, &request));
    uint64_t correlation = add(*state, 2, 0);
    assert_int_not_equal(correlation, old);
    assert_false(request_table_take(*state, old, &request));
    assert_true(request_table_take(*state, correlation, &request));
    assert_int_equal(request.user, 2);
}

static void request_table_made_up_correlations_fail(void **state)
{
    struct request request;
    uint64_t correlation = add(*state, 1, 0);
    assert_false(request_table_take(*state, 0, &request));
    assert_false(request_table_take(*state, UINT64_MAX, &request));
    assert_false(request_table_take(*state, correlation + REQUESTS_MAX, &request));
    assert_false(request_table_take(*state, correlation + (UINT64_C(1) << 32), &request));
    assert_int_equal(request_table_count(*state), 1);
}

static void request_table_full_refuses(void **state)
{
    struct request request;
    uint64_t last = 0;
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        last = add(*state, i, 0);
        assert_int_not_equal(last, 0);
    }
    assert_int_equal(add(*state, 99, 0), 0);
    assert_true(request_table_take(*state, last, &request));
    assert_int_not_equal(add(*state, 99, 0), 0);
}

static void request_table_expires_in_order_and_not_before(void **state)
{
    struct request request;
    add(*state, 1, 0);
    uint64_t taken = add(*state, 2, 10);
    add(*state, 3, 20);
    assert_int_equal(request_table_expire(*state, NULL, TIMEOUT_MS - 1, report), 0);
    assert_true(request_table_take(*state, taken, &request));
    assert_int_equal(request_table_expire(*state, NULL, TIMEOUT_MS + 19, report), 1);
    assert_int_equal(request_table_expire(*state, NULL, TIMEOUT_MS + 20, report), 1);
    assert_int_equal(reported_count, 2);
    assert_int_equal(reported[0], 1);
    assert_int_equal(reported[1], 3);
    assert_int_equal(request_table_count(*state), 0);
}

static void request_table_late_answer_fails(void **state)
{
    struct request request;
    uint64_t correlation = add(*state, 1, 0);
    assert_int_equal(request_table_expire(*state, NULL, TIMEOUT_MS, report), 1);
    assert_false(request_table_take(*state, correlation, &request));
}

static void request_table_fail_all_reports_each_once(void **state)
{
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        add(*state, i, 0);
    }
    request_table_fail_all(*state, NULL, report);
    assert_int_equal(reported_count, REQUESTS_MAX);
    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        assert_int_equal(reported[i], i);
    }
    assert_int_equal(request_table_count(*state), 0);
    request_table_fail_all(*state, NULL, report);
    assert_int_equal(reported_count, REQUESTS_MAX);
}

/* One of the model's requests. */
struct waiting {
    uint64_t correlation;
    uint64_t user;
};

static void model_take(struct request_table *table, struct waiting *waiting, uint32_t *count,
                       uint32_t index)
{
    struct request request;
    assert_true(request_table_take(table, waiting[index].correlation, &request));
    assert_int_equal(request.user, waiting[index].user);
    *count -= 1;
    waiting[index] = waiting[*count];
}

static void request_table_random_use_matches_model(void **state)
{
    struct random_source source = random_begin(__func__);
    struct waiting waiting[REQUESTS_MAX];
    uint32_t count = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        if (random_below(&source, 2) == 0) {
            uint64_t correlation = add(*state, i, i);
            assert_int_equal(correlation != 0, count < REQUESTS_MAX);
            if (correlation != 0) {
                waiting[count] = (struct waiting){correlation, i};
                count++;
            }
        } else if (count > 0) {
            model_take(*state, waiting, &count, random_below(&source, count));
        }
        assert_int_equal(request_table_count(*state), count);
    }
}

#define TABLE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(request_table_take_yields_what_was_added),
        TABLE_TEST(request_table_second_take_fails),
        TABLE_TEST(request_table_old_correlation_names_nobody_new),
        TABLE_TEST(request_table_made_up_correlations_fail),
        TABLE_TEST(request_table_full_refuses),
        TABLE_TEST(request_table_expires_in_order_and_not_before),
        TABLE_TEST(request_table_late_answer_fails),
        TABLE_TEST(request_table_fail_all_reports_each_once),
        TABLE_TEST(request_table_random_use_matches_model),
    };
    return cmocka_run_group_tests_name("request_table", tests, NULL, NULL);
}
