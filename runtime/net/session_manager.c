/* The session manager; see session_manager.h. Happy path: add_type for each kind, start, and from
 * then on only the pools are used. Failure: memory that is short at start is a status. */
#include "net/session_manager.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cache_line.h"
#include "base/token_bucket.h"
#include "net/session.h"
#include "pc/check.h"

#define DRAIN_TIMEOUT_DEFAULT_MS 5000u
#define SOFT_TIMEOUT_DEFAULT_MS  10000u
#define QUEUE_BYTES_DEFAULT      (1024u * 1024u)

void session_manager_init(struct session_manager *manager)
{
    *manager = (struct session_manager){.type_count = 0};
}

/* Here, because it is too late and too often when a packet comes. */
static void session_manager__check_rates(const struct pc_session_type *policy)
{
    if (policy->packets.per_sec != 0) {
        token_bucket_check_rate(policy->packets.per_sec, policy->packets.burst);
    }
    for (uint32_t i = 0; i < policy->accepts->rate_count; i++) {
        const struct pc_rate *rate = &policy->accepts->rates[i];
        token_bucket_check_rate(rate->per_sec, rate->burst);
    }
}

uint32_t session_manager_add_type(struct session_manager *manager,
                                  const struct pc_session_type *policy)
{
    PC_ASSERT(policy->accepts != NULL);
    PC_ASSERT(policy->accepts->state_count >= 1 && policy->accepts->state_count <= 64);
    PC_ASSERT(policy->sessions_max > 0 && policy->sessions_max <= SESSION_SLOTS_MAX);
    session_manager__check_rates(policy);
    if (manager->type_count == PC_TYPES_MAX) {
        return PC_TYPE_NONE;
    }
    struct session_type *type = &manager->types[manager->type_count];
    type->policy = *policy;
    type->index = manager->type_count;
    if (type->policy.drain_timeout_ms == 0) {
        type->policy.drain_timeout_ms = DRAIN_TIMEOUT_DEFAULT_MS;
    }
    if (type->policy.send_bytes_max == 0) {
        type->policy.send_bytes_max = QUEUE_BYTES_DEFAULT;
    }
    if (type->policy.send_bytes_soft == 0) {
        type->policy.send_bytes_soft = type->policy.send_bytes_max / 2;
    }
    if (type->policy.soft_timeout_ms == 0) {
        type->policy.soft_timeout_ms = SOFT_TIMEOUT_DEFAULT_MS;
    }
    uint32_t buckets_size = policy->accepts->rate_count * (uint32_t)sizeof(struct token_bucket);
    type->buckets_offset = (uint32_t)sizeof(struct pc_session);
    type->user_offset = (type->buckets_offset + buckets_size + 15u) / 16u * 16u;
    type->stride = (uint32_t)cache_line_round_up(type->user_offset + policy->user_size);
    atomic_init(&type->open_count, 0);
    return manager->type_count++;
}

enum pc_status session_manager_start(struct session_manager *manager,
                                     struct pc_worker *const *workers, uint32_t worker_count)
{
    PC_ASSERT(worker_count >= 1 && worker_count <= WORKERS_MAX);
    manager->pools = calloc((size_t)worker_count * PC_TYPES_MAX, sizeof *manager->pools);
    if (manager->pools == NULL) {
        return PC_NO_MEMORY;
    }
    manager->worker_count = worker_count;
    for (uint32_t w = 0; w < worker_count; w++) {
        for (uint32_t t = 0; t < manager->type_count; t++) {
            struct session_pool *pool = session_manager_pool(manager, w, t);
            session_pool_init(pool, workers[w], w, &manager->types[t]);
            if (!session_pool_grow_to(pool, manager->types[t].policy.sessions_start)) {
                return PC_NO_MEMORY;
            }
        }
    }
    return PC_OK;
}

struct session_pool *session_manager_pool(const struct session_manager *manager, uint32_t worker,
                                          uint32_t type)
{
    return &manager->pools[(size_t)worker * PC_TYPES_MAX + type];
}

bool session_manager_is_whole(const struct session_manager *manager)
{
    bool whole = true;
    for (uint32_t w = 0; w < manager->worker_count; w++) {
        for (uint32_t t = 0; t < manager->type_count; t++) {
            const struct session_pool *pool = session_manager_pool(manager, w, t);
            if (pool->used_count == 0) {
                continue;
            }
            whole = false;
            fprintf(stderr, "portcullis: worker %u still holds %u sessions of type %s\n", w,
                    pool->used_count, manager->types[t].policy.name);
        }
    }
    return whole;
}

void session_manager_destroy(struct session_manager *manager)
{
    for (uint32_t w = 0; w < manager->worker_count; w++) {
        for (uint32_t t = 0; t < manager->type_count; t++) {
            session_pool_destroy(session_manager_pool(manager, w, t));
        }
    }
    free(manager->pools);
    *manager = (struct session_manager){.type_count = 0};
}
