/* The timer wheel against a plain table of expiry times, and its edges. */
#include "support/cmocka_all.h"

#include <string.h>

#include "base/timer_wheel.h"
#include "pc/container.h"
#include "support/assertion.h"
#include "support/random.h"

#define MODEL_TIMERS 300u
#define MODEL_STEPS  20000u
#define DAY_MS       (UINT64_C(24) * 3600 * 1000)

/* Stands in for the worker: callbacks get it back. Invariant: timers[i].due_ms is the time from
 * which the timer may fire, 0 when it is not set. */
struct pc_worker {
    struct timer_wheel wheel;
    struct random_source source;
    uint64_t now_ms;
    uint64_t fired_tick;
    uint32_t fired;
    uint32_t set;
    struct model_timer {
        struct pc_timer timer;
        uint64_t due_ms;
        uint32_t index;
    } timers[MODEL_TIMERS];
};

static struct pc_worker worker;

static int setup(void **state)
{
    (void)state;
    memset(&worker, 0, sizeof worker);
    timer_wheel_init(&worker.wheel, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    timer_wheel_check(&worker.wheel);
    return 0;
}

static void advance(uint64_t now_ms)
{
    worker.now_ms = now_ms;
    timer_wheel_advance(&worker.wheel, now_ms, &worker);
}

static void fire_count(struct pc_worker *fired_on, struct pc_timer *timer)
{
    assert_ptr_equal(fired_on, &worker);
    assert_false(pc_timer_is_set(timer));
    worker.fired++;
}

static void timer_wheel_set_fires_at_or_after_within_a_tick(void **state)
{
    (void)state;
    for (uint64_t expires_ms = 1; expires_ms < 70000; expires_ms += 37) {
        struct pc_timer timer = {0};
        timer_wheel_init(&worker.wheel, 0);
        worker.fired = 0;
        timer_wheel_set(&worker.wheel, &timer, expires_ms, fire_count);
        advance(expires_ms - 1);
        assert_int_equal(worker.fired, 0);
        advance(expires_ms + TIMER_TICK_MS - 1);
        assert_int_equal(worker.fired, 1);
        assert_int_equal(worker.wheel.count, 0);
    }
}

static void timer_wheel_level_edges_fire_in_time(void **state)
{
    (void)state;
    static const uint64_t starts[] = {0, 1, 254, 255, 256, 65535, 65536, 0xffffff, 0xffffffff};
    static const uint64_t distances[] = {1,        2,         254,        255,         256,
                                         257,      511,       65535,      65536,       65537,
                                         0xffffff, 0x1000000, 0xffffffff, 0x100000000, 0x123456789};
    for (size_t i = 0; i < COUNT_OF(starts) * COUNT_OF(distances); i++) {
        struct pc_timer timer = {0};
        uint64_t start_ms = starts[i / COUNT_OF(distances)] * TIMER_TICK_MS;
        uint64_t expires_ms = start_ms + distances[i % COUNT_OF(distances)] * TIMER_TICK_MS;
        timer_wheel_init(&worker.wheel, start_ms);
        worker.fired = 0;
        timer_wheel_set(&worker.wheel, &timer, expires_ms, fire_count);
        timer_wheel_check(&worker.wheel);
        advance(expires_ms - 1);
        assert_int_equal(worker.fired, 0);
        timer_wheel_check(&worker.wheel);
        advance(expires_ms);
        assert_int_equal(worker.fired, 1);
    }
}

static void timer_wheel_past_expiry_fires_at_next_tick(void **state)
{
    (void)state;
    struct pc_timer timer = {0};
    advance(5000);
    timer_wheel_set(&worker.wheel, &timer, 17, fire_count);
    assert_int_equal(timer.expires_ms, 5010);
    assert_int_equal(timer_wheel_deadline_ms(&worker.wheel), 5010);
    advance(5009);
    assert_int_equal(worker.fired, 0);
    advance(5010);
    assert_int_equal(worker.fired, 1);
}

static void timer_wheel_set_again_moves(void **state)
{
    (void)state;
    struct pc_timer timer = {0};
    timer_wheel_set(&worker.wheel, &timer, 100, fire_count);
    timer_wheel_set(&worker.wheel, &timer, 100000, fire_count);
    assert_int_equal(worker.wheel.count, 1);
    advance(99999);
    assert_int_equal(worker.fired, 0);
    timer_wheel_set(&worker.wheel, &timer, 100010, fire_count);
    advance(100010);
    assert_int_equal(worker.fired, 1);
}

static void timer_wheel_cancel_unset_does_nothing(void **state)
{
    (void)state;
    struct pc_timer timer = {0};
    timer_wheel_cancel(&worker.wheel, &timer);
    timer_wheel_set(&worker.wheel, &timer, 300, fire_count);
    timer_wheel_cancel(&worker.wheel, &timer);
    timer_wheel_cancel(&worker.wheel, &timer);
    assert_false(pc_timer_is_set(&timer));
    assert_int_equal(worker.wheel.count, 0);
    advance(1000);
    assert_int_equal(worker.fired, 0);
    assert_int_equal(timer_wheel_deadline_ms(&worker.wheel), UINT64_MAX);
}

static struct pc_timer victims[3];

static void fire_cancel_others(struct pc_worker *fired_on, struct pc_timer *timer)
{
    fire_count(fired_on, timer);
    for (size_t i = 0; i < COUNT_OF(victims); i++) {
        timer_wheel_cancel(&fired_on->wheel, &victims[i]);
    }
}

static void timer_wheel_callback_cancels_same_tick_they_do_not_fire(void **state)
{
    (void)state;
    memset(victims, 0, sizeof victims);
    for (size_t i = 0; i < COUNT_OF(victims); i++) {
        timer_wheel_set(&worker.wheel, &victims[i], 700, fire_cancel_others);
    }
    advance(700);
    assert_int_equal(worker.fired, 1);
    assert_int_equal(worker.wheel.count, 0);
}

static void fire_set_itself(struct pc_worker *fired_on, struct pc_timer *timer)
{
    fire_count(fired_on, timer);
    timer_wheel_set(&fired_on->wheel, timer, 0, fire_set_itself);
}

static void timer_wheel_callback_sets_itself_once_per_tick(void **state)
{
    (void)state;
    struct pc_timer timer = {0};
    timer_wheel_set(&worker.wheel, &timer, 10, fire_set_itself);
    advance(10);
    assert_int_equal(worker.fired, 1);
    advance(1000);
    assert_int_equal(worker.fired, 100);
    timer_wheel_cancel(&worker.wheel, &timer);
}

static void timer_wheel_years_of_sleep_are_crossed_at_once(void **state)
{
    (void)state;
    struct pc_timer soon = {0};
    struct pc_timer late = {0};
    struct pc_timer never = {0};
    timer_wheel_set(&worker.wheel, &soon, 100, fire_count);
    timer_wheel_set(&worker.wheel, &late, 3000 * DAY_MS, fire_count);
    timer_wheel_set(&worker.wheel, &never, UINT64_MAX, fire_count);
    advance(2999 * DAY_MS);
    assert_int_equal(worker.fired, 1);
    advance(100000 * DAY_MS);
    assert_int_equal(worker.fired, 2);
    assert_true(pc_timer_is_set(&never));
    assert_true(timer_wheel_deadline_ms(&worker.wheel) > 100000 * DAY_MS);
    timer_wheel_cancel(&worker.wheel, &never);
}

static void timer_wheel_time_going_back_does_nothing(void **state)
{
    (void)state;
    struct pc_timer timer = {0};
    advance(5000);
    timer_wheel_set(&worker.wheel, &timer, 5100, fire_count);
    advance(4000);
    assert_int_equal(worker.fired, 0);
    advance(5100);
    assert_int_equal(worker.fired, 1);
}

static void timer_wheel_wait_never_overshoots(void **state)
{
    (void)state;
    for (uint64_t expires_ms = 10; expires_ms < 400 * DAY_MS; expires_ms = expires_ms * 3 + 7) {
        struct pc_timer timer = {0};
        uint64_t now_ms = 0;
        uint32_t turns = 0;
        timer_wheel_init(&worker.wheel, 0);
        worker.fired = 0;
        timer_wheel_set(&worker.wheel, &timer, expires_ms, fire_count);
        while (worker.fired == 0) {
            now_ms = timer_wheel_deadline_ms(&worker.wheel);
            assert_true(now_ms < UINT64_MAX);
            advance(now_ms);
            turns++;
        }
        assert_in_range(now_ms, expires_ms, expires_ms + TIMER_TICK_MS - 1);
        assert_in_range(turns, 1, 20); /* at most one for each level and each 49 days */
    }
}

static void timer_wheel_check_broken_invariant_asserts(void **state)
{
    (void)state;
    struct pc_timer timer = {0};
    timer_wheel_set(&worker.wheel, &timer, 5000, fire_count);
    worker.wheel.count = 2;
    EXPECT_ASSERTION(timer_wheel_check(&worker.wheel));
    worker.wheel.count = 1;
    timer.expires_ms = 6000;
    EXPECT_ASSERTION(timer_wheel_check(&worker.wheel));
    timer.expires_ms = 5000;
    worker.wheel.occupied[1][0] ^= 2;
    EXPECT_ASSERTION(timer_wheel_check(&worker.wheel));
    worker.wheel.occupied[1][0] ^= 2;
    timer_wheel_check(&worker.wheel);
    timer_wheel_cancel(&worker.wheel, &timer);
}

/* ---- random operations against the model ---- */

static void model_fire(struct pc_worker *fired_on, struct pc_timer *timer);

static uint64_t model_delay(void)
{
    return random_u64(&worker.source) >> (24 + random_below(&worker.source, 40));
}

static void model_set(struct model_timer *timer)
{
    uint64_t due_ms = worker.now_ms + model_delay();
    worker.set += timer->due_ms == 0;
    timer_wheel_set(&worker.wheel, &timer->timer, due_ms, model_fire);
    timer->due_ms = timer->timer.expires_ms;
    assert_true(timer->due_ms >= due_ms);
}

static void model_cancel(struct model_timer *timer)
{
    worker.set -= timer->due_ms != 0;
    timer_wheel_cancel(&worker.wheel, &timer->timer);
    timer->due_ms = 0;
}

static void model_touch_one(void)
{
    struct model_timer *timer = &worker.timers[random_below(&worker.source, MODEL_TIMERS)];
    if (random_below(&worker.source, 3) == 0) {
        model_cancel(timer);
    } else {
        model_set(timer);
    }
}

static void model_fire(struct pc_worker *fired_on, struct pc_timer *timer)
{
    struct model_timer *fired = PC_CONTAINER_OF(timer, struct model_timer, timer);
    assert_ptr_equal(fired_on, &worker);
    assert_true(fired->due_ms != 0);
    assert_true(fired->due_ms <= worker.now_ms);
    uint64_t tick = (fired->due_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
    assert_true(tick >= worker.fired_tick);
    worker.fired_tick = tick;
    fired->due_ms = 0;
    worker.set--;
    worker.fired++;
    for (uint32_t i = random_below(&worker.source, 3); i > 0; i--) {
        model_touch_one();
    }
}

/* The earliest tick's time of all set timers, as the sorted list would have it in front. */
static uint64_t model_next_ms(void)
{
    uint64_t next_ms = UINT64_MAX;
    for (uint32_t i = 0; i < MODEL_TIMERS; i++) {
        uint64_t due_ms = worker.timers[i].due_ms;
        if (due_ms != 0 && due_ms < next_ms) {
            next_ms = due_ms;
        }
    }
    return next_ms;
}

static void model_verify(void)
{
    uint64_t next_ms = model_next_ms();
    timer_wheel_check(&worker.wheel);
    assert_int_equal(worker.wheel.count, worker.set);
    uint64_t deadline_ms = timer_wheel_deadline_ms(&worker.wheel);
    if (worker.set == 0) {
        assert_int_equal(deadline_ms, UINT64_MAX);
        return;
    }
    uint64_t late_ms = (next_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS * TIMER_TICK_MS;
    assert_true(late_ms > worker.now_ms); /* all that was due has fired */
    assert_true(deadline_ms <= late_ms);
}

static void timer_wheel_random_operations_match_table(void **state)
{
    (void)state;
    worker.source = random_begin(__func__);
    worker.now_ms = random_u64(&worker.source) >> 22;
    timer_wheel_init(&worker.wheel, worker.now_ms);
    for (uint32_t step = 0; step < MODEL_STEPS; step++) {
        for (uint32_t i = random_below(&worker.source, 4); i > 0; i--) {
            model_touch_one();
        }
        uint64_t now_ms = worker.now_ms;
        if (random_below(&worker.source, 2) == 0) {
            uint64_t deadline_ms = timer_wheel_deadline_ms(&worker.wheel);
            now_ms = deadline_ms == UINT64_MAX ? now_ms + 1 : deadline_ms;
        } else {
            now_ms += model_delay() >> 8;
        }
        worker.fired_tick = 0;
        advance(now_ms);
        model_verify();
    }
    assert_true(worker.fired > MODEL_STEPS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timer_wheel_set_fires_at_or_after_within_a_tick, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_level_edges_fire_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_past_expiry_fires_at_next_tick, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_set_again_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_cancel_unset_does_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_callback_cancels_same_tick_they_do_not_fire,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_callback_sets_itself_once_per_tick, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_years_of_sleep_are_crossed_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_time_going_back_does_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_wait_never_overshoots, setup, teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_check_broken_invariant_asserts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(timer_wheel_random_operations_match_table, setup, teardown),
    };
    return cmocka_run_group_tests_name("timer_wheel", tests, NULL, NULL);
}
