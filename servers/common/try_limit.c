/* Limits tries that may fail. See try_limit.h.
 *
 * A key may stand in one of the eight places of its row. Path: beside [8]. */
#include "common/try_limit.h"

#include <sodium.h>
#include <stdlib.h>

#include "pc/check.h"
#include "pc/os.h"

#define ROW_PLACES 8u

/* Zeroed: free. clear_ms: when nothing is owed any more; what is owed is the time until then. */
struct try_place {
    uint64_t key;
    uint64_t clear_ms;
    uint32_t waiting; /* tries under way */
};

/* Invariant: a key stands once; under mutex. */
struct try_limit {
    struct try_limit_config config;
    struct pc_mutex *mutex;
    uint8_t secret[crypto_shorthash_KEYBYTES];
    struct try_place places[];
};

_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "the hash is the key");

struct try_limit *try_limit_create(const struct try_limit_config *config)
{
    uint32_t places = config->places;
    PC_ASSERT(places >= ROW_PLACES && (places & (places - 1)) == 0);
    PC_ASSERT(config->pause_ms > 0);
    struct try_limit *limit = calloc(1, sizeof(*limit) + (size_t)places * sizeof(struct try_place));
    if (limit == NULL) {
        return NULL;
    }
    limit->config = *config;
    pc_os_random(limit->secret, sizeof(limit->secret));
    limit->mutex = pc_mutex_create();
    if (limit->mutex == NULL) {
        free(limit);
        return NULL;
    }
    return limit;
}

void try_limit_destroy(struct try_limit *limit)
{
    if (limit != NULL) {
        pc_mutex_destroy(limit->mutex);
        free(limit);
    }
}

uint64_t try_limit_key(const struct try_limit *limit, const void *bytes, size_t size)
{
    uint64_t key;
    crypto_shorthash((uint8_t *)&key, bytes, size, limit->secret);
    return key;
}

/* The key's place; else, cleared for it, that of whoever owes least and has nothing under way.
 * NULL: all have. */
static struct try_place *try_limit__place(struct try_limit *limit, uint64_t key)
{
    uint64_t row_mask = limit->config.places / ROW_PLACES - 1;
    struct try_place *row = &limit->places[(key & row_mask) * ROW_PLACES];
    struct try_place *least = NULL;
    for (uint32_t i = 0; i < ROW_PLACES; i++) {
        if (row[i].key == key) {
            return &row[i];
        }
        if (row[i].waiting == 0 && (least == NULL || row[i].clear_ms < least->clear_ms)) {
            least = &row[i];
        }
    }
    if (least != NULL) {
        *least = (struct try_place){.key = key};
    }
    return least;
}

static uint32_t try_limit__wait_ms(const struct try_limit *limit, const struct try_place *place,
                                   uint64_t now_ms)
{
    const struct try_limit_config *config = &limit->config;
    if (config->waiting_max > 0 && place->waiting >= config->waiting_max) {
        return 1; /* who can say */
    }
    uint64_t owed_ms = place->clear_ms > now_ms ? place->clear_ms - now_ms : 0;
    uint64_t most_ms = ((uint64_t)config->failures_max - 1) * config->pause_ms;
    if (config->failures_max == 0 || owed_ms <= most_ms) {
        return 0;
    }
    uint64_t wait_ms = owed_ms - most_ms;
    return wait_ms < UINT32_MAX ? (uint32_t)wait_ms : UINT32_MAX;
}

uint32_t try_limit_begin(struct try_limit *limit, uint64_t key, uint64_t now_ms)
{
    pc_mutex_lock(limit->mutex);
    struct try_place *place = try_limit__place(limit, key);
    uint32_t wait_ms = place != NULL ? try_limit__wait_ms(limit, place, now_ms) : 0;
    if (place != NULL && wait_ms == 0) {
        place->waiting++;
    }
    pc_mutex_unlock(limit->mutex);
    return wait_ms;
}

void try_limit_end(struct try_limit *limit, uint64_t key, uint64_t now_ms, bool has_failed)
{
    pc_mutex_lock(limit->mutex);
    struct try_place *place = try_limit__place(limit, key);
    if (place != NULL && place->waiting > 0) {
        place->waiting--;
    }
    if (place != NULL && has_failed) {
        uint64_t from_ms = place->clear_ms > now_ms ? place->clear_ms : now_ms;
        place->clear_ms = from_ms + limit->config.pause_ms;
    }
    pc_mutex_unlock(limit->mutex);
}
