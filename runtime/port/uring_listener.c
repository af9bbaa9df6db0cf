/* Accepting on io_uring: one multishot accept serves a queue of waiting sockets.
 *
 * Happy path: port_accept queues a socket and the multishot is armed; each connection goes to the
 * oldest waiting socket.
 * Failure modes: more connections than waiting sockets: the multishot is cancelled, so that the
 * backlog holds the rest; what came before the cancellation took effect is kept aside for the next
 * port_accept. Descriptors run out or a connection breaks early: one waiting socket's accept fails
 * with that status, the others wait on. Unlisten: the waiting accepts end at once, UNLISTENED comes
 * when the kernel has let go of the listening socket, so that its port is free then.
 * Path: [1] completion. */
#define _GNU_SOURCE
#include "port/uring_port.h"

#include <errno.h>
#include <stdlib.h>

#include "pc/check.h"

#define LISTENER_SURPLUS_MIN 64u
#define LISTENER_SURPLUS_MAX 4096u

enum listener_state {
    LISTENER_OPEN,
    LISTENER_CLOSING, /* unlisten was called */
    LISTENER_CLOSED   /* UNLISTENED was given */
};

/* Invariant: while sockets wait, there is no surplus. outstanding counts accepts whose event was
 * not given; waiting.count of them have no result yet. */
struct port_listener {
    struct port_listener *next;
    struct uring_list waiting;
    uint32_t outstanding;
    uint32_t pending; /* completions to come, cancellations included */
    int descriptor;   /* -1: closed */
    uint8_t state;    /* enum listener_state */
    bool is_armed;    /* the multishot is in the kernel */
    bool is_stopping; /* its cancellation too */
    uint32_t surplus_first;
    uint32_t surplus_count;
    uint32_t surplus_max;
    int surplus[]; /* accepted descriptors that nobody waits for; circular */
};

enum pc_status uring_listener_open(struct uring_port *port, struct pc_address *address,
                                   uint32_t backlog, struct port_listener **listener, int32_t *raw)
{
    uint32_t surplus_max = backlog;
    if (surplus_max < LISTENER_SURPLUS_MIN) {
        surplus_max = LISTENER_SURPLUS_MIN;
    } else if (surplus_max > LISTENER_SURPLUS_MAX) {
        surplus_max = LISTENER_SURPLUS_MAX;
    }
    struct port_listener *made = calloc(1, sizeof *made + surplus_max * sizeof made->surplus[0]);
    if (made == NULL) {
        return PC_NO_MEMORY;
    }
    made->descriptor = socket_listen(address, backlog, port->base.congestion, address);
    if (made->descriptor < 0) {
        *raw = -made->descriptor;
        free(made);
        return socket_status(*raw);
    }
    made->surplus_max = surplus_max;
    made->next = port->listeners;
    port->listeners = made;
    *listener = made;
    return PC_OK;
}

/* Give an ACCEPTING socket the accepted descriptor, or -errno. Returns what its event tells: 0 or
 * -errno, then without a descriptor. The multishot does not tell the peer. */
static int32_t uring_listener__take(struct port_socket *socket, int descriptor)
{
    if (descriptor < 0) {
        return descriptor;
    }
    if (socket_peer(descriptor, &socket->peer)) {
        socket->os_handle = (uint64_t)descriptor + 1;
        return 0;
    }
    /* Reset while it waited for us. io_uring of the kernels 6.6 and 6.7 sometimes names a wrong
     * descriptor, which must not be closed here if it is somebody's file. */
    if (errno == ENOTCONN) {
        socket_close(descriptor);
    }
    return -ECONNABORTED;
}

/* Give the oldest waiting socket its result: a descriptor, or -errno. */
static void uring_listener__answer(struct uring_port *port, struct port_listener *listener,
                                   int32_t descriptor)
{
    struct port_socket *socket = listener->waiting.first;
    struct uring_receive *receive = uring_receive_of(socket);
    uring_list_remove(socket);
    port->accepts_changed = true;
    receive->phase = URING_PHASE_ANSWERED;
    receive->result = uring_listener__take(socket, descriptor);
    uring_socket_settle(port, socket);
}

static int uring_listener__pop_surplus(struct port_listener *listener)
{
    int descriptor = listener->surplus[listener->surplus_first];
    listener->surplus_first = (listener->surplus_first + 1) % listener->surplus_max;
    listener->surplus_count--;
    return descriptor;
}

/* A full store stands for a full backlog: the connection is closed, and counted. */
static void uring_listener__push_surplus(struct uring_port *port, struct port_listener *listener,
                                         int descriptor)
{
    if (listener->surplus_count == listener->surplus_max) {
        port->base.counters.accepts_closed++;
        socket_close(descriptor);
        return;
    }
    uint32_t last = (listener->surplus_first + listener->surplus_count) % listener->surplus_max;
    listener->surplus[last] = descriptor;
    listener->surplus_count++;
}

enum pc_status uring_listener_accept(struct uring_port *port, struct port_listener *listener,
                                     struct port_socket *socket)
{
    PC_ASSERT(listener->state == LISTENER_OPEN);
    if (listener->outstanding == PORT_ACCEPTS_MAX) {
        return PC_FULL;
    }
    uring_socket_begin(port, socket, PORT_SOCKET_ACCEPTING);
    socket->recv.kind = PORT_ACCEPTED;
    socket->recv.in_flight = true;
    uring_receive_of(socket)->listener = listener;
    listener->outstanding++;
    uring_list_append(&listener->waiting, socket);
    port->accepts_changed = true;
    if (listener->surplus_count > 0) {
        uring_listener__answer(port, listener, uring_listener__pop_surplus(listener));
    }
    return PC_OK;
}

