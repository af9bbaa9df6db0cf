/* The life of a connection on io_uring: what each completion means and what follows from it.
 *
 * Happy path: a multishot receive stays armed; each completion's buffer is queued on the socket;
 * if the caller has a receive in flight, the socket is ready and the buffer is given.
 * Failure modes: the multishot ends (no buffer, overflow, no reason): it is armed anew when the
 * caller wants data. Data comes while the caller pauses: it is queued, and the multishot cancelled,
 * so that the kernel keeps the rest. A peer sends more than a few buffers at once: single receives,
 * so that it cannot take the whole pool. Abort: shutdown, cancel, then wait for every completion
 * before the descriptor is closed.
 * Path: [1] completion. Sends are in uring_send.c. */
#define _GNU_SOURCE
#include "port/uring_port.h"

#include <errno.h>
#include <string.h>

#include "pc/check.h"

#define SOCKET_QUEUE_BULK 4u /* buffers queued at once that make a socket a bulk receiver */

void uring_list_append(struct uring_list *list, struct port_socket *socket)
{
    struct uring_link *link = uring_link_of(socket);
    PC_ASSERT(link->list == NULL);
    link->list = list;
    link->next = NULL;
    link->previous = list->last;
    if (list->last == NULL) {
        list->first = socket;
    } else {
        uring_link_of(list->last)->next = socket;
    }
    list->last = socket;
    list->count++;
}

void uring_list_remove(struct port_socket *socket)
{
    struct uring_link *link = uring_link_of(socket);
    struct uring_list *list = link->list;
    if (list == NULL) {
        return;
    }
    if (link->previous == NULL) {
        list->first = link->next;
    } else {
        uring_link_of(link->previous)->next = link->next;
    }
    if (link->next == NULL) {
        list->last = link->previous;
    } else {
        uring_link_of(link->next)->previous = link->previous;
    }
    list->count--;
    link->list = NULL;
}

void uring_socket_begin(struct uring_port *port, struct port_socket *socket,
                        enum port_socket_state state)
{
    memset(socket, 0, sizeof *socket);
    socket->recv.socket = socket;
    socket->send.socket = socket;
    socket->state = (uint8_t)state;
    port->base.sockets_open++;
}

void uring_socket_end(struct uring_port *port, struct port_socket *socket)
{
    PC_ASSERT(uring_link_of(socket)->pending == 0);
    PC_ASSERT(uring_link_of(socket)->list == NULL);
    PC_ASSERT(!socket->is_ready && !uring_send_of(socket)->is_listed);
    PC_ASSERT(port->base.sockets_open > 0);
    uring_early_forget(port, socket);
    socket->os_handle = 0;
    socket->state = PORT_SOCKET_IDLE;
    port->base.sockets_open--;
}

static bool uring_socket__has_received(struct port_socket *socket)
{
    const struct uring_receive *receive = uring_receive_of(socket);
    return receive->queue.count > 0 || receive->phase == URING_PHASE_ENDED || receive->is_short;
}

static bool uring_socket__wants_receive(const struct uring_port *port, struct port_socket *socket)
{
    return socket->state == PORT_SOCKET_LIVE && socket->recv.in_flight &&
           uring_receive_of(socket)->mode == URING_RECEIVE_OFF && port->early.polled != socket &&
           !uring_socket__has_received(socket);
}

/* A multishot that brings data while the caller pauses, or more of it than is fair to others, or
 * that the port does without. */
static bool uring_socket__wants_stop(const struct uring_port *port, struct port_socket *socket)
{
    const struct uring_receive *receive = uring_receive_of(socket);
    bool is_unwanted = receive->queue.count > 0 && !socket->recv.in_flight;
    return socket->state == PORT_SOCKET_LIVE && receive->mode == URING_RECEIVE_MULTI &&
           (is_unwanted || receive->is_bulk || port->early.polled == socket);
}

static bool uring_socket__wants_send(struct port_socket *socket)
{
    return socket->state == PORT_SOCKET_LIVE && socket->send.in_flight &&
           uring_send_of(socket)->phase == URING_SEND_REFUSED;
}

