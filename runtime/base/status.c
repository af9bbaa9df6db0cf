/* Names and classes of enum pc_status, as they stand in the log.
 *
 * Happy path: one switch per question.
 * Failures: none; a value that is no status has the name "?" and the class NONE.
 * Path: beside it. */
#include "pc/status.h"

const char *pc_status_name(enum pc_status status)
{
    switch (status) {
    case PC_OK:
        return "ok";
    case PC_AGAIN:
        return "again";
    case PC_FULL:
        return "full";
    case PC_CLOSED:
        return "closed";
    case PC_END:
        return "end";
    case PC_RESET:
        return "reset";
    case PC_REFUSED:
        return "refused";
    case PC_UNREACHABLE:
        return "unreachable";
    case PC_TIMEOUT:
        return "timeout";
    case PC_CANCELLED:
        return "cancelled";
    case PC_NO_BUFFERS:
        return "no_buffers";
    case PC_NO_MEMORY:
        return "no_memory";
    case PC_ADDRESS_IN_USE:
        return "address_in_use";
    case PC_ADDRESS_INVALID:
        return "address_invalid";
    case PC_DENIED:
        return "denied";
    case PC_UNSUPPORTED:
        return "unsupported";
    case PC_INVALID:
        return "invalid";
    case PC_SYSTEM:
        return "system";
    case PC_STATUS_COUNT:
        break;
    }
    return "?";
}

enum pc_error_class pc_status_class(enum pc_status status)
{
    switch (status) {
    case PC_OK:
    case PC_AGAIN:
        return PC_CLASS_NONE;
    case PC_END:
    case PC_RESET:
    case PC_SYSTEM: /* unknown: the safe answer is to close and not to retry */
        return PC_CLASS_SOCKET;
    case PC_FULL:
    case PC_REFUSED:
    case PC_UNREACHABLE:
    case PC_TIMEOUT:
    case PC_NO_BUFFERS:
    case PC_NO_MEMORY:
        return PC_CLASS_TRANSIENT;
    case PC_CLOSED:
    case PC_CANCELLED:
    case PC_ADDRESS_IN_USE:
    case PC_ADDRESS_INVALID:
    case PC_DENIED:
    case PC_UNSUPPORTED:
    case PC_INVALID:
        return PC_CLASS_LOCAL;
    case PC_STATUS_COUNT:
        break;
    }
    return PC_CLASS_NONE;
}

const char *pc_error_class_name(enum pc_error_class error_class)
{
    switch (error_class) {
    case PC_CLASS_NONE:
        return "none";
    case PC_CLASS_SOCKET:
        return "socket";
    case PC_CLASS_TRANSIENT:
        return "transient";
    case PC_CLASS_PROTOCOL:
        return "protocol";
    case PC_CLASS_LOCAL:
        return "local";
    }
    return "?";
}
