/* The completion port on io_uring: one ring per worker.
 *
 * Happy path: submit calls fill entries; port_wait enters the kernel once, which submits them all
 * and makes the completions; each completion is stored in its socket, which goes on the ready list;
 * the ready list is then turned into events. So nothing is delivered from inside a submit call, and
 * a batch may be as small as the caller likes. Sends make no completion unless they fail:
 * uring_send.c.
 *
 * Failure modes: no entry or no buffer is free: the socket waits on the todo or starved list for
 * the next turn, and this one does not sleep for want of an entry. The completion queue overflows:
 * it is reaped and entered again. Whatever a multishot does, uring_socket.c and uring_listener.c
 * bring it back to one event per operation.
 *
 * Path: [1] completion and [10] send op, behind port.c. */
#define _GNU_SOURCE
#include "port/uring_port.h"

#include <errno.h>
#include <stdlib.h>

#include <unistd.h>

#include "pc/check.h"
#include "port/port_posix.h"

#define PORT_OVERFLOW_ROUNDS 8u    /* times that one turn may flush an overflowing queue */
#define PORT_STARVED_POLL_US 2000u /* longest sleep while sockets want a buffer */

static struct uring_port *uring_port__of(struct port *port)
{
    return (struct uring_port *)(void *)port;
}

static enum pc_status uring_open(const struct port_config *config, struct port **target,
                                 int32_t *raw)
{
    struct uring_port *port = calloc(1, sizeof *port);
    if (port == NULL) {
        return PC_NO_MEMORY;
    }
    port->base.engine = port_engine_uring;
    int result = wake_open(&port->wake, 0);
    if (result < 0) {
        goto fail_free;
    }
    result = sleep_timer_open(&port->timer);
    if (result < 0) {
        goto fail_wake;
    }
    result = uring_ring_open(&port->ring);
    if (result < 0) {
        goto fail_timer;
    }
    result = uring_buffers_open(&port->buffers, &port->ring.io, config->receive_buffer_count,
                                config->receive_buffer_size);
    if (result < 0) {
        goto fail_ring;
    }
    *target = &port->base;
    return PC_OK;

fail_ring:
    uring_ring_close(&port->ring);
fail_timer:
    sleep_timer_close(&port->timer);
fail_wake:
    wake_close(&port->wake);
fail_free:
    free(port);
    *raw = -result;
    return uring_ring_status(-result);
}

static void uring_close(struct port *base)
{
    struct uring_port *port = uring_port__of(base);
    PC_ASSERT(port->listeners == NULL);
    PC_ASSERT(port->ready.count == 0);
    PC_ASSERT(port->todo.count == 0 && port->starved.count == 0);
    PC_ASSERT(port->tried.first == NULL && port->concluded.first == NULL);
    /* The ring first: the kernel may write into the buffers until it is gone. */
    uring_ring_close(&port->ring);
    uring_buffers_close(&port->buffers);
    sleep_timer_close(&port->timer);
    wake_close(&port->wake);
    free(port);
}

/* Read a counter of the system's, once; it answers when the counter is not 0. False: no entry is
 * free. */
static PC_OUTLINE bool uring_port__arm_read(struct uring_port *port, int descriptor,
                                            struct uring_counter *counter, enum uring_op op)
{
    struct io_uring_sqe *entry = uring_ring_entry(&port->ring);
    if (entry != NULL) {
        io_uring_prep_read(entry, descriptor, &counter->value, sizeof counter->value, 0);
        entry->user_data = uring_user_data(port, op);
        counter->is_armed = true;
    }
    return counter->is_armed;
}

static void uring_port__submit_todo(struct uring_port *port)
{
    for (uint32_t left = port->todo.count; left > 0; left--) {
        struct port_socket *socket = port->todo.first;
        uring_list_remove(socket);
        if (!uring_socket_submit(port, socket)) {
            uring_list_append(&port->todo, socket);
            return;
        }
    }
}

/* Enough buffers are back: arm everybody again. Otherwise most of them lie with sockets that pause;
 * the spare ones then go round, so that the others do not have to wait for those. */
