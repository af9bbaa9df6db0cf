/* Names of close reasons and refusals, as they stand in the log and in counters.
 *
 * Happy path: one switch per question.
 * Failures: none; an unknown value has the name "?".
 * Path: beside it. */
#include "pc/dispatch.h"
#include "pc/session.h"

const char *pc_close_reason_name(enum pc_close_reason reason)
{
    switch (reason) {
    case PC_CLOSE_NONE:
        return "none";
    case PC_CLOSE_PEER:
        return "peer";
    case PC_CLOSE_RESET:
        return "reset";
    case PC_CLOSE_CONNECT:
        return "connect";
    case PC_CLOSE_NO_BUFFERS:
        return "no_buffers";
    case PC_CLOSE_VIOLATION:
        return "violation";
    case PC_CLOSE_SLOW_CONSUMER:
        return "slow_consumer";
    case PC_CLOSE_SEND_BUDGET:
        return "send_budget";
    case PC_CLOSE_IDLE:
        return "idle";
    case PC_CLOSE_DEADLINE:
        return "deadline";
    case PC_CLOSE_LIMIT:
        return "limit";
    case PC_CLOSE_PACKET_BUDGET:
        return "packet_budget";
    case PC_CLOSE_BYTE_BUDGET:
        return "byte_budget";
    case PC_CLOSE_KICKED:
        return "kicked";
    case PC_CLOSE_LOGOUT:
        return "logout";
    case PC_CLOSE_AUTH:
        return "auth";
    case PC_CLOSE_SHUTDOWN:
        return "shutdown";
    case PC_CLOSE_REASON_COUNT:
        break;
    }
    return "?";
}

enum pc_error_class pc_close_reason_class(enum pc_close_reason reason)
{
    switch (reason) {
    case PC_CLOSE_NONE:
        return PC_CLASS_NONE;
    case PC_CLOSE_PEER:
    case PC_CLOSE_RESET:
        return PC_CLASS_SOCKET;
    case PC_CLOSE_CONNECT:
    case PC_CLOSE_NO_BUFFERS:
        return PC_CLASS_TRANSIENT;
    case PC_CLOSE_VIOLATION:
    case PC_CLOSE_AUTH:
        return PC_CLASS_PROTOCOL;
    case PC_CLOSE_SLOW_CONSUMER: /* a bad line is no violation: the mark is ours */
    case PC_CLOSE_SEND_BUDGET:
    case PC_CLOSE_IDLE:
    case PC_CLOSE_DEADLINE:
    case PC_CLOSE_LIMIT:
    case PC_CLOSE_PACKET_BUDGET:
    case PC_CLOSE_BYTE_BUDGET:
    case PC_CLOSE_KICKED:
    case PC_CLOSE_LOGOUT:
    case PC_CLOSE_SHUTDOWN:
        return PC_CLASS_LOCAL;
    case PC_CLOSE_REASON_COUNT:
        break;
    }
    return PC_CLASS_NONE;
}

const char *pc_refusal_name(enum pc_refusal refusal)
{
    switch (refusal) {
    case PC_ACCEPTED:
        return "accepted";
    case PC_REFUSED_SHORT:
        return "refused_short";
    case PC_REFUSED_LIMIT:
        return "refused_limit";
    case PC_REFUSED_ID:
        return "refused_id";
    case PC_REFUSED_SIZE:
        return "refused_size";
    case PC_REFUSED_STATE:
        return "refused_state";
    case PC_REFUSED_RATE:
        return "refused_rate";
    case PC_REFUSED_DECODE:
        return "refused_decode";
    case PC_REFUSAL_COUNT:
        break;
    }
    return "?";
}
