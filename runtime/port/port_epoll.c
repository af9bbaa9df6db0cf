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
#include "port/epoll_port.h"

#include <errno.h>
#include <stdlib.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include "pc/check.h"
#include "port/port_posix.h"

/* Edges taken in one turn even if as many sockets are ready as one turn can serve. */
#define EPOLL_EDGES_MIN 16u

/* Receives tried in turns that only look, for one time that edges are asked for. */
#define EPOLL_TRIES 8u

static struct epoll_port *epoll_port__of(struct port *port)
{
    return (struct epoll_port *)(void *)port;
}

int epoll_register(const struct epoll_port *port, int descriptor, uint32_t edges, void *owner,
                   enum epoll_owner whose)
{
    struct epoll_event event = {.events = edges};
    event.data.u64 = (uint64_t)((uintptr_t)owner | whose);
    return epoll_ctl(port->descriptor, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -errno;
}

/* ---- open and close ---- */

static int epoll_port__open_descriptors(struct epoll_port *port)
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
        result = epoll_register(port, port->wake.descriptor, EPOLLIN, port, EPOLL_OF_WAKE);
    }
    if (result == 0) {
        /* By edge, so that nobody has to read it. */
        result =
            epoll_register(port, port->timer.descriptor, EPOLLIN | EPOLLET, port, EPOLL_OF_TIMER);
    }
    return result;
}

static void epoll_port__free(struct epoll_port *port)
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
    int result = port->scratch == NULL ? -ENOMEM : epoll_port__open_descriptors(port);
    if (result < 0) {
        epoll_port__free(port);
        *raw = -result;
        return socket_status(*raw);
    }
    *raw = 0;
    *opened = &port->base;
    return PC_OK;
}

static void epoll_close(struct port *base)
{
    struct epoll_port *port = epoll_port__of(base);
    PC_ASSERT(port->listeners == NULL);
    PC_ASSERT(port->ready.count == 0);
    epoll_port__free(port);
}

/* ---- the turn ---- */

/* A turn that only looks need not ask for edges to hear the socket that was heard last: the receive
 * tells as well whether there is anything, and has it then (an echo to a client that spins: 4 %
 * sooner). Edges are asked for after each that had something, and after some that had not.
 * False: it is time to. */
static bool epoll_port__try_receive(struct epoll_port *port)
{
    struct port_socket *socket = heard_likely(&port->heard);
    if (port->tries_left == 0 || socket == NULL) {
        port->tries_left = EPOLL_TRIES;
        return false;
    }
    port->tries_left--;
    epoll_link_of(socket)->is_readable = true;
    epoll_socket_settle(port, socket);
    return true;
}

static void epoll_port__wake_edge(struct epoll_port *port)
{
    uint64_t count;
    (void)!read(port->wake.descriptor, &count, sizeof count);
    wake_seen(&port->wake);
    port->wake_is_due = true;
}

/* Take no more edges than can be served: a thousand sockets that wait on the ready list, each with
 * a send queue of its own, are memory that nobody needs (10,000 that send at once: 11.6 MB
 * became 5.2). */
static void epoll_port__reap(struct epoll_port *port, bool may_sleep)
{
    uint32_t room = PORT_EVENTS_MAX - EPOLL_EDGES_MIN;
    room -= port->ready.count < room ? port->ready.count : room;
    int count = epoll_wait(port->descriptor, port->system_events, (int)(room + EPOLL_EDGES_MIN),
                           may_sleep ? -1 : 0);
    for (int i = 0; i < count; i++) {
        uintptr_t tagged = (uintptr_t)port->system_events[i].data.u64;
        void *owner = (void *)(tagged & ~(uintptr_t)EPOLL_OF_MASK);
        uint32_t edges = port->system_events[i].events;
        switch ((enum epoll_owner)(tagged & EPOLL_OF_MASK)) {
        case EPOLL_OF_SOCKET:
            epoll_socket_edge(port, owner, edges);
            break;
        case EPOLL_OF_LISTENER:
            epoll_listener_edge(port, owner);
            break;
        case EPOLL_OF_TIMER:
            sleep_timer_fired(&port->timer);
            break;
        case EPOLL_OF_WAKE:
            epoll_port__wake_edge(port);
            break;
        }
    }
}

