/* Which events have met a session in which phase.
 *
 * Happy path: the linker leads the runtime's own calls through this file (--wrap), which counts and
 * passes them on; what only the application does is noted by it. coverage_print shows the table.
 * Failure: a pair that is neither seen nor explained as impossible; coverage_print says so. */
#pragma once

#include <stdbool.h>

#include "net/session.h"

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
    EVENT_APP_SEND,
    EVENT_APP_LATEST,
    EVENT_APP_BLOCK,
    EVENT_APP_CLOSE,
    EVENT_APP_ABORT,
    EVENT_APP_DEADLINE,
    EVENT_APP_PAUSE,
    EVENT_APP_RESUME,
    EVENT_COUNT
};

void coverage_note(const struct pc_session *session, enum coverage_event event);

/* Print the table; false if a pair is missing. */
bool coverage_print(void);
