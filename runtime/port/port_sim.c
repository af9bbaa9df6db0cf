/* The completion port in memory: the engine's functions in the order of port.h; see port_sim.h.
 *
 * Happy path: a submit call makes an operation pending; steps of the world finish it; port_wait
 * gives the events of ready sockets, one after the other.
 * Failure modes: every one that a real engine has, when the world's faults say so; and memory that
 * is short, which ends the process. Unlike the real engines this one allocates when a connection is
 * made, for its kernels.
 * Path: [1] completion and [10] send op, behind port.c. */
#include "port/port_sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/poison.h"
#include "pc/check.h"
#include "port/sim_world.h"

#define SIM_MEMORY_SHORT 12 /* the raw code that open reports */

static struct sim_port *sim_port__of(struct port *port)
{
    return (struct sim_port *)(void *)port;
}

static void sim_port__free(struct sim_port *port)
{
    if (port->buffers != NULL) {
        memory_unpoison(port->buffers, (size_t)port->buffer_count * port->buffer_size);
    }
    free(port->buffers);
    free(port->free_buffers);
    free(port->lent_buffers);
    free(port->sockets);
    free(port->ready);
    free(port);
}

static bool sim_port__allocate_buffers(struct sim_port *port, const struct port_config *config)
{
    port->buffer_count = config->receive_buffer_count;
    port->buffer_size = config->receive_buffer_size;
    port->buffers = malloc((size_t)port->buffer_count * port->buffer_size);
    port->free_buffers = malloc(port->buffer_count * sizeof port->free_buffers[0]);
    port->lent_buffers = malloc(port->buffer_count * sizeof port->lent_buffers[0]);
    if (port->buffers == NULL || port->free_buffers == NULL || port->lent_buffers == NULL) {
        return false;
    }
    for (uint32_t i = port->buffer_count; i > 0; i--) {
        sim_port_return_buffer(port, i - 1);
    }
    return true;
}

static enum pc_status sim_open(const struct port_config *config, struct port **target, int32_t *raw)
{
    struct sim_world *world = config->world;
    if (world == NULL) {
        return PC_UNSUPPORTED;
    }
    struct sim_port *port = calloc(1, sizeof *port);
    if (port == NULL || !sim_port__allocate_buffers(port, config)) {
        if (port != NULL) {
            sim_port__free(port);
        }
        *raw = SIM_MEMORY_SHORT;
        return PC_NO_MEMORY;
    }
    port->base.engine = port_engine_sim;
    port->world = world;
    port->host = world->host;
    port->number = world->ports_made++;
    port->next = world->ports;
    world->ports = port;
    *target = &port->base;
    return PC_OK;
}

static void sim_close(struct port *base)
{
    struct sim_port *port = sim_port__of(base);
    for (const struct port_listener *l = port->world->listeners; l != NULL; l = l->next) {
        PC_ASSERT(l->port != port);
    }
    struct sim_port **place = &port->world->ports;
    while (*place != port) {
        place = &(*place)->next;
    }
    *place = port->next;
    sim_port__free(port);
}

static struct port_listener *sim_port__any_listener(const struct sim_port *port)
{
    struct port_listener *listener = port->world->listeners;
    while (listener != NULL && listener->port != port) {
        listener = listener->next;
    }
    return listener;
}

/* Accepted by this machine and on the way from one of its ports to another. */
static bool sim_port__is_own_handover(const struct sim_port *port, const struct sim_end *end)
{
    return end->owner == SIM_OWNER_HANDOVER && end->address.ip[2] == (uint8_t)(port->host >> 8) &&
           end->address.ip[3] == (uint8_t)port->host;
}

void sim_port_crash(struct port *base)
{
    struct sim_port *port = sim_port__of(base);
    struct sim_world *world = port->world;
    sim_note(world, "port %u: its process has died", port->number, 0, 0);
    for (struct port_listener *l = sim_port__any_listener(port); l != NULL;) {
        sim_listener_crash(l);
        l = sim_port__any_listener(port);
    }
    while (port->socket_count > 0) {
        sim_socket_crash(port->sockets[0]);
    }
    for (uint32_t i = 0; i < world->connection_count; i++) {
        struct sim_connection *connection = world->connections[i];
        if (connection != NULL && sim_port__is_own_handover(port, &connection->ends[1])) {
            sim_end_close(world, connection, 1, PORT_ABORT_GRACEFUL);
        }
    }
    sim_close(base);
}

