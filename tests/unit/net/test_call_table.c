/* The calls of one worker: correlations, deadlines, lost links, against a plain model. */
#include <string.h>

#include "net/call_table.h"
#include "support/cmocka_all.h"
#include "support/random.h"

#define CALLS_MAX  8u
#define TIMEOUT_MS 1000u
#define LINK       ((pc_handle)77)
#define OTHER_LINK ((pc_handle)78)
#define REPLY_ID   0x0410u

static struct timer_wheel wheel;
static struct call_table table;

/* What the ends were told. */
struct ended {
    uint64_t user;
    enum pc_status status;
    const void *reply;
};

static struct ended ended[64];
static uint32_t ended_count;
static bool begins_again; /* each end begins a call on the other link */

static void on_end(const struct pc_call *call, enum pc_status status, const void *reply)
{
    assert_true(ended_count < COUNT_OF(ended));
    ended[ended_count++] = (struct ended){call->caller.user, status, reply};
    assert_ptr_equal(call->caller.context, &table);
    assert_int_equal(call->caller.session, 1000 + call->caller.user);
    call_table_check(&table);
    if (begins_again) {
        struct pc_call again = *call;
        again.caller.user += 100;
        again.caller.session += 100;
        assert_true(call_table_has_place(&table));
        (void)call_table_begin(&table, OTHER_LINK, &again, 0);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(&table, 0, sizeof table);
    timer_wheel_init(&wheel, 0);
    ended_count = 0;
    begins_again = false;
    return call_table_create(&table, &wheel, CALLS_MAX) ? 0 : -1;
}

/* The wheel is empty at the end: a call that has ended left no timer. */
static int tear_down(void **state)
{
    (void)state;
    begins_again = false;
    call_table_fail(&table, LINK);
    call_table_fail(&table, OTHER_LINK);
    assert_int_equal(wheel.count, 0);
    struct pc_call_counters counters = {0};
    call_table_count(&table, &counters);
    assert_int_equal(counters.waiting, 0);
    assert_int_equal(counters.begun, counters.answered + counters.timed_out + counters.failed);
    call_table_destroy(&table);
    return 0;
}

static uint64_t begin_on(pc_handle link, uint64_t user, uint64_t now_ms, uint32_t timeout_ms)
{
    const struct pc_call call = {
        .caller = {.context = &table, .session = 1000 + user, .user = user},
        .end = on_end,
        .timeout_ms = timeout_ms,
        .reply_id = REPLY_ID,
    };
    if (!call_table_has_place(&table)) {
        return 0;
    }
    uint64_t correlation = call_table_begin(&table, link, &call, now_ms);
    assert_int_not_equal(correlation, 0);
    call_table_check(&table);
    return correlation;
}

static uint64_t begin(uint64_t user)
{
    return begin_on(LINK, user, 0, TIMEOUT_MS);
}

static bool answer(uint64_t correlation)
{
    bool is_matched = call_table_answer(&table, LINK, correlation, REPLY_ID, &wheel);
    call_table_check(&table);
    return is_matched;
}

static void assert_ended(uint32_t at, uint64_t user, enum pc_status status)
{
    assert_true(at < ended_count);
    assert_int_equal(ended[at].user, user);
    assert_int_equal(ended[at].status, status);
    assert_ptr_equal(ended[at].reply, status == PC_OK ? &wheel : NULL);
}

static void call_table_answer_ends_the_call_once(void **state)
{
    (void)state;
    uint64_t correlation = begin(5);
    assert_true(answer(correlation));
    assert_false(answer(correlation));
    assert_int_equal(ended_count, 1);
    assert_ended(0, 5, PC_OK);
    struct pc_call_counters counters = {0};
    call_table_count(&table, &counters);
    assert_int_equal(counters.answered, 1);
    assert_int_equal(counters.unmatched, 1);
}

static void call_table_old_correlation_names_no_newer_call(void **state)
{
    (void)state;
    uint64_t old = begin(1);
    assert_true(answer(old));
    uint64_t correlation = begin(2);
    assert_int_equal((uint32_t)correlation, (uint32_t)old);
    assert_false(answer(old));
    assert_true(answer(correlation));
    assert_ended(1, 2, PC_OK);
}

static void call_table_made_up_answers_are_counted_only(void **state)
{
    (void)state;
    uint64_t correlation = begin(1);
    assert_false(answer(0));
    assert_false(answer(UINT64_MAX));
    assert_false(answer(correlation + CALLS_MAX));
    assert_false(answer(correlation + (UINT64_C(1) << 32)));
    assert_false(call_table_answer(&table, OTHER_LINK, correlation, REPLY_ID, &wheel));
    assert_false(call_table_answer(&table, LINK, correlation, REPLY_ID + 1, &wheel));
    assert_int_equal(ended_count, 0);
    struct pc_call_counters counters = {0};
    call_table_count(&table, &counters);
    assert_int_equal(counters.unmatched, 6);
    assert_int_equal(counters.waiting, 1);
    assert_true(answer(correlation));
}

static void call_table_full_has_no_place(void **state)
{
    (void)state;
    uint64_t last = 0;
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        last = begin(i);
        assert_int_not_equal(last, 0);
    }
    assert_int_equal(begin(99), 0);
    assert_true(answer(last));
    assert_int_not_equal(begin(99), 0);
    struct pc_call_counters counters = {0};
    call_table_count(&table, &counters);
    assert_int_equal(counters.refused, 1);
    assert_int_equal(counters.waiting_high, CALLS_MAX);
}