static uint32_t epoll_port__give_all(struct epoll_port *port, struct port_event *events,
                                     uint32_t max)
{
    uint32_t count = 0;
    if (port->wake_is_due) {
        port->wake_is_due = false;
        events[count++] = (struct port_event){.kind = PORT_WOKEN};
    }
    /* Each socket once: one that has more to give goes to the end of the list. */
    for (uint32_t left = port->ready.count; left > 0 && count < max; left--) {
        struct port_socket *socket = ready_list_pop(&port->ready);
        count += epoll_socket_give(port, socket, &events[count]) ? 1 : 0;
        epoll_socket_settle(port, socket);
    }
    while (count < max && epoll_listeners_give(port, &events[count])) {
        count++;
    }
    return count;
}

/* The result of a send, when it is all there is to tell: nobody waits longer if edges are asked for
 * in the turn after. Nearly each second epoll_wait of a worker with a single busy connection found
 * nothing. Never twice without asking, or others would starve. */
static bool epoll_port__give_sent_alone(struct epoll_port *port, struct port_event *event)
{
    struct port_socket *socket = port->ready.count == 1 ? port->ready.first : NULL;
    port->sent_alone = socket != NULL && !port->sent_alone && socket->state == PORT_SOCKET_LIVE &&
                       socket->send.in_flight && epoll_send_of(socket)->is_done;
    if (port->sent_alone) {
        (void)epoll_port__give_all(port, event, 1);
    }
    return port->sent_alone;
}

static bool epoll_port__has_event(struct epoll_port *port)
{
    return port->wake_is_due || port->ready.count > 0 || epoll_listeners_give(port, NULL);
}

static uint32_t epoll_wait_events(struct port *base, struct port_event *events, uint32_t events_max,
                                  uint64_t deadline_ms)
{
    struct epoll_port *port = epoll_port__of(base);
    const uint64_t deadline_us = sleep_timer_deadline_us(deadline_ms);
    bool may_sleep = deadline_ms > 0;
    port->scratch_used = 0;
    port->base.took_no_time = epoll_port__give_sent_alone(port, events);
    if (port->base.took_no_time) {
        return 1;
    }
    for (;;) {
        epoll_listeners_accept(port);
        if (may_sleep && !epoll_port__has_event(port)) {
            sleep_timer_cover(&port->timer, deadline_us);
            epoll_port__reap(port, true);
        } else if (may_sleep || !epoll_port__try_receive(port)) {
            epoll_port__reap(port, false);
        }
        epoll_listeners_accept(port);
        uint32_t count = epoll_port__give_all(port, events, events_max);
        if (count > 0 || !may_sleep) {
            return count;
        }
        /* An edge need not make an event, the timer may be early, a signal may end the sleep. */
        may_sleep = sleep_timer_now_us() < deadline_us;
    }
}

static void epoll_wake(struct port *base)
{
    wake_post(&epoll_port__of(base)->wake);
}

/* ---- operations ---- */

static enum pc_status epoll_listen(struct port *port, struct pc_address *address, uint32_t backlog,
                                   struct port_listener **listener, int32_t *raw)
{
    return epoll_listener_open(epoll_port__of(port), address, backlog, listener, raw);
}

static enum pc_status epoll_accept(struct port *port, struct port_listener *listener,
                                   struct port_socket *socket)
{
    return epoll_listener_accept(epoll_port__of(port), listener, socket);
}

static void epoll_unlisten(struct port *port, struct port_listener *listener)
{
    epoll_listener_stop(epoll_port__of(port), listener);
}

static void epoll_free_listener(struct port *port, struct port_listener *listener)
{
    epoll_listener_free(epoll_port__of(port), listener);
}

