/* Tries that may fail are limited for each key. */
#include "support/cmocka_all.h"

#include <stdlib.h>

#include "common/try_limit.h"

#define PAUSE_MS    100u
#define WAITING_MAX 4u
#define START_MS    5000u

static int setup(void **state)
{
    const struct try_limit_config config = {
        .places = 64, .failures_max = 3, .pause_ms = PAUSE_MS, .waiting_max = WAITING_MAX};
    *state = try_limit_create(&config);
    return *state == NULL ? 1 : 0;
}

static int teardown(void **state)
{
    try_limit_destroy(*state);
    return 0;
}

static void try_and_fail(struct try_limit *limit, uint64_t key, uint64_t now_ms, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(try_limit_begin(limit, key, now_ms), 0);
        try_limit_end(limit, key, now_ms, true);
    }
}

static void try_limit_after_failures_waits_for_a_pause_each(void **state)
{
    try_and_fail(*state, 7, START_MS, 3);
    assert_int_equal(try_limit_begin(*state, 7, START_MS), PAUSE_MS);
    assert_int_equal(try_limit_begin(*state, 7, START_MS + PAUSE_MS - 1), 1);
    try_and_fail(*state, 7, START_MS + PAUSE_MS, 1);
    assert_int_equal(try_limit_begin(*state, 7, START_MS + PAUSE_MS), PAUSE_MS);
    try_and_fail(*state, 7, START_MS + 4 * PAUSE_MS, 3); /* all is forgotten */
}

static void try_limit_success_costs_nothing(void **state)
{
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(try_limit_begin(*state, 7, START_MS), 0);
        try_limit_end(*state, 7, START_MS, false);
    }
}

static void try_limit_of_another_key_is_left_alone(void **state)
{
    try_and_fail(*state, 7, START_MS, 3);
    try_and_fail(*state, 8, START_MS, 3);
    assert_true(try_limit_begin(*state, 7, START_MS) > 0);
}

static void try_limit_of_tries_under_way(void **state)
{
    for (uint32_t i = 0; i < WAITING_MAX; i++) {
        assert_int_equal(try_limit_begin(*state, 7, START_MS), 0);
    }
    assert_true(try_limit_begin(*state, 7, START_MS) > 0);
    try_limit_end(*state, 7, START_MS, false);
    assert_int_equal(try_limit_begin(*state, 7, START_MS), 0);
}

/* Keys 0, 8, 16, ... share a row of eight places. */
static void try_limit_full_row_forgets_who_owes_least(void **state)
{
    try_and_fail(*state, 0, START_MS, 2);
    for (uint64_t key = 8; key < 64; key += 8) {
        try_and_fail(*state, key, START_MS, 3);
    }
    try_and_fail(*state, 64, START_MS, 1); /* takes the place of 0 */
    for (uint64_t key = 8; key < 64; key += 8) {
        assert_true(try_limit_begin(*state, key, START_MS) > 0);
    }
}

static void try_limit_never_forgets_who_has_tries_under_way(void **state)
{
    assert_int_equal(try_limit_begin(*state, 0, START_MS), 0);
    for (uint64_t key = 8; key < 800; key += 8) {
        try_and_fail(*state, key, START_MS, 1);
    }
    for (uint32_t i = 1; i < WAITING_MAX; i++) {
        assert_int_equal(try_limit_begin(*state, 0, START_MS), 0);
    }
    assert_true(try_limit_begin(*state, 0, START_MS) > 0);
}

static void try_limit_row_of_tries_under_way_lets_newcomers_try(void **state)
{
    for (uint64_t key = 0; key < 80; key += 8) {
        assert_int_equal(try_limit_begin(*state, key, START_MS), 0);
    }
    for (uint64_t key = 0; key < 80; key += 8) {
        try_limit_end(*state, key, START_MS, false);
    }
    try_and_fail(*state, 72, START_MS, 3);
}

static void try_limit_zero_means_unlimited(void **state)
{
    (void)state;
    const struct try_limit_config config = {.places = 8, .pause_ms = PAUSE_MS};
    struct try_limit *limit = try_limit_create(&config);
    assert_non_null(limit);
    try_and_fail(limit, 7, START_MS, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(try_limit_begin(limit, 7, START_MS), 0);
    }
    try_limit_destroy(limit);
}

static void try_limit_key_is_of_all_bytes(void **state)
{
    const uint8_t bytes[] = {1, 2, 3, 4};
    const uint8_t others[] = {1, 2, 3, 5};
    uint64_t key = try_limit_key(*state, bytes, sizeof(bytes));
    assert_true(key == try_limit_key(*state, bytes, sizeof(bytes)));
    assert_true(key != try_limit_key(*state, bytes, sizeof(bytes) - 1));
    assert_true(key != try_limit_key(*state, others, sizeof(others)));
}

#define TRY_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRY_TEST(try_limit_after_failures_waits_for_a_pause_each),
        TRY_TEST(try_limit_success_costs_nothing),
        TRY_TEST(try_limit_of_another_key_is_left_alone),
        TRY_TEST(try_limit_of_tries_under_way),
        TRY_TEST(try_limit_full_row_forgets_who_owes_least),
        TRY_TEST(try_limit_never_forgets_who_has_tries_under_way),
        TRY_TEST(try_limit_row_of_tries_under_way_lets_newcomers_try),
        cmocka_unit_test(try_limit_zero_means_unlimited),
        TRY_TEST(try_limit_key_is_of_all_bytes),
    };
    return cmocka_run_group_tests_name("try_limit", tests, NULL, NULL);
}