/* Nothing of the socket is in the kernel, and no list of sends leads to it. */
static bool uring_socket__is_quiet(struct port_socket *socket)
{
    return uring_link_of(socket)->pending == 0 && !uring_send_of(socket)->is_listed;
}

static bool uring_socket__wants_cancel(struct port_socket *socket)
{
    const struct uring_link *link = uring_link_of(socket);
    return socket->state == PORT_SOCKET_ABORTED && link->pending > 0 &&
           (link->cancel == URING_CANCEL_NONE || link->cancel == URING_CANCEL_MISSED);
}

/* The event of a socket that is not LIVE and whose send has nothing to tell. */
static PC_COLD bool uring_socket__find_rare_event(struct port_socket *socket,
                                                  enum port_event_kind *kind)
{
    *kind = (enum port_event_kind)socket->recv.kind;
    switch ((enum port_socket_state)socket->state) {
    case PORT_SOCKET_ACCEPTING:
    case PORT_SOCKET_CONNECTING:
        return socket->recv.in_flight && uring_receive_of(socket)->phase == URING_PHASE_ANSWERED;
    case PORT_SOCKET_ABORTED:
        *kind = socket->recv.in_flight ? *kind : PORT_CLOSED;
        return uring_socket__is_quiet(socket);
    case PORT_SOCKET_IDLE:
    case PORT_SOCKET_ACCEPTED:
    case PORT_SOCKET_LIVE:
        break;
    }
    return false;
}

/* Whether there is an event to give, and which. */
static bool uring_socket__find_event(struct port_socket *socket, enum port_event_kind *kind)
{
    if (socket->send.in_flight && uring_send_of(socket)->phase == URING_SEND_DONE) {
        *kind = PORT_SENT;
        return true;
    }
    if (socket->state != PORT_SOCKET_LIVE) {
        return uring_socket__find_rare_event(socket, kind);
    }
    *kind = PORT_RECEIVED;
    return socket->recv.in_flight && uring_socket__has_received(socket);
}

/* Nothing of an aborted socket is in the kernel any more: let go of the connection. */
static PC_COLD void uring_socket__close_quiet(struct port_socket *socket)
{
    if (uring_socket__is_quiet(socket) && socket->os_handle != 0) {
        uring_list_remove(socket);
        socket_close(uring_descriptor_of(socket));
        socket->os_handle = 0;
    }
}

void uring_socket_check_settled(const struct uring_port *port, struct port_socket *socket)
{
    enum port_event_kind kind;
    PC_ASSERT(!uring_socket__find_event(socket, &kind));
    PC_ASSERT(!uring_socket__wants_stop(port, socket) && !uring_socket__wants_send(socket));
    PC_ASSERT(!uring_socket__wants_receive(port, socket));
}

void uring_socket_settle(struct uring_port *port, struct port_socket *socket)
{
    enum port_event_kind kind;
    if (socket->state == PORT_SOCKET_ABORTED) {
        uring_socket__close_quiet(socket);
    }
    if (uring_socket__find_event(socket, &kind)) {
        ready_list_push(&port->ready, socket);
    }
    if (uring_link_of(socket)->list != NULL) {
        return;
    }
    if (uring_socket__wants_cancel(socket) || uring_socket__wants_stop(port, socket) ||
        uring_socket__wants_send(socket)) {
        uring_list_append(&port->todo, socket);
    } else if (uring_socket__wants_receive(port, socket)) {
        bool is_dry = uring_receive_of(socket)->is_dry;
        uring_list_append(is_dry ? &port->starved : &port->todo, socket);
    }
}

static void uring_socket__prepare_receive(struct port_socket *socket, struct io_uring_sqe *entry)
{
    struct uring_receive *receive = uring_receive_of(socket);
    if (receive->is_bulk) {
        io_uring_prep_recv(entry, uring_descriptor_of(socket), NULL, 0, 0);
        receive->mode = URING_RECEIVE_ONCE;
    } else {
        io_uring_prep_recv_multishot(entry, uring_descriptor_of(socket), NULL, 0, 0);
        receive->mode = URING_RECEIVE_MULTI;
    }
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = URING_BUFFER_GROUP;
    entry->user_data = uring_user_data(socket, URING_OP_RECEIVE);
    receive->is_dry = false;
}