static void call_table_deadlines_are_each_call_s_own(void **state)
{
    (void)state;
    begin_on(LINK, 1, 0, 3000);
    uint64_t answered = begin_on(LINK, 2, 0, 1000);
    uint64_t late = begin_on(LINK, 3, 0, 2000);
    timer_wheel_advance(&wheel, 990, NULL);
    assert_int_equal(ended_count, 0);
    assert_true(answer(answered));
    timer_wheel_advance(&wheel, 2010, NULL);
    assert_int_equal(ended_count, 2);
    assert_ended(1, 3, PC_TIMEOUT);
    assert_false(answer(late));
    timer_wheel_advance(&wheel, 3010, NULL);
    assert_int_equal(ended_count, 3);
    assert_ended(2, 1, PC_TIMEOUT);
    struct pc_call_counters counters = {0};
    call_table_count(&table, &counters);
    assert_int_equal(counters.timed_out, 2);
    assert_int_equal(counters.unmatched, 1);
}

static void call_table_lost_link_ends_its_calls_in_order(void **state)
{
    (void)state;
    begin_on(LINK, 1, 0, 3000);
    begin_on(OTHER_LINK, 2, 0, 3000);
    begin_on(LINK, 3, 0, 1000);
    call_table_fail(&table, LINK);
    assert_int_equal(ended_count, 2);
    assert_ended(0, 1, PC_CLOSED);
    assert_ended(1, 3, PC_CLOSED);
    call_table_fail(&table, LINK);
    assert_int_equal(ended_count, 2);
    assert_int_equal(table.waiting_count, 1);
}

static void call_table_end_may_begin_another(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        begin(i);
    }
    begins_again = true;
    call_table_fail(&table, LINK);
    assert_int_equal(ended_count, CALLS_MAX);
    assert_int_equal(table.waiting_count, CALLS_MAX);
    begins_again = false;
    timer_wheel_advance(&wheel, TIMEOUT_MS + 10, NULL);
    assert_int_equal(ended_count, 2 * CALLS_MAX);
    assert_ended(CALLS_MAX, 100, PC_TIMEOUT);
}

/* One of the model's calls. */
struct waiting {
    uint64_t correlation;
    uint64_t user;
};

static void model_answer(struct waiting *waiting, uint32_t *count, uint32_t index)
{
    ended_count = 0;
    assert_true(answer(waiting[index].correlation));
    assert_ended(0, waiting[index].user, PC_OK);
    *count -= 1;
    waiting[index] = waiting[*count];
}

static void call_table_random_use_matches_model(void **state)
{
    (void)state;
    struct random_source source = random_begin(__func__);
    struct waiting waiting[CALLS_MAX];
    uint32_t count = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        if (random_below(&source, 2) == 0) {
            uint64_t correlation = begin(i);
            assert_int_equal(correlation != 0, count < CALLS_MAX);
            if (correlation != 0) {
                waiting[count] = (struct waiting){correlation, i};
                count++;
            }
        } else if (count > 0) {
            model_answer(waiting, &count, random_below(&source, count));
        }
        assert_int_equal(table.waiting_count, count);
    }
    ended_count = 0;
}

#define CALL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(call_table_answer_ends_the_call_once),
        CALL_TEST(call_table_old_correlation_names_no_newer_call),
        CALL_TEST(call_table_made_up_answers_are_counted_only),
        CALL_TEST(call_table_full_has_no_place),
        CALL_TEST(call_table_deadlines_are_each_call_s_own),
        CALL_TEST(call_table_lost_link_ends_its_calls_in_order),
        CALL_TEST(call_table_end_may_begin_another),
        CALL_TEST(call_table_random_use_matches_model),
    };
    return cmocka_run_group_tests_name("call_table", tests, NULL, NULL);
}