/* ---- waiting ---- */

/* The data of the last batch is stale from here on. */
static void sim_port__reclaim(struct sim_port *port)
{
    while (port->lent_count > 0) {
        sim_port_return_buffer(port, port->lent_buffers[--port->lent_count]);
    }
}

static struct port_listener *sim_port__over_listener(const struct sim_port *port)
{
    struct port_listener *listener = port->world->listeners;
    while (listener != NULL && (listener->port != port || !sim_listener_is_over(listener))) {
        listener = listener->next;
    }
    return listener;
}

bool sim_port_is_ready(const struct port *base)
{
    const struct sim_port *port = (const struct sim_port *)(const void *)base;
    return port->is_woken || port->ready_count > 0 || sim_port__over_listener(port) != NULL;
}

static void sim_port__give_woken(struct sim_port *port, struct port_event *event)
{
    *event = (struct port_event){.kind = PORT_WOKEN, .status = PC_OK};
    port->is_woken = sim_chance(port->world, SIM_WAKE_TWICE);
    sim_note(port->world, "port %u: event WOKEN", port->number, 0, 0);
}

/* Give of the ready sockets those that are not held back. */
static uint32_t sim_port__give_sockets(struct sim_port *port, struct port_event *events,
                                       uint32_t max)
{
    struct sim_world *world = port->world;
    uint32_t count = 0;
    uint32_t kept = 0; /* at the front of the list, held back */
    while (count < max && kept < port->ready_count) {
        uint32_t index = kept;
        if (sim_chance(world, SIM_EVENT_SHUFFLED)) {
            index += sim_choose(world, port->ready_count - kept);
        }
        if (sim_chance(world, SIM_EVENT_HELD)) {
            kept++;
        } else {
            sim_socket_give(port->ready[index], &events[count]);
            count++;
        }
    }
    return count;
}

/* What must be given for the wait to end: of all that was held back, the first. */
static uint32_t sim_port__give_first(struct sim_port *port, struct port_event *event)
{
    if (port->ready_count > 0) {
        sim_socket_give(port->ready[0], event);
        return 1;
    }
    if (port->is_woken) {
        sim_port__give_woken(port, event);
        return 1;
    }
    return 0;
}

static uint32_t sim_port__give(struct sim_port *port, struct port_event *events, uint32_t max)
{
    struct sim_world *world = port->world;
    uint32_t count = 0;
    if (sim_chance(world, SIM_BATCH_SHORT)) {
        max = 1 + sim_choose(world, max);
    }
    if (port->is_woken && !sim_chance(world, SIM_WAKE_HELD)) {
        sim_port__give_woken(port, &events[count++]);
    }
    count += sim_port__give_sockets(port, events + count, max - count);
    struct port_listener *listener = sim_port__over_listener(port);
    if (count < max && listener != NULL) {
        listener->state = SIM_LISTENER_CLOSED;
        events[count++] =
            (struct port_event){.kind = PORT_UNLISTENED, .status = PC_OK, .listener = listener};
        sim_note(world, "listener %u: event UNLISTENED", listener->number, 0, 0);
    }
    return count > 0 ? count : sim_port__give_first(port, events);
}

/* Nothing can happen before the deadline: it is the deadline. */
static void sim_port__sleep(struct sim_world *world, uint64_t deadline_ms)
{
    PC_ASSERT(deadline_ms != UINT64_MAX);
    uint64_t left_ms = deadline_ms - world->now_ms;
    sim_world_advance(world, left_ms < UINT32_MAX ? (uint32_t)left_ms : UINT32_MAX);
}

static uint32_t sim_wait(struct port *base, struct port_event *events, uint32_t events_max,
                         uint64_t deadline_ms)
{
    struct sim_port *port = sim_port__of(base);
    struct sim_world *world = port->world;
    sim_port__reclaim(port);
    if (world->config.is_driven) {
        return sim_port__give(port, events, events_max);
    }
    bool has_moved = sim_world_run(world);
    uint32_t count = sim_port__give(port, events, events_max);
    while (count == 0 && world->now_ms < deadline_ms) {
        if (!has_moved) {
            sim_port__sleep(world, deadline_ms);
        }
        has_moved = sim_world_run(world);
        count = sim_port__give(port, events, events_max);
    }
    return count;
}