static void uring_listener__close(struct port_listener *listener)
{
    while (listener->surplus_count > 0) {
        socket_close(uring_listener__pop_surplus(listener));
    }
    if (listener->descriptor >= 0) {
        socket_unlisten(listener->descriptor);
        listener->descriptor = -1;
    }
}

void uring_listener_stop(struct uring_port *port, struct port_listener *listener)
{
    PC_ASSERT(listener->state == LISTENER_OPEN);
    listener->state = LISTENER_CLOSING;
    port->listeners_closing++;
    port->accepts_changed = true;
    while (listener->waiting.count > 0) {
        uring_listener__answer(port, listener, -ECANCELED);
    }
    if (listener->pending == 0) {
        uring_listener__close(listener);
    }
}

void uring_listener_free(struct uring_port *port, struct port_listener *listener)
{
    PC_ASSERT(listener->state != LISTENER_CLOSING);
    PC_ASSERT(listener->outstanding == 0);
    PC_ASSERT(listener->pending == 0);
    struct port_listener **place = &port->listeners;
    while (*place != listener) {
        PC_ASSERT(*place != NULL);
        place = &(*place)->next;
    }
    *place = listener->next;
    uring_listener__close(listener);
    free(listener);
}

void uring_listener_given(struct port_listener *listener)
{
    PC_ASSERT(listener->outstanding > 0);
    listener->outstanding--;
}

/* Arm the multishot, or cancel it. */
static PC_COLD bool uring_listener__change(struct uring_port *port, struct port_listener *listener,
                                           bool arms)
{
    struct io_uring_sqe *entry = uring_ring_entry(&port->ring);
    if (entry == NULL) {
        return false;
    }
    if (arms) {
        io_uring_prep_multishot_accept(entry, listener->descriptor, NULL, NULL, SOCK_CLOEXEC);
        entry->user_data = uring_user_data(listener, URING_OP_ACCEPT);
        listener->is_armed = true;
    } else {
        io_uring_prep_cancel64(entry, uring_user_data(listener, URING_OP_ACCEPT), 0);
        entry->user_data = uring_user_data(listener, URING_OP_ACCEPT_CANCEL);
        listener->is_stopping = true;
    }
    listener->pending++;
    return true;
}

static bool uring_listener__submit(struct uring_port *port, struct port_listener *listener)
{
    bool is_wanted = listener->waiting.count > 0;
    bool arms = is_wanted && !listener->is_armed;
    bool stops = !is_wanted && listener->is_armed && !listener->is_stopping;
    return (!arms && !stops) || uring_listener__change(port, listener, arms);
}

static PC_COLD bool uring_listeners__submit(struct uring_port *port)
{
    bool is_whole = true;
    for (struct port_listener *l = port->listeners; l != NULL && is_whole; l = l->next) {
        is_whole = uring_listener__submit(port, l);
    }
    port->accepts_changed = !is_whole;
    return is_whole;
}

bool uring_listeners_submit(struct uring_port *port)
{
    return !port->accepts_changed || uring_listeners__submit(port);
}

static void uring_listener__accepted(struct uring_port *port, struct port_listener *listener,
                                     const struct io_uring_cqe *cqe)
{
    if ((cqe->flags & IORING_CQE_F_MORE) == 0) {
        listener->is_armed = false;
        listener->pending--;
    }
    if (cqe->res >= 0 && listener->state != LISTENER_OPEN) {
        socket_close(cqe->res);
    } else if (cqe->res >= 0 && listener->waiting.count == 0) {
        uring_listener__push_surplus(port, listener, cqe->res);
    } else if (listener->waiting.count > 0 && cqe->res != -ECANCELED) {
        uring_listener__answer(port, listener, cqe->res);
    }
}

void uring_listener_complete(struct uring_port *port, struct port_listener *listener,
                             enum uring_op op, const struct io_uring_cqe *cqe)
{
    PC_ASSERT(listener->pending > 0);
    port->accepts_changed = true;
    if (op == URING_OP_ACCEPT) {
        uring_listener__accepted(port, listener, cqe);
    } else {
        PC_ASSERT(op == URING_OP_ACCEPT_CANCEL);
        listener->pending--;
        listener->is_stopping = false;
    }
    if (listener->state == LISTENER_CLOSING && listener->pending == 0) {
        uring_listener__close(listener);
    }
}

static PC_COLD bool uring_listeners__give(struct uring_port *port, struct port_event *event)
{
    for (struct port_listener *l = port->listeners; l != NULL; l = l->next) {
        if (l->state != LISTENER_CLOSING || l->outstanding > 0 || l->pending > 0) {
            continue;
        }
        if (event != NULL) {
            l->state = LISTENER_CLOSED;
            port->listeners_closing--;
            *event = (struct port_event){.kind = PORT_UNLISTENED, .status = PC_OK, .listener = l};
        }
        return true;
    }
    return false;
}

bool uring_listeners_give(struct uring_port *port, struct port_event *event)
{
    return port->listeners_closing > 0 && uring_listeners__give(port, event);
}
