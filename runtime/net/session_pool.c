/* Session slabs; see session_pool.h. Failure: memory that is short when a slab is added. */
#include "net/session_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/cache_line.h"
#include "net/session.h"
#include "net/session_manager.h"
#include "pc/check.h"

void session_pool_init(struct session_pool *pool, struct pc_worker *worker, uint32_t worker_index,
                       const struct session_type *type)
{
    *pool = (struct session_pool){.worker = worker, .worker_index = worker_index, .type = type};
}

struct pc_session *session_pool_at(const struct session_pool *pool, uint32_t slot)
{
    uint8_t *slab = pool->slabs[slot / SESSION_SLAB_COUNT];
    size_t offset = (size_t)(slot % SESSION_SLAB_COUNT) * pool->type->stride;
    return (struct pc_session *)(void *)(slab + offset);
}

static pc_handle session_pool__handle(const struct session_pool *pool, uint32_t slot,
                                      uint32_t generation)
{
    return (pc_handle)pool->worker_index << 56 | (pc_handle)pool->type->index << 52 |
           (pc_handle)slot << 32 | generation;
}

static bool session_pool__reserve_slab(struct session_pool *pool)
{
    if (pool->slab_count < pool->slab_room) {
        return true;
    }
    uint32_t room = pool->slab_room == 0 ? 8 : pool->slab_room * 2;
    uint8_t **slabs = realloc(pool->slabs, room * sizeof *slabs);
    if (slabs == NULL) {
        return false;
    }
    pool->slabs = slabs;
    pool->slab_room = room;
    return true;
}

static bool session_pool__add_slab(struct session_pool *pool)
{
    uint32_t slot_first = pool->slab_count * SESSION_SLAB_COUNT;
    if (slot_first + SESSION_SLAB_COUNT > SESSION_SLOTS_MAX || !session_pool__reserve_slab(pool)) {
        return false;
    }
    uint8_t *slab = cache_line_allocate((size_t)SESSION_SLAB_COUNT * pool->type->stride);
    if (slab == NULL) {
        return false;
    }
    pool->slabs[pool->slab_count++] = slab;
    for (uint32_t i = SESSION_SLAB_COUNT; i > 0; i--) {
        struct pc_session *session = session_pool_at(pool, slot_first + i - 1);
        session->handle = session_pool__handle(pool, slot_first + i - 1, 1);
        session->next = pool->free;
        pool->free = session;
    }
    return true;
}

bool session_pool_grow_to(struct session_pool *pool, uint32_t session_count)
{
    while (pool->slab_count * SESSION_SLAB_COUNT < session_count) {
        if (!session_pool__add_slab(pool)) {
            return false;
        }
    }
    return true;
}

struct pc_session *session_pool_take(struct session_pool *pool)
{
    if (pool->free == NULL && !session_pool__add_slab(pool)) {
        return NULL;
    }
    struct pc_session *session = pool->free;
    PC_ASSERT(session->phase == SESSION_FREE);
    pool->free = session->next;
    pc_handle handle = session->handle;
    memset(session, 0, pool->type->user_offset + pool->type->policy.user_size);
    session->handle = handle;
    session->worker = pool->worker;
    session->type = pool->type;
    pool->used_count++;
    if (pool->used_count > pool->used_high) {
        pool->used_high = pool->used_count;
    }
    return session;
}

void session_pool_put(struct session_pool *pool, struct pc_session *session)
{
    PC_ASSERT(session->phase == SESSION_FREE);
    PC_ASSERT(session->type == pool->type && session->worker == pool->worker);
    PC_ASSERT(pool->used_count > 0);
    uint32_t generation = session_handle_generation(session->handle) + 1;
    if (generation == 0) {
        generation = 1;
    }
    session->handle = session_pool__handle(pool, session_handle_slot(session->handle), generation);
    session->next = pool->free;
    pool->free = session;
    pool->used_count--;
}

struct pc_session *session_pool_find(const struct session_pool *pool, pc_handle handle)
{
    uint32_t slot = session_handle_slot(handle);
    if (slot >= pool->slab_count * SESSION_SLAB_COUNT) {
        return NULL;
    }
    struct pc_session *session = session_pool_at(pool, slot);
    if (session->handle != handle || session->phase == SESSION_FREE) {
        return NULL;
    }
    return session;
}

void session_pool_visit(struct session_pool *pool,
                        void (*visit)(struct pc_session *session, void *context), void *context)
{
    uint32_t slot_count = pool->slab_count * SESSION_SLAB_COUNT;
    for (uint32_t slot = 0; slot < slot_count; slot++) {
        struct pc_session *session = session_pool_at(pool, slot);
        if (session->phase != SESSION_FREE) {
            visit(session, context);
        }
    }
}

void session_pool_destroy(struct session_pool *pool)
{
    for (uint32_t i = 0; i < pool->slab_count; i++) {
        cache_line_free(pool->slabs[i]);
    }
    free(pool->slabs);
    *pool = (struct session_pool){.worker = NULL};
}
