/* Results of calls that can fail for reasons outside the program.
 *
 * Three kinds of failure are never mixed: a programmer's error is an assertion, a peer's error is
 * a refusal or a close reason kept in the session, the environment's error is one of these. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PC_NODISCARD __attribute__((warn_unused_result))
#else
#define PC_NODISCARD
#endif

enum pc_status {
    PC_OK,
    PC_AGAIN,           /* nothing to do now; not an error */
    PC_FULL,            /* a bounded queue, pool or table is at its limit; nothing was changed */
    PC_CLOSED,          /* the session is closing or closed, or the handle is stale */
    PC_END,             /* the peer has finished its side of the stream (FIN) */
    PC_RESET,           /* the peer or the network broke the connection */
    PC_REFUSED,         /* nobody listens at the address */
    PC_UNREACHABLE,     /* no route to the address */
    PC_TIMEOUT,         /* the deadline passed first */
    PC_CANCELLED,       /* we stopped the operation ourselves */
    PC_NO_BUFFERS,      /* the system is short of buffers or descriptors; try again later */
    PC_NO_MEMORY,       /* an allocation failed */
    PC_ADDRESS_IN_USE,  /* another process listens at the address */
    PC_ADDRESS_INVALID, /* the address cannot be parsed or is not of this machine */
    PC_DENIED,          /* the system forbids it (privileged port, blocked system call) */
    PC_UNSUPPORTED,     /* the system lacks the feature */
    PC_INVALID,         /* an argument that came from outside is out of bounds */
    PC_SYSTEM,          /* anything else; the raw code says more */
    PC_STATUS_COUNT
};

/* What a failure asks of us. SOCKET: close, do not retry. TRANSIENT: retry with back-off.
 * PROTOCOL: the peer misbehaved, close at once, log and count. LOCAL: we did it ourselves. */
enum pc_error_class {
    PC_CLASS_NONE,
    PC_CLASS_SOCKET,
    PC_CLASS_TRANSIENT,
    PC_CLASS_PROTOCOL,
    PC_CLASS_LOCAL
};

/* Name in lower case, as it stands in the log: "address_in_use". Never NULL. */
const char *pc_status_name(enum pc_status status);

/* Class of a failed operation that we did not cancel ourselves. */
enum pc_error_class pc_status_class(enum pc_status status);

const char *pc_error_class_name(enum pc_error_class error_class);

#ifdef __cplusplus
}
#endif
