/* The game server: one zone, who is in it, and the links to gates and db.
 *
 * The world belongs to one worker, the one that owns all links; therefore nothing here is locked
 * and the process has exactly one worker. More zones are more processes.
 *
 * Happy path: game_set_up -> game_start_world on the worker -> handlers change the world as packets
 * come, game__tick every tick_ms tells the moves and sends due saves -> game_stop puts everybody
 * out and waits until the db has acknowledged what was unsaved.
 * Failure modes: the db is away: play goes on, saves wait (roster.h); a gate is away: its players
 * leave; a tick comes too late: counted, said once a second, and the lost ticks are skipped. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/server_main.h"
#include "world/client_table.h"
#include "world/movement.h"
#include "world/roster.h"
#include "world/zone.h"

/* Filled from the ini file; the keys are in game_config.c. */
struct game_config {
    struct {
        struct pc_address listen;
        uint32_t links_max;
        uint32_t send_bytes_max; /* of one link's queue; for the db's too */
    } gates;
    struct {
        struct pc_address address;
        uint32_t timeout_ms;
    } db;
    struct {
        uint32_t size_m;
        uint32_t near_m;
        uint32_t players_max;
        uint32_t tick_ms;
        uint32_t speed_max;     /* metres per second */
        uint32_t move_slack_ms; /* of movement at speed_max that can be saved up */
    } zone;
    struct {
        uint32_t interval_ms;
        uint32_t in_flight_max;
        uint32_t unsaved_max; /* players who have left */
        uint32_t stop_ms;
    } save;
};

extern const struct config_key game_config_keys[];
extern const uint32_t game_config_key_count;

/* What the log tells at the end. Each only grows. */
struct game_counters {
    uint64_t entered;
    uint64_t refused_enters;
    uint64_t moves;
    uint64_t refused_moves;
    uint64_t chats;
    uint64_t refused_frames; /* a gate let them through although they break the table */
    uint64_t stale_frames;   /* for a session that has left: normal, they were on the way */
    uint64_t saves;
    uint64_t failed_saves;
    uint64_t ticks;
    uint64_t skipped_ticks;
};

/* Invariant: near_found has room for every client; db is NULL or a ready link; news holds exactly
 * the clients whose news is not NONE; touched is non-empty only while a frame is fanned out. */
struct game {
    struct server server; /* first: see server_main.h */
    struct game_config config;
    struct link_policy gate_policy;
    struct link_policy db_policy;
    struct pc_worker *worker;
    struct pc_session *db;
    struct zone zone;
    struct movement_rules movement;
    struct client_table clients;
    struct roster roster;
    struct zone_entity **near_found; /* scratch of fan_out_near */
    struct list_node touched;        /* gate links with receivers of the frame at hand */
    struct list_node news;           /* clients of whom the next tick has news */
    struct pc_timer tick_timer;
    uint64_t tick_due_ms;
    uint64_t overrun_said_ms;
    uint64_t overrun_unsaid; /* ticks skipped since the last line about it */
    struct game_counters counters;
    struct pc_message stop_message;
    atomic_bool is_saved; /* stopping: set by the worker when nothing is unsaved */
    bool is_stopping;     /* the worker's: nobody enters any more */
};

static inline struct game *game_of_worker(const struct pc_worker *worker)
{
    return (struct game *)server_of_worker(worker);
}

static inline struct game *game_of(const struct pc_session *session)
{
    return game_of_worker(pc_session_worker(session));
}

/* The parts of struct server_program; see there. */
bool game_set_up(struct server *server);
enum pc_status game_start_world(struct pc_worker *worker);
void game_stop_world(struct pc_worker *worker);
void game_stop(struct server *server);
void game_tear_down(struct server *server);
