/* Path: [3] one connection's life, from its socket's events to its handlers and back.
 *
 *     FREE -> ACCEPTING ----> OPEN -> DRAINING -> CLOSING -> FREE
 *          -> CONNECTING --->      -------------->
 *
 * A session is released when its socket's CLOSED event has come and nobody holds it; then its
 * generation moves on. Everything here runs on the session's worker. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/token_bucket.h"
#include "net/assembler.h"
#include "net/latest_list.h"
#include "net/send_queue.h"
#include "net/session_manager.h"
#include "pc/check.h"
#include "pc/runtime.h"
#include "pc/timer.h"
#include "port/port.h"

struct listener;
struct connector_link;

enum session_phase {
    SESSION_FREE,       /* in its pool */
    SESSION_ACCEPTING,  /* its accept is posted, or it waits to be adopted */
    SESSION_CONNECTING, /* its connect is in flight */
    SESSION_OPEN,       /* on_open was called; frames are handled */
    SESSION_DRAINING,   /* nothing is handled any more; what is queued is being sent */
    SESSION_CLOSING,    /* the socket was aborted; its last events are awaited */
    SESSION_PHASE_COUNT
};

/* What a session cannot begin because the system is short of buffers; bits. Its timer tries again,
 * so that a shortage costs no processor time, and ends no connection. */
enum session_shortage {
    SESSION_SHORT_RECEIVE = 1,
    SESSION_SHORT_SEND = 2
};

/* Which directions of the connection have had their FIN; bits. */
enum session_end {
    SESSION_END_PEER = 1, /* the peer's has come */
    SESSION_END_OWN = 2   /* ours was sent */
};

/* The fields stand in the order of what touches them, 64 bytes to a line where a cache line is
 * marked: a packet to one of many sessions finds each of them cold. A delivery of a broadcast
 * touches three lines (the send operation, the link, sending), an echo two more and the buckets.
 * Slabs are aligned to cache lines.
 *
 * Invariant: close_reason is not NONE exactly in DRAINING and CLOSING; close_reason never changes
 * once set; hold_count > 0 keeps a closed session out of its pool; retry_ms is to come while
 * short_of is not 0. */
struct pc_session {
    /* Line 0, with the receive operation; then the socket's two others. */
    pc_handle handle;
    uint64_t received_ms; /* when something last arrived */
    struct port_socket socket;

    /* Line 3: sending. */
    struct pc_worker *worker;
    const struct session_type *type;
    struct send_queue queue;
    struct pc_session *next; /* free list of the pool, or the worker's flush list */
    uint8_t phase;           /* enum session_phase */
    uint8_t close_reason;    /* enum pc_close_reason */
    uint8_t close_status;    /* enum pc_status of what ended it */
    uint8_t deadline_reason; /* enum pc_close_reason */
    uint8_t protocol_state;
    uint8_t hold_count;
    uint8_t short_of;   /* bits of enum session_shortage */
    bool flush_queued;  /* true exactly while on the worker's flush list (one hold) */
    bool resume_queued; /* true exactly while on the worker's resume list (one hold) */
    bool is_paused;     /* by pc_session_pause */
    bool is_congested;  /* from above the queue's soft mark until half of it */
    bool has_budget;
    uint8_t ends;       /* bits of enum session_end */
    uint8_t retry_step; /* pauses doubled so often while the shortage lasts; 0: none */
    bool was_open;      /* on_open was called, so on_close is owed; CLOSING does not tell */
    bool makes_calls;   /* calls may wait on it */

    /* Line 4: receiving. */
    struct assembler assembler;
    uint64_t resume_ms;          /* when a delayed packet may be handled; 0: none is delayed */
    struct token_bucket packets; /* rate of all packets */
    uint32_t budget_packets;     /* left of pc_session_set_budget, while has_budget */
    uint32_t budget_bytes;
    uint64_t deadline_ms; /* pc_session_set_deadline, or end of draining; 0: none */

