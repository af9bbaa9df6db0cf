/* The completing half of the IOCP engine: packets off the port, and events out of done ops.
 *
 * Happy path: reap marks the op of each packet done and puts its socket on the ready list, where
 * sockets with an inline result stand already; emit walks the list, one event per socket and turn.
 * What must be done with a result is done here, so never in a submit call: an accepted or connected
 * socket is finished, a zero-byte receive is drained.
 * Failure modes: scratch used up ends the batch; a zero-byte receive that finds nothing is posted
 * anew; what fails after we have closed is PC_CANCELLED, whatever the code says.
 *
 * Path: [1] completion, behind port_iocp.c. */
#include "port/iocp_port.h"

#include "pc/check.h"

#define IOCP_SCRATCH_ALIGN 16u

_Static_assert(IOCP_SCRATCH_SIZE >= 65536u, "one read of the largest receive_buffer_size fits");

void iocp_reclaim(struct iocp_port *port)
{
    for (uint32_t i = 0; i < port->lent_count; i++) {
        port->receive_free[port->receive_free_count++] = port->lent[i];
    }
    port->lent_count = 0;
    port->scratch_used = 0;
}

bool iocp_has_due(const struct iocp_port *port)
{
    if (port->woken || port->ready.count > 0) {
        return true;
    }
    const struct port_listener *listener = port->closing;
    while (listener != NULL && listener->accepts_in_flight > 0) {
        listener = listener->next;
    }
    return listener != NULL;
}

void iocp_reap(struct iocp_port *port, uint32_t timeout_ms)
{
    ULONG count = 0;
    if (atomic_exchange(&port->wake_lost, false)) {
        port->woken = true;
        timeout_ms = 0;
    }
    if (!GetQueuedCompletionStatusEx(port->handle, port->entries, PORT_EVENTS_MAX, &count,
                                     timeout_ms, FALSE)) {
        return;
    }
    port->counters.dequeues++;
    port->counters.packets += count;
    for (ULONG i = 0; i < count; i++) {
        OVERLAPPED *overlapped = port->entries[i].lpOverlapped;
        if (overlapped == NULL) {
            port->counters.posts++;
            port->woken = true;
        } else {
            iocp_mark_done(port, PC_CONTAINER_OF(overlapped, struct port_op, os));
        }
    }
}

/* Status of a done op. What fails after we have closed failed because of it, whatever the code. */
static enum pc_status iocp__result(struct port_op *op, bool is_ours, int32_t *raw)
{
    enum pc_status status = socket_status_of_nt((uint32_t)iocp_overlapped(op)->Internal, raw);
    return status != PC_OK && is_ours ? PC_CANCELLED : status;
}

/* The option's value is the LISTENER's socket: with any other the accepted socket never learns
 * whose context to inherit, and shutdown and getpeername fail on it. */
static int32_t iocp__accept_finish(const struct port_listener *listener,
                                   const struct port_socket *socket)
{
    const SOCKET context = (SOCKET)listener->handle;
    int32_t error = socket_set_option(socket->os_handle, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                      &context, sizeof(context));
    return error == 0 ? socket_prepare(socket->os_handle) : error;
}

