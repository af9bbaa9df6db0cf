/* What stands behind a simulated socket: its operations from submit to event.
 *
 * Happy path: submit makes an operation PENDING; a step makes it DONE, which puts the socket on its
 * port's ready list; port_wait gives the event.
 * Failure modes: an operation fails and the connection breaks with it; no receive buffer is free,
 * so the receive waits; an abort cancels what is pending, but a result may be there already; the
 * caller's memory was changed under an operation in flight: an assertion.
 * Path: [1] completion and [10] send op. */
#include <stdlib.h>
#include <string.h>

#include "base/poison.h"
#include "pc/check.h"
#include "port/sim_world.h"

#define SIM_NOT_LISTED UINT32_MAX
#define SIM_RAW_BASE   1000 /* added to a status, to have a code for the log */
#define SIM_STALE_BYTE 0xdd /* what a buffer holds that nobody may read any more */

_Static_assert(PORT_SPANS_MAX == 16, "the digest goes over all spans");

static struct sim_mark *sim_socket__mark(struct port_socket *socket)
{
    return (struct sim_mark *)(void *)socket->engine;
}

struct sim_socket *sim_socket_of(const struct port_socket *socket)
{
    struct sim_mark mark;
    memcpy(&mark, socket->engine, sizeof mark);
    PC_ASSERT(mark.seal == SIM_SEAL);
    PC_ASSERT(mark.own->socket == socket);
    return mark.own;
}

static struct sim_socket *sim_socket__allocate(struct sim_world *world)
{
    struct sim_socket *own = world->free_sockets;
    if (own != NULL) {
        world->free_sockets = own->next;
    } else {
        own = malloc(sizeof *own);
        PC_ASSERT(own != NULL);
    }
    memset(own, 0, sizeof *own);
    own->number = world->sockets_made++;
    return own;
}

struct sim_socket *sim_socket_begin(struct sim_port *port, struct port_socket *socket,
                                    enum port_socket_state state)
{
    struct sim_socket *own = sim_socket__allocate(port->world);
    memset(socket, 0, sizeof *socket);
    socket->recv.socket = socket;
    socket->send.socket = socket;
    own->socket = socket;
    own->port = port;
    own->ready_index = SIM_NOT_LISTED;
    own->cancel_index = SIM_NOT_LISTED;
    *sim_socket__mark(socket) = (struct sim_mark){.own = own, .seal = SIM_SEAL};
    uint32_t room = port->socket_room;
    port->ready = sim_grow(port->ready, port->socket_count, &room, sizeof port->ready[0]);
    port->sockets =
        sim_grow(port->sockets, port->socket_count, &port->socket_room, sizeof port->sockets[0]);
    own->index = port->socket_count;
    port->sockets[port->socket_count++] = own;
    port->base.sockets_open++;
    sim_socket_set_state(own, state);
    return own;
}

void sim_socket_set_state(struct sim_socket *own, enum port_socket_state state)
{
    own->state = (uint8_t)state;
    own->socket->state = (uint8_t)state;
}

static void sim_socket__leave_ready(struct sim_socket *own)
{
    struct sim_port *port = own->port;
    for (uint32_t i = own->ready_index; i + 1 < port->ready_count; i++) {
        port->ready[i] = port->ready[i + 1];
        port->ready[i]->ready_index = i;
    }
    port->ready_count--;
    own->ready_index = SIM_NOT_LISTED;
}

void sim_socket_end(struct sim_socket *own)
{
    struct sim_port *port = own->port;
    struct sim_world *world = port->world;
    PC_ASSERT(own->recv.state == SIM_OP_NONE);
    PC_ASSERT(own->send.state == SIM_OP_NONE);
    PC_ASSERT(own->connection == NULL);
    if (own->ready_index != SIM_NOT_LISTED) {
        sim_socket__leave_ready(own);
    }
    struct sim_socket *last = port->sockets[--port->socket_count];
    port->sockets[own->index] = last;
    last->index = own->index;
    port->base.sockets_open--;
    own->socket->os_handle = 0;
    sim_socket_set_state(own, PORT_SOCKET_IDLE);
    *sim_socket__mark(own->socket) = (struct sim_mark){.own = NULL};
    own->next = world->free_sockets;
    world->free_sockets = own;
}

static struct sim_end *sim_socket__end(const struct sim_socket *own)
{
    return &own->connection->ends[own->side];
}

