/* Sends on io_uring.
 *
 * Happy path: a send is tried: it takes all bytes at once, as nearly every one does, and then makes
 * no completion. So when all that was submitted has been taken by the kernel and all completions
 * were reaped, what was tried and has none is done; its event is made from the list of those.
 * Failure modes, each with a completion: the socket is full: the send is submitted again, to wait
 * for room, with its first span. It takes less than all: that is its event. The connection broke.
 * Completions overflow: nothing is concluded from there being none until they were all seen.
 * Path: [10] send op. */
#define _GNU_SOURCE
#include "port/uring_port.h"

#include <errno.h>

#include "pc/check.h"

/* WAITALL: less than all is no success, and so has a completion. */
#define SEND_FLAGS_TRY (MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL)

static void uring_sends__append(struct uring_sends *list, struct port_socket *socket)
{
    if (PC_LIKELY(list->first == NULL)) {
        list->first = socket;
    } else {
        uring_send_of(list->last)->next = socket;
    }
    list->last = socket;
}

static struct port_socket *uring_sends__pop(struct uring_sends *list)
{
    struct port_socket *socket = list->first;
    struct uring_send *send = uring_send_of(socket);
    list->first = send->next;
    send->next = NULL;
    send->is_listed = false;
    return socket;
}

static PC_OUTLINE struct io_uring_sqe *
uring_send__prepare_gather(struct uring_port *port, int descriptor, const struct port_span *spans,
                           uint32_t span_count, unsigned flags)
{
    struct uring_message *message;
    struct io_uring_sqe *entry = uring_ring_gather_entry(&port->ring, &message);
    if (entry == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < span_count; i++) {
        message->spans[i].iov_base = (void *)(uintptr_t)spans[i].data;
        message->spans[i].iov_len = spans[i].size;
    }
    message->header = (struct msghdr){.msg_iov = message->spans, .msg_iovlen = span_count};
    io_uring_prep_sendmsg(entry, descriptor, &message->header, flags);
    return entry;
}

static struct io_uring_sqe *uring_send__prepare(struct uring_port *port, int descriptor,
                                                const struct port_span *spans, uint32_t span_count,
                                                unsigned flags)
{
    if (span_count > 1) {
        return uring_send__prepare_gather(port, descriptor, spans, span_count, flags);
    }
    struct io_uring_sqe *entry = uring_ring_entry(&port->ring);
    if (entry != NULL) {
        io_uring_prep_send(entry, descriptor, spans[0].data, spans[0].size, (int)flags);
    }
    return entry;
}

static PC_OUTLINE uint32_t uring_send__sum(const struct port_span *spans, uint32_t span_count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < span_count; i++) {
        sum += spans[i].size;
    }
    return sum;
}

/* One that is listed still, because its last try has failed, waits for its completion. */
bool uring_send_begin(struct uring_port *port, struct port_socket *socket,
                      const struct port_span *spans, uint32_t span_count)
{
    struct uring_send *send = uring_send_of(socket);
    bool tries = !send->is_listed;
    struct io_uring_sqe *entry =
        uring_send__prepare(port, uring_descriptor_of(socket), spans, span_count,
                            tries ? SEND_FLAGS_TRY : (unsigned)MSG_NOSIGNAL);
    if (entry == NULL) {
        return false;
    }
    entry->user_data = uring_user_data(socket, URING_OP_SEND);
    if (!tries) {
        send->phase = URING_SEND_WAITING;
        uring_link_of(socket)->pending++;
        return true;
    }
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    *send = (struct uring_send){
        .data = spans[0].data,
        .size = spans[0].size,
        .total = span_count == 1 ? spans[0].size : uring_send__sum(spans, span_count),
        .phase = URING_SEND_TRIED,
        .is_listed = true,
    };
    uring_sends__append(&port->tried, socket);
    return true;
}

bool uring_send_again(struct uring_port *port, struct port_socket *socket)
{
    struct uring_send *send = uring_send_of(socket);
    struct io_uring_sqe *entry = uring_ring_entry(&port->ring);
    if (entry == NULL) {
        return false;
    }
    io_uring_prep_send(entry, uring_descriptor_of(socket), send->data, send->size, MSG_NOSIGNAL);
    entry->user_data = uring_user_data(socket, URING_OP_SEND);
    send->phase = URING_SEND_WAITING;
    uring_link_of(socket)->pending++;
    return true;
}