static void sim_wake(struct port *port)
{
    sim_port__of(port)->is_woken = true;
}

static uint64_t sim_now_ms(struct port *port)
{
    return sim_port__of(port)->world->now_ms;
}

/* ---- listening ---- */

static enum pc_status sim_listen(struct port *base, struct pc_address *address, uint32_t backlog,
                                 struct port_listener **listener, int32_t *raw)
{
    enum pc_status status = sim_listener_open(sim_port__of(base), address, backlog, listener);
    if (status == PC_OK) {
        *address = (*listener)->address;
    } else {
        *raw = (int32_t)status;
    }
    return status;
}

static enum pc_status sim_accept(struct port *base, struct port_listener *listener,
                                 struct port_socket *socket)
{
    struct sim_port *port = sim_port__of(base);
    PC_ASSERT(listener->state == SIM_LISTENER_OPEN);
    PC_ASSERT(listener->port == port);
    if (listener->outstanding == PORT_ACCEPTS_MAX) {
        return PC_FULL;
    }
    if (sim_chance(port->world, SIM_ACCEPT_DENIED)) {
        return PC_NO_BUFFERS;
    }
    struct sim_socket *own = sim_socket_begin(port, socket, PORT_SOCKET_ACCEPTING);
    sim_socket_submit(own, &own->recv, PORT_ACCEPTED);
    sim_listener_wait(listener, own);
    sim_note(port->world, "socket %u: accept at listener %u", own->number, listener->number, 0);
    return PC_OK;
}

static void sim_unlisten(struct port *port, struct port_listener *listener)
{
    (void)port;
    sim_listener_stop(listener);
}

static void sim_free_listener(struct port *port, struct port_listener *listener)
{
    (void)port;
    sim_listener_close(listener);
}

static enum pc_status sim_adopt(struct port *base, struct port_socket *socket)
{
    struct sim_port *port = sim_port__of(base);
    if (sim_chance(port->world, SIM_ADOPT_DENIED)) {
        return PC_NO_BUFFERS;
    }
    sim_socket_set_state(sim_socket_of(socket), PORT_SOCKET_LIVE);
    return PC_OK;
}

static struct port_handover sim_detach(struct port *port, struct port_socket *socket)
{
    struct sim_socket *own = sim_socket_of(socket);
    struct port_handover handover = {.os_handle = socket->os_handle, .peer = socket->peer};
    (void)port;
    (void)sim_socket_part(own);
    sim_socket_end(own);
    return handover;
}

static struct sim_connection *sim_port__handed_over(struct sim_world *world,
                                                    const struct port_handover *handover)
{
    uint32_t end = sim_handover_end(handover);
    struct sim_connection *connection = sim_connection_find(world, end / 2);
    PC_ASSERT(connection != NULL);
    PC_ASSERT(connection->ends[end % 2].owner == SIM_OWNER_HANDOVER);
    return connection;
}

static enum pc_status sim_adopt_handover(struct port *base, struct port_socket *socket,
                                         const struct port_handover *handover)
{
    struct sim_port *port = sim_port__of(base);
    struct sim_connection *connection = sim_port__handed_over(port->world, handover);
    uint32_t side = sim_handover_end(handover) % 2;
    if (sim_chance(port->world, SIM_ADOPT_DENIED)) {
        sim_end_close(port->world, connection, side, PORT_ABORT_GRACEFUL);
        return PC_NO_BUFFERS;
    }
    struct sim_socket *own = sim_socket_begin(port, socket, PORT_SOCKET_LIVE);
    sim_socket_attach(own, connection, side);
    socket->peer = handover->peer;
    sim_note(port->world, "socket %u: adopts end %u", own->number, sim_handover_end(handover), 0);
    return PC_OK;
}

static void sim_discard_handover(struct port *base, const struct port_handover *handover)
{
    struct sim_world *world = sim_port__of(base)->world;
    sim_end_close(world, sim_port__handed_over(world, handover), sim_handover_end(handover) % 2,
                  PORT_ABORT_GRACEFUL);
}

