/* The db server: accounts and characters in SQLite, for gates and games.
 *
 * Happy path: a request arrives on a link's worker, becomes a struct db_request (db_request.h),
 * goes to the hash pool or to a lane, comes back by a message, and is answered on the same link
 * with the correlation it came with. A write is answered after its commit. Failure modes: queues or
 * requests at their limit: BUSY; disk errors: INTERNAL and a log line, the process stays. The
 * answer to a link that has gone meanwhile is dropped. Threads: workers (links), hash pool
 * (Argon2id), lanes (SQL). */
#pragma once

#include "common/job_pool.h"
#include "common/link.h"
#include "common/server_main.h"
#include "common/try_limit.h"
#include "game_nodes.h"
#include "lanes.h"
#include "password.h"

/* The keys of db.ini that only the db has. */
struct db_config {
    struct pc_address gates; /* listens for gates */
    struct pc_address games; /* listens for games */
    uint32_t links_max;      /* of each of the two */
    uint32_t send_bytes_max; /* of one link */
    uint32_t requests_max;   /* per worker */

    char database_path[CONFIG_PATH_SIZE];
    uint32_t synchronous; /* enum store_synchronous */
    uint32_t busy_timeout_ms;
    uint32_t lane_count;
    uint32_t lane_queue_max;
    uint32_t group_max;

    uint32_t hash_threads; /* 0: one per processor */
    uint32_t hash_queue_max;
    struct password_cost password_cost;
    uint32_t account_failures_max;
    uint32_t account_pause_ms;
};

extern const struct config_key db_config_keys[];
extern const uint32_t db_config_key_count;

/* All state of the process but for the workers' own. Constant while the runtime runs; pool and
 * lanes have their own locks. */
struct db_server {
    struct server server; /* first, see server_main.h */
    struct db_config config;
    struct link_policy gate_links;
    struct link_policy game_links;
    struct game_nodes *game_nodes;
    struct try_limit *tries; /* of passwords, by account */
    struct job_pool *hash_pool;
    struct lanes *lanes;
    char dummy_hash[PASSWORD_HASH_SIZE]; /* verified for accounts that do not exist */
};

/* The user area of a link to a game. */
struct db_game_link {
    struct server_link link; /* first */
    struct game_fence fence; /* set when it is ready */
};

static inline struct db_server *db_server_of_worker(const struct pc_worker *worker)
{
    return (struct db_server *)server_of_worker(worker);
}

static inline struct db_server *db_server_of(const struct pc_session *session)
{
    return (struct db_server *)server_of(session);
}

/* The hooks of struct server_program. */
bool db_server_set_up(struct server *server);
void db_server_stop(struct server *server);
void db_server_tear_down(struct server *server);
