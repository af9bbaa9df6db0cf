/* The session manager: owner of every session of the process, a pool per worker and session type.
 *
 * A type is registered once, with the size of its user area, its start size and its maximum: the
 * factory of its pools. Each worker takes from and gives back to its own pools only, so no lock is
 * needed; what the workers share is one counter per type, open_count. Place in the byte path:
 * around [3]. */
#pragma once

#include <stdatomic.h>

#include "net/session_pool.h"
#include "pc/runtime.h"

#define WORKERS_MAX 64u

/* What all workers know of one type. */
struct session_type {
    struct pc_session_type policy; /* as registered, defaults filled in */
    uint32_t index;
    uint32_t buckets_offset; /* bytes from the session to its token buckets */
    uint32_t user_offset;    /* bytes from the session to its user area */
    uint32_t stride;         /* bytes from one session of a slab to the next */
    atomic_uint open_count;  /* sessions accepted or connecting and not yet released */
};

/* Invariant: pools[w][t] is initialised exactly when w < worker_count and t < type_count after
 * start. */
struct session_manager {
    struct session_type types[PC_TYPES_MAX];
    struct session_pool *pools; /* [worker * PC_TYPES_MAX + type] */
    uint32_t type_count;
    uint32_t worker_count;
};

void session_manager_init(struct session_manager *manager);

/* Register a type; returns its index or PC_TYPE_NONE. */
uint32_t session_manager_add_type(struct session_manager *manager,
                                  const struct pc_session_type *type);

/* Make the pools with their start sizes. workers[i] is the owner of the i-th row. */
PC_NODISCARD enum pc_status session_manager_start(struct session_manager *manager,
                                                  struct pc_worker *const *workers,
                                                  uint32_t worker_count);

struct session_pool *session_manager_pool(const struct session_manager *manager, uint32_t worker,
                                          uint32_t type);

/* True if every session is back in its pool; otherwise the leftovers are named on stderr. */
bool session_manager_is_whole(const struct session_manager *manager);

void session_manager_destroy(struct session_manager *manager);
