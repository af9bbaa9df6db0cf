/* The sessions of one type on one worker, in slabs that are never freed before the runtime is.
 *
 * Slots are type-stable memory: a late handle may be compared with the slot's generation at any
 * time. A handle is worker:8 | type:4 | slot:20 | generation:32; the generation moves on when the
 * session is put back and is never 0, so no handle is PC_HANDLE_NONE. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/session.h"

#define SESSION_SLAB_COUNT 64u        /* sessions of one slab */
#define SESSION_SLOTS_MAX  (1u << 20) /* slots that a handle can name */

struct session_type;

/* Invariant: used_count + length of the free list == slab_count * SESSION_SLAB_COUNT;
 * used_count <= used_high. */
struct session_pool {
    struct pc_worker *worker;
    const struct session_type *type;
    uint8_t **slabs; /* slab_count of them; room for slab_room */
    struct pc_session *free;
    uint32_t worker_index;
    uint32_t slab_count;
    uint32_t slab_room;
    uint32_t used_count;
    uint32_t used_high;
};

void session_pool_init(struct session_pool *pool, struct pc_worker *worker, uint32_t worker_index,
                       const struct session_type *type);

/* Make slabs until there are session_count slots. False if memory is short. */
PC_NODISCARD bool session_pool_grow_to(struct session_pool *pool, uint32_t session_count);

/* A FREE session with its handle set and everything else zeroed. A slab is added when none is
 * free; NULL if memory is short. */
struct pc_session *session_pool_take(struct session_pool *pool);

/* Give a FREE session back; its handle is stale from here on. */
void session_pool_put(struct session_pool *pool, struct pc_session *session);

/* The session of a slot, in use or not. slot: below slab_count * SESSION_SLAB_COUNT. */
struct pc_session *session_pool_at(const struct session_pool *pool, uint32_t slot);

/* The session in use that the handle names, whatever its phase, or NULL. */
struct pc_session *session_pool_find(const struct session_pool *pool, pc_handle handle);

/* Call visit, with context, for every session in use. visit may put the session back. */
void session_pool_visit(struct session_pool *pool,
                        void (*visit)(struct pc_session *session, void *context), void *context);

void session_pool_destroy(struct session_pool *pool);

static inline uint32_t session_handle_worker(pc_handle handle)
{
    return (uint32_t)(handle >> 56);
}

static inline uint32_t session_handle_type(pc_handle handle)
{
    return (uint32_t)(handle >> 52) & 0xfu;
}

static inline uint32_t session_handle_slot(pc_handle handle)
{
    return (uint32_t)(handle >> 32) & (SESSION_SLOTS_MAX - 1);
}

static inline uint32_t session_handle_generation(pc_handle handle)
{
    return (uint32_t)handle;
}
