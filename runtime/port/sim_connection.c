/* Simulated connections: two ends, and the bytes on their way between them.
 *
 * Happy path: a SYN arrives in the listener's backlog, the answer goes back, bytes put into a pipe
 * arrive in parts, FIN arrives behind the last of them.
 * Failure modes: refused; a RST overtakes the bytes; what arrives at a closed end is answered with
 * a RST; a frozen pipe brings nothing any more, neither bytes nor FIN nor RST; a delayed one brings
 * it later.
 * Path: between a send's [10] and the other side's [1]. */
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "port/sim_world.h"

#define SIM_NOT_LISTED   UINT32_MAX
#define SIM_DELAY_MS_MAX 3000u

static uint32_t sim_connection__end(const struct sim_connection *connection, uint32_t side)
{
    return connection->number * 2 + side;
}

void sim_connection_touch(struct sim_world *world, struct sim_connection *connection)
{
    if (connection->active_index == SIM_NOT_LISTED) {
        world->active = sim_grow(world->active, world->active_count, &world->active_room,
                                 sizeof world->active[0]);
        connection->active_index = world->active_count;
        world->active[world->active_count++] = connection;
    }
}

struct sim_connection *sim_connection_create(struct sim_world *world,
                                             const struct pc_address *target, uint16_t host)
{
    struct sim_connection *connection = calloc(1, sizeof *connection);
    PC_ASSERT(connection != NULL);
    world->connections = sim_grow(world->connections, world->connection_count,
                                  &world->connection_room, sizeof world->connections[0]);
    connection->number = world->connection_count;
    world->connections[world->connection_count++] = connection;
    connection->active_index = SIM_NOT_LISTED;
    connection->listener = sim_listener_find(world, target);
    connection->answer_due = true;
    connection->ends[0].address = sim_world_address(world, target->family, host);
    connection->ends[1].address = *target;
    connection->ends[1].owner = SIM_OWNER_BACKLOG;
    sim_connection_touch(world, connection);
    return connection;
}

struct sim_connection *sim_connection_find(const struct sim_world *world, uint32_t number)
{
    return number < world->connection_count ? world->connections[number] : NULL;
}

static void sim_connection__free_bytes(struct sim_world *world, struct sim_pipe *pipe)
{
    if (pipe->bytes == NULL) {
        return;
    }
    world->free_bytes = sim_grow(world->free_bytes, world->free_bytes_count,
                                 &world->free_bytes_room, sizeof world->free_bytes[0]);
    world->free_bytes[world->free_bytes_count++] = pipe->bytes;
}

static void sim_connection__free(struct sim_world *world, struct sim_connection *connection)
{
    if (connection->active_index != SIM_NOT_LISTED) {
        struct sim_connection *last = world->active[--world->active_count];
        world->active[connection->active_index] = last;
        last->active_index = connection->active_index;
    }
    sim_connection__free_bytes(world, &connection->pipes[0]);
    sim_connection__free_bytes(world, &connection->pipes[1]);
    world->connections[connection->number] = NULL;
    free(connection);
}

/* ---- bytes ---- */

static uint32_t sim_pipe__capacity(const struct sim_world *world)
{
    return world->config.send_buffer_size + world->config.receive_buffer_size;
}

uint32_t sim_pipe_room(const struct sim_world *world, const struct sim_pipe *pipe)
{
    return world->config.send_buffer_size - pipe->under_way;
}

void sim_pipe_put(struct sim_world *world, struct sim_pipe *pipe, const uint8_t *bytes,
                  uint32_t size)
{
    uint32_t capacity = sim_pipe__capacity(world);
    PC_ASSERT(size <= sim_pipe_room(world, pipe));
    if (pipe->bytes == NULL && world->free_bytes_count > 0) {
        pipe->bytes = world->free_bytes[--world->free_bytes_count];
    } else if (pipe->bytes == NULL) {
        pipe->bytes = malloc(capacity);
        PC_ASSERT(pipe->bytes != NULL);
    }
    uint32_t at = (pipe->first + pipe->arrived + pipe->under_way) % capacity;
    uint32_t until_end = capacity - at;
    uint32_t front = size < until_end ? size : until_end;
    memcpy(pipe->bytes + at, bytes, front);
    memcpy(pipe->bytes, bytes + front, size - front);
    pipe->under_way += size;
}

void sim_pipe_take(const struct sim_world *world, struct sim_pipe *pipe, uint8_t *bytes,
                   uint32_t size)
{
    uint32_t capacity = sim_pipe__capacity(world);
    PC_ASSERT(size <= pipe->arrived);
    uint32_t until_end = capacity - pipe->first;
    uint32_t front = size < until_end ? size : until_end;
    if (size > 0) {
        memcpy(bytes, pipe->bytes + pipe->first, front);
        memcpy(bytes + front, pipe->bytes, size - front);
    }
    pipe->first = (pipe->first + size) % capacity;
    pipe->arrived -= size;
}

