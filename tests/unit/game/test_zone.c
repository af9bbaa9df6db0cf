/* The zone's grid against a search through everybody, and its edges. */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include "support/assertion.h"
#include "support/random.h"
#include "world/zone.h"

#define PEOPLE 300u
#define ROUNDS 2000u

static struct zone_entity people[PEOPLE];
static bool is_inside[PEOPLE];

static struct common_vec2 random_place(struct random_source *source, const struct zone *zone)
{
    float step_m = zone->size_m / 1000.0f;
    return (struct common_vec2){.x = (float)random_below(source, 1001) * step_m,
                                .y = (float)random_below(source, 1001) * step_m};
}

/* Everybody near, found the slow way, is found by the zone too, and nobody else. */
static void assert_same_as_search(const struct zone *zone, struct common_vec2 center)
{
    struct zone_entity *found[PEOPLE];
    uint32_t found_count = zone_find_near(zone, center, found, PEOPLE);
    uint32_t expected_count = 0;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        float dx = people[i].position.x - center.x;
        float dy = people[i].position.y - center.y;
        bool is_near = is_inside[i] && dx * dx + dy * dy <= zone->near_m * zone->near_m;
        bool is_found = false;
        for (uint32_t k = 0; k < found_count; k++) {
            is_found = is_found || found[k] == &people[i];
        }
        assert_int_equal(is_found, is_near);
        expected_count += is_near;
    }
    assert_int_equal(found_count, expected_count);
}

static void live_one_round(struct zone *zone, struct random_source *source)
{
    uint32_t i = random_below(source, PEOPLE);
    if (!is_inside[i]) {
        zone_add(zone, &people[i], random_place(source, zone));
        is_inside[i] = true;
    } else if (random_below(source, 4) == 0) {
        zone_remove(zone, &people[i]);
        is_inside[i] = false;
    } else {
        zone_move(zone, &people[i], random_place(source, zone));
    }
}

static void compare_with_search(float size_m, float near_m)
{
    struct random_source source = random_begin(__func__);
    struct zone zone;
    memset(is_inside, 0, sizeof(is_inside));
    assert_true(zone_create(&zone, size_m, near_m));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        live_one_round(&zone, &source);
        assert_same_as_search(&zone, random_place(&source, &zone));
    }
    zone_check(&zone);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        if (is_inside[i]) {
            zone_remove(&zone, &people[i]);
        }
    }
    zone_destroy(&zone);
}

static void zone_random_lives_find_near_matches_search(void **state)
{
    (void)state;
    compare_with_search(2000.0f, 50.0f);
    compare_with_search(100.0f, 33.0f); /* the last cells are cut by the border */
    compare_with_search(10.0f, 50.0f);  /* everybody is near: one cell */
}

static void zone_many_small_cells_are_widened(void **state)
{
    (void)state;
    struct zone zone;
    assert_true(zone_create(&zone, 100000.0f, 1.0f));
    assert_true(zone.cells_per_side <= ZONE_CELLS_PER_SIDE_MAX);
    assert_true(zone.cell_size_m >= zone.near_m);
    zone_destroy(&zone);
}

static void zone_distance_of_near_is_near_and_more_is_not(void **state)
{
    (void)state;
    struct zone zone;
    struct zone_entity entity = {0};
    struct zone_entity *found[1];
    assert_true(zone_create(&zone, 1000.0f, 50.0f));
    zone_add(&zone, &entity, (struct common_vec2){100.0f, 100.0f});
    assert_int_equal(zone_find_near(&zone, (struct common_vec2){150.0f, 100.0f}, found, 1), 1);
    assert_int_equal(zone_find_near(&zone, (struct common_vec2){150.1f, 100.0f}, found, 1), 0);
    zone_remove(&zone, &entity);
    zone_destroy(&zone);
}

static void zone_full_result_stops_at_its_room(void **state)
{
    (void)state;
    struct zone zone;
    struct zone_entity entities[3] = {0};
    struct zone_entity *found[2] = {NULL};
    assert_true(zone_create(&zone, 1000.0f, 50.0f));
    for (uint32_t i = 0; i < 3; i++) {
        zone_add(&zone, &entities[i], (struct common_vec2){10.0f, 10.0f});
    }
    assert_int_equal(zone_find_near(&zone, entities[0].position, found, 2), 2);
    for (uint32_t i = 0; i < 3; i++) {
        zone_remove(&zone, &entities[i]);
    }
    zone_destroy(&zone);
}

static void zone_places_outside_are_not_contained(void **state)
{
    (void)state;
    struct zone zone;
    assert_true(zone_create(&zone, 100.0f, 10.0f));
    assert_true(zone_contains(&zone, (struct common_vec2){0.0f, 0.0f}));
    assert_true(zone_contains(&zone, (struct common_vec2){100.0f, 100.0f}));
    assert_false(zone_contains(&zone, (struct common_vec2){-0.1f, 5.0f}));
    assert_false(zone_contains(&zone, (struct common_vec2){5.0f, 100.1f}));
    assert_false(zone_contains(&zone, (struct common_vec2){NAN, 5.0f}));
    assert_false(zone_contains(&zone, (struct common_vec2){5.0f, INFINITY}));
    zone_destroy(&zone);
}

static void zone_place_outside_asserts(void **state)
{
    (void)state;
    struct zone zone;
    struct zone_entity entity = {0};
    const struct common_vec2 outside = {101.0f, 5.0f};
    assert_true(zone_create(&zone, 100.0f, 10.0f));
    EXPECT_ASSERTION(zone_add(&zone, &entity, outside));
    zone_destroy(&zone);
}

static void zone_start_positions_are_fixed_inside_and_spread(void **state)
{
    (void)state;
    struct zone zone;
    uint32_t counts[10][10] = {{0}};
    assert_true(zone_create(&zone, 2000.0f, 50.0f));
    for (uint64_t account_id = 1; account_id <= 1000; account_id++) {
        struct common_vec2 start = zone_start_position(&zone, account_id);
        struct common_vec2 again = zone_start_position(&zone, account_id);
        assert_true(zone_contains(&zone, start));
        assert_memory_equal(&start, &again, sizeof(start));
        /* A margin is kept, so that a first step in any direction is legal. */
        assert_true(start.x >= 20.0f && start.x <= 1980.0f);
        assert_true(start.y >= 20.0f && start.y <= 1980.0f);
        counts[(uint32_t)(start.y / 200.0f)][(uint32_t)(start.x / 200.0f)]++;
    }
    for (uint32_t i = 0; i < 100; i++) {
        assert_in_range(counts[i / 10][i % 10], 5, 15); /* 10 each if it were perfect */
    }
    zone_destroy(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zone_random_lives_find_near_matches_search),
        cmocka_unit_test(zone_many_small_cells_are_widened),
        cmocka_unit_test(zone_distance_of_near_is_near_and_more_is_not),
        cmocka_unit_test(zone_full_result_stops_at_its_room),
        cmocka_unit_test(zone_places_outside_are_not_contained),
        cmocka_unit_test(zone_place_outside_asserts),
        cmocka_unit_test(zone_start_positions_are_fixed_inside_and_spread),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
