/* The rules of moving: speed over time, slack for what the network held back, the zone's border. */
#include "support/cmocka_all.h"

#include <math.h>

#include "world/movement.h"

struct fixture {
    struct zone zone;
    struct movement_rules rules;
    struct movement_budget budget;
};

static struct fixture fixture;

/* 10 m/s with 1 s of slack, in a zone of 1 km, from 0 ms on. */
static int setup(void **state)
{
    *state = &fixture;
    if (!zone_create(&fixture.zone, 1000.0f, 50.0f)) {
        return -1;
    }
    fixture.rules =
        (struct movement_rules){.zone = &fixture.zone, .speed_max = 10.0f, .slack_m = 10.0f};
    movement_start(&fixture.budget, &fixture.rules, 0);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    zone_destroy(&f->zone);
    return 0;
}

static enum movement_verdict go(struct fixture *f, float from_x, float to_x, uint64_t now_ms)
{
    return movement_judge(&f->rules, &f->budget, (struct common_vec2){from_x, 500.0f},
                          (struct common_vec2){to_x, 500.0f}, now_ms);
}

static void movement_steady_speed_is_accepted_for_ever(void **state)
{
    for (uint32_t step = 1; step <= 900; step++) {
        float x = (float)(step - 1);
        assert_int_equal(go(*state, x, x + 1.0f, step * UINT64_C(100)), MOVEMENT_ACCEPTED);
    }
}

static void movement_slack_may_be_spent_at_once_but_not_more(void **state)
{
    assert_int_equal(go(*state, 500.0f, 510.0f, 0), MOVEMENT_ACCEPTED);
    assert_int_equal(go(*state, 510.0f, 511.0f, 0), MOVEMENT_TOO_FAST);
    assert_int_equal(go(*state, 510.0f, 511.0f, 100), MOVEMENT_ACCEPTED);
}

static void movement_pause_saves_up_no_more_than_the_slack(void **state)
{
    assert_int_equal(go(*state, 500.0f, 511.0f, 60000), MOVEMENT_TOO_FAST);
    assert_int_equal(go(*state, 500.0f, 510.0f, 60000), MOVEMENT_ACCEPTED);
}

static void movement_too_fast_over_time_is_refused(void **state)
{
    struct fixture *f = *state;
    float x = 0.0f;
    uint32_t refused_count = 0;
    for (uint32_t step = 1; step <= 100; step++) {
        float to_x = x + 1.5f; /* 15 m/s are asked for */
        if (go(f, x, to_x, step * UINT64_C(100)) == MOVEMENT_ACCEPTED) {
            x = to_x;
        } else {
            refused_count++;
        }
    }
    assert_true(refused_count > 0);
    assert_true(x <= 10.0f * 10.0f + f->rules.slack_m + 1.0f); /* 10 s at 10 m/s and the slack */
}

/* Each way is longer than the allowance by less than the tolerance, and no time passes. */
static void movement_tolerance_is_granted_once(void **state)
{
    struct fixture *f = *state;
    uint32_t accepted_count = 0;
    assert_int_equal(go(f, 500.0f, 510.0f, 0), MOVEMENT_ACCEPTED);
    for (uint32_t step = 0; step < 100; step++) {
        accepted_count += go(f, 510.0f, 510.009f, 0) == MOVEMENT_ACCEPTED;
    }
    assert_int_equal(accepted_count, 1);
}

static void movement_refused_costs_nothing(void **state)
{
    assert_int_equal(go(*state, 500.0f, 900.0f, 0), MOVEMENT_TOO_FAST);
    assert_int_equal(go(*state, 500.0f, 510.0f, 0), MOVEMENT_ACCEPTED);
}

static void movement_outside_is_refused(void **state)
{
    assert_int_equal(go(*state, 1.0f, -1.0f, 0), MOVEMENT_OUTSIDE);
    assert_int_equal(go(*state, 999.0f, 1000.5f, 0), MOVEMENT_OUTSIDE);
    assert_int_equal(go(*state, 1.0f, NAN, 0), MOVEMENT_OUTSIDE);
    assert_int_equal(go(*state, 1.0f, INFINITY, 0), MOVEMENT_OUTSIDE);
    assert_int_equal(go(*state, 999.0f, 1000.0f, 0), MOVEMENT_ACCEPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(movement_steady_speed_is_accepted_for_ever, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(movement_slack_may_be_spent_at_once_but_not_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(movement_pause_saves_up_no_more_than_the_slack, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(movement_too_fast_over_time_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(movement_tolerance_is_granted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(movement_refused_costs_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(movement_outside_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests_name("movement", tests, NULL, NULL);
}
