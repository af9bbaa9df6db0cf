/* The script: steps, mix, pace, texts, ways, pauses. */
#include "support/cmocka_all.h"

#include <string.h>

#include "script.h"

static uint32_t script__walk_steps(bool loaded, enum bot_step *steps, uint32_t steps_max)
{
    uint32_t count = 0;
    enum bot_step step = STEP_CONNECT;
    while (step != STEP_DONE && step != STEP_FAILED && count < steps_max) {
        steps[count++] = step;
        step = bot_step_next(step, loaded);
    }
    assert_int_equal(step, STEP_DONE);
    return count;
}

static void script_in_full_does_each_kind_once(void **state)
{
    (void)state;
    const enum bot_step expected[] = {STEP_CONNECT, STEP_HELLO,  STEP_REGISTER, STEP_LOGIN,
                                      STEP_ECHO,    STEP_ENTER,  STEP_MOVE,     STEP_CHAT,
                                      STEP_PING,    STEP_LOGOUT, STEP_CLOSING};
    enum bot_step steps[STEP_COUNT];
    uint32_t count = script__walk_steps(false, steps, STEP_COUNT);
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
    assert_memory_equal(steps, expected, sizeof expected);
}

static void script_in_load_gathers_plays_and_settles(void **state)
{
    (void)state;
    const enum bot_step expected[] = {STEP_CONNECT, STEP_HELLO,  STEP_REGISTER, STEP_LOGIN,
                                      STEP_ENTER,   STEP_GATHER, STEP_PLAY,     STEP_SETTLE,
                                      STEP_LOGOUT,  STEP_CLOSING};
    enum bot_step steps[STEP_COUNT];
    uint32_t count = script__walk_steps(true, steps, STEP_COUNT);
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
    assert_memory_equal(steps, expected, sizeof expected);
}

static void script_every_step_and_action_has_its_own_name(void **state)
{
    (void)state;
    assert_string_equal(bot_step_name(STEP_CLOSING), "closing");
    assert_string_equal(bot_step_name(STEP_FAILED), "failed");
    assert_string_equal(bot_action_name(ACTION_ENTER), "enter");
    for (enum bot_step step = STEP_CONNECT; step < STEP_COUNT; step++) {
        assert_non_null(bot_step_name(step));
    }
}

static void script_mix_at_full_speed_stays_below_the_rates(void **state)
{
    (void)state;
    struct bot_mix mix = {0};
    uint32_t counts[ACTION_COUNT] = {0};
    for (uint64_t turn = 0; turn < 10000; turn++) {
        counts[bot_mix_next(&mix, turn, 100000 + turn / 10)]++;
    }
    assert_in_range(counts[ACTION_CHAT], 4, 6);
    assert_in_range(counts[ACTION_PING], 4, 6);
    assert_in_range(counts[ACTION_MOVE], 20, 26);
    assert_int_equal(counts[ACTION_ECHO] + counts[ACTION_MOVE] + counts[ACTION_CHAT] +
                         counts[ACTION_PING],
                     10000);
}

static void script_mix_at_low_speed_does_every_kind(void **state)
{
    (void)state;
    struct bot_mix mix = {0};
    uint32_t counts[ACTION_COUNT] = {0};
    for (uint64_t turn = 0; turn < 200; turn++) {
        counts[bot_mix_next(&mix, turn, 1000000 + turn * 500)]++;
    }
    assert_int_equal(counts[ACTION_CHAT], 10);
    assert_int_equal(counts[ACTION_PING], 10);
    assert_in_range(counts[ACTION_MOVE], 50, 67);
}

static void script_pace_gives_the_rate_over_any_time(void **state)
{
    (void)state;
    assert_int_equal(bot_pace_due(0, 5), 0);
    assert_int_equal(bot_pace_due(1000, 5), 5);
    assert_int_equal(bot_pace_due(100, 10000), 1000);
    assert_int_equal(bot_pace_interval_ms(1), 500);
    assert_int_equal(bot_pace_interval_ms(50), 20);
    assert_int_equal(bot_pace_interval_ms(10000), 10);
}

static void script_text_is_repeatable_distinct_and_cut_to_fit(void **state)
{
    (void)state;
    char first[600];
    char second[600];
    char small[8];
    uint32_t size = bot_text(first, sizeof first, "hi", 3, 9);
    assert_int_equal(size, strlen(first));
    bot_text(second, sizeof second, "hi", 3, 9);
    assert_string_equal(first, second);
    bot_text(second, sizeof second, "hi", 3, 10);
    assert_string_not_equal(first, second);
    bot_text(second, sizeof second, "hi", 4, 9);
    assert_string_not_equal(first, second);
    assert_int_equal(bot_text(small, sizeof small, "hello you", 1, 1), 7);
    assert_string_equal(small, "hello y");
}

static void script_walk_strides_are_short_and_return(void **state)
{
    (void)state;
    struct bot_stride last = bot_walk(0);
    assert_true(last.x == 0 && last.y == 0);
    for (uint32_t sequence = 1; sequence <= 80; sequence++) {
        struct bot_stride stride = bot_walk(sequence);
        float x = stride.x - last.x;
        float y = stride.y - last.y;
        assert_true(x * x + y * y < 0.0101f);
        assert_true(stride.x >= -0.001f && stride.x <= 1.001f);
        assert_true(stride.y >= -0.001f && stride.y <= 1.001f);
        last = stride;
    }
    assert_true(last.x == 0 && last.y == 0);
}

static void script_pause_keeps_to_the_server_and_the_login_rate(void **state)
{
    (void)state;
    assert_true(bot_pause_ms(0, 1, 0) >= 600);
    assert_true(bot_pause_ms(0, 100, 7) >= 3000);
    assert_true(bot_pause_ms(5000, 1, 0) >= 5000);
    assert_true(bot_pause_ms(5000, 1, 999) < 7500);
    assert_int_not_equal(bot_pause_ms(0, 1, 1), bot_pause_ms(0, 1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(script_in_full_does_each_kind_once),
        cmocka_unit_test(script_in_load_gathers_plays_and_settles),
        cmocka_unit_test(script_every_step_and_action_has_its_own_name),
        cmocka_unit_test(script_mix_at_full_speed_stays_below_the_rates),
        cmocka_unit_test(script_mix_at_low_speed_does_every_kind),
        cmocka_unit_test(script_pace_gives_the_rate_over_any_time),
        cmocka_unit_test(script_text_is_repeatable_distinct_and_cut_to_fit),
        cmocka_unit_test(script_walk_strides_are_short_and_return),
        cmocka_unit_test(script_pause_keeps_to_the_server_and_the_login_rate),
    };
    return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