static void uring_port__submit_starved(struct uring_port *port)
{
    bool suffices = uring_buffers_suffice(&port->buffers);
    for (uint32_t left = port->starved.count; left > 0; left--) {
        struct port_socket *socket = port->starved.first;
        uring_list_remove(socket);
        bool is_served =
            suffices ? uring_socket_submit(port, socket) : uring_socket_feed(port, socket);
        if (!is_served) {
            uring_list_append(&port->starved, socket);
            return;
        }
    }
}

/* False: something waits for an entry. Entering may take the old ones, so that there is room again;
 * but a sleep would end with what those bring, and not with a wake, say, that nobody reads. */
static bool uring_port__prepare(struct uring_port *port)
{
    uring_buffers_lend(&port->buffers);
    bool is_whole =
        (port->wake_count.is_armed ||
         uring_port__arm_read(port, port->wake.descriptor, &port->wake_count, URING_OP_WAKE)) &&
        (port->timer_count.is_armed ||
         uring_port__arm_read(port, port->timer.descriptor, &port->timer_count, URING_OP_TIMER)) &&
        uring_listeners_submit(port);
    uring_port__submit_todo(port);
    uring_port__submit_starved(port);
    return is_whole && port->todo.count == 0;
}

/* What is no receive. */
static PC_COLD void uring_port__complete_rare(struct uring_port *port, void *owner,
                                              enum uring_op op, const struct io_uring_cqe *cqe)
{
    switch (op) {
    case URING_OP_WAKE:
        port->wake_count.is_armed = false;
        port->wake_is_due = true;
        wake_seen(&port->wake);
        break;
    case URING_OP_TIMER:
        port->timer_count.is_armed = false;
        sleep_timer_fired(&port->timer);
        break;
    case URING_OP_ACCEPT:
    case URING_OP_ACCEPT_CANCEL:
        uring_listener_complete(port, owner, op, cqe);
        break;
    case URING_OP_RECEIVE:
        PC_ASSERT(op != URING_OP_RECEIVE); /* the caller's */
        break;
    case URING_OP_CONNECT:
    case URING_OP_SEND:
    case URING_OP_CANCEL:
        uring_socket_complete(port, owner, op, cqe);
        break;
    }
}

static void uring_port__complete(struct uring_port *port, const struct io_uring_cqe *cqe)
{
    enum uring_op op = (enum uring_op)(cqe->user_data & URING_OP_MASK);
    void *owner = (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)URING_OP_MASK);
    if (op == URING_OP_RECEIVE) {
        uring_socket_received(port, owner, cqe);
    } else {
        uring_port__complete_rare(port, owner, op, cqe);
    }
}

static void uring_port__reap_queue(struct uring_port *port)
{
    struct io_uring_cqe *cqe;
    unsigned head;
    unsigned count = 0;
    io_uring_for_each_cqe(&port->ring.io, head, cqe)
    {
        uring_port__complete(port, cqe);
        count++;
    }
    io_uring_cq_advance(&port->ring.io, count);
}

static PC_COLD void uring_port__reap_overflow(struct uring_port *port)
{
    for (uint32_t round = 1; round < PORT_OVERFLOW_ROUNDS; round++) {
        uring_ring_enter(&port->ring, false);
        uring_port__reap_queue(port);
        if (!io_uring_cq_has_overflow(&port->ring.io)) {
            return;
        }
    }
}

static void uring_port__reap(struct uring_port *port)
{
    uring_port__reap_queue(port);
    if (io_uring_cq_has_overflow(&port->ring.io)) {
        uring_port__reap_overflow(port);
    }
}

static bool uring_port__has_event(struct uring_port *port)
{
    return port->wake_is_due || port->concluded.first != NULL || port->ready.count > 0 ||
           uring_listeners_give(port, NULL);
}

/* Events of one ready socket. It is off the list while it gives, for it may be IDLE afterwards. */
static uint32_t uring_port__give_socket(struct uring_port *port, struct port_event *events,
                                        uint32_t max)
{
    struct port_socket *socket = ready_list_pop(&port->ready);
    uint32_t count = 0;
    while (count < max && uring_socket_give(port, socket, &events[count])) {
        count++;
        if (uring_socket_is_settled(port, socket)) {
            PC_CHECK(uring_socket_check_settled(port, socket));
            return count;
        }
    }
    if (socket->state != PORT_SOCKET_IDLE) {
        uring_socket_settle(port, socket);
    }
    return count;
}