void sim_socket_attach(struct sim_socket *own, struct sim_connection *connection, uint32_t side)
{
    own->connection = connection;
    own->side = (uint8_t)side;
    own->socket->os_handle = (uint64_t)connection->number * 2 + side + 1;
    connection->ends[side].owner = SIM_OWNER_SOCKET;
    connection->ends[side].socket = own;
    sim_connection_touch(own->port->world, connection);
}

struct sim_connection *sim_socket_part(struct sim_socket *own)
{
    struct sim_connection *connection = own->connection;
    connection->ends[own->side].owner = SIM_OWNER_HANDOVER;
    connection->ends[own->side].socket = NULL;
    own->connection = NULL;
    return connection;
}

/* ---- from submit to done ---- */

static struct port_op *sim_socket__port_op(const struct sim_socket *own, const struct sim_op *op)
{
    return op == &own->recv ? &own->socket->recv : &own->socket->send;
}

void sim_socket_submit(struct sim_socket *own, struct sim_op *op, enum port_event_kind kind)
{
    struct port_op *port_op = sim_socket__port_op(own, op);
    PC_ASSERT(op->state == SIM_OP_NONE);
    *op = (struct sim_op){.state = SIM_OP_PENDING, .kind = (uint8_t)kind};
    port_op->kind = (uint8_t)kind;
    port_op->in_flight = true;
    if (own->connection != NULL) {
        sim_connection_touch(own->port->world, own->connection);
    }
}

void sim_socket_done(struct sim_socket *own, struct sim_op *op, enum pc_status status,
                     uint32_t size)
{
    PC_ASSERT(op->state == SIM_OP_PENDING || op->state == SIM_OP_CANCELLED);
    op->state = SIM_OP_DONE;
    op->status = (uint8_t)status;
    op->size = size;
    sim_note(own->port->world,
             op == &own->recv ? "socket %u: receive side done, status %u, %u bytes"
                              : "socket %u: send done, status %u, %u bytes",
             own->number, (uint32_t)status, size);
    sim_socket_settle(own);
}

void sim_socket_settle(struct sim_socket *own)
{
    struct sim_port *port = own->port;
    bool is_closed = own->state == PORT_SOCKET_ABORTED && own->recv.state == SIM_OP_NONE &&
                     own->send.state == SIM_OP_NONE;
    bool is_ready = is_closed || own->recv.state == SIM_OP_DONE || own->send.state == SIM_OP_DONE;
    if (is_ready && own->ready_index == SIM_NOT_LISTED) {
        own->ready_index = port->ready_count;
        port->ready[port->ready_count++] = own;
    } else if (!is_ready && own->ready_index != SIM_NOT_LISTED) {
        sim_socket__leave_ready(own);
    }
}

static bool sim_socket__is_pending(const struct sim_socket *own, const struct sim_op *op,
                                   enum port_event_kind kind)
{
    return own->connection != NULL && op->state == SIM_OP_PENDING && op->kind == (uint8_t)kind;
}

bool sim_socket_can_receive(const struct sim_socket *own)
{
    if (!sim_socket__is_pending(own, &own->recv, PORT_RECEIVED)) {
        return false;
    }
    const struct sim_pipe *pipe = &own->connection->pipes[own->side ^ 1u];
    if (pipe->arrived > 0) {
        return own->port->free_count > 0;
    }
    return pipe->fin_arrived || sim_socket__end(own)->is_reset;
}

bool sim_socket_can_send(const struct sim_socket *own)
{
    if (!sim_socket__is_pending(own, &own->send, PORT_SENT)) {
        return false;
    }
    const struct sim_pipe *pipe = &own->connection->pipes[own->side];
    return sim_socket__end(own)->is_reset || sim_pipe_room(own->port->world, pipe) > 0;
}

static enum pc_status sim_socket__choose_failure(struct sim_world *world)
{
    static const enum pc_status failures[] = {PC_RESET, PC_NO_BUFFERS, PC_TIMEOUT, PC_SYSTEM};
    return failures[sim_choose(world, sizeof failures / sizeof failures[0])];
}

static void sim_socket__fail(struct sim_socket *own, struct sim_op *op)
{
    struct sim_world *world = own->port->world;
    enum pc_status status = sim_socket__choose_failure(world);
    sim_end_break(world, own->connection, own->side);
    sim_socket_done(own, op, status, 0);
}

static uint8_t *sim_socket__buffer(const struct sim_port *port, uint32_t buffer)
{
    return port->buffers + (size_t)buffer * port->buffer_size;
}

