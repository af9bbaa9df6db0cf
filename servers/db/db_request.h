/* A request under way: what a gate or game asked, from its packet to its answer.
 *
 * Happy path: db_request_take in the handler, then it travels to pool or lane and back, then the
 * answer is sent and db_request_release puts it back.
 * Failure modes: all are in use: NULL, the handler answers BUSY.
 * Invariant: owned by the worker but between submit and deliver, when it is the pool's or lane's.
 * The requests are made when the worker starts; nothing is allocated later. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/job_pool.h"
#include "game_nodes.h"
#include "lanes.h"
#include "pc/container.h"
#include "proto/common_types.h"
#include "store.h"

struct db_request {
    struct db_request *next_free;
    const struct db_server *server;
    struct job job;
    struct lane_job lane_job;
    pc_handle session; /* who waits for the answer */
    uint64_t correlation;
    enum common_result result;
    bool is_account_known; /* authenticate: the name exists */
    bool is_rehashed;      /* authenticate: account.password_hash is new and to be stored */
    uint16_t password_size;
    char password[COMMON_PASSWORD_MAX + 1]; /* wiped as soon as it was hashed */
    struct store_account account;
    struct common_character character;
    struct game_fence fence; /* character_save: of the link that asked */
};

/* on_worker_start and on_worker_stop of the db. */
PC_NODISCARD enum pc_status db_requests_start(struct pc_worker *worker);
void db_requests_stop(struct pc_worker *worker);

/* A request, zeroed but for server, session and correlation; NULL if all are in use. */
struct db_request *db_request_take(struct pc_session *session, uint64_t correlation);

/* Wipes it. */
void db_request_release(struct pc_worker *worker, struct db_request *request);

/* Hand it to the hash pool or to the lane of key. deliver runs on the request's worker with the
 * session, or NULL if that has gone. False: full. */
bool db_request_hash(struct db_request *request, void (*run)(struct job *job),
                     pc_message_fn *deliver);
bool db_request_query(struct db_request *request, uint64_t key,
                      bool (*run)(struct lane_job *job, struct store *store),
                      pc_message_fn *deliver);

static inline struct db_request *db_request_of_job(struct job *job)
{
    return PC_CONTAINER_OF(job, struct db_request, job);
}

static inline struct db_request *db_request_of_lane_job(struct lane_job *job)
{
    return PC_CONTAINER_OF(job, struct db_request, lane_job);
}