void uring_send_complete(struct port_socket *socket, int32_t result)
{
    struct uring_send *send = uring_send_of(socket);
    bool is_refused = send->phase == URING_SEND_TRIED && socket->state == PORT_SOCKET_LIVE &&
                      (result == -EAGAIN || result == -EINTR);
    if (send->phase == URING_SEND_WAITING) {
        PC_ASSERT(uring_link_of(socket)->pending > 0);
        uring_link_of(socket)->pending--;
    }
    send->phase = is_refused ? URING_SEND_REFUSED : URING_SEND_DONE;
    send->result = result;
}

static void uring_sends__conclude(struct uring_port *port)
{
    uring_sends__append(&port->concluded, port->tried.first);
    port->concluded.last = port->tried.last;
    port->tried = (struct uring_sends){.first = NULL};
}

void uring_sends_conclude(struct uring_port *port)
{
    const struct io_uring *io = &port->ring.io;
    bool is_over = port->tried.first != NULL && uring_ring_left(&port->ring) == 0 &&
                   io_uring_cq_ready(io) == 0 && !io_uring_cq_has_overflow(io);
    if (is_over) {
        uring_sends__conclude(port);
    }
}

bool uring_sends_give(struct uring_port *port, struct port_event *event)
{
    struct port_socket *socket = uring_sends__pop(&port->concluded);
    struct uring_send *send = uring_send_of(socket);
    bool is_done = send->phase == URING_SEND_TRIED;
    if (is_done && socket->state == PORT_SOCKET_LIVE) {
        /* Nothing else of the socket changes: 2 % of a broadcast to 1,000. */
        socket->send.in_flight = false;
        *event = (struct port_event){.kind = PORT_SENT, .size = send->total, .socket = socket};
        return true;
    }
    if (is_done) {
        uring_send_complete(socket, (int32_t)send->total);
    }
    uring_socket_settle(port, socket);
    return false;
}

/* The send that is all there is to submit, and that nothing is known of; NULL if it is not so. */
static struct port_socket *uring_send__find_only(const struct uring_port *port,
                                                 const struct io_uring_sqe **entry)
{
    *entry = uring_ring_only_entry(&port->ring);
    struct port_socket *socket = port->tried.first;
    bool is_only = *entry != NULL && socket != NULL && socket == port->tried.last &&
                   (*entry)->user_data == uring_user_data(socket, URING_OP_SEND) &&
                   uring_send_of(socket)->phase == URING_SEND_TRIED &&
                   io_uring_cq_ready(&port->ring.io) == 0;
    return is_only ? socket : NULL;
}

/* A send by itself has not taken all. False: nothing, and the ring's own try is to be made. */
static PC_COLD bool uring_send__fall_short(struct uring_port *port, struct port_socket *socket,
                                           int32_t result)
{
    if (result == -EAGAIN || result == -EINTR) {
        return false;
    }
    uring_send_complete(socket, result);
    uring_socket_settle(port, socket);
    return true;
}

bool uring_send_alone(struct uring_port *port)
{
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const struct io_uring_sqe *entry;
    struct port_socket *socket = uring_send__find_only(port, &entry);
    if (socket == NULL || port->sent_alone) {
        port->sent_alone = false;
        return false;
    }
    const void *data = (const void *)(uintptr_t)entry->addr;
    ssize_t sent = entry->opcode == IORING_OP_SEND ? send(entry->fd, data, entry->len, flags)
                                                   : sendmsg(entry->fd, data, flags);
    bool is_whole = PC_LIKELY(sent == (ssize_t)uring_send_of(socket)->total);
    if (!is_whole && !uring_send__fall_short(port, socket, sent < 0 ? -errno : (int32_t)sent)) {
        return false;
    }
    uring_ring_take_back(&port->ring);
    uring_sends__conclude(port);
    port->sent_alone = true;
    return true;
}