void sim_port_return_buffer(struct sim_port *port, uint32_t buffer)
{
    uint8_t *bytes = sim_socket__buffer(port, buffer);
    memory_unpoison(bytes, port->buffer_size);
    memset(bytes, SIM_STALE_BYTE, port->buffer_size);
    memory_poison(bytes, port->buffer_size);
    port->free_buffers[port->free_count++] = buffer;
}

static void sim_socket__receive_bytes(struct sim_socket *own)
{
    struct sim_port *port = own->port;
    struct sim_pipe *pipe = &own->connection->pipes[own->side ^ 1u];
    uint32_t size = pipe->arrived < port->buffer_size ? pipe->arrived : port->buffer_size;
    if (sim_chance(port->world, SIM_RECEIVE_PARTIAL)) {
        size = 1 + sim_choose(port->world, size);
    }
    own->recv.buffer = port->free_buffers[--port->free_count];
    uint8_t *bytes = sim_socket__buffer(port, own->recv.buffer);
    memory_unpoison(bytes, size);
    sim_pipe_take(port->world, pipe, bytes, size);
    sim_connection_touch(port->world, own->connection);
    sim_socket_done(own, &own->recv, PC_OK, size);
}

void sim_socket_receive(struct sim_socket *own)
{
    struct sim_world *world = own->port->world;
    struct sim_pipe *pipe = &own->connection->pipes[own->side ^ 1u];
    if (sim_chance(world, SIM_RECEIVE_ERROR)) {
        sim_socket__fail(own, &own->recv);
    } else if (sim_chance(world, SIM_RECEIVE_SHORT)) {
        sim_socket_done(own, &own->recv, PC_NO_BUFFERS, 0);
    } else if (pipe->arrived > 0 && sim_chance(world, SIM_RECEIVE_STARVED)) {
        own->port->base.counters.receives_dry++;
        sim_note(world, "socket %u: no buffer", own->number, 0, 0);
    } else if (pipe->arrived > 0) {
        sim_socket__receive_bytes(own);
    } else {
        bool is_reset = sim_socket__end(own)->is_reset;
        sim_socket_done(own, &own->recv, is_reset ? PC_RESET : PC_END, 0);
    }
}

uint64_t sim_socket_digest(const struct sim_socket *own)
{
    uint64_t digest = own->send_size;
    for (uint32_t i = 0; i < own->span_count; i++) {
        const uint8_t *at = own->spans[i].data;
        uint32_t left = own->spans[i].size;
        for (; left >= sizeof(uint64_t); left -= (uint32_t)sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, at, sizeof word);
            digest = (digest ^ word) * UINT64_C(0x9fb21c651e98df25);
            digest ^= digest >> 32;
            at += sizeof word;
        }
        for (; left > 0; left--) {
            digest = (digest ^ *at++) * UINT64_C(0x9fb21c651e98df25);
        }
    }
    return digest;
}

static void sim_socket__take_spans(struct sim_socket *own, uint32_t size)
{
    struct sim_world *world = own->port->world;
    struct sim_pipe *pipe = &own->connection->pipes[own->side];
    uint32_t left = size;
    for (uint32_t i = 0; left > 0; i++) {
        const struct port_span *span = &own->spans[i];
        uint32_t part = left < span->size ? left : span->size;
        sim_pipe_put(world, pipe, span->data, part);
        left -= part;
    }
    sim_connection_touch(world, own->connection);
}

void sim_socket_send(struct sim_socket *own)
{
    struct sim_world *world = own->port->world;
    PC_ASSERT(sim_socket_digest(own) == own->send_digest);
    if (sim_socket__end(own)->is_reset) {
        sim_socket_done(own, &own->send, PC_RESET, 0);
        return;
    }
    if (sim_chance(world, SIM_SEND_ERROR)) {
        sim_socket__fail(own, &own->send);
        return;
    }
    if (sim_chance(world, SIM_SEND_SHORT)) {
        sim_socket_done(own, &own->send, PC_NO_BUFFERS, 0);
        return;
    }
    uint32_t room = sim_pipe_room(world, &own->connection->pipes[own->side]);
    uint32_t size = own->send_size < room ? own->send_size : room;
    if (sim_chance(world, SIM_SEND_PARTIAL)) {
        size = 1 + sim_choose(world, size);
    }
    sim_socket__take_spans(own, size);
    sim_socket_done(own, &own->send, PC_OK, size);
}

