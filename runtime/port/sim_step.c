/* What can happen next in the simulated world, and letting one thing happen.
 *
 * Happy path: sim_world_step_count lists every arrival, answer and completion that is possible now;
 * sim_world_step does the one that the caller chose.
 * Failure modes: none of its own; what a step brings is decided by the faults.
 * Path: between [10] and [1]: kernels and network. */
#include <stdlib.h>

#include "pc/check.h"
#include "port/sim_world.h"

#define SIM_NOT_LISTED UINT32_MAX

static void sim_step__add(struct sim_world *world, struct sim_step step)
{
    world->steps =
        sim_grow(world->steps, world->step_count, &world->step_room, sizeof world->steps[0]);
    world->steps[world->step_count++] = step;
}

static void sim_step__add_of(struct sim_world *world, const struct sim_connection *connection,
                             enum sim_step_kind kind, uint32_t side)
{
    sim_step__add(world, (struct sim_step){
                             .kind = (uint8_t)kind,
                             .side = (uint8_t)side,
                             .connection = connection->number,
                         });
}

static void sim_step__list_side(struct sim_world *world, const struct sim_connection *connection,
                                uint32_t side)
{
    const struct sim_end *end = &connection->ends[side];
    if (sim_connection_can_deliver(world, connection, side)) {
        sim_step__add_of(world, connection, SIM_STEP_DELIVER, side);
    }
    if (sim_connection_can_reset(connection, side)) {
        sim_step__add_of(world, connection, SIM_STEP_RESET, side);
    }
    if (end->owner != SIM_OWNER_SOCKET) {
        return;
    }
    if (sim_socket_can_receive(end->socket)) {
        sim_step__add_of(world, connection, SIM_STEP_RECEIVE, side);
    }
    if (sim_socket_can_send(end->socket)) {
        sim_step__add_of(world, connection, SIM_STEP_SEND, side);
    }
}

static void sim_step__list_connection(struct sim_world *world,
                                      const struct sim_connection *connection)
{
    if (sim_connection_can_arrive(connection)) {
        sim_step__add_of(world, connection, SIM_STEP_ARRIVE, 0);
    }
    if (connection->ends[0].owner == SIM_OWNER_SOCKET && sim_connection_can_answer(connection)) {
        sim_step__add_of(world, connection, SIM_STEP_ANSWER, 0);
    }
    sim_step__list_side(world, connection, 0);
    sim_step__list_side(world, connection, 1);
}

/* A receive that only lacks a buffer becomes possible without anything happening to its
 * connection; so does the arrival of a SYN at a full backlog. */
static bool sim_step__may_follow(const struct sim_world *world,
                                 const struct sim_connection *connection)
{
    bool is_starved = sim_connection_is_delayed(world, connection);
    for (uint32_t side = 0; side < 2; side++) {
        const struct sim_end *end = &connection->ends[side];
        is_starved = is_starved ||
                     (end->owner == SIM_OWNER_SOCKET && end->socket->recv.state == SIM_OP_PENDING &&
                      connection->pipes[side ^ 1u].arrived > 0);
    }
    return is_starved || connection->phase == SIM_CONNECTION_ASKED;
}

static void sim_step__deactivate(struct sim_world *world, struct sim_connection *connection)
{
    struct sim_connection *last = world->active[--world->active_count];
    world->active[connection->active_index] = last;
    last->active_index = connection->active_index;
    connection->active_index = SIM_NOT_LISTED;
}

