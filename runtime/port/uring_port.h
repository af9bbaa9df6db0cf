/* What the files of the io_uring engine share: the port, and what it keeps inside the caller's
 * sockets. port_uring.c holds the turn of the loop and the engine's functions, uring_socket.c what
 * follows from each completion of a connection, uring_send.c sending, uring_early.c receives of a
 * worker that only looks, uring_listener.c accepting. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/check.h"
#include "port/heard.h"
#include "port/port.h"
#include "port/ready_list.h"
#include "port/sleep_timer_posix.h"
#include "port/socket_posix.h"
#include "port/uring_buffers.h"
#include "port/uring_ring.h"
#include "port/wake_posix.h"

/* Low bits of user_data; the rest is the address of the port, listener or socket. */
enum uring_op {
    URING_OP_WAKE,          /* port: a read of the wake descriptor */
    URING_OP_ACCEPT,        /* listener: multishot accept */
    URING_OP_ACCEPT_CANCEL, /* listener */
    URING_OP_CONNECT,       /* socket */
    URING_OP_RECEIVE,       /* socket: multishot or single receive */
    URING_OP_SEND,          /* socket */
    URING_OP_CANCEL,        /* socket */
    URING_OP_TIMER          /* port: a read of the timer */
};
#define URING_OP_MASK 7u

/* Doubly linked through the sockets. A socket is on one list at most. */
struct uring_list {
    struct port_socket *first;
    struct port_socket *last;
    uint32_t count;
};

/* How the kernel serves a socket's receives. */
enum uring_receive_mode {
    URING_RECEIVE_OFF,
    URING_RECEIVE_ONCE,    /* one completion to come */
    URING_RECEIVE_MULTI,   /* completions until one without F_MORE */
    URING_RECEIVE_STOPPING /* multishot, its cancellation is on the way */
};

/* What recv.os tells of the connection. */
enum uring_phase {
    URING_PHASE_ASKED,    /* accept or connect is in flight */
    URING_PHASE_ANSWERED, /* its result is there and not given yet */
    URING_PHASE_OPEN,     /* the stream may bring more */
    URING_PHASE_ENDED     /* after what is queued comes result: 0 for FIN, or -errno */
};

/* In port_socket.recv.os. */
struct uring_receive {
    struct port_listener *listener; /* ACCEPTING: whose */
    int32_t result;                 /* ANSWERED: of accept or connect; ENDED: see there */
    struct uring_queue queue;       /* received, not given */
    uint8_t mode;                   /* enum uring_receive_mode */
    uint8_t phase;                  /* enum uring_phase */
    bool is_bulk;                   /* received too much at once; single receives for now */
    bool is_dry;                    /* the last receive found no buffer */
    bool is_short;                  /* the kernel had no memory for it, which is not told yet */
};

/* How far a send is. */
enum uring_send_phase {
    URING_SEND_TRIED,   /* its completion comes only if it does not take all bytes at once */
    URING_SEND_REFUSED, /* it took none: to be submitted again, to wait for room */
    URING_SEND_WAITING, /* its completion will come */
    URING_SEND_DONE     /* its result is there and not given yet */
};

/* In port_socket.send.os; while a connect is in flight its first bytes are the address.
 * Invariant: is_listed exactly while the socket is on tried or concluded of the port, which may be
 * longer than its send is in flight. */
struct uring_send {
    struct port_socket *next; /* on that list */
    const uint8_t *data;      /* first span */
    uint32_t size;            /* of it */
    int32_t result;           /* when DONE: bytes or -errno */
    uint32_t total;           /* bytes of all spans */
    uint8_t phase;            /* enum uring_send_phase */
    bool is_listed;
};

/* Sockets in the order in which their sends were tried, linked through them. last has no meaning
 * when first is NULL. */
struct uring_sends {
    struct port_socket *first;
    struct port_socket *last;
};

/* How far the operations of an ABORTED socket are cancelled. */
enum uring_cancel {
    URING_CANCEL_NONE,
    URING_CANCEL_SUBMITTED, /* its completion is to come */
    URING_CANCEL_MISSED,    /* it came; if anything is pending still, force it */
    URING_CANCEL_FORCED     /* both directions are shut down, which ends what blocks */
};