static enum pc_status sim_socket__connect_failure(struct sim_world *world)
{
    static const enum pc_status failures[] = {PC_REFUSED, PC_UNREACHABLE, PC_TIMEOUT,
                                              PC_NO_BUFFERS};
    return failures[sim_choose(world, sizeof failures / sizeof failures[0])];
}

void sim_socket_answer(struct sim_socket *own)
{
    struct sim_world *world = own->port->world;
    struct sim_connection *connection = own->connection;
    connection->answer_due = false;
    sim_connection_touch(world, connection);
    if (connection->phase == SIM_CONNECTION_REFUSED) {
        sim_socket_done(own, &own->recv, PC_REFUSED, 0);
    } else if (sim_chance(world, SIM_CONNECT_ERROR)) {
        enum pc_status status = sim_socket__connect_failure(world);
        sim_end_break(world, connection, own->side);
        sim_socket_done(own, &own->recv, status, 0);
    } else {
        sim_socket_done(own, &own->recv, PC_OK, 0);
    }
}

/* ---- abort ---- */

static void sim_socket__list_cancelled(struct sim_socket *own)
{
    struct sim_world *world = own->port->world;
    if (own->cancel_index != SIM_NOT_LISTED) {
        return;
    }
    world->cancelling = sim_grow(world->cancelling, world->cancelling_count,
                                 &world->cancelling_room, sizeof world->cancelling[0]);
    own->cancel_index = world->cancelling_count;
    world->cancelling[world->cancelling_count++] = own;
}

static void sim_socket__leave_cancelled(struct sim_socket *own)
{
    struct sim_world *world = own->port->world;
    if (own->recv.state == SIM_OP_CANCELLED || own->send.state == SIM_OP_CANCELLED) {
        return;
    }
    struct sim_socket *last = world->cancelling[--world->cancelling_count];
    world->cancelling[own->cancel_index] = last;
    last->cancel_index = own->cancel_index;
    own->cancel_index = SIM_NOT_LISTED;
}

void sim_socket_cancel(struct sim_socket *own, uint32_t which)
{
    struct sim_op *op = which == 0 ? &own->recv : &own->send;
    sim_socket_done(own, op, PC_CANCELLED, 0);
    sim_socket__leave_cancelled(own);
}

/* The kernel was faster than the abort: the operation ends as if there were none. */
static void sim_socket__finish_late(struct sim_socket *own, struct sim_op *op)
{
    if (op == &own->recv && op->kind == PORT_CONNECTED && own->connection->answer_due &&
        sim_connection_can_answer(own->connection)) {
        sim_socket_answer(own);
    } else if (op == &own->recv && sim_socket_can_receive(own)) {
        sim_socket_receive(own);
    } else if (op == &own->send && sim_socket_can_send(own)) {
        sim_socket_send(own);
    }
}

/* A result that was not given yet may be given still, or be forgotten. */
static void sim_socket__forget_result(struct sim_socket *own, struct sim_op *op)
{
    if (op->kind == PORT_RECEIVED && op->size > 0) {
        sim_port_return_buffer(own->port, op->buffer);
    }
    op->status = PC_CANCELLED;
    op->size = 0;
}

static void sim_socket__abort_op(struct sim_socket *own, struct sim_op *op)
{
    bool is_late = op->state != SIM_OP_NONE && sim_chance(own->port->world, SIM_CANCEL_LATE);
    if (op->state == SIM_OP_DONE && !is_late) {
        sim_socket__forget_result(own, op);
    } else if (op->state == SIM_OP_PENDING) {
        if (is_late) {
            sim_socket__finish_late(own, op);
        }
        if (op->state == SIM_OP_PENDING) {
            op->state = SIM_OP_CANCELLED;
            sim_socket__list_cancelled(own);
        }
    }
}

void sim_socket_abort(struct sim_socket *own, enum port_abort_mode mode)
{
    struct sim_world *world = own->port->world;
    sim_note(world, "socket %u: abort, mode %u", own->number, (uint32_t)mode, 0);
    sim_socket__abort_op(own, &own->recv);
    sim_socket__abort_op(own, &own->send);
    struct sim_connection *connection = own->connection;
    own->connection = NULL;
    sim_end_close(world, connection, own->side, mode);
    sim_socket_set_state(own, PORT_SOCKET_ABORTED);
    sim_socket_settle(own);
}