static uint32_t uring_port__give(struct uring_port *port, struct port_event *events, uint32_t max)
{
    uint32_t count = 0;
    if (PC_UNLIKELY(port->wake_is_due)) {
        port->wake_is_due = false;
        events[count++] = (struct port_event){.kind = PORT_WOKEN, .status = PC_OK};
    }
    while (count < max && port->concluded.first != NULL) {
        count += uring_sends_give(port, &events[count]) ? 1 : 0;
    }
    while (count < max && port->ready.count > 0) {
        count += uring_port__give_socket(port, &events[count], max - count);
    }
    while (count < max && uring_listeners_give(port, &events[count])) {
        count++;
    }
    return count;
}

/* Whether a turn may sleep, until deadline_us at the latest. Not while sends are tried, for nothing
 * tells their success but that the submission has returned. */
static bool uring_port__may_sleep(struct uring_port *port, uint64_t deadline_us)
{
    if (deadline_us == 0 || port->tried.first != NULL || uring_port__has_event(port)) {
        return false;
    }
    if (port->starved.count > 0) {
        uint64_t poll_us = sleep_timer_now_us() + PORT_STARVED_POLL_US;
        deadline_us = deadline_us < poll_us ? deadline_us : poll_us;
    }
    sleep_timer_cover(&port->timer, deadline_us);
    return true;
}

static uint32_t uring_wait(struct port *base, struct port_event *events, uint32_t events_max,
                           uint64_t deadline_ms)
{
    struct uring_port *port = uring_port__of(base);
    port->base.took_no_time = uring_send_alone(port) && uring_sends_give(port, events);
    if (port->base.took_no_time) {
        return 1;
    }
    if (PC_LIKELY(deadline_ms > 0)) {
        uring_early_yield(port);
    }
    bool is_whole = uring_port__prepare(port);
    const uint64_t deadline_us = sleep_timer_deadline_us(deadline_ms);
    if (deadline_us == 0 && !uring_port__has_event(port) && uring_early_receive(port, events)) {
        return 1;
    }
    for (;;) {
        uring_ring_enter(&port->ring, is_whole && uring_port__may_sleep(port, deadline_us));
        uring_port__reap(port);
        uring_sends_conclude(port);
        uint32_t count = uring_port__give(port, events, events_max);
        if (PC_LIKELY(count > 0) || deadline_us == 0) {
            return count;
        }
        /* Nothing to tell: the end of a multishot, an early timer, a signal. */
        if (deadline_us != UINT64_MAX && sleep_timer_now_us() >= deadline_us) {
            return 0;
        }
        is_whole = uring_port__prepare(port);
    }
}

static void uring_wake(struct port *base)
{
    wake_post(&uring_port__of(base)->wake);
}

static enum pc_status uring_listen(struct port *port, struct pc_address *address, uint32_t backlog,
                                   struct port_listener **listener, int32_t *raw)
{
    return uring_listener_open(uring_port__of(port), address, backlog, listener, raw);
}

static enum pc_status uring_accept(struct port *port, struct port_listener *listener,
                                   struct port_socket *socket)
{
    return uring_listener_accept(uring_port__of(port), listener, socket);
}

static void uring_unlisten(struct port *port, struct port_listener *listener)
{
    uring_listener_stop(uring_port__of(port), listener);
}

static void uring_free_listener(struct port *port, struct port_listener *listener)
{
    uring_listener_free(uring_port__of(port), listener);
}

static void uring_port__go_live(struct port_socket *socket)
{
    socket->state = PORT_SOCKET_LIVE;
    uring_receive_of(socket)->phase = URING_PHASE_OPEN;
}

static enum pc_status uring_adopt(struct port *port, struct port_socket *socket)
{
    (void)port;
    uring_port__go_live(socket);
    return PC_OK;
}

static struct port_handover uring_detach(struct port *port, struct port_socket *socket)
{
    struct port_handover handover = port_posix_handover(socket);
    uring_socket_end(uring_port__of(port), socket);
    return handover;
}

static enum pc_status uring_adopt_handover(struct port *port, struct port_socket *socket,
                                           const struct port_handover *handover)
{
    uring_socket_begin(uring_port__of(port), socket, PORT_SOCKET_LIVE);
    socket->os_handle = handover->os_handle;
    socket->peer = handover->peer;
    uring_port__go_live(socket);
    return PC_OK;
}