static enum pc_status epoll_adopt(struct port *base, struct port_socket *socket)
{
    int result = epoll_socket_attach(epoll_port__of(base), socket);
    if (result < 0) {
        return socket_status(-result);
    }
    socket->state = PORT_SOCKET_LIVE;
    return PC_OK;
}

static struct port_handover epoll_detach(struct port *base, struct port_socket *socket)
{
    struct port_handover handover = port_posix_handover(socket);
    epoll_socket_end(epoll_port__of(base), socket);
    return handover;
}

static enum pc_status epoll_adopt_handover(struct port *base, struct port_socket *socket,
                                           const struct port_handover *handover)
{
    struct epoll_port *port = epoll_port__of(base);
    epoll_socket_begin(port, socket, PORT_SOCKET_LIVE);
    socket->os_handle = handover->os_handle;
    socket->peer = handover->peer;
    int result = epoll_socket_attach(port, socket);
    if (result < 0) {
        socket_close(epoll_descriptor_of(socket));
        epoll_socket_end(port, socket);
        return socket_status(-result);
    }
    return PC_OK;
}

static enum pc_status epoll_connect(struct port *base, struct port_socket *socket,
                                    const struct pc_address *address)
{
    struct epoll_port *port = epoll_port__of(base);
    union socket_address name;
    socklen_t name_size = socket_address_encode(address, &name);
    if (name_size == 0) {
        return PC_ADDRESS_INVALID;
    }
    int descriptor = socket_create(address->family, port->base.congestion);
    if (descriptor < 0) {
        return socket_status(-descriptor);
    }
    socket_set_nonblocking(descriptor);
    epoll_socket_begin(port, socket, PORT_SOCKET_CONNECTING);
    socket->os_handle = (uint64_t)descriptor + 1;
    socket->peer = *address;
    int result = connect(descriptor, &name.any, name_size) == 0 ? 0 : -errno;
    if (result == 0 || result == -EINPROGRESS) {
        result = epoll_socket_attach(port, socket); /* its first edge tells the outcome */
    }
    if (result < 0) {
        socket_close(descriptor);
        epoll_socket_end(port, socket);
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
    epoll_socket_settle(epoll_port__of(port), socket);
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
    *epoll_send_of(socket) = (struct epoll_send){.data = spans[0].data, .size = spans[0].size};
    socket->send.kind = PORT_SENT;
    socket->send.in_flight = true;
    (void)epoll_socket_try_send(socket, vectors, span_count);
    epoll_socket_settle(epoll_port__of(port), socket);
    return PC_OK;
}

/* Nothing of ours is in the kernel, so the descriptor can go at once. */
static void epoll_abort(struct port *base, struct port_socket *socket, enum port_abort_mode mode)
{
    if (mode == PORT_ABORT_RESET) {
        socket_set_reset(epoll_descriptor_of(socket));
    }
    socket_close(epoll_descriptor_of(socket));
    socket->state = PORT_SOCKET_ABORTED;
    epoll_socket_settle(epoll_port__of(base), socket);
}

static const struct port_engine epoll_port__engine = {
    .name = "epoll",
    .takes_paths = true,
    .takes_congestion = true,
    .open = epoll_open,
    .close = epoll_close,
    .wait = epoll_wait_events,
    .wake = epoll_wake,
    .now_ms = port_posix_now_ms,
    .listen = epoll_listen,
    .accept = epoll_accept,
    .unlisten = epoll_unlisten,
    .listener_free = epoll_free_listener,
    .adopt = epoll_adopt,
    .detach = epoll_detach,
    .adopt_handover = epoll_adopt_handover,
    .discard_handover = port_posix_discard_handover,
    .connect = epoll_connect,
    .recv = epoll_recv,
    .send = epoll_send,
    .shutdown_send = port_posix_shutdown_send,
    .abort = epoll_abort,
};

const struct port_engine *const port_engine_epoll = &epoll_port__engine;