/* What was on its way may be so for a while; the last send may be among it. */
void sim_socket_crash(struct sim_socket *own)
{
    struct sim_world *world = own->port->world;
    struct sim_connection *connection = own->connection;
    if (own->send.state == SIM_OP_PENDING && sim_socket_can_send(own) &&
        sim_choose(world, 2) == 0) {
        sim_socket_send(own);
    }
    own->connection = NULL;
    if (connection != NULL) {
        if (sim_choose(world, 2) == 0) {
            sim_connection_delay(world, connection, own->side);
        }
        sim_end_close(world, connection, own->side, PORT_ABORT_GRACEFUL);
    }
    if (own->recv.state == SIM_OP_DONE) {
        sim_socket__forget_result(own, &own->recv);
    }
    own->recv.state = SIM_OP_NONE;
    own->send.state = SIM_OP_NONE;
    if (own->cancel_index != SIM_NOT_LISTED) {
        sim_socket__leave_cancelled(own);
    }
    sim_socket_end(own);
}

/* ---- events ---- */

static void sim_socket__give_recv(struct sim_socket *own, struct port_event *event)
{
    struct sim_port *port = own->port;
    if (event->kind == PORT_RECEIVED && event->status == PC_OK) {
        event->data = sim_socket__buffer(port, own->recv.buffer);
        port->lent_buffers[port->lent_count++] = own->recv.buffer;
    } else if (event->kind == PORT_CONNECTED && event->status == PC_OK &&
               own->state == PORT_SOCKET_CONNECTING) {
        sim_socket_set_state(own, PORT_SOCKET_LIVE);
    } else if (event->kind == PORT_ACCEPTED) {
        event->listener = own->listener;
        own->listener->outstanding--;
        own->listener = NULL;
    }
    own->recv.state = SIM_OP_NONE;
    own->socket->recv.in_flight = false;
    if (event->kind == PORT_ACCEPTED && event->status == PC_OK) {
        sim_socket_set_state(own, PORT_SOCKET_ACCEPTED);
    } else if (event->kind == PORT_ACCEPTED) {
        sim_socket_end(own);
        return;
    }
    sim_socket_settle(own);
}

static void sim_socket__give_op(struct sim_socket *own, struct sim_op *op, struct port_event *event)
{
    event->kind = (enum port_event_kind)op->kind;
    event->status = (enum pc_status)op->status;
    event->size = op->size;
    bool is_failure = event->status != PC_OK && event->status != PC_END;
    event->raw = is_failure ? SIM_RAW_BASE + (int32_t)event->status : 0;
    sim_note(own->port->world,
             op == &own->recv ? "socket %u: event of the receive side, status %u, %u bytes"
                              : "socket %u: event of a send, status %u, %u bytes",
             own->number, (uint32_t)event->status, event->size);
    if (op == &own->recv) {
        sim_socket__give_recv(own, event);
        return;
    }
    PC_ASSERT(sim_socket_digest(own) == own->send_digest);
    op->state = SIM_OP_NONE;
    own->socket->send.in_flight = false;
    sim_socket_settle(own);
}

void sim_socket_give(struct sim_socket *own, struct port_event *event)
{
    struct sim_world *world = own->port->world;
    bool has_recv = own->recv.state == SIM_OP_DONE;
    bool has_send = own->send.state == SIM_OP_DONE;
    *event = (struct port_event){.socket = own->socket, .status = PC_OK};
    if (has_recv && has_send) {
        has_recv = !sim_chance(world, SIM_EVENT_SHUFFLED);
    }
    if (has_recv) {
        sim_socket__give_op(own, &own->recv, event);
    } else if (has_send) {
        sim_socket__give_op(own, &own->send, event);
    } else {
        event->kind = PORT_CLOSED;
        sim_note(world, "socket %u: event CLOSED", own->number, 0, 0);
        sim_socket_end(own);
    }
}

void sim_socket_check(const struct sim_socket *own)
{
    const struct port_socket *socket = own->socket;
    PC_ASSERT(sim_socket_of(socket) == own);
    PC_ASSERT(socket->state == own->state);
    PC_ASSERT(socket->recv.in_flight == (own->recv.state != SIM_OP_NONE));
    PC_ASSERT(socket->send.in_flight == (own->send.state != SIM_OP_NONE));
    PC_ASSERT(own->state != PORT_SOCKET_IDLE);
    PC_ASSERT((own->connection == NULL) ==
              (own->state == PORT_SOCKET_ABORTED ||
               (own->state == PORT_SOCKET_ACCEPTING &&
                !(own->recv.state == SIM_OP_DONE && own->recv.status == PC_OK))));
}
