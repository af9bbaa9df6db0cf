/* The grid of a zone. See zone.h. */
#include "world/zone.h"

#include <math.h>
#include <stdlib.h>

#include "pc/check.h"

/* Nobody starts closer to the border than this part of the zone's size: a first step in any
 * direction is legal. */
#define START_MARGIN 64.0f

/* Columns and rows of cells, both ends included. */
struct cell_range {
    uint32_t left;
    uint32_t right;
    uint32_t bottom;
    uint32_t top;
};

bool zone_create(struct zone *zone, float size_m, float near_m)
{
    PC_ASSERT(size_m > 0.0f);
    PC_ASSERT(near_m > 0.0f);
    float cell_size_m = fmaxf(near_m, size_m / (float)ZONE_CELLS_PER_SIDE_MAX);
    uint32_t cells_per_side = (uint32_t)ceilf(size_m / cell_size_m);
    struct zone_entity **cells = calloc((size_t)cells_per_side * cells_per_side, sizeof(*cells));
    if (cells == NULL) {
        return false;
    }
    *zone = (struct zone){.cells = cells,
                          .cells_per_side = cells_per_side,
                          .size_m = size_m,
                          .near_m = near_m,
                          .cell_size_m = cell_size_m};
    return true;
}

void zone_destroy(struct zone *zone)
{
    PC_ASSERT(zone->count == 0);
    free(zone->cells);
    zone->cells = NULL;
}

bool zone_contains(const struct zone *zone, struct common_vec2 position)
{
    /* A NaN fails every comparison. */
    bool in_x = position.x >= 0.0f && position.x <= zone->size_m;
    bool in_y = position.y >= 0.0f && position.y <= zone->size_m;
    return in_x && in_y;
}

static void zone__link(struct zone *zone, struct zone_entity *entity, uint32_t cell)
{
    struct zone_entity **head = &zone->cells[cell];
    entity->cell = cell;
    entity->prev = NULL;
    entity->next = *head;
    if (*head != NULL) {
        (*head)->prev = entity;
    }
    *head = entity;
}

static uint32_t zone__column(const struct zone *zone, float coordinate)
{
    if (coordinate <= 0.0f) {
        return 0;
    }
    if (coordinate >= zone->size_m) {
        return zone->cells_per_side - 1;
    }
    uint32_t column = (uint32_t)(coordinate / zone->cell_size_m);
    return column < zone->cells_per_side ? column : zone->cells_per_side - 1;
}

static uint32_t zone__cell(const struct zone *zone, struct common_vec2 position)
{
    return zone__column(zone, position.y) * zone->cells_per_side + zone__column(zone, position.x);
}

void zone_add(struct zone *zone, struct zone_entity *entity, struct common_vec2 position)
{
    PC_ASSERT(zone_contains(zone, position));
    entity->position = position;
    zone__link(zone, entity, zone__cell(zone, position));
    zone->count++;
}

static void zone__unlink(struct zone *zone, struct zone_entity *entity)
{
    if (entity->prev != NULL) {
        entity->prev->next = entity->next;
    } else {
        PC_ASSERT(zone->cells[entity->cell] == entity);
        zone->cells[entity->cell] = entity->next;
    }
    if (entity->next != NULL) {
        entity->next->prev = entity->prev;
    }
    entity->next = NULL;
    entity->prev = NULL;
}

void zone_move(struct zone *zone, struct zone_entity *entity, struct common_vec2 position)
{
    PC_ASSERT(zone_contains(zone, position));
    uint32_t cell = zone__cell(zone, position);
    entity->position = position;
    if (cell != entity->cell) {
        zone__unlink(zone, entity);
        zone__link(zone, entity, cell);
    }
}

void zone_remove(struct zone *zone, struct zone_entity *entity)
{
    PC_ASSERT(zone->count > 0);
    zone__unlink(zone, entity);
    zone->count--;
}

static struct cell_range zone__cells_around(const struct zone *zone, struct common_vec2 center)
{
    return (struct cell_range){.left = zone__column(zone, center.x - zone->near_m),
                               .right = zone__column(zone, center.x + zone->near_m),
                               .bottom = zone__column(zone, center.y - zone->near_m),
                               .top = zone__column(zone, center.y + zone->near_m)};
}

static bool zone__is_near(const struct zone *zone, struct common_vec2 a, struct common_vec2 b)
{
    float dx = a.x - b.x;
    float dy = a.y - b.y;
    return dx * dx + dy * dy <= zone->near_m * zone->near_m;
}

uint32_t zone_find_near(const struct zone *zone, struct common_vec2 center,
                        struct zone_entity **found, uint32_t found_max)
{
    struct cell_range range = zone__cells_around(zone, center);
    uint32_t width = range.right - range.left + 1;
    uint32_t cell_count = width * (range.top - range.bottom + 1);
    uint32_t found_count = 0;
    for (uint32_t i = 0; i < cell_count; i++) {
        uint32_t row = range.bottom + i / width;
        struct zone_entity *entity =
            zone->cells[row * zone->cells_per_side + range.left + i % width];
        for (; entity != NULL && found_count < found_max; entity = entity->next) {
            if (zone__is_near(zone, center, entity->position)) {
                found[found_count++] = entity;
            }
        }
    }
    return found_count;
}

struct common_vec2 zone_start_position(const struct zone *zone, uint64_t account_id)
{
    /* Multiples of these fractions of 2^64 (powers of the plastic number's inverse) fill a square
     * evenly however far one counts (M. Roberts, 2018). 24 bits are what a float holds exactly. */
    uint64_t x = account_id * UINT64_C(0xC13FA9A902A6328F);
    uint64_t y = account_id * UINT64_C(0x91E10DA5C79E7B1D);
    float margin_m = zone->size_m / START_MARGIN;
    float step_m = (zone->size_m - 2.0f * margin_m) / 16777216.0f;
    return (struct common_vec2){.x = margin_m + (float)(x >> 40) * step_m,
                                .y = margin_m + (float)(y >> 40) * step_m};
}

void zone_check(const struct zone *zone)
{
    uint32_t count = 0;
    for (uint32_t cell = 0; cell < zone->cells_per_side * zone->cells_per_side; cell++) {
        const struct zone_entity *prev = NULL;
        for (const struct zone_entity *e = zone->cells[cell]; e != NULL; e = e->next) {
            PC_ASSERT(e->cell == cell);
            PC_ASSERT(e->prev == prev);
            PC_ASSERT(zone__cell(zone, e->position) == cell);
            prev = e;
            count++;
        }
    }
    PC_ASSERT(count == zone->count);
}