/* ---- ends ---- */

/* What is under way is lost, and a FIN behind it, too. */
static void sim_pipe__lose(struct sim_pipe *pipe)
{
    pipe->under_way = 0;
    pipe->fin_sent = pipe->fin_arrived;
}

static void end__reset_later(struct sim_world *world, struct sim_connection *connection,
                             uint32_t side)
{
    struct sim_end *end = &connection->ends[side];
    if (end->owner != SIM_OWNER_NONE && !end->is_reset) {
        end->reset_due = true;
        sim_connection_touch(world, connection);
    }
}

void sim_end_break(struct sim_world *world, struct sim_connection *connection, uint32_t side)
{
    struct sim_end *end = &connection->ends[side];
    end->is_reset = true;
    end->reset_due = false;
    sim_pipe__lose(&connection->pipes[side]);
    if (sim_choose(world, 2) == 0) {
        end__reset_later(world, connection, side ^ 1u);
    }
    sim_connection_touch(world, connection);
}

/* Unread bytes make a close abortive, as they do in every system. */
static bool end__is_abortive(const struct sim_connection *connection, uint32_t side,
                             enum port_abort_mode mode)
{
    return mode == PORT_ABORT_RESET || connection->pipes[side ^ 1u].arrived > 0;
}

void sim_end_close(struct sim_world *world, struct sim_connection *connection, uint32_t side,
                   enum port_abort_mode mode)
{
    struct sim_end *end = &connection->ends[side];
    bool is_abortive = end__is_abortive(connection, side, mode);
    PC_ASSERT(end->owner != SIM_OWNER_NONE);
    sim_note(world, is_abortive ? "end %u: closed with RST" : "end %u: closed",
             sim_connection__end(connection, side), 0, 0);
    end->owner = SIM_OWNER_NONE;
    end->socket = NULL;
    if (side == 0 && connection->phase != SIM_CONNECTION_ESTABLISHED) {
        connection->ends[1].owner = SIM_OWNER_NONE;
    }
    if (connection->ends[side ^ 1u].owner == SIM_OWNER_NONE) {
        sim_connection__free(world, connection);
        return;
    }
    if (is_abortive || end->is_reset) {
        sim_pipe__lose(&connection->pipes[side]);
        end__reset_later(world, connection, side ^ 1u);
    } else {
        connection->pipes[side].fin_sent = true;
    }
    sim_connection_touch(world, connection);
}

/* ---- what can happen ---- */

bool sim_connection_can_arrive(const struct sim_connection *connection)
{
    const struct port_listener *listener = connection->listener;
    return connection->phase == SIM_CONNECTION_ASKED &&
           (listener == NULL || listener->backlog_count < listener->backlog_max);
}

bool sim_connection_can_answer(const struct sim_connection *connection)
{
    return connection->answer_due && connection->phase != SIM_CONNECTION_ASKED &&
           !connection->pipes[1].is_frozen;
}

static bool sim_pipe__is_delayed(const struct sim_world *world, const struct sim_pipe *pipe)
{
    return pipe->delayed_ms > world->now_ms && !world->is_calm;
}

bool sim_connection_is_delayed(const struct sim_world *world,
                               const struct sim_connection *connection)
{
    return sim_pipe__is_delayed(world, &connection->pipes[0]) ||
           sim_pipe__is_delayed(world, &connection->pipes[1]);
}

bool sim_connection_can_deliver(const struct sim_world *world,
                                const struct sim_connection *connection, uint32_t side)
{
    const struct sim_pipe *pipe = &connection->pipes[side];
    const struct sim_end *target = &connection->ends[side ^ 1u];
    if (connection->phase != SIM_CONNECTION_ESTABLISHED || pipe->is_frozen || target->is_reset ||
        sim_pipe__is_delayed(world, pipe)) {
        return false;
    }
    if (pipe->under_way > 0) {
        return target->owner == SIM_OWNER_NONE || pipe->arrived < world->config.receive_buffer_size;
    }
    return pipe->fin_sent && !pipe->fin_arrived;
}

bool sim_connection_can_reset(const struct sim_connection *connection, uint32_t side)
{
    return connection->ends[side].reset_due && !connection->pipes[side ^ 1u].is_frozen;
}

