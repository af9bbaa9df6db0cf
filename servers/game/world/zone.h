/* The zone: a square of ground and who stands where on it.
 *
 * A grid of cells at least as wide as the near radius, so that everybody near a place is in its
 * cell or one of the eight around it. Entities are embedded in their owners; adding, moving and
 * removing cost O(1), finding costs the people in nine cells.
 * Failure modes: none after zone_create; a position outside is the caller's error (asserted).
 *
 * Pure: no clock, no session, no packet is sent from here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/common_types.h"

/* More cells would cost memory and gain nothing: cells grow instead. */
#define ZONE_CELLS_PER_SIDE_MAX 1024u

/* Invariant: while in a zone, the entity hangs in the list of the cell of its position. */
struct zone_entity {
    struct zone_entity *next;
    struct zone_entity *prev; /* NULL for the first of its cell */
    struct common_vec2 position;
    uint32_t cell; /* index of the cell it hangs in */
};

/* Invariant: count is the number of entities in all cells; cell_size_m >= near_m. */
struct zone {
    struct zone_entity **cells; /* cells_per_side * cells_per_side first entities */
    uint32_t cells_per_side;
    uint32_t count;
    float size_m;
    float near_m;
    float cell_size_m;
};

/* size_m and near_m: above 0. Returns false if memory is short. */
bool zone_create(struct zone *zone, float size_m, float near_m);

/* Asserts that everybody has left. */
void zone_destroy(struct zone *zone);

/* Finite and on the ground of the zone, its borders included. */
bool zone_contains(const struct zone *zone, struct common_vec2 position);

void zone_add(struct zone *zone, struct zone_entity *entity, struct common_vec2 position);
void zone_move(struct zone *zone, struct zone_entity *entity, struct common_vec2 position);
void zone_remove(struct zone *zone, struct zone_entity *entity);

/* Everybody who stands at most near_m from the place. found has room for found_max entities;
 * returns how many were written (no more than found_max). */
uint32_t zone_find_near(const struct zone *zone, struct common_vec2 center,
                        struct zone_entity **found, uint32_t found_max);

/* Where a new account begins: the same place for the same account, and consecutive accounts
 * evenly over the whole zone. */
struct common_vec2 zone_start_position(const struct zone *zone, uint64_t account_id);

/* Assert the invariant of every cell. */
void zone_check(const struct zone *zone);
