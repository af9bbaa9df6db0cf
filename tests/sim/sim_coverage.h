/* What has happened in all runs: which events have met a session in which phase, why sessions have
 * closed, which faults have struck.
 *
 * Happy path: the runtime's own calls are noted on their way (sim_wrap.c), what only the
 * application does by it. coverage_print shows all. Failure: a pair that is neither seen nor
 * explained as impossible, a reason or a fault that never came; coverage_print says so. */
#pragma once

#include <stdbool.h>

#include "net/session.h"
#include "port/port_sim.h"

enum coverage_event {
    EVENT_ACCEPTED,
    EVENT_ACCEPT_FAILED,
    EVENT_CONNECTED,
    EVENT_CONNECT_FAILED,
    EVENT_RECEIVED,
    EVENT_RECEIVED_END,
    EVENT_RECEIVE_FAILED,
    EVENT_SENT,
    EVENT_SEND_FAILED,
    EVENT_CLOSED,
    EVENT_TIMER,
    EVENT_FLUSH,
    EVENT_CONTINUE,
    EVENT_SHUT_DOWN,
    EVENT_HANDED_OVER, /* its connection goes to another worker */
    EVENT_TAKEN_OVER,  /* it gets a connection from there */
    EVENT_BUDGET_SPENT,
    EVENT_NO_MEMORY,
    EVENT_EVICTED, /* for the worker's memory */
    EVENT_APP_SEND,
    EVENT_APP_LATEST,
    EVENT_APP_BLOCK,
    EVENT_APP_CLOSE,
    EVENT_APP_ABORT,
    EVENT_APP_DEADLINE,
    EVENT_APP_PAUSE,
    EVENT_APP_RESUME,
    EVENT_APP_STATE,
    EVENT_APP_BUDGET,
    EVENT_APP_DISPLACED, /* a frame of which the newest counts gave way to one of another key */
    EVENT_COUNT
};

void coverage_note(const struct pc_session *session, enum coverage_event event);

/* A session has closed, or was given up before it opened. */
void coverage_closed(enum pc_close_reason reason);

/* The faults that have struck in the world, which is over. */
void coverage_add_faults(const struct sim_world *world);

/* Print the table; false if anything is missing. */
bool coverage_print(void);