void sim_connection_arrive(struct sim_world *world, struct sim_connection *connection)
{
    if (connection->listener == NULL) {
        connection->phase = SIM_CONNECTION_REFUSED;
        connection->ends[1].owner = SIM_OWNER_NONE;
        sim_note(world, "connection %u: refused", connection->number, 0, 0);
    } else {
        connection->phase = SIM_CONNECTION_ESTABLISHED;
        sim_listener_push(connection->listener, connection);
        sim_note(world, "connection %u: in the backlog of listener %u", connection->number,
                 connection->listener->number, 0);
    }
    if (connection->ends[0].owner == SIM_OWNER_PEER) {
        connection->answer_due = false;
        connection->ends[0].is_reset = connection->phase == SIM_CONNECTION_REFUSED;
    }
    sim_connection_touch(world, connection);
}

static void sim_connection__vanish(struct sim_world *world, struct sim_connection *connection,
                                   uint32_t side)
{
    connection->pipes[side].is_frozen = true;
    connection->pipes[side ^ 1u].is_frozen = sim_choose(world, 2) == 0;
    sim_note(world, "end %u: vanishes", sim_connection__end(connection, side), 0, 0);
}

void sim_connection_delay(struct sim_world *world, struct sim_connection *connection, uint32_t side)
{
    uint32_t delay_ms = 1 + sim_choose(world, SIM_DELAY_MS_MAX);
    connection->pipes[side].delayed_ms = world->now_ms + delay_ms;
    sim_note(world, "end %u: brings nothing for %u ms", sim_connection__end(connection, side),
             delay_ms, 0);
}

static void sim_connection__corrupt(struct sim_world *world, struct sim_pipe *pipe, uint32_t size)
{
    uint32_t at = sim_choose(world, size);
    uint32_t place = (pipe->first + pipe->arrived + at) % sim_pipe__capacity(world);
    pipe->bytes[place] ^= (uint8_t)(1u + sim_choose(world, 255));
}

static void sim_connection__deliver_bytes(struct sim_world *world,
                                          struct sim_connection *connection, uint32_t side)
{
    struct sim_pipe *pipe = &connection->pipes[side];
    if (connection->ends[side ^ 1u].owner == SIM_OWNER_NONE) {
        sim_pipe__lose(pipe);
        end__reset_later(world, connection, side);
        return;
    }
    uint32_t room = world->config.receive_buffer_size - pipe->arrived;
    uint32_t size = pipe->under_way < room ? pipe->under_way : room;
    if (sim_chance(world, SIM_DELIVER_PARTIAL)) {
        size = 1 + sim_choose(world, size);
    }
    if (sim_chance(world, SIM_CORRUPT)) {
        sim_connection__corrupt(world, pipe, size);
    }
    pipe->under_way -= size;
    pipe->arrived += size;
    sim_note(world, "end %u: %u bytes arrive, %u under way",
             sim_connection__end(connection, side ^ 1u), size, pipe->under_way);
}

void sim_connection_deliver(struct sim_world *world, struct sim_connection *connection,
                            uint32_t side)
{
    struct sim_pipe *pipe = &connection->pipes[side];
    sim_connection_touch(world, connection);
    if (sim_chance(world, SIM_VANISH)) {
        sim_connection__vanish(world, connection, side);
    } else if (sim_chance(world, SIM_RESET)) {
        end__reset_later(world, connection, 0);
        end__reset_later(world, connection, 1);
    } else if (sim_chance(world, SIM_DELAY)) {
        sim_connection_delay(world, connection, side);
    } else if (pipe->under_way > 0) {
        sim_connection__deliver_bytes(world, connection, side);
    } else {
        pipe->fin_arrived = true;
        sim_note(world, "end %u: FIN arrives", sim_connection__end(connection, side ^ 1u), 0, 0);
    }
}

/* What had arrived before may be read still, or be gone: systems differ. */
void sim_connection_reset(struct sim_world *world, struct sim_connection *connection, uint32_t side)
{
    struct sim_end *end = &connection->ends[side];
    end->reset_due = false;
    end->is_reset = true;
    sim_pipe__lose(&connection->pipes[side]);
    sim_pipe__lose(&connection->pipes[side ^ 1u]);
    if (sim_choose(world, 2) == 0) {
        connection->pipes[side ^ 1u].arrived = 0;
        connection->pipes[side ^ 1u].first = 0;
    }
    sim_note(world, "end %u: RST arrives", sim_connection__end(connection, side), 0, 0);
    sim_connection_touch(world, connection);
    if (end->owner == SIM_OWNER_BACKLOG && sim_choose(world, 2) == 0) {
        sim_listener_drop(connection->listener, connection);
        sim_end_close(world, connection, side, PORT_ABORT_RESET);
    }
}