/* An operation on its way from the ring to a thread of the kernel's is not found by a cancellation,
 * or loses its signal, and a send that blocks in such a thread would hold the socket for good. A
 * shutdown ends it; it comes second, because the peer may see its FIN before the RST. */
static void uring_socket__prepare_abort(struct port_socket *socket, struct io_uring_sqe *entry)
{
    struct uring_link *link = uring_link_of(socket);
    int descriptor = uring_descriptor_of(socket);
    if (link->cancel == URING_CANCEL_MISSED) {
        (void)shutdown(descriptor, SHUT_RDWR);
    }
    link->cancel = link->cancel == URING_CANCEL_NONE ? URING_CANCEL_SUBMITTED : URING_CANCEL_FORCED;
    io_uring_prep_cancel_fd(entry, descriptor, IORING_ASYNC_CANCEL_ALL);
}

/* Stopping a receive must leave a send alone, hence by user_data; an abort ends all there is. */
static void uring_socket__prepare_cancel(struct port_socket *socket, struct io_uring_sqe *entry)
{
    if (socket->state == PORT_SOCKET_ABORTED) {
        uring_socket__prepare_abort(socket, entry);
    } else {
        io_uring_prep_cancel64(entry, uring_user_data(socket, URING_OP_RECEIVE), 0);
        uring_receive_of(socket)->mode = URING_RECEIVE_STOPPING;
    }
    entry->user_data = uring_user_data(socket, URING_OP_CANCEL);
}

bool uring_socket_submit(struct uring_port *port, struct port_socket *socket)
{
    if (uring_socket__wants_send(socket) && !uring_send_again(port, socket)) {
        return false;
    }
    bool wants_cancel =
        uring_socket__wants_cancel(socket) || uring_socket__wants_stop(port, socket);
    if (!wants_cancel && !uring_socket__wants_receive(port, socket)) {
        return true;
    }
    if (!wants_cancel && port->buffers.lent_count == 0) {
        uring_receive_of(socket)->is_dry = true;
        port->base.counters.receives_dry++;
        uring_list_append(&port->starved, socket);
        return true;
    }
    struct io_uring_sqe *entry = uring_ring_entry(&port->ring);
    if (entry == NULL) {
        return false;
    }
    if (wants_cancel) {
        uring_socket__prepare_cancel(socket, entry);
    } else {
        uring_socket__prepare_receive(socket, entry);
    }
    uring_link_of(socket)->pending++;
    return true;
}

/* The stream's last word; the first one stays, whatever a confused kernel adds. */
static PC_COLD void uring_socket__end_stream(struct port_socket *socket, int32_t result)
{
    struct uring_receive *receive = uring_receive_of(socket);
    if (receive->phase == URING_PHASE_OPEN) {
        receive->phase = URING_PHASE_ENDED;
        receive->result = result;
    }
}

/* A receive that ended without saying anything of the stream itself. */
static bool uring_socket__is_pause(int32_t result)
{
    return result == -ENOBUFS || result == -ECANCELED || result == -EAGAIN || result == -EINTR ||
           result == -ENOMEM;
}

uint32_t uring_socket_read(struct uring_port *port, struct port_socket *socket, uint16_t id,
                           uint32_t tries)
{
    uint8_t *data = uring_buffers_data(&port->buffers, id);
    ssize_t size;
    int code;
    do {
        size = recv(uring_descriptor_of(socket), data, port->buffers.size, MSG_DONTWAIT);
        code = errno;
        tries--;
    } while (size < 0 && code == EAGAIN && tries > 0 && !uring_ring_has_news(&port->ring));
    if (size > 0) {
        return (uint32_t)size;
    }
    uring_buffers_retire(&port->buffers, id);
    int32_t result = size == 0 ? 0 : -code;
    if (!uring_socket__is_pause(result)) {
        uring_socket__end_stream(socket, result);
    }
    uring_socket_settle(port, socket);
    return 0;
}

bool uring_socket_feed(struct uring_port *port, struct port_socket *socket)
{
    uint16_t id = uring_buffers_take_spare(&port->buffers);
    if (id == URING_BUFFER_NONE) {
        return false;
    }
    uint32_t size = uring_socket_read(port, socket, id, 1);
    if (size > 0) {
        uring_queue_push(&port->buffers, &uring_receive_of(socket)->queue, id, size);
        uring_socket_settle(port, socket);
    }
    return true;
}

