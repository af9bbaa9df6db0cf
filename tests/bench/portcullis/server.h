/* What the benchmark's two Portcullis servers share: options, start, wait for a signal, stop. */
#pragma once

#include <stdint.h>

#include "pc/runtime.h"

/* From the command line: --engine E, --workers N, --busy-poll US, --listen ADDRESS, --game ADDRESS.
 */
struct server_options {
    enum pc_engine engine;
    uint32_t worker_count;
    uint32_t busy_poll_us;
    const char *congestion; /* NULL: the system's */
    struct pc_address listen;
    struct pc_address game;
    bool has_game;
};

/* Prints what is wrong to stderr and ends the process. */
struct server_options server_parse(int argument_count, char **arguments);

/* Register type, listen, add what connect says (may be NULL), run until a stop signal, and print
 * the type's counters. Returns the exit status. */
int server_run(const struct server_options *options, const struct pc_session_type *type,
               const struct pc_session_type *link_type, void *user);

/* A rate that the load generator cannot reach; it is taken all the same. */
#define SERVER_RATE_MAX 1000000u