    /* What is seldom needed. */
    struct pc_timer timer; /* for the earliest of idle time, deadline, congestion, resume, retry */
    struct latest_list latest; /* frames that wait for the queue to get below its soft mark */
    uint32_t congested_ms;     /* low bits of: since when, while is_congested */
    uint32_t retry_ms;         /* low bits of: when what is short is tried again, or was last */
    struct pc_session *resume_next; /* the worker's resume list */
    struct listener *listener;      /* that accepted it, if it counts in the address limit */
    struct connector_link *link;    /* that it was made by, or NULL */
    int32_t raw;                    /* system code of what ended it */
    uint32_t tag;
};

_Static_assert(offsetof(struct pc_session, worker) == 192, "sending begins a cache line");
_Static_assert(offsetof(struct pc_session, assembler) == 256, "receiving begins a cache line");

void session_check(const struct pc_session *session);

/* The time with these low bits that is nearest to now: less than 24 days away. */
static inline uint64_t session_near_ms(uint64_t now_ms, uint32_t low_bits)
{
    return now_ms + (uint64_t)(int64_t)(int32_t)(low_bits - (uint32_t)now_ms);
}

static inline struct pc_session *session_of_socket(struct port_socket *socket)
{
    return (struct pc_session *)(void *)((uint8_t *)socket - offsetof(struct pc_session, socket));
}

/* Legal moves are in one table; anything else is a programmer's error. */
PC_COLD void session_set_phase(struct pc_session *session, enum session_phase phase);

/* The socket is LIVE: call on_open, arm the first receive, start the idle timer. */
PC_COLD void session_open(struct pc_session *session);

/* Events of the port. */
void session_on_received(struct pc_session *session, const struct port_event *event);
void session_on_sent(struct pc_session *session, const struct port_event *event);
PC_COLD void session_on_closed(struct pc_session *session);

/* Give up a session that never opened (ACCEPTING with a socket, CONNECTING). */
PC_COLD void session_discard(struct pc_session *session, enum port_abort_mode mode,
                             enum pc_close_reason reason);

/* End of the worker's turn: send what is queued. */
void session_flush(struct pc_session *session);

/* The process stops: close with SHUTDOWN and drain no longer than the drain time, a uint32_t of
 * milliseconds that the argument points to. */
PC_COLD void session_shut_down(struct pc_session *session, void *drain_ms);

/* Bytes of the worker's pool that come back when the session ends: of what is queued, of what waits
 * for room and of the receive tail. A shared block counts in full, though others may hold it. */
uint64_t session_memory(const struct pc_session *session);

/* Set the timer to the next thing that time can bring. */
PC_COLD void session_set_timer(struct pc_session *session);

/* The system has no buffers for what the session wants to begin: try again after a pause. */
PC_COLD void session_wait_for_buffers(struct pc_session *session, enum session_shortage shortage);

/* Arm the next receive, unless one is armed or none is wanted now. */
void session_arm_receive(struct pc_session *session);

/* Handle what was kept, arm what could not be armed, send what could not be sent. */
void session_continue(struct pc_session *session);

/* What waited for room in the queue goes there, as far as it has room or if all must go. */
PC_COLD void session_queue_latest(struct pc_session *session, bool all);

/* Nothing is handled now, because of pc_session_pause or a packet's rate. */
static inline bool session_is_blocked(const struct pc_session *session)
{
    return PC_UNLIKELY(session->is_paused || session->resume_ms != 0);
}

/* End an OPEN or DRAINING session with the first reason given; what is queued is lost. Events of
 * what is in flight follow, then CLOSED. */
PC_COLD void session_end_with(struct pc_session *session, enum pc_close_reason reason,
                              enum port_abort_mode mode);

/* OPEN to DRAINING: send what is queued, within drain_ms. */
PC_COLD void session_start_drain(struct pc_session *session, enum pc_close_reason reason,
                                 uint32_t drain_ms);

/* Take the next step of draining, if it can be taken: queue empty -> FIN -> peer's FIN -> end.
 * If the peer has finished first, ending sends the FIN. */
PC_COLD void session_drain(struct pc_session *session);

/* Back to the pool if it is closed, nothing is in flight and nobody holds it. */
void session_try_release(struct pc_session *session);

struct type_counters *session_counters(const struct pc_session *session);

/* An event about the session with its common fields filled in. */
PC_COLD struct pc_event session_event(const struct pc_session *session, enum pc_event_kind kind);

/* Put a session whose socket is IDLE back into its pool. */
PC_COLD void session_release(struct pc_session *session);
