/* The gate: clients on one side, the game and the db on the other.
 *
 * Every worker has its own clients, its own link to the game and its own link to the db; so a
 * relayed packet never changes thread, and nothing here is locked but for the logins of an address.
 *
 * Happy path: a client says hello, logs in (db), enters the world; from then on its packets for the
 * game go up as they are and the game's frames come down as they are.
 * Failure modes: the game or the db is away: the gate stays, says so to the clients (server_status,
 * refusal, left_world) and connects again by itself; it also starts without them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/list.h"
#include "common/server_main.h"
#include "common/try_limit.h"

/* Where a session comes from; pc_session_tag. */
enum gate_tag {
    GATE_TAG_CLIENT,
    GATE_TAG_GAME,
    GATE_TAG_DB
};

/* Filled from the ini file; the keys are in gate_config.c. */
struct gate_config {
    struct {
        struct pc_address listen;
        uint32_t sessions_start;
        uint32_t sessions_max;
        uint32_t per_address_max;
        uint32_t login_timeout_ms;
        uint32_t idle_timeout_ms;
        uint32_t login_failures_max;
        uint32_t address_failures_max;
        uint32_t address_pause_ms;
        uint32_t address_waiting_max;
        uint32_t packets_per_sec;
        uint32_t packets_burst;
        uint32_t packets_over; /* enum pc_rate_over */
        uint32_t send_bytes_max;
        uint32_t send_bytes_soft;
        uint32_t soft_timeout_ms;
        uint32_t drain_timeout_ms;
        uint32_t accepts_per_sec;
        uint32_t accepts_posted;
        uint32_t backlog;
        uint32_t prelogin_packets;
        uint32_t prelogin_bytes;
        uint32_t retry_after_ms;
    } clients;
    struct {
        struct pc_address address;
        uint32_t send_bytes_max;
        uint32_t send_bytes_soft;
    } game;
    struct {
        struct pc_address address;
        uint32_t send_bytes_max;
        uint32_t timeout_ms;
        uint32_t requests_max;
    } db;
};

extern const struct config_key gate_config_keys[];
extern const uint32_t gate_config_key_count;

struct gate {
    struct server server; /* first: see server_main.h */
    struct gate_config config;
    struct link_policy game_policy;
    struct link_policy db_policy;
    struct try_limit *tries; /* registers and logins, by address */
};

/* What the log tells at the end. Each only grows. */
struct gate_counters {
    uint64_t frames_up;
    uint64_t frames_down;  /* one for each receiver */
    uint64_t stale_down;   /* for a session that has gone: normal, it was on the way */
    uint64_t refused_down; /* the game sent what it may not send to a client */
    uint64_t refusals;     /* packets that could not be served */
    uint64_t held;         /* times that a client was paused because the game's link was full */
    uint64_t logins;
    uint64_t failed_logins;
};

/* What one worker has. Thread: the worker's.
 * Invariant: game and db are NULL or a ready link; clients holds every open client session. */
struct gate_worker {
    struct gate *gate;
    struct pc_worker *worker;
    struct pc_session *game;
    struct pc_session *db;
    struct list_node clients;
    struct gate_counters counters;
};

static inline struct gate_worker *gate_worker_of(const struct pc_session *session)
{
    return pc_worker_user(pc_session_worker(session));
}

/* The parts of struct server_program; see there. */
bool gate_set_up(struct server *server);
enum pc_status gate_start_worker(struct pc_worker *worker);
void gate_stop_worker(struct pc_worker *worker);
void gate_tear_down(struct server *server);
