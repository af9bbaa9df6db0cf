/* The completion port on epoll, for systems where io_uring is blocked: readiness made to look like
 * completion.
 *
 * Happy path: every socket is registered once, edge-triggered. An edge only sets a flag; the
 * socket goes to the ready list when an operation waits for that flag. port_wait then performs the
 * operation and returns its event: one recv into the scratch for a receive, accept for an accept.
 * A send is tried at once inside port_send, since it nearly always succeeds; its event waits on the
 * ready list, so none is delivered from a submit call.
 *
 * Failure modes: a full socket buffer leaves the send waiting for the edge, with its first span
 * only (a partial send then); used-up scratch ends the batch; a failed accept gives its slot back
 * with the event. A receive that is not armed leaves its bytes in the kernel.
 *
 * Path: [1] completion and [10] send op. */
#define _GNU_SOURCE /* accept4 */
#include "port/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pc/check.h"
#include "port/sleep_timer_posix.h"
#include "port/socket_posix.h"
#include "port/wake_posix.h"

/* Bytes of one batch; holds several receives of ordinary size behind one another, in cache. */
#define EPOLL_SCRATCH_SIZE (128u * 1024)

/* Edges taken in one turn even if as many sockets are ready as one turn can serve. */
#define EPOLL_EDGES_MIN 16u

/* Low bits of epoll_event.data say whose event it is. */
#define EPOLL_OF_SOCKET   0u
#define EPOLL_OF_LISTENER 1u
#define EPOLL_OF_WAKE     2u
#define EPOLL_OF_TIMER    3u
#define EPOLL_OF_MASK     3u

/* In port_socket.engine. */
struct epoll_link {
    struct port_listener *listener; /* ACCEPTING: whose */
    struct port_socket *next;       /* ACCEPTING: the next that waits */
    int32_t result;                 /* of accept or connect when is_answered: 0 or -errno */
    bool is_answered;
    bool is_readable; /* a recv may bring something */
    bool is_writable; /* a send may take something */
    bool is_finished; /* FIN or an error is in the stream: readable until it was read */
};

/* In port_socket.send.os while a send is in flight. */
struct epoll_send {
    const uint8_t *data; /* what to try when the socket is writable again */
    uint32_t size;
    int32_t result; /* bytes or -errno, when is_done */
    bool is_done;
};

_Static_assert(sizeof(struct epoll_link) <= sizeof(((struct port_socket *)NULL)->engine),
               "a socket holds it");
_Static_assert(sizeof(struct epoll_send) <= sizeof(((struct port_op *)NULL)->os), "an op holds it");

/* Invariant: outstanding accepts have had no event yet; those of them without a result wait in
 * order from waiting_first. */
struct port_listener {
    struct port_listener *next;
    struct port_socket *waiting_first;
    struct port_socket *waiting_last;
    uint32_t outstanding;
    int descriptor; /* -1: closed */
    bool is_readable;
    bool is_closing; /* UNLISTENED is owed */
};

/* Invariant: a socket is on the ready list exactly while its is_ready is true. */
struct epoll_port {
    struct port base;
    struct port_socket *ready_first;
    struct port_socket *ready_last;
    uint32_t ready_count;
    struct port_listener *listeners;
    uint8_t *scratch;
    uint32_t scratch_used;
    uint32_t receive_size; /* of one receive at most */
    int descriptor;
    struct wake wake;
    struct sleep_timer timer;
    bool wake_is_due; /* PORT_WOKEN is owed */
    struct epoll_event system_events[PORT_EVENTS_MAX];
};

static struct epoll_port *epoll__of(struct port *port)
{
    return (struct epoll_port *)(void *)port;
}

static struct epoll_link *epoll__link(struct port_socket *socket)
{
    return (struct epoll_link *)(void *)socket->engine;
}

static struct epoll_send *epoll__send_of(struct port_socket *socket)
{
    return (struct epoll_send *)(void *)socket->send.os;
}

