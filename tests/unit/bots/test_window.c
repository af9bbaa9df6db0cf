/* Requests that wait for their answers. */
#include "support/cmocka_all.h"

#include <string.h>

#include "window.h"

static void window_in_order_takes_each_with_its_wait(void **state)
{
    (void)state;
    struct window window = {0};
    uint64_t waited_us = 0;
    window_add(&window, 1, 100);
    window_add(&window, 2, 150);
    assert_true(window_take(&window, 1, 300, &waited_us));
    assert_int_equal(waited_us, 200);
    assert_true(window_take(&window, 2, 300, &waited_us));
    assert_int_equal(waited_us, 150);
    assert_null(window_oldest(&window));
}

static void window_out_of_order_refuses_and_keeps(void **state)
{
    (void)state;
    struct window window = {0};
    uint64_t waited_us = 0;
    window_add(&window, 1, 0);
    window_add(&window, 2, 0);
    assert_false(window_take(&window, 2, 1, &waited_us));
    assert_int_equal(window.count, 2);
    assert_int_equal(window_oldest(&window)->sequence, 1);
}

static void window_answer_twice_refuses_the_second(void **state)
{
    (void)state;
    struct window window = {0};
    uint64_t waited_us = 0;
    window_add(&window, 1, 0);
    assert_true(window_take(&window, 1, 1, &waited_us));
    assert_false(window_take(&window, 1, 1, &waited_us));
}

static void window_take_through_skips_older_but_not_unknown(void **state)
{
    (void)state;
    struct window window = {0};
    uint64_t waited_us = 0;
    for (uint32_t sequence = 1; sequence <= 5; sequence++) {
        window_add(&window, sequence, sequence * 10);
    }
    assert_true(window_take_through(&window, 3, 100, &waited_us));
    assert_int_equal(waited_us, 70);
    assert_int_equal(window.count, 2);
    assert_false(window_take_through(&window, 3, 100, &waited_us));
    assert_false(window_take_through(&window, 6, 100, &waited_us));
    assert_int_equal(window.count, 2);
}

static void window_around_its_end_keeps_order(void **state)
{
    (void)state;
    struct window window = {0};
    uint64_t waited_us = 0;
    uint32_t next = 1;
    for (uint32_t sequence = 1; sequence <= 5 * WINDOW_CAPACITY; sequence++) {
        if (window_is_full(&window)) {
            assert_true(window_take(&window, next++, 0, &waited_us));
        }
        window_add(&window, sequence, 0);
    }
    assert_int_equal(window.count, WINDOW_CAPACITY);
    assert_int_equal(window_oldest(&window)->sequence, next);
}

static void window_clear_forgets_all(void **state)
{
    (void)state;
    struct window window = {0};
    window_add(&window, 8, 0);
    window_add(&window, 9, 0);
    assert_int_equal(window_clear(&window), 2);
    assert_null(window_oldest(&window));
    window_add(&window, 1, 0);
    assert_int_equal(window_oldest(&window)->sequence, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_in_order_takes_each_with_its_wait),
        cmocka_unit_test(window_out_of_order_refuses_and_keeps),
        cmocka_unit_test(window_answer_twice_refuses_the_second),
        cmocka_unit_test(window_take_through_skips_older_but_not_unknown),
        cmocka_unit_test(window_around_its_end_keeps_order),
        cmocka_unit_test(window_clear_forgets_all),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