/* ---- connections ---- */

static enum pc_status sim_connect(struct port *base, struct port_socket *socket,
                                  const struct pc_address *address)
{
    struct sim_port *port = sim_port__of(base);
    if (address->family == PC_FAMILY_NONE || address->port == 0) {
        return PC_ADDRESS_INVALID;
    }
    if (sim_chance(port->world, SIM_CONNECT_DENIED)) {
        return PC_NO_BUFFERS;
    }
    struct sim_connection *connection = sim_connection_create(port->world, address, port->host);
    struct sim_socket *own = sim_socket_begin(port, socket, PORT_SOCKET_CONNECTING);
    sim_socket_attach(own, connection, 0);
    sim_socket_submit(own, &own->recv, PORT_CONNECTED);
    socket->peer = *address;
    sim_note(port->world, "socket %u: connects end %u", own->number, connection->number * 2, 0);
    return PC_OK;
}

static enum pc_status sim_recv(struct port *port, struct port_socket *socket)
{
    struct sim_socket *own = sim_socket_of(socket);
    if (sim_chance(sim_port__of(port)->world, SIM_RECEIVE_DENIED)) {
        return PC_RESET;
    }
    if (sim_chance(sim_port__of(port)->world, SIM_RECEIVE_SHORT)) {
        return PC_NO_BUFFERS;
    }
    sim_socket_submit(own, &own->recv, PORT_RECEIVED);
    return PC_OK;
}

static enum pc_status sim_send(struct port *base, struct port_socket *socket,
                               const struct port_span *spans, uint32_t span_count)
{
    struct sim_world *world = sim_port__of(base)->world;
    struct sim_socket *own = sim_socket_of(socket);
    if (sim_chance(world, SIM_SEND_DENIED)) {
        return PC_RESET;
    }
    if (sim_chance(world, SIM_SEND_SHORT)) {
        return PC_NO_BUFFERS;
    }
    sim_socket_submit(own, &own->send, PORT_SENT);
    memcpy(own->spans, spans, span_count * sizeof spans[0]);
    own->span_count = span_count;
    own->send_size = 0;
    for (uint32_t i = 0; i < span_count; i++) {
        own->send_size += spans[i].size;
    }
    own->send_digest = sim_socket_digest(own);
    sim_note(world, "socket %u: send of %u bytes in %u spans", own->number, own->send_size,
             span_count);
    if (own->connection->pipes[own->side].fin_sent) {
        sim_socket_done(own, &own->send, PC_RESET, 0);
    } else if (sim_chance(world, SIM_SEND_INLINE) && sim_socket_can_send(own)) {
        sim_socket_send(own);
    }
    return PC_OK;
}

static void sim_shutdown_send(struct port *port, struct port_socket *socket)
{
    struct sim_socket *own = sim_socket_of(socket);
    if (own->connection->ends[own->side].is_reset) {
        return; /* ENOTCONN: a FIN would tell the peer that what the reset has lost was all sent */
    }
    own->connection->pipes[own->side].fin_sent = true;
    sim_connection_touch(sim_port__of(port)->world, own->connection);
    sim_note(sim_port__of(port)->world, "socket %u: FIN", own->number, 0, 0);
}

static void sim_abort(struct port *port, struct port_socket *socket, enum port_abort_mode mode)
{
    (void)port;
    sim_socket_abort(sim_socket_of(socket), mode);
}

static const struct port_engine sim_port__engine = {
    .name = "sim",
    .open = sim_open,
    .close = sim_close,
    .wait = sim_wait,
    .wake = sim_wake,
    .now_ms = sim_now_ms,
    .listen = sim_listen,
    .accept = sim_accept,
    .unlisten = sim_unlisten,
    .listener_free = sim_free_listener,
    .adopt = sim_adopt,
    .detach = sim_detach,
    .adopt_handover = sim_adopt_handover,
    .discard_handover = sim_discard_handover,
    .connect = sim_connect,
    .recv = sim_recv,
    .send = sim_send,
    .shutdown_send = sim_shutdown_send,
    .abort = sim_abort,
};

const struct port_engine *const port_engine_sim = &sim_port__engine;
