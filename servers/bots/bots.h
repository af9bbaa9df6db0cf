/* All state of the test client's process: its bots, by worker, and what they share. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bot.h"
#include "options.h"
#include "pc/runtime.h"
#include "stats.h"

#define RUN_TAG_SIZE 9u

/* The bots of one worker, touched by that worker only (by the main thread when it has stopped).
 * Invariant: members[0..member_count) are numbered first_number onwards. */
struct crew {
    struct bots *bots;
    struct pc_worker *worker;
    struct bot *members;
    uint32_t member_count;
    uint32_t first_number;
    uint32_t seat_cursor;  /* where the search for a bot without a connection goes on */
    uint32_t errors_shown; /* on stderr; the rest is only counted */
    struct bot_stats stats;
};

/* Invariant: gathered, finished <= options.clients (or 1); play_began_ms is 0 until every bot is in
 * the world or has failed. */
struct bots {
    struct options options;
    struct pc_runtime *runtime;
    struct crew *crews;
    uint32_t crew_count;
    uint32_t bot_count;
    char run_tag[RUN_TAG_SIZE]; /* makes the names of this run its own */
    atomic_uint gathered;
    atomic_uint finished;
    _Atomic uint64_t play_began_ms; /* pc_os_monotonic_ms */
    _Atomic uint64_t play_ended_ms;
};

/* Make the crews and the runtime; false if it could not be done, said on stderr. */
bool bots_create(struct bots *bots, const struct options *options);
void bots_destroy(struct bots *bots);

/* Play until every bot is done or has failed, or a stop signal comes. False if the runtime failed
 * to start, or something was not given back at the end; both are said on stderr. */
bool bots_run(struct bots *bots);

/* Sum of the crews' counters. After bots_run. */
void bots_sum(const struct bots *bots, struct bot_stats *stats);

/* One more bot is in the world, or never will be. The last one starts the play. */
void bots_gather(struct bots *bots);

/* One more bot needs nothing any more. The last one ends the run. */
void bots_finish(struct bots *bots);