/* In port_socket.engine.
 * Invariant: pending counts completions that will come of this socket, cancellations included; the
 * descriptor is closed, and the socket IDLE again, only at 0 and when no send of it is listed. */
struct uring_link {
    struct port_socket *next;
    struct port_socket *previous;
    struct uring_list *list; /* the one it is on, or NULL */
    uint32_t pending;
    uint8_t cancel; /* enum uring_cancel */
};

_Static_assert(sizeof(struct uring_receive) <= 32, "recv.os is too small");
_Static_assert(sizeof(struct uring_send) <= 32, "send.os is too small");
_Static_assert(sizeof(struct sockaddr_in6) <= offsetof(struct uring_send, phase),
               "an address would be taken for a phase");
_Static_assert(sizeof(struct uring_link) <= 32, "engine is too small");
_Static_assert(_Alignof(struct port_socket) > URING_OP_MASK, "no room for the kind of op");

/* Receives of a worker that only looks. */
struct uring_early {
    struct heard heard;
    struct port_socket *polled; /* the kernel is to hold no receive of it; NULL: there is none */
    uint32_t count;             /* early receives with bytes since the worker slept */
    bool has_received;          /* the last turn had one, and did not enter the ring */
};

/* A counter of the system's that is being read. */
struct uring_counter {
    uint64_t value; /* target of the read */
    bool is_armed;  /* the read is in flight */
};

struct uring_port {
    struct port base;
    struct uring_ring ring;
    struct uring_buffers buffers;
    struct ready_list ready;
    struct uring_list todo;       /* sockets that want a submission entry */
    struct uring_list starved;    /* sockets that want a buffer */
    struct uring_sends tried;     /* sends that may have a completion or none */
    struct uring_sends concluded; /* those that have had it, or have none; not given yet */
    struct port_listener *listeners;
    uint32_t listeners_closing; /* of them: UNLISTENED is to be given */
    bool accepts_changed;       /* a listener's accept may be to arm or to cancel */
    struct uring_counter wake_count;
    struct uring_counter timer_count;
    struct wake wake;
    struct sleep_timer timer;
    struct uring_early early;
    bool wake_is_due; /* PORT_WOKEN is to be given */
    bool sent_alone;  /* the last turn did not enter the ring: uring_send_alone */
};

static inline struct uring_receive *uring_receive_of(struct port_socket *socket)
{
    return (struct uring_receive *)(void *)socket->recv.os;
}

static inline struct uring_send *uring_send_of(struct port_socket *socket)
{
    return (struct uring_send *)(void *)socket->send.os;
}

static inline struct uring_link *uring_link_of(struct port_socket *socket)
{
    return (struct uring_link *)(void *)socket->engine;
}

static inline int uring_descriptor_of(const struct port_socket *socket)
{
    return (int)(socket->os_handle - 1);
}

static inline uint64_t uring_user_data(const void *owner, enum uring_op op)
{
    return (uint64_t)(uintptr_t)owner | (uint64_t)op;
}

PC_COLD void uring_list_append(struct uring_list *list, struct port_socket *socket);
PC_COLD void uring_list_remove(struct port_socket *socket); /* from the list it is on, if any */

/* An IDLE socket enters service: forget its last life. */
PC_COLD void uring_socket_begin(struct uring_port *port, struct port_socket *socket,
                                enum port_socket_state state);
/* It is IDLE again. Nothing of it may be pending. */
PC_COLD void uring_socket_end(struct uring_port *port, struct port_socket *socket);

/* Something has changed: put the socket on the lists where it belongs now. */
PC_OUTLINE void uring_socket_settle(struct uring_port *port, struct port_socket *socket);

/* Its multishot is armed, as it is to be, nothing is queued and no send has a result: no event is
 * to be given, and settling would change nothing. So it is with nearly every socket most of the
 * time. */
static inline bool uring_socket_is_settled(const struct uring_port *port,
                                           struct port_socket *socket)
{
    const struct uring_receive *receive = uring_receive_of(socket);
    bool has_sent = socket->send.in_flight && uring_send_of(socket)->phase >= URING_SEND_REFUSED;
    return PC_LIKELY(socket->state == PORT_SOCKET_LIVE && receive->mode == URING_RECEIVE_MULTI &&
                     receive->phase == URING_PHASE_OPEN && receive->queue.count == 0 &&
                     !receive->is_bulk && !receive->is_short && port->early.polled != socket &&
                     !has_sent);
}