static enum pc_status uring_connect(struct port *base, struct port_socket *socket,
                                    const struct pc_address *address)
{
    struct uring_port *port = uring_port__of(base);
    union socket_address name;
    socklen_t name_size = socket_address_encode(address, &name);
    if (name_size == 0) {
        return PC_ADDRESS_INVALID;
    }
    int descriptor = socket_create(address->family, port->base.congestion);
    if (descriptor < 0) {
        return socket_status(-descriptor);
    }
    bool is_path = address->family == PC_FAMILY_UNIX;
    int result = is_path ? socket_connect_path(descriptor, &name) : 0;
    struct io_uring_sqe *entry = result == 0 ? uring_ring_entry(&port->ring) : NULL;
    if (entry == NULL) {
        socket_close(descriptor);
        return result == 0 ? PC_NO_BUFFERS : socket_status(-result);
    }
    uring_socket_begin(port, socket, PORT_SOCKET_CONNECTING);
    socket->os_handle = (uint64_t)descriptor + 1;
    socket->peer = *address;
    socket->recv.kind = PORT_CONNECTED;
    socket->recv.in_flight = true;
    if (is_path) {
        io_uring_prep_nop(entry);
    } else {
        struct sockaddr *kept = (struct sockaddr *)(void *)socket->send.os;
        memcpy(kept, &name, name_size);
        io_uring_prep_connect(entry, descriptor, kept, name_size);
    }
    entry->user_data = uring_user_data(socket, URING_OP_CONNECT);
    uring_link_of(socket)->pending++;
    return PC_OK;
}

static enum pc_status uring_recv(struct port *port, struct port_socket *socket)
{
    socket->recv.kind = PORT_RECEIVED;
    socket->recv.in_flight = true;
    if (uring_socket_is_settled(uring_port__of(port), socket)) {
        PC_CHECK(uring_socket_check_settled(uring_port__of(port), socket));
    } else {
        uring_socket_settle(uring_port__of(port), socket);
    }
    return PC_OK;
}

static enum pc_status uring_send(struct port *port, struct port_socket *socket,
                                 const struct port_span *spans, uint32_t span_count)
{
    if (!uring_send_begin(uring_port__of(port), socket, spans, span_count)) {
        return PC_NO_BUFFERS;
    }
    socket->send.kind = PORT_SENT;
    socket->send.in_flight = true;
    return PC_OK;
}

/* Shutting down first makes every operation end by itself, so that a cancellation that misses one
 * does no harm. Of a reset the peer must not see a FIN, hence only the receiving side. */
static void uring_abort(struct port *base, struct port_socket *socket, enum port_abort_mode mode)
{
    struct uring_port *port = uring_port__of(base);
    int descriptor = uring_descriptor_of(socket);
    if (mode == PORT_ABORT_RESET) {
        socket_set_reset(descriptor);
    }
    if (uring_link_of(socket)->pending > 0) {
        (void)shutdown(descriptor, mode == PORT_ABORT_RESET ? SHUT_RD : SHUT_RDWR);
    }
    if (uring_send_of(socket)->phase == URING_SEND_REFUSED) {
        uring_send_complete(socket, -ECANCELED);
    }
    uring_list_remove(socket);
    uring_queue_drop(&port->buffers, &uring_receive_of(socket)->queue);
    socket->state = PORT_SOCKET_ABORTED;
    uring_socket_settle(port, socket);
}

static const struct port_engine uring_port__engine = {
    .name = "uring",
    .takes_paths = true,
    .takes_congestion = true,
    .cause = uring_ring_cause,
    .open = uring_open,
    .close = uring_close,
    .wait = uring_wait,
    .wake = uring_wake,
    .now_ms = port_posix_now_ms,
    .listen = uring_listen,
    .accept = uring_accept,
    .unlisten = uring_unlisten,
    .listener_free = uring_free_listener,
    .adopt = uring_adopt,
    .detach = uring_detach,
    .adopt_handover = uring_adopt_handover,
    .discard_handover = port_posix_discard_handover,
    .connect = uring_connect,
    .recv = uring_recv,
    .send = uring_send,
    .shutdown_send = port_posix_shutdown_send,
    .abort = uring_abort,
};

const struct port_engine *const port_engine_uring = &uring_port__engine;