uint32_t sim_world_step_count(struct sim_world *world)
{
    world->step_count = 0;
    uint32_t i = 0;
    while (i < world->active_count) {
        struct sim_connection *connection = world->active[i];
        uint32_t before = world->step_count;
        sim_step__list_connection(world, connection);
        if (world->step_count == before && !sim_step__may_follow(world, connection)) {
            sim_step__deactivate(world, connection);
        } else {
            i++;
        }
    }
    for (struct port_listener *l = world->listeners; l != NULL; l = l->next) {
        if (sim_listener_can_accept(l)) {
            sim_step__add(world, (struct sim_step){.kind = SIM_STEP_ACCEPT, .listener = l});
        }
    }
    for (i = 0; i < world->cancelling_count; i++) {
        struct sim_socket *own = world->cancelling[i];
        struct sim_step step = {.kind = SIM_STEP_CANCEL, .socket = own};
        if (own->recv.state == SIM_OP_CANCELLED) {
            sim_step__add(world, step);
        }
        if (own->send.state == SIM_OP_CANCELLED) {
            step.side = 1;
            sim_step__add(world, step);
        }
    }
    return world->step_count;
}

static void sim_step__perform(struct sim_world *world, const struct sim_step *step)
{
    struct sim_connection *connection = sim_connection_find(world, step->connection);
    switch ((enum sim_step_kind)step->kind) {
    case SIM_STEP_ARRIVE:
        sim_connection_arrive(world, connection);
        break;
    case SIM_STEP_ANSWER:
        sim_socket_answer(connection->ends[0].socket);
        break;
    case SIM_STEP_DELIVER:
        sim_connection_deliver(world, connection, step->side);
        break;
    case SIM_STEP_RESET:
        sim_connection_reset(world, connection, step->side);
        break;
    case SIM_STEP_RECEIVE:
        sim_socket_receive(connection->ends[step->side].socket);
        break;
    case SIM_STEP_SEND:
        sim_socket_send(connection->ends[step->side].socket);
        break;
    case SIM_STEP_ACCEPT:
        sim_listener_accept_one(step->listener);
        break;
    case SIM_STEP_CANCEL:
        sim_socket_cancel(step->socket, step->side);
        break;
    }
}

uint32_t sim_world_step_connection(const struct sim_world *world, uint32_t index)
{
    PC_ASSERT(index < world->step_count);
    const struct sim_step *step = &world->steps[index];
    bool is_shared = step->kind == SIM_STEP_ACCEPT || step->kind == SIM_STEP_CANCEL ||
                     step->kind == SIM_STEP_ARRIVE;
    return is_shared ? SIM_END_NONE : step->connection;
}

void sim_world_step(struct sim_world *world, uint32_t index)
{
    PC_ASSERT(index < world->step_count);
    const struct sim_step step = world->steps[index];
    world->step_count = 0;
    sim_step__perform(world, &step);
}

/* Steps of one round may exclude each other. No socket or listener goes within a round. */
static bool sim_step__is_possible(const struct sim_world *world, const struct sim_step *step)
{
    const struct sim_connection *connection = sim_connection_find(world, step->connection);
    if (step->kind == SIM_STEP_ACCEPT) {
        return sim_listener_can_accept(step->listener);
    }
    if (step->kind == SIM_STEP_CANCEL) {
        return true;
    }
    if (connection == NULL) {
        return false;
    }
    const struct sim_end *end = &connection->ends[step->side];
    bool has_socket = end->owner == SIM_OWNER_SOCKET;
    switch ((enum sim_step_kind)step->kind) {
    case SIM_STEP_ARRIVE:
        return sim_connection_can_arrive(connection);
    case SIM_STEP_ANSWER:
        return has_socket && sim_connection_can_answer(connection);
    case SIM_STEP_DELIVER:
        return sim_connection_can_deliver(world, connection, step->side);
    case SIM_STEP_RESET:
        return sim_connection_can_reset(connection, step->side);
    case SIM_STEP_RECEIVE:
        return has_socket && sim_socket_can_receive(end->socket);
    case SIM_STEP_SEND:
        return has_socket && sim_socket_can_send(end->socket);
    case SIM_STEP_ACCEPT:
    case SIM_STEP_CANCEL:
        break;
    }
    return false;
}

bool sim_world_run(struct sim_world *world)
{
    uint32_t count = sim_world_step_count(world);
    uint32_t first = sim_choose(world, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct sim_step *step = &world->steps[(first + i) % count];
        if (sim_step__is_possible(world, step)) {
            sim_step__perform(world, step);
        }
    }
    return count > 0;
}
