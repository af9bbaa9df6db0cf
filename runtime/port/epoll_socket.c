/* A connection on epoll: edges become flags, flags and operations become events.
 *
 * Happy path: an edge sets is_readable or is_writable; a socket with an operation that waits for
 * its flag is due, and goes on the ready list; giving its event performs the operation.
 *
 * Failure modes: the operation finds nothing after all (EAGAIN): the flag falls, the socket waits
 * for the next edge. The connection broke: both flags rise, and the operation brings the error. The
 * socket was aborted: what was in flight ends with PC_CANCELLED, one event at a time, then comes
 * CLOSED.
 *
 * Path: [1] completion and [10] send op. */
#define _GNU_SOURCE
#include "port/epoll_port.h"

#include <errno.h>
#include <string.h>

static bool epoll_socket__may_receive(struct port_socket *socket)
{
    return epoll_link_of(socket)->is_readable && socket->recv.in_flight;
}

static bool epoll_socket__may_send(struct port_socket *socket)
{
    return socket->send.in_flight &&
           (epoll_send_of(socket)->is_done || epoll_link_of(socket)->is_writable);
}

static bool epoll_socket__is_due(struct port_socket *socket)
{
    switch ((enum port_socket_state)socket->state) {
    case PORT_SOCKET_ACCEPTING:
    case PORT_SOCKET_CONNECTING:
        return socket->recv.in_flight && epoll_link_of(socket)->is_answered;
    case PORT_SOCKET_LIVE:
        return epoll_socket__may_send(socket) || epoll_socket__may_receive(socket);
    case PORT_SOCKET_ABORTED:
        return true;
    case PORT_SOCKET_IDLE:
    case PORT_SOCKET_ACCEPTED:
        return false;
    }
    return false;
}

void epoll_socket_settle(struct epoll_port *port, struct port_socket *socket)
{
    if (epoll_socket__is_due(socket)) {
        ready_list_push(&port->ready, socket);
    }
}

void epoll_socket_begin(struct epoll_port *port, struct port_socket *socket,
                        enum port_socket_state state)
{
    memset(socket->engine, 0, sizeof socket->engine);
    socket->state = (uint8_t)state;
    port->base.sockets_open++;
}

void epoll_socket_end(struct epoll_port *port, struct port_socket *socket)
{
    heard_forget(&port->heard, socket);
    socket->state = PORT_SOCKET_IDLE;
    socket->os_handle = 0;
    port->base.sockets_open--;
}

int epoll_socket_attach(const struct epoll_port *port, struct port_socket *socket)
{
    return epoll_register(port, epoll_descriptor_of(socket),
                          EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, socket, EPOLL_OF_SOCKET);
}

void epoll_socket_edge(struct epoll_port *port, struct port_socket *socket, uint32_t edges)
{
    struct epoll_link *link = epoll_link_of(socket);
    bool is_broken = (edges & (EPOLLERR | EPOLLHUP)) != 0;
    /* Reading SO_ERROR clears it: who was refused would look connected the second time. */
    if (socket->state == PORT_SOCKET_CONNECTING && !link->is_answered) {
        if ((edges & EPOLLOUT) == 0 && !is_broken) {
            return;
        }
        int code = 0;
        socklen_t code_size = sizeof code;
        (void)getsockopt(epoll_descriptor_of(socket), SOL_SOCKET, SO_ERROR, &code, &code_size);
        link->result = -code;
        link->is_answered = true;
    }
    link->is_finished = link->is_finished || is_broken || (edges & EPOLLRDHUP) != 0;
    link->is_readable = link->is_readable || link->is_finished || (edges & EPOLLIN) != 0;
    link->is_writable = link->is_writable || is_broken || (edges & EPOLLOUT) != 0;
    epoll_socket_settle(port, socket);
}

static void epoll_socket__fail(struct port_event *event, int code)
{
    event->status = socket_status(code);
    event->raw = code;
}