/* That this is so by the rules of settling. */
void uring_socket_check_settled(const struct uring_port *port, struct port_socket *socket);

/* Submit what a socket from the todo or starved list wants. False: no entry is free, try later. */
PC_OUTLINE bool uring_socket_submit(struct uring_port *port, struct port_socket *socket);

/* Receive into the buffer at once; if there is nothing, up to so many times (at least 1), unless
 * the ring has news of others meanwhile. How many bytes; 0: none, then the buffer is retired, and
 * the stream's end, if it is that, an event. */
uint32_t uring_socket_read(struct uring_port *port, struct port_socket *socket, uint16_t id,
                           uint32_t tries);

/* Receive into a spare buffer at once and queue what has come. False: none is left. */
bool uring_socket_feed(struct uring_port *port, struct port_socket *socket);

/* One completion of the socket: of a receive, or of anything else. */
void uring_socket_received(struct uring_port *port, struct port_socket *socket,
                           const struct io_uring_cqe *cqe);
PC_COLD void uring_socket_complete(struct uring_port *port, struct port_socket *socket,
                                   enum uring_op op, const struct io_uring_cqe *cqe);

/* The next event that the socket has to give, with its effect on the state; false if there is none.
 */
bool uring_socket_give(struct uring_port *port, struct port_socket *socket,
                       struct port_event *event);

/* Submit a send of a LIVE socket. False: no entry is free. */
bool uring_send_begin(struct uring_port *port, struct port_socket *socket,
                      const struct port_span *spans, uint32_t span_count);

/* Submit one that was REFUSED. False: no entry is free. */
bool uring_send_again(struct uring_port *port, struct port_socket *socket);

/* A send's completion, or its end without one. */
PC_OUTLINE void uring_send_complete(struct port_socket *socket, int32_t result);

/* After reaping: what was tried and has no completion is done, if it is sure that none will come.
 */
void uring_sends_conclude(struct uring_port *port);

/* The event of the oldest that is concluded; there must be one. False: its completion has made the
 * event, or the socket was aborted meanwhile. */
bool uring_sends_give(struct uring_port *port, struct port_event *event);

/* A send that is all there is to submit is made by a call of its own, and its event given without
 * entering the ring: else the turn would enter twice, to send and to sleep, and one connection's
 * echo takes 2 % less without that. Never twice in a row, or what waits in the kernel would starve.
 * False: it is not so, or the socket is full. */
bool uring_send_alone(struct uring_port *port);

/* A turn that only looks and has no event: try to receive from the socket that was heard last.
 * Never twice without entering the ring between them, or others would starve. False: no bytes came
 * so. */
PC_OUTLINE bool uring_early_receive(struct uring_port *port, struct port_event *event);

/* The worker may sleep: the kernel's receive of every socket is to be armed. */
void uring_early_yield(struct uring_port *port);

/* The socket becomes IDLE. */
PC_COLD void uring_early_forget(struct uring_port *port, const struct port_socket *socket);

enum pc_status uring_listener_open(struct uring_port *port, struct pc_address *address,
                                   uint32_t backlog, struct port_listener **listener, int32_t *raw);
PC_COLD enum pc_status uring_listener_accept(struct uring_port *port,
                                             struct port_listener *listener,
                                             struct port_socket *socket);
void uring_listener_stop(struct uring_port *port, struct port_listener *listener);
void uring_listener_free(struct uring_port *port, struct port_listener *listener);

/* One accept's event was given. */
PC_COLD void uring_listener_given(struct port_listener *listener);

/* Arm or cancel the multishot accepts as the waiting sockets demand. False: no entry is free. */
bool uring_listeners_submit(struct uring_port *port);

/* One completion of the listener. */
PC_COLD void uring_listener_complete(struct uring_port *port, struct port_listener *listener,
                                     enum uring_op op, const struct io_uring_cqe *cqe);

/* The next PORT_UNLISTENED that is due; false if there is none. event may be NULL: only ask. */
bool uring_listeners_give(struct uring_port *port, struct port_event *event);
