/* Raw peers of the simulated world, and the names of ends; see port_sim.h.
 *
 * Happy path: connect, write what the test likes, read what comes, finish, close.
 * Failure modes: a broken or refused connection takes and brings nothing.
 * Path: the other side of [1] and [10]. */
#include "pc/check.h"
#include "port/sim_world.h"

uint32_t sim_handover_end(const struct port_handover *handover)
{
    return handover->os_handle == 0 ? SIM_END_NONE : (uint32_t)(handover->os_handle - 1);
}

uint32_t sim_port_socket_end(const struct port_socket *socket)
{
    return socket->os_handle == 0 ? SIM_END_NONE : (uint32_t)(socket->os_handle - 1);
}

bool sim_end_is_cut(const struct sim_world *world, uint32_t end)
{
    const struct sim_connection *connection = sim_connection_find(world, end / 2);
    return connection == NULL || connection->pipes[0].is_frozen || connection->pipes[1].is_frozen;
}

static struct sim_end *sim_peer__end(const struct sim_world *world, uint32_t end,
                                     struct sim_connection **connection)
{
    *connection = sim_connection_find(world, end / 2);
    PC_ASSERT(*connection != NULL);
    struct sim_end *found = &(*connection)->ends[end % 2];
    PC_ASSERT(found->owner == SIM_OWNER_PEER);
    return found;
}

uint32_t sim_peer_connect(struct sim_world *world, const struct pc_address *address)
{
    if (sim_listener_find(world, address) == NULL) {
        return SIM_END_NONE;
    }
    struct sim_connection *connection = sim_connection_create(world, address, world->host);
    connection->ends[0].owner = SIM_OWNER_PEER;
    sim_note(world, "peer: connects end %u", connection->number * 2, 0, 0);
    return connection->number * 2;
}

uint32_t sim_peer_write(struct sim_world *world, uint32_t end, const void *bytes, uint32_t size)
{
    struct sim_connection *connection;
    const struct sim_end *own = sim_peer__end(world, end, &connection);
    struct sim_pipe *pipe = &connection->pipes[end % 2];
    if (connection->phase != SIM_CONNECTION_ESTABLISHED || own->is_reset || pipe->fin_sent) {
        return 0;
    }
    uint32_t room = sim_pipe_room(world, pipe);
    uint32_t taken = size < room ? size : room;
    sim_pipe_put(world, pipe, bytes, taken);
    sim_connection_touch(world, connection);
    sim_note(world, "peer: writes %u bytes at end %u", taken, end, 0);
    return taken;
}

uint32_t sim_peer_read(struct sim_world *world, uint32_t end, void *bytes, uint32_t size)
{
    struct sim_connection *connection;
    (void)sim_peer__end(world, end, &connection);
    struct sim_pipe *pipe = &connection->pipes[end % 2 ^ 1u];
    uint32_t taken = size < pipe->arrived ? size : pipe->arrived;
    sim_pipe_take(world, pipe, bytes, taken);
    sim_connection_touch(world, connection);
    sim_note(world, "peer: reads %u bytes at end %u", taken, end, 0);
    return taken;
}

void sim_peer_finish(struct sim_world *world, uint32_t end)
{
    struct sim_connection *connection;
    (void)sim_peer__end(world, end, &connection);
    connection->pipes[end % 2].fin_sent = true;
    sim_connection_touch(world, connection);
    sim_note(world, "peer: FIN at end %u", end, 0, 0);
}

void sim_peer_close(struct sim_world *world, uint32_t end, enum port_abort_mode mode)
{
    struct sim_connection *connection;
    (void)sim_peer__end(world, end, &connection);
    sim_end_close(world, connection, end % 2, mode);
}

struct sim_peer_state sim_peer_look(const struct sim_world *world, uint32_t end)
{
    struct sim_connection *connection;
    const struct sim_end *own = sim_peer__end(world, end, &connection);
    const struct sim_pipe *pipe = &connection->pipes[end % 2 ^ 1u];
    return (struct sim_peer_state){
        .is_established = connection->phase == SIM_CONNECTION_ESTABLISHED && !own->is_reset,
        .is_finished = pipe->fin_arrived && pipe->arrived == 0 && !own->is_reset,
        .is_reset = own->is_reset,
        .readable = pipe->arrived,
    };
}
