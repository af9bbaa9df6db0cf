/* The timer that ends an engine's sleep: moved only when it would come too late. */
#include <poll.h>
#include <sys/timerfd.h>

#include "port/port.h"
#include "port/sleep_timer_posix.h"
#include "support/cmocka_all.h"

#define HOUR_US UINT64_C(3600000000)

static int setup(void **state)
{
    static struct sleep_timer timer;
    *state = &timer;
    return sleep_timer_open(&timer);
}

static int teardown(void **state)
{
    sleep_timer_close(*state);
    return 0;
}

/* Microseconds until the system's timer expires; 0: it is not set. */
static uint64_t left_us(const struct sleep_timer *timer)
{
    struct itimerspec left;
    assert_int_equal(timerfd_gettime(timer->descriptor, &left), 0);
    return (uint64_t)left.it_value.tv_sec * 1000000 + (uint64_t)left.it_value.tv_nsec / 1000;
}

static bool is_readable(const struct sleep_timer *timer, int wait_ms)
{
    struct pollfd asked = {.fd = timer->descriptor, .events = POLLIN};
    return poll(&asked, 1, wait_ms) == 1;
}

static void deadline_no_time_is_at_once(void **state)
{
    (void)state;
    assert_true(sleep_timer_deadline_us(0) == 0);
    assert_true(sleep_timer_deadline_us(7) == 7000);
    assert_true(sleep_timer_deadline_us(PORT_WAIT_FOREVER) == UINT64_MAX);
    assert_true(sleep_timer_deadline_us(PORT_WAIT_FOREVER - 1) == UINT64_MAX);
}

static void cover_a_deadline_is_readable_by_then(void **state)
{
    struct sleep_timer *timer = *state;
    uint64_t deadline_us = sleep_timer_now_us() + 20000;
    sleep_timer_cover(timer, deadline_us);
    assert_false(is_readable(timer, 0));
    assert_true(is_readable(timer, 5000));
    assert_true(sleep_timer_now_us() >= deadline_us);
}

static void cover_a_later_deadline_moves_nothing(void **state)
{
    struct sleep_timer *timer = *state;
    uint64_t now_us = sleep_timer_now_us();
    sleep_timer_cover(timer, now_us + HOUR_US);
    sleep_timer_cover(timer, now_us + 2 * HOUR_US);
    sleep_timer_cover(timer, UINT64_MAX);
    assert_true(left_us(timer) <= HOUR_US);
    assert_true(left_us(timer) > 0);
}

static void cover_an_earlier_deadline_moves_it(void **state)
{
    struct sleep_timer *timer = *state;
    uint64_t now_us = sleep_timer_now_us();
    sleep_timer_cover(timer, now_us + 2 * HOUR_US);
    sleep_timer_cover(timer, now_us + HOUR_US);
    assert_true(left_us(timer) <= HOUR_US);
}

static void cover_after_it_has_fired_sets_it_anew(void **state)
{
    struct sleep_timer *timer = *state;
    sleep_timer_cover(timer, sleep_timer_now_us());
    assert_true(is_readable(timer, 5000));
    sleep_timer_fired(timer);
    sleep_timer_cover(timer, sleep_timer_now_us() + HOUR_US);
    assert_false(is_readable(timer, 0));
    assert_true(left_us(timer) > 0);
}

static void cover_a_deadline_in_the_past_is_readable_at_once(void **state)
{
    struct sleep_timer *timer = *state;
    sleep_timer_cover(timer, 1);
    assert_true(is_readable(timer, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_no_time_is_at_once),
        cmocka_unit_test_setup_teardown(cover_a_deadline_is_readable_by_then, setup, teardown),
        cmocka_unit_test_setup_teardown(cover_a_later_deadline_moves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(cover_an_earlier_deadline_moves_it, setup, teardown),
        cmocka_unit_test_setup_teardown(cover_after_it_has_fired_sets_it_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(cover_a_deadline_in_the_past_is_readable_at_once, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