/* The kernel holds no receive of the socket any more. */
static PC_OUTLINE void uring_socket__disarmed(struct uring_port *port, struct port_socket *socket,
                                              int32_t result)
{
    struct uring_receive *receive = uring_receive_of(socket);
    uring_link_of(socket)->pending--;
    bool is_short = result > 0 && (uint32_t)result < port->buffers.size;
    if (receive->mode == URING_RECEIVE_ONCE && is_short) {
        receive->is_bulk = false;
    }
    receive->mode = URING_RECEIVE_OFF;
    receive->is_dry = result == -ENOBUFS;
    port->base.counters.receives_dry += receive->is_dry ? 1 : 0;
    receive->is_short = result == -ENOMEM;
    port->buffers.ran_dry = port->buffers.ran_dry || receive->is_dry;
}

/* The kernel has put something into a buffer: queue it, or drop what nobody wants. */
static void uring_socket__take_buffer(struct uring_port *port, struct port_socket *socket,
                                      const struct io_uring_cqe *cqe)
{
    struct uring_receive *receive = uring_receive_of(socket);
    uint16_t id = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    uring_buffers_taken(&port->buffers, id);
    if (PC_LIKELY(socket->state == PORT_SOCKET_LIVE && cqe->res > 0)) {
        uring_queue_push(&port->buffers, &receive->queue, id, (uint32_t)cqe->res);
    } else {
        uring_buffers_retire(&port->buffers, id);
    }
    if (receive->queue.count > SOCKET_QUEUE_BULK) {
        receive->is_bulk = true;
    }
}

/* The receive has ended, with bytes or without, or with the stream. */
static PC_COLD void uring_socket__receive_ended(struct uring_port *port, struct port_socket *socket,
                                                const struct io_uring_cqe *cqe)
{
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0) {
        uring_socket__take_buffer(port, socket, cqe);
    }
    if ((cqe->flags & IORING_CQE_F_MORE) == 0) {
        uring_socket__disarmed(port, socket, cqe->res);
    }
    if (cqe->res <= 0 && !uring_socket__is_pause(cqe->res)) {
        uring_socket__end_stream(socket, cqe->res);
    }
    uring_socket_settle(port, socket);
}

void uring_socket_received(struct uring_port *port, struct port_socket *socket,
                           const struct io_uring_cqe *cqe)
{
    struct uring_receive *receive = uring_receive_of(socket);
    const uint32_t goes_on = IORING_CQE_F_BUFFER | IORING_CQE_F_MORE;
    PC_ASSERT(uring_link_of(socket)->pending > 0);
    if ((cqe->flags & goes_on) != goes_on) {
        uring_socket__receive_ended(port, socket, cqe);
        return;
    }
    uring_socket__take_buffer(port, socket, cqe);
    bool is_usual = receive->mode == URING_RECEIVE_MULTI && !receive->is_bulk &&
                    socket->recv.in_flight && receive->queue.count > 0;
    if (PC_LIKELY(is_usual && socket->state == PORT_SOCKET_LIVE)) {
        ready_list_push(&port->ready, socket); /* all that settling would do */
    } else {
        uring_socket_settle(port, socket);
    }
}

static PC_COLD void uring_socket__connect_done(struct port_socket *socket, int32_t result)
{
    struct uring_receive *receive = uring_receive_of(socket);
    uring_link_of(socket)->pending--;
    receive->phase = URING_PHASE_ANSWERED;
    receive->result = result;
}

static PC_COLD void uring_socket__cancel_done(struct uring_port *port, struct port_socket *socket,
                                              int32_t result)
{
    struct uring_link *link = uring_link_of(socket);
    struct uring_receive *receive = uring_receive_of(socket);
    link->pending--;
    /* Some kernels do not find a multishot that is there (6.0 to 6.4): it is armed still. */
    if (receive->mode == URING_RECEIVE_STOPPING && result == -ENOENT) {
        receive->mode = URING_RECEIVE_MULTI;
        if (port->early.polled == socket) {
            uring_early_yield(port);
        }
    }
    if (link->cancel == URING_CANCEL_SUBMITTED) {
        link->cancel = URING_CANCEL_MISSED;
    }
}