static void epoll_socket__give_asked(struct epoll_port *port, struct port_socket *socket,
                                     struct port_event *event)
{
    struct epoll_link *link = epoll_link_of(socket);
    socket->recv.in_flight = false;
    *event = (struct port_event){.kind = PORT_CONNECTED, .socket = socket};
    if (link->result < 0) {
        epoll_socket__fail(event, -link->result);
    }
    if (socket->state == PORT_SOCKET_ACCEPTING) {
        event->kind = PORT_ACCEPTED;
        event->listener = link->listener;
        epoll_listener_given(link->listener);
        if (event->status == PC_OK) {
            socket->state = PORT_SOCKET_ACCEPTED;
        } else {
            epoll_socket_end(port, socket);
        }
    } else if (event->status == PC_OK) {
        socket->state = PORT_SOCKET_LIVE;
    }
}

/* One recv into the scratch. False if there was nothing after all. */
static bool epoll_socket__give_received(struct epoll_port *port, struct port_socket *socket,
                                        struct port_event *event)
{
    struct epoll_link *link = epoll_link_of(socket);
    uint8_t *place = port->scratch + port->scratch_used;
    ssize_t received = recv(epoll_descriptor_of(socket), place, port->receive_size, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
        link->is_readable = errno == EINTR;
        return false;
    }
    socket->recv.in_flight = false;
    *event = (struct port_event){.kind = PORT_RECEIVED, .socket = socket};
    if (received < 0) {
        event->raw = errno;
        event->status = socket_status_of_transfer(event->raw);
    } else if (received == 0) {
        event->status = PC_END;
    } else {
        heard_note(&port->heard, socket);
        port->tries_left = 0;
        event->data = place;
        event->size = (uint32_t)received;
        port->scratch_used += ((uint32_t)received + 63u) & ~63u;
        /* A short read has emptied the socket: the next byte makes a new edge. */
        link->is_readable = link->is_finished || event->size == port->receive_size;
    }
    return true;
}

/* A plain send costs the kernel 2 % less of an
 * echo than a gather of one. */
bool epoll_socket_try_send(struct port_socket *socket, struct iovec *spans, uint32_t span_count)
{
    struct epoll_send *send_op = epoll_send_of(socket);
    struct msghdr message = {.msg_iov = spans, .msg_iovlen = span_count};
    int descriptor = epoll_descriptor_of(socket);
    ssize_t sent;
    do {
        sent = span_count == 1 ? send(descriptor, spans->iov_base, spans->iov_len, MSG_NOSIGNAL)
                               : sendmsg(descriptor, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EAGAIN) {
        epoll_link_of(socket)->is_writable = false;
        return false;
    }
    send_op->is_done = true;
    send_op->result = sent < 0 ? -errno : (int32_t)sent;
    return true;
}

static bool epoll_socket__give_sent(struct port_socket *socket, struct port_event *event)
{
    struct epoll_send *send = epoll_send_of(socket);
    if (!send->is_done) {
        struct iovec span = {.iov_base = (void *)(uintptr_t)send->data, .iov_len = send->size};
        if (!epoll_socket_try_send(socket, &span, 1)) {
            return false;
        }
    }
    socket->send.in_flight = false;
    *event = (struct port_event){.kind = PORT_SENT, .socket = socket};
    if (send->result < 0) {
        event->raw = -send->result;
        event->status = socket_status_of_transfer(event->raw);
    } else {
        event->size = (uint32_t)send->result;
    }
    return true;
}

/* The next event of an aborted socket: what was in flight, then CLOSED. */
static void epoll_socket__give_aborted(struct epoll_port *port, struct port_socket *socket,
                                       struct port_event *event)
{
    if (socket->send.in_flight && epoll_send_of(socket)->is_done) {
        (void)epoll_socket__give_sent(socket, event);
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
    epoll_socket_end(port, socket);
}

static bool epoll_socket__has_scratch(const struct epoll_port *port)
{
    return EPOLL_SCRATCH_SIZE - port->scratch_used >= port->receive_size;
}

bool epoll_socket_give(struct epoll_port *port, struct port_socket *socket,
                       struct port_event *event)
{
    if (socket->state == PORT_SOCKET_ABORTED) {
        epoll_socket__give_aborted(port, socket, event);
        return true;
    }
    if (socket->state != PORT_SOCKET_LIVE) {
        epoll_socket__give_asked(port, socket, event);
        return true;
    }
    if (epoll_socket__may_send(socket) && epoll_socket__give_sent(socket, event)) {
        return true;
    }
    return epoll_socket__may_receive(socket) && epoll_socket__has_scratch(port) &&
           epoll_socket__give_received(port, socket, event);
}