static int epoll__descriptor(const struct port_socket *socket)
{
    return (int)(socket->os_handle - 1);
}

static int epoll__register(struct epoll_port *port, int descriptor, uint32_t edges, void *owner,
                           uintptr_t whose)
{
    struct epoll_event event = {.events = edges};
    event.data.u64 = (uint64_t)((uintptr_t)owner | whose);
    return epoll_ctl(port->descriptor, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -errno;
}

/* ---- the ready list ---- */

static bool epoll__is_due(struct port_socket *socket)
{
    const struct epoll_link *link = epoll__link(socket);
    switch ((enum port_socket_state)socket->state) {
    case PORT_SOCKET_ACCEPTING:
    case PORT_SOCKET_CONNECTING:
        return socket->recv.in_flight && link->is_answered;
    case PORT_SOCKET_LIVE:
        return (socket->recv.in_flight && link->is_readable) ||
               (socket->send.in_flight && (epoll__send_of(socket)->is_done || link->is_writable));
    case PORT_SOCKET_ABORTED:
        return true;
    case PORT_SOCKET_IDLE:
    case PORT_SOCKET_ACCEPTED:
        return false;
    }
    return false;
}

/* Put the socket on the list if an event can be made of it. */
static void epoll__settle(struct epoll_port *port, struct port_socket *socket)
{
    if (socket->is_ready || !epoll__is_due(socket)) {
        return;
    }
    socket->is_ready = true;
    socket->ready_next = NULL;
    if (port->ready_last == NULL) {
        port->ready_first = socket;
    } else {
        port->ready_last->ready_next = socket;
    }
    port->ready_last = socket;
    port->ready_count++;
}

static struct port_socket *epoll__pop_ready(struct epoll_port *port)
{
    struct port_socket *socket = port->ready_first;
    port->ready_first = socket->ready_next;
    if (port->ready_first == NULL) {
        port->ready_last = NULL;
    }
    socket->ready_next = NULL;
    socket->is_ready = false;
    port->ready_count--;
    return socket;
}

static void epoll__begin(struct epoll_port *port, struct port_socket *socket,
                         enum port_socket_state state)
{
    memset(socket->engine, 0, sizeof socket->engine);
    socket->state = (uint8_t)state;
    port->base.sockets_open++;
}

static void epoll__end(struct epoll_port *port, struct port_socket *socket)
{
    socket->state = PORT_SOCKET_IDLE;
    socket->os_handle = 0;
    port->base.sockets_open--;
}

/* ---- open and close ---- */

static int epoll__open_descriptors(struct epoll_port *port)
{
    port->descriptor = epoll_create1(EPOLL_CLOEXEC);
    if (port->descriptor < 0) {
        return -errno;
    }
    int result = wake_open(&port->wake, EFD_NONBLOCK);
    if (result == 0) {
        result = sleep_timer_open(&port->timer);
    }
    if (result == 0) {
        result = epoll__register(port, port->wake.descriptor, EPOLLIN, port, EPOLL_OF_WAKE);
    }
    if (result == 0) {
        /* By edge, so that nobody has to read it. */
        result =
            epoll__register(port, port->timer.descriptor, EPOLLIN | EPOLLET, port, EPOLL_OF_TIMER);
    }
    return result;
}

static void epoll__free(struct epoll_port *port)
{
    sleep_timer_close(&port->timer);
    wake_close(&port->wake);
    if (port->descriptor >= 0) {
        socket_close(port->descriptor);
    }
    free(port->scratch);
    free(port);
}

static enum pc_status epoll_open(const struct port_config *config, struct port **opened,
                                 int32_t *raw)
{
    struct epoll_port *port = calloc(1, sizeof *port);
    if (port == NULL) {
        return PC_NO_MEMORY;
    }
    port->base.engine = port_engine_epoll;
    port->receive_size = config->receive_buffer_size;
    port->descriptor = -1;
    port->wake.descriptor = -1;
    port->timer.descriptor = -1;
    port->scratch = malloc(EPOLL_SCRATCH_SIZE);
    int result = port->scratch == NULL ? -ENOMEM : epoll__open_descriptors(port);
    if (result < 0) {
        epoll__free(port);
        *raw = -result;
        return socket_status(*raw);
    }
    *raw = 0;
    *opened = &port->base;
    return PC_OK;
}

static void epoll_close(struct port *base)
{
    struct epoll_port *port = epoll__of(base);
    PC_ASSERT(port->listeners == NULL);
    PC_ASSERT(port->ready_first == NULL);
    epoll__free(port);
}

/* ---- edges become flags ---- */

static void epoll__on_socket_edge(struct epoll_port *port, struct port_socket *socket,
                                  uint32_t edges)
{
    struct epoll_link *link = epoll__link(socket);
    bool is_broken = (edges & (EPOLLERR | EPOLLHUP)) != 0;
    if (socket->state == PORT_SOCKET_CONNECTING) {
        if ((edges & EPOLLOUT) == 0 && !is_broken) {
            return;
        }
        int code = 0;
        socklen_t code_size = sizeof code;
        (void)getsockopt(epoll__descriptor(socket), SOL_SOCKET, SO_ERROR, &code, &code_size);
        link->result = -code;
        link->is_answered = true;
    }
    link->is_finished = link->is_finished || is_broken || (edges & EPOLLRDHUP) != 0;
    link->is_readable = link->is_readable || link->is_finished || (edges & EPOLLIN) != 0;
    link->is_writable = link->is_writable || is_broken || (edges & EPOLLOUT) != 0;
    epoll__settle(port, socket);
}

static void epoll__on_wake_edge(struct epoll_port *port)
{
    uint64_t count;
    (void)!read(port->wake.descriptor, &count, sizeof count);
    wake_seen(&port->wake);
    port->wake_is_due = true;
}

/* Take no more edges than can be served: a thousand sockets that wait on the ready list, each with
 * a send queue of its own, are memory that nobody needs (10,000 that send at once: 11.6 MB
 * became 5.2). */
static void epoll__reap(struct epoll_port *port, bool may_sleep)
{
    uint32_t room = PORT_EVENTS_MAX - EPOLL_EDGES_MIN;
    room -= port->ready_count < room ? port->ready_count : room;
    int count = epoll_wait(port->descriptor, port->system_events, (int)(room + EPOLL_EDGES_MIN),
                           may_sleep ? -1 : 0);
    for (int i = 0; i < count; i++) {
        uintptr_t tagged = (uintptr_t)port->system_events[i].data.u64;
        void *owner = (void *)(tagged & ~(uintptr_t)EPOLL_OF_MASK);
        uint32_t edges = port->system_events[i].events;
        switch (tagged & EPOLL_OF_MASK) {
        case EPOLL_OF_SOCKET:
            epoll__on_socket_edge(port, owner, edges);
            break;
        case EPOLL_OF_LISTENER:
            ((struct port_listener *)owner)->is_readable = true;
            break;
        case EPOLL_OF_TIMER:
            sleep_timer_fired(&port->timer);
            break;
        default:
            epoll__on_wake_edge(port);
        }
    }
}

/* ---- accepting ---- */

static void epoll__answer_accept(struct epoll_port *port, struct port_listener *listener,
                                 int descriptor)
{
    struct port_socket *socket = listener->waiting_first;
    struct epoll_link *link = epoll__link(socket);
    listener->waiting_first = link->next;
    if (listener->waiting_first == NULL) {
        listener->waiting_last = NULL;
    }
    link->is_answered = true;
    link->result = descriptor < 0 ? descriptor : 0;
    if (descriptor >= 0 && socket_peer(descriptor, &socket->peer)) {
        socket->os_handle = (uint64_t)descriptor + 1;
    } else if (descriptor >= 0) {
        link->result = -ECONNABORTED;
        socket_close(descriptor);
    }
    epoll__settle(port, socket);
}

/* Take connections while sockets wait for them; the rest stays in the backlog. */
static void epoll__accept_waiting(struct epoll_port *port, struct port_listener *listener)
{
    while (listener->is_readable && listener->waiting_first != NULL) {
        int descriptor = accept4(listener->descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor < 0 && errno == EAGAIN) {
            listener->is_readable = false;
        } else if (descriptor >= 0 || errno != EINTR) {
            epoll__answer_accept(port, listener, descriptor < 0 ? -errno : descriptor);
        }
    }
}

static void epoll__accept_all(struct epoll_port *port)
{
    for (struct port_listener *l = port->listeners; l != NULL; l = l->next) {
        if (!l->is_closing) {
            epoll__accept_waiting(port, l);
        }
    }
}

/* ---- operations become events ---- */

static void epoll__fail(struct port_event *event, int code)
{
    event->status = socket_status(code);
    event->raw = code;
}

static void epoll__give_asked(struct epoll_port *port, struct port_socket *socket,
                              struct port_event *event)
{
    struct epoll_link *link = epoll__link(socket);
    socket->recv.in_flight = false;
    *event = (struct port_event){.kind = PORT_CONNECTED, .socket = socket};
    if (link->result < 0) {
        epoll__fail(event, -link->result);
    }
    if (socket->state == PORT_SOCKET_ACCEPTING) {
        event->kind = PORT_ACCEPTED;
        event->listener = link->listener;
        link->listener->outstanding--;
        if (event->status == PC_OK) {
            socket->state = PORT_SOCKET_ACCEPTED;
        } else {
            epoll__end(port, socket);
        }
    } else if (event->status == PC_OK) {
        socket->state = PORT_SOCKET_LIVE;
    }
}

/* One recv into the scratch. False if there was nothing after all. */
static bool epoll__give_received(struct epoll_port *port, struct port_socket *socket,
                                 struct port_event *event)
{
    struct epoll_link *link = epoll__link(socket);
    uint8_t *place = port->scratch + port->scratch_used;
    ssize_t received = recv(epoll__descriptor(socket), place, port->receive_size, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
        link->is_readable = errno == EINTR;
        return false;
    }
    socket->recv.in_flight = false;
    *event = (struct port_event){.kind = PORT_RECEIVED, .socket = socket};
    if (received < 0) {
        epoll__fail(event, errno);
    } else if (received == 0) {
        event->status = PC_END;
    } else {
        event->data = place;
        event->size = (uint32_t)received;
        port->scratch_used += ((uint32_t)received + 63u) & ~63u;
        /* A short read has emptied the socket: the next byte makes a new edge. */
        link->is_readable = link->is_finished || event->size == port->receive_size;
    }
    return true;
}

/* Try to send; false if the socket's buffer is full. A plain send costs the kernel 2 % less of an
 * echo than a gather of one. */
static bool epoll__try_send(struct port_socket *socket, struct iovec *spans, uint32_t span_count)
{
    struct epoll_send *send_op = epoll__send_of(socket);
    struct msghdr message = {.msg_iov = spans, .msg_iovlen = span_count};
    int descriptor = epoll__descriptor(socket);
    ssize_t sent;
    do {
        sent = span_count == 1 ? send(descriptor, spans->iov_base, spans->iov_len, MSG_NOSIGNAL)
                               : sendmsg(descriptor, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EAGAIN) {
        epoll__link(socket)->is_writable = false;
        return false;
    }
    send_op->is_done = true;
    send_op->result = sent < 0 ? -errno : (int32_t)sent;
    return true;
}

static bool epoll__give_sent(struct port_socket *socket, struct port_event *event)
{
    struct epoll_send *send = epoll__send_of(socket);
    if (!send->is_done) {
        struct iovec span = {.iov_base = (void *)(uintptr_t)send->data, .iov_len = send->size};
        if (!epoll__try_send(socket, &span, 1)) {
            return false;
        }
    }
    socket->send.in_flight = false;
    *event = (struct port_event){.kind = PORT_SENT, .socket = socket};
    if (send->result < 0) {
        epoll__fail(event, -send->result);
    } else {
        event->size = (uint32_t)send->result;
    }
    return true;
}

/* The next event of an aborted socket: what was in flight, then CLOSED. */
static void epoll__give_aborted(struct epoll_port *port, struct port_socket *socket,
                                struct port_event *event)
{
    if (socket->send.in_flight && epoll__send_of(socket)->is_done) {
        (void)epoll__give_sent(socket, event);
        return;
    }
    *event = (struct port_event){.kind = PORT_CLOSED, .socket = socket};
    if (socket->recv.in_flight || socket->send.in_flight) {
        struct port_op *op = socket->recv.in_flight ? &socket->recv : &socket->send;
        op->in_flight = false;
        event->kind = (enum port_event_kind)op->kind;
        event->status = PC_CANCELLED;
        return;
    }
    epoll__end(port, socket);
}

static bool epoll__has_scratch(const struct epoll_port *port)
{
    return EPOLL_SCRATCH_SIZE - port->scratch_used >= port->receive_size;
}

/* One event of a ready socket; false if nothing could be made of it now. */
static bool epoll__give(struct epoll_port *port, struct port_socket *socket,
                        struct port_event *event)
{
    if (socket->state == PORT_SOCKET_ABORTED) {
        epoll__give_aborted(port, socket, event);
        return true;
    }
    if (socket->state != PORT_SOCKET_LIVE) {
        epoll__give_asked(port, socket, event);
        return true;
    }
    const struct epoll_link *link = epoll__link(socket);
    if (socket->send.in_flight && (epoll__send_of(socket)->is_done || link->is_writable) &&
        epoll__give_sent(socket, event)) {
        return true;
    }
    return socket->recv.in_flight && link->is_readable && epoll__has_scratch(port) &&
           epoll__give_received(port, socket, event);
}

static bool epoll__give_unlistened(struct epoll_port *port, struct port_event *event)
{
    for (struct port_listener *l = port->listeners; l != NULL; l = l->next) {
        if (l->is_closing && l->outstanding == 0 && l->descriptor >= 0) {
            if (event != NULL) {
                socket_unlisten(l->descriptor);
                l->descriptor = -1;
                *event = (struct port_event){.kind = PORT_UNLISTENED, .listener = l};
            }
            return true;
        }
    }
    return false;
}

static uint32_t epoll__give_all(struct epoll_port *port, struct port_event *events, uint32_t max)
{
    uint32_t count = 0;
    if (port->wake_is_due) {
        port->wake_is_due = false;
        events[count++] = (struct port_event){.kind = PORT_WOKEN};
    }
    /* Each socket once: one that has more to give goes to the end of the list. */
    for (uint32_t left = port->ready_count; left > 0 && count < max; left--) {
        struct port_socket *socket = epoll__pop_ready(port);
        count += epoll__give(port, socket, &events[count]) ? 1 : 0;
        epoll__settle(port, socket);
    }
    while (count < max && epoll__give_unlistened(port, &events[count])) {
        count++;
    }
    return count;
}

static bool epoll__has_event(struct epoll_port *port)
{
    return port->wake_is_due || port->ready_first != NULL || epoll__give_unlistened(port, NULL);
}

static uint32_t epoll_wait_events(struct port *base, struct port_event *events, uint32_t events_max,
                                  uint32_t timeout_ms)
{
    struct epoll_port *port = epoll__of(base);
    const uint64_t deadline_us = sleep_timer_deadline_us(timeout_ms);
    bool may_sleep = timeout_ms > 0;
    port->scratch_used = 0;
    for (;;) {
        epoll__accept_all(port);
        if (may_sleep && !epoll__has_event(port)) {
            sleep_timer_cover(&port->timer, deadline_us);
            epoll__reap(port, true);
        } else {
            epoll__reap(port, false);
        }
        epoll__accept_all(port);
        uint32_t count = epoll__give_all(port, events, events_max);
        if (count > 0 || !may_sleep) {
            return count;
        }
        /* An edge need not make an event, the timer may be early, a signal may end the sleep. */
        may_sleep = sleep_timer_now_us() < deadline_us;
    }
}

static void epoll_wake(struct port *base)
{
    wake_post(&epoll__of(base)->wake);
}

static uint64_t epoll_now_ms(struct port *port)
{
    (void)port;
    return sleep_timer_now_us() / 1000;
}

static enum pc_status epoll_listen(struct port *base, struct pc_address *address, uint32_t backlog,
                                   struct port_listener **opened, int32_t *raw)
{
    struct epoll_port *port = epoll__of(base);
    struct port_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        return PC_NO_MEMORY;
    }
    int result = listener->descriptor = socket_listen(address, backlog, address);
    if (result >= 0) {
        socket_set_nonblocking(listener->descriptor);
        result = epoll__register(port, listener->descriptor, EPOLLIN | EPOLLET, listener,
                                 EPOLL_OF_LISTENER);
    }
    if (result < 0) {
        if (listener->descriptor >= 0) {
            socket_unlisten(listener->descriptor);
        }
        free(listener);
        *raw = -result;
        return socket_status(*raw);
    }
    listener->next = port->listeners;
    port->listeners = listener;
    *opened = listener;
    return PC_OK;
}

static enum pc_status epoll_accept(struct port *base, struct port_listener *listener,
                                   struct port_socket *socket)
{
    struct epoll_port *port = epoll__of(base);
    PC_ASSERT(!listener->is_closing);
    if (listener->outstanding == PORT_ACCEPTS_MAX) {
        return PC_FULL;
    }
    epoll__begin(port, socket, PORT_SOCKET_ACCEPTING);
    socket->recv.kind = PORT_ACCEPTED;
    socket->recv.in_flight = true;
    epoll__link(socket)->listener = listener;
    if (listener->waiting_last == NULL) {
        listener->waiting_first = socket;
    } else {
        epoll__link(listener->waiting_last)->next = socket;
    }
    listener->waiting_last = socket;
    listener->outstanding++;
    return PC_OK;
}

static void epoll_unlisten(struct port *base, struct port_listener *listener)
{
    struct epoll_port *port = epoll__of(base);
    PC_ASSERT(!listener->is_closing);
    listener->is_closing = true;
    while (listener->waiting_first != NULL) {
        epoll__answer_accept(port, listener, -ECANCELED);
    }
}

static void epoll_listener_free(struct port *base, struct port_listener *listener)
{
    struct epoll_port *port = epoll__of(base);
    PC_ASSERT(listener->outstanding == 0);
    PC_ASSERT(!listener->is_closing || listener->descriptor < 0);
    struct port_listener **place = &port->listeners;
    while (*place != listener) {
        PC_ASSERT(*place != NULL);
        place = &(*place)->next;
    }
    *place = listener->next;
    if (listener->descriptor >= 0) {
        socket_unlisten(listener->descriptor);
    }
    free(listener);
}

static int epoll__attach(struct epoll_port *port, struct port_socket *socket)
{
    return epoll__register(port, epoll__descriptor(socket),
                           EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, socket, EPOLL_OF_SOCKET);
}

static enum pc_status epoll_adopt(struct port *base, struct port_socket *socket)
{
    int result = epoll__attach(epoll__of(base), socket);
    if (result < 0) {
        return socket_status(-result);
    }
    socket->state = PORT_SOCKET_LIVE;
    return PC_OK;
}

static struct port_handover epoll_detach(struct port *base, struct port_socket *socket)
{
    struct port_handover handover = {.os_handle = socket->os_handle, .peer = socket->peer};
    epoll__end(epoll__of(base), socket);
    return handover;
}

static enum pc_status epoll_adopt_handover(struct port *base, struct port_socket *socket,
                                           const struct port_handover *handover)
{
    struct epoll_port *port = epoll__of(base);
    epoll__begin(port, socket, PORT_SOCKET_LIVE);
    socket->os_handle = handover->os_handle;
    socket->peer = handover->peer;
    int result = epoll__attach(port, socket);
    if (result < 0) {
        socket_close(epoll__descriptor(socket));
        epoll__end(port, socket);
        return socket_status(-result);
    }
    return PC_OK;
}

static void epoll_discard_handover(struct port *port, const struct port_handover *handover)
{
    (void)port;
    socket_close((int)(handover->os_handle - 1));
}

static enum pc_status epoll_connect(struct port *base, struct port_socket *socket,
                                    const struct pc_address *address)
{
    struct epoll_port *port = epoll__of(base);
    union socket_address name;
    socklen_t name_size = socket_address_encode(address, &name);
    if (name_size == 0) {
        return PC_ADDRESS_INVALID;
    }
    int descriptor = socket_create(address->family);
    if (descriptor < 0) {
        return socket_status(-descriptor);
    }
    socket_set_nonblocking(descriptor);
    epoll__begin(port, socket, PORT_SOCKET_CONNECTING);
    socket->os_handle = (uint64_t)descriptor + 1;
    socket->peer = *address;
    int result = connect(descriptor, &name.any, name_size) == 0 ? 0 : -errno;
    if (result == 0 || result == -EINPROGRESS) {
        result = epoll__attach(port, socket); /* its first edge tells the outcome */
    }
    if (result < 0) {
        socket_close(descriptor);
        epoll__end(port, socket);
        return socket_status(-result);
    }
    socket->recv.kind = PORT_CONNECTED;
    socket->recv.in_flight = true;
    return PC_OK;
}

static enum pc_status epoll_recv(struct port *port, struct port_socket *socket)
{
    socket->recv.kind = PORT_RECEIVED;
    socket->recv.in_flight = true;
    epoll__settle(epoll__of(port), socket);
    return PC_OK;
}

static enum pc_status epoll_send(struct port *port, struct port_socket *socket,
                                 const struct port_span *spans, uint32_t span_count)
{
    struct iovec vectors[PORT_SPANS_MAX];
    for (uint32_t i = 0; i < span_count; i++) {
        vectors[i].iov_base = (void *)(uintptr_t)spans[i].data;
        vectors[i].iov_len = spans[i].size;
    }
    *epoll__send_of(socket) = (struct epoll_send){.data = spans[0].data, .size = spans[0].size};
    socket->send.kind = PORT_SENT;
    socket->send.in_flight = true;
    (void)epoll__try_send(socket, vectors, span_count);
    epoll__settle(epoll__of(port), socket);
    return PC_OK;
}

static void epoll_shutdown_send(struct port *port, struct port_socket *socket)
{
    (void)port;
    (void)shutdown(epoll__descriptor(socket), SHUT_WR);
}

/* Nothing of ours is in the kernel, so the descriptor can go at once. */
static void epoll_abort(struct port *base, struct port_socket *socket, enum port_abort_mode mode)
{
    if (mode == PORT_ABORT_RESET) {
        socket_set_reset(epoll__descriptor(socket));
    }
    socket_close(epoll__descriptor(socket));
    socket->state = PORT_SOCKET_ABORTED;
    epoll__settle(epoll__of(base), socket);
}

static const struct port_engine epoll__engine = {
    .name = "epoll",
    .takes_paths = true,
    .open = epoll_open,
    .close = epoll_close,
    .wait = epoll_wait_events,
    .wake = epoll_wake,
    .now_ms = epoll_now_ms,
    .listen = epoll_listen,
    .accept = epoll_accept,
    .unlisten = epoll_unlisten,
    .listener_free = epoll_listener_free,
    .adopt = epoll_adopt,
    .detach = epoll_detach,
    .adopt_handover = epoll_adopt_handover,
    .discard_handover = epoll_discard_handover,
    .connect = epoll_connect,
    .recv = epoll_recv,
    .send = epoll_send,
    .shutdown_send = epoll_shutdown_send,
    .abort = epoll_abort,
};

const struct port_engine *const port_engine_epoll = &epoll__engine;