void uring_socket_complete(struct uring_port *port, struct port_socket *socket, enum uring_op op,
                           const struct io_uring_cqe *cqe)
{
    PC_ASSERT(uring_link_of(socket)->pending > 0 || op == URING_OP_SEND);
    if (op == URING_OP_SEND) {
        uring_send_complete(socket, cqe->res);
    } else if (op == URING_OP_CONNECT) {
        uring_socket__connect_done(socket, cqe->res);
    } else {
        PC_ASSERT(op == URING_OP_CANCEL);
        uring_socket__cancel_done(port, socket, cqe->res);
    }
    uring_socket_settle(port, socket);
}

static PC_COLD void uring_socket__set_failure(struct port_event *event, int32_t result)
{
    event->raw = -result;
    event->status = socket_status(-result);
}

static PC_COLD void uring_socket__give_sent(struct port_socket *socket, struct port_event *event)
{
    int32_t result = uring_send_of(socket)->result;
    socket->send.in_flight = false;
    if (result > 0) {
        event->size = (uint32_t)result;
    } else if (socket->state == PORT_SOCKET_ABORTED) {
        event->status = PC_CANCELLED;
    } else {
        event->raw = result < 0 ? -result : EPIPE;
        event->status = socket_status_of_transfer(event->raw);
    }
}

static PC_COLD void uring_socket__give_no_bytes(struct uring_receive *receive,
                                                struct port_event *event)
{
    if (receive->phase != URING_PHASE_ENDED) {
        receive->is_short = false;
        event->raw = ENOMEM;
        event->status = PC_NO_BUFFERS;
    } else if (receive->result == 0) {
        event->status = PC_END;
    } else {
        uring_socket__set_failure(event, receive->result);
    }
}

static void uring_socket__give_received(struct uring_port *port, struct port_socket *socket,
                                        struct port_event *event)
{
    struct uring_receive *receive = uring_receive_of(socket);
    if (receive->queue.count > 0) {
        uint16_t id = uring_queue_pop(&port->buffers, &receive->queue);
        event->data = uring_buffers_data(&port->buffers, id);
        event->size = uring_buffers_filled(&port->buffers, id);
        heard_note(&port->early.heard, socket);
        uring_buffers_retire(&port->buffers, id);
    } else {
        uring_socket__give_no_bytes(receive, event);
    }
}

static PC_COLD void uring_socket__give_accepted(struct uring_port *port, struct port_socket *socket,
                                                struct port_event *event)
{
    struct uring_receive *receive = uring_receive_of(socket);
    event->listener = receive->listener;
    uring_listener_given(receive->listener);
    if (receive->result == 0) {
        socket->state = PORT_SOCKET_ACCEPTED;
    } else {
        uring_socket__set_failure(event, receive->result);
        uring_socket_end(port, socket);
    }
}

static PC_COLD void uring_socket__give_connected(struct port_socket *socket,
                                                 struct port_event *event)
{
    struct uring_receive *receive = uring_receive_of(socket);
    if (receive->result == 0) {
        receive->phase = URING_PHASE_OPEN;
        socket->state = PORT_SOCKET_LIVE;
    } else {
        uring_socket__set_failure(event, receive->result);
    }
}

bool uring_socket_give(struct uring_port *port, struct port_socket *socket,
                       struct port_event *event)
{
    enum port_event_kind kind;
    if (!uring_socket__find_event(socket, &kind)) {
        return false;
    }
    *event = (struct port_event){.kind = kind, .status = PC_OK, .socket = socket};
    if (kind == PORT_SENT) {
        uring_socket__give_sent(socket, event);
        return true;
    }
    if (kind == PORT_CLOSED) {
        uring_socket_end(port, socket);
        return true;
    }
    socket->recv.in_flight = false;
    if (socket->state == PORT_SOCKET_ABORTED) {
        event->status = PC_CANCELLED;
    } else if (kind == PORT_RECEIVED) {
        uring_socket__give_received(port, socket, event);
    } else if (kind == PORT_ACCEPTED) {
        uring_socket__give_accepted(port, socket, event);
    } else {
        uring_socket__give_connected(socket, event);
    }
    return true;
}