static int32_t iocp__connect_finish(const struct port_socket *socket)
{
    int32_t error =
        socket_set_option(socket->os_handle, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
    return error == 0 ? socket_prepare(socket->os_handle) : error;
}

static struct pc_address iocp__accepted_peer(struct iocp_port *port, struct iocp_socket *own)
{
    struct sockaddr *local = NULL;
    struct sockaddr *remote = NULL;
    int local_size = 0;
    int remote_size = 0;
    port->accept_addresses(own->listener->addresses[own->slot], 0, IOCP_ACCEPT_ADDRESS_SIZE,
                           IOCP_ACCEPT_ADDRESS_SIZE, &local, &local_size, &remote, &remote_size);
    return socket_address_read(remote, (uint32_t)remote_size);
}

static void iocp__emit_accepted(struct iocp_port *port, struct port_socket *socket,
                                struct port_event *event)
{
    struct iocp_socket *own = iocp_own(socket);
    struct port_listener *listener = own->listener;
    event->kind = PORT_ACCEPTED;
    event->listener = listener;
    event->status = iocp__result(&socket->recv, listener->is_closing, &event->raw);
    if (event->status == PC_OK) {
        event->raw = iocp__accept_finish(listener, socket);
        event->status = socket_status_of_error(event->raw);
    }
    if (event->status == PC_OK) {
        socket->peer = iocp__accepted_peer(port, own);
        iocp_set_state(port, socket, PORT_SOCKET_ACCEPTED);
    } else {
        iocp_close_handle(socket);
        iocp_set_state(port, socket, PORT_SOCKET_IDLE);
    }
    iocp_accept_end(socket);
}

static void iocp__emit_connected(struct iocp_port *port, struct port_socket *socket,
                                 struct port_event *event)
{
    bool is_aborted = socket->state == PORT_SOCKET_ABORTED;
    event->kind = PORT_CONNECTED;
    event->status = iocp__result(&socket->recv, is_aborted, &event->raw);
    if (event->status == PC_OK && is_aborted) {
        event->status = PC_CANCELLED;
    }
    if (event->status == PC_OK) {
        event->raw = iocp__connect_finish(socket);
        event->status = socket_status_of_error(event->raw);
    }
    if (event->status == PC_OK) {
        iocp_set_state(port, socket, PORT_SOCKET_LIVE);
    }
}

/* The receive had a buffer of the pool: hand it on until the next port_wait. */
static void iocp__emit_buffered(struct iocp_port *port, struct port_socket *socket,
                                struct port_event *event)
{
    struct iocp_socket *own = iocp_own(socket);
    uint32_t index = own->buffer - 1;
    own->buffer = 0;
    event->status = iocp__result(&socket->recv, socket->state == PORT_SOCKET_ABORTED, &event->raw);
    event->status = iocp_transfer_status(event->status);
    event->size = (uint32_t)iocp_overlapped(&socket->recv)->InternalHigh;
    if (event->status == PC_OK && event->size > 0) {
        event->data = port->receive_memory + (size_t)index * port->receive_size;
        port->lent[port->lent_count++] = index;
        return;
    }
    if (event->status == PC_OK) {
        event->status = PC_END;
    }
    event->size = 0;
    port->receive_free[port->receive_free_count++] = index;
}

/* The receive had no buffer: read what is there into the scratch. PC_AGAIN: nothing is. */
static void iocp__emit_drained(struct iocp_port *port, struct port_socket *socket,
                               struct port_event *event)
{
    bool is_aborted = socket->state == PORT_SOCKET_ABORTED;
    event->status = iocp__result(&socket->recv, is_aborted, &event->raw);
    if (event->status == PC_OK && is_aborted) {
        event->status = PC_CANCELLED;
    }
    if (event->status != PC_OK) {
        event->status = iocp_transfer_status(event->status);
        return;
    }
    uint8_t *target = port->scratch + port->scratch_used;
    port->counters.drains++;
    event->status =
        socket_read_now(socket->os_handle, target, port->receive_size, &event->size, &event->raw);
    event->status = iocp_transfer_status(event->status);
    if (event->status == PC_OK) {
        event->data = target;
        port->scratch_used += (event->size + IOCP_SCRATCH_ALIGN - 1) & ~(IOCP_SCRATCH_ALIGN - 1);
    }
}

/* False if the receive was posted anew because nothing had arrived after all. */
static bool iocp__emit_received(struct iocp_port *port, struct port_socket *socket,
                                struct port_event *event)
{
    struct iocp_socket *own = iocp_own(socket);
    event->kind = PORT_RECEIVED;
    own->has_received = true;
    if (own->buffer != 0) {
        iocp__emit_buffered(port, socket, event);
        return true;
    }
    iocp__emit_drained(port, socket, event);
    if (event->status != PC_AGAIN) {
        return true;
    }
    event->status = iocp_post_receive(port, socket);
    return event->status != PC_OK;
}

/* No send is of nothing, so none succeeds with nothing. Wine says so of a send that waits for room
 * when the peer ends its stream. Of one that fails for want of buffers after it was submitted
 * nobody knows how much has gone, so it must not be sent again. */
static void iocp__emit_sent(struct port_socket *socket, struct port_event *event)
{
    bool is_aborted = socket->state == PORT_SOCKET_ABORTED;
    event->kind = PORT_SENT;
    event->status = iocp__result(&socket->send, is_aborted, &event->raw);
    if (iocp_transfer_status(event->status) == PC_NO_BUFFERS) {
        event->status = PC_SYSTEM;
    }
    if (event->status != PC_OK) {
        return;
    }
    event->size = (uint32_t)iocp_overlapped(&socket->send)->InternalHigh;
    if (event->size == 0) {
        event->status = is_aborted ? PC_CANCELLED : PC_RESET;
    }
}

/* Make the event of the op that accept, connect and receive share. False if there is none. */
static bool iocp__emit_recv_op(struct iocp_port *port, struct port_socket *socket,
                               struct port_event *event)
{
    iocp_own(socket)->recv_done = false;
    socket->recv.in_flight = false;
    if (socket->recv.kind == IOCP_ACCEPT) {
        iocp__emit_accepted(port, socket, event);
        return true;
    }
    if (socket->recv.kind == IOCP_CONNECT) {
        iocp__emit_connected(port, socket, event);
        return true;
    }
    return iocp__emit_received(port, socket, event);
}

/* Make one event of a ready socket. False if there is none after all. */
static bool iocp__emit_socket(struct iocp_port *port, struct port_socket *socket,
                              struct port_event *event)
{
    struct iocp_socket *own = iocp_own(socket);
    *event = (struct port_event){.socket = socket};
    if (own->recv_done) {
        return iocp__emit_recv_op(port, socket, event);
    }
    if (own->send_done) {
        own->send_done = false;
        socket->send.in_flight = false;
        iocp__emit_sent(socket, event);
        return true;
    }
    PC_ASSERT(socket->state == PORT_SOCKET_ABORTED);
    PC_ASSERT(socket->os_handle == 0);
    event->kind = PORT_CLOSED;
    iocp_set_state(port, socket, PORT_SOCKET_IDLE);
    return true;
}

static bool iocp__wants_scratch(struct port_socket *socket)
{
    struct iocp_socket *own = iocp_own(socket);
    return own->recv_done && socket->recv.kind == IOCP_RECV && own->buffer == 0;
}

/* Report the listeners whose last accept has ended. */
static uint32_t iocp__emit_unlistened(struct iocp_port *port, struct port_event *events,
                                      uint32_t events_max)
{
    uint32_t count = 0;
    struct port_listener **link = &port->closing;
    while (*link != NULL && count < events_max) {
        struct port_listener *listener = *link;
        if (listener->accepts_in_flight > 0) {
            link = &listener->next;
            continue;
        }
        *link = listener->next;
        socket_close(listener->handle);
        listener->handle = 0;
        events[count++] = (struct port_event){.kind = PORT_UNLISTENED, .listener = listener};
    }
    return count;
}

/* One event per socket and turn of the list, so that a busy one does not keep the others waiting.
 */
uint32_t iocp_emit(struct iocp_port *port, struct port_event *events, uint32_t events_max)
{
    uint32_t count = 0;
    if (port->woken) {
        port->woken = false;
        /* Before the event is returned: a wake from now on belongs to the next one. */
        atomic_exchange(&port->wake_posted, false);
        events[count++] = (struct port_event){.kind = PORT_WOKEN};
    }
    while (port->ready.count > 0 && count < events_max) {
        if (iocp__wants_scratch(port->ready.first) &&
            IOCP_SCRATCH_SIZE - port->scratch_used < port->receive_size) {
            port->counters.scratch_stalls++;
            break;
        }
        struct port_socket *socket = ready_list_pop(&port->ready);
        if (iocp__emit_socket(port, socket, &events[count])) {
            count++;
        }
        iocp_push_if_ready(port, socket);
    }
    return count + iocp__emit_unlistened(port, events + count, events_max - count);
}

bool iocp_is_pending(struct port_socket *socket)
{
    struct iocp_socket *own = iocp_own(socket);
    return (socket->recv.in_flight && !own->recv_done) ||
           (socket->send.in_flight && !own->send_done);
}

/* True if the socket has an event to give. */
static bool iocp__is_ready(struct port_socket *socket)
{
    struct iocp_socket *own = iocp_own(socket);
    if (own->recv_done || own->send_done) {
        return true;
    }
    return socket->state == PORT_SOCKET_ABORTED && !iocp_is_pending(socket);
}

void iocp_mark_done(struct iocp_port *port, struct port_op *op)
{
    struct port_socket *socket = op->socket;
    struct iocp_socket *own = iocp_own(socket);
    PC_ASSERT(op->in_flight);
    if (op->kind == IOCP_SEND) {
        own->send_done = true;
    } else {
        own->recv_done = true;
    }
    if (socket->state == PORT_SOCKET_ABORTED && !iocp_is_pending(socket)) {
        iocp_close_handle(socket);
    }
    ready_list_push(&port->ready, socket);
}

void iocp_push_if_ready(struct iocp_port *port, struct port_socket *socket)
{
    if (iocp__is_ready(socket)) {
        ready_list_push(&port->ready, socket);
    }
}
