/* The three servers as processes of a simulated world: gate, game and db with their own code, from
 * set-up to shutdown. They can be stopped in order, killed, and started again.
 *
 * Invariant of struct slice_process: server is not NULL exactly while the phase is not ABSENT. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/server_main.h"
#include "net/runtime.h"
#include "port/port_sim.h"

enum slice_role {
    SLICE_DB,
    SLICE_GAME,
    SLICE_GATE,
    SLICE_ROLES
};

enum slice_phase {
    SLICE_ABSENT,
    SLICE_RUNNING,
    SLICE_STOPPING, /* its main thread stops it; it still turns */
    SLICE_ENDING    /* its workers have stopped; its main thread alone goes on */
};

struct slice_process {
    struct sim_world *world;
    struct server *server;
    struct server_program program;
    enum slice_role role;
    enum slice_phase phase;
    bool has_thread; /* main thread of a stop, not joined yet */
    struct pc_thread *main_thread;
};

/* What makes a program of one of the servers: slice_db.c, slice_game.c, slice_gate.c. */
struct slice_recipe {
    struct server_program program; /* config and key_count are filled in */
    const uint32_t *key_count;
    size_t memory_size; /* of the struct that begins with struct server */
    size_t config_offset;
    const char *const *settings; /* "section.key=value", NULL at the end */
};

extern const struct slice_recipe slice_db_recipe;
extern const struct slice_recipe slice_game_recipe;
extern const struct slice_recipe slice_gate_recipe;

/* worker_count: of gate and db; the game has one. */
void slice_process_start(struct slice_process *process, const char *database_path,
                         uint32_t worker_count, FILE *log);

/* Begin what a stop signal begins. */
void slice_process_stop(struct slice_process *process);

/* The process is gone, with what it had not sent or written yet. */
void slice_process_kill(struct slice_process *process);

/* Join the main thread of a stop that is over. */
void slice_process_reap(struct slice_process *process);

/* True if its workers may be turned. */
bool slice_process_turns(const struct slice_process *process);
