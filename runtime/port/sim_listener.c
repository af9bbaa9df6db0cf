/* Simulated listening: connections in the backlog, accepts that wait for them.
 *
 * Happy path: the oldest connection of the backlog goes to the oldest waiting accept.
 * Failure modes: an accept fails and leaves its connection for the next one, or takes it along;
 * unlisten cancels the accepts (the last ones may still get a connection) and resets the backlog.
 * Path: before [1]. */
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "port/sim_world.h"

static bool sim_listener__is_at(const struct port_listener *listener,
                                const struct pc_address *address)
{
    static const uint8_t any[16];
    bool same_ip = memcmp(listener->address.ip, address->ip, sizeof address->ip) == 0;
    bool is_any = memcmp(listener->address.ip, any, sizeof any) == 0;
    return listener->state == SIM_LISTENER_OPEN && listener->address.port == address->port &&
           listener->address.family == address->family && (same_ip || is_any);
}

/* Of one of the world's machines: loopback, any, or 10.x. */
static bool sim_listener__is_of_world(const struct pc_address *address)
{
    static const uint8_t loopback_ipv6[16] = {[15] = 1};
    static const uint8_t any[16];
    if (address->family == PC_FAMILY_IPV4) {
        return address->ip[0] == 127 || address->ip[0] == 10 || memcmp(address->ip, any, 4) == 0;
    }
    return address->family == PC_FAMILY_IPV6 &&
           (memcmp(address->ip, loopback_ipv6, 16) == 0 || memcmp(address->ip, any, 16) == 0);
}

struct port_listener *sim_listener_find(const struct sim_world *world,
                                        const struct pc_address *address)
{
    struct port_listener *listener = world->listeners;
    while (listener != NULL && !sim_listener__is_at(listener, address)) {
        listener = listener->next;
    }
    return listener;
}

enum pc_status sim_listener_open(struct sim_port *port, const struct pc_address *address,
                                 uint32_t backlog, struct port_listener **listener)
{
    struct sim_world *world = port->world;
    if (!sim_listener__is_of_world(address)) {
        return PC_ADDRESS_INVALID;
    }
    if (address->port != 0 && sim_listener_find(world, address) != NULL) {
        return PC_ADDRESS_IN_USE;
    }
    struct port_listener *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return PC_NO_MEMORY;
    }
    made->port = port;
    made->address = *address;
    if (address->port == 0) {
        made->address.port = sim_world_address(world, address->family, 0).port;
    }
    made->backlog_max = backlog;
    made->number = world->listeners_made++;
    made->next = world->listeners;
    world->listeners = made;
    *listener = made;
    return PC_OK;
}

void sim_listener_push(struct port_listener *listener, struct sim_connection *connection)
{
    connection->next = NULL;
    if (listener->backlog_last == NULL) {
        listener->backlog_first = connection;
    } else {
        listener->backlog_last->next = connection;
    }
    listener->backlog_last = connection;
    listener->backlog_count++;
}

void sim_listener_drop(struct port_listener *listener, struct sim_connection *connection)
{
    struct sim_connection *previous = NULL;
    struct sim_connection *at = listener->backlog_first;
    while (at != connection) {
        PC_ASSERT(at != NULL);
        previous = at;
        at = at->next;
    }
    if (previous == NULL) {
        listener->backlog_first = connection->next;
    } else {
        previous->next = connection->next;
    }
    if (listener->backlog_last == connection) {
        listener->backlog_last = previous;
    }
    connection->listener = NULL;
    listener->backlog_count--;
}

void sim_listener_wait(struct port_listener *listener, struct sim_socket *own)
{
    own->listener = listener;
    own->next = NULL;
    if (listener->waiting_last == NULL) {
        listener->waiting_first = own;
    } else {
        listener->waiting_last->next = own;
    }
    listener->waiting_last = own;
    listener->outstanding++;
}

static struct sim_socket *sim_listener__pop_waiting(struct port_listener *listener)
{
    struct sim_socket *own = listener->waiting_first;
    listener->waiting_first = own->next;
    if (listener->waiting_first == NULL) {
        listener->waiting_last = NULL;
    }
    own->next = NULL;
    return own;
}

bool sim_listener_can_accept(const struct port_listener *listener)
{
    return listener->waiting_first != NULL && listener->backlog_count > 0;
}

static void sim_listener__pair(struct port_listener *listener)
{
    struct sim_world *world = listener->port->world;
    struct sim_connection *connection = listener->backlog_first;
    struct sim_socket *own = sim_listener__pop_waiting(listener);
    sim_listener_drop(listener, connection);
    sim_socket_attach(own, connection, 1);
    own->socket->peer = connection->ends[0].address;
    sim_note(world, "socket %u: accepts end %u", own->number, connection->number * 2 + 1, 0);
    sim_socket_done(own, &own->recv, PC_OK, 0);
}

/* Short of descriptors, the connection stays; reset while it waited, it goes. */
static void sim_listener__fail_one(struct port_listener *listener)
{
    struct sim_world *world = listener->port->world;
    struct sim_socket *own = sim_listener__pop_waiting(listener);
    enum pc_status status = sim_choose(world, 2) == 0 ? PC_NO_BUFFERS : PC_RESET;
    if (status == PC_RESET) {
        struct sim_connection *connection = listener->backlog_first;
        sim_listener_drop(listener, connection);
        sim_end_close(world, connection, 1, PORT_ABORT_RESET);
    }
    sim_socket_done(own, &own->recv, status, 0);
}

void sim_listener_accept_one(struct port_listener *listener)
{
    if (sim_chance(listener->port->world, SIM_ACCEPT_ERROR)) {
        sim_listener__fail_one(listener);
    } else {
        sim_listener__pair(listener);
    }
}

bool sim_listener_is_over(const struct port_listener *listener)
{
    return listener->state == SIM_LISTENER_CLOSING && listener->outstanding == 0;
}

/* Connections whose SYN is under way to this listener find nobody. */
static void sim_listener__forget(struct port_listener *listener)
{
    struct sim_world *world = listener->port->world;
    while (listener->backlog_first != NULL) {
        struct sim_connection *connection = listener->backlog_first;
        sim_listener_drop(listener, connection);
        sim_end_close(world, connection, 1, PORT_ABORT_RESET);
    }
    for (uint32_t i = 0; i < world->active_count; i++) {
        if (world->active[i]->listener == listener) {
            world->active[i]->listener = NULL;
        }
    }
}

void sim_listener_stop(struct port_listener *listener)
{
    struct sim_world *world = listener->port->world;
    PC_ASSERT(listener->state == SIM_LISTENER_OPEN);
    listener->state = SIM_LISTENER_CLOSING;
    sim_note(world, "listener %u: unlisten", listener->number, 0, 0);
    while (sim_listener_can_accept(listener) && sim_chance(world, SIM_CANCEL_LATE)) {
        sim_listener__pair(listener);
    }
    while (listener->waiting_first != NULL) {
        struct sim_socket *own = sim_listener__pop_waiting(listener);
        sim_socket_done(own, &own->recv, PC_CANCELLED, 0);
    }
    sim_listener__forget(listener);
}

void sim_listener_close(struct port_listener *listener)
{
    struct sim_world *world = listener->port->world;
    PC_ASSERT(listener->state != SIM_LISTENER_CLOSING);
    PC_ASSERT(listener->outstanding == 0);
    listener->state = SIM_LISTENER_CLOSED;
    sim_listener__forget(listener);
    struct port_listener **place = &world->listeners;
    while (*place != listener) {
        PC_ASSERT(*place != NULL);
        place = &(*place)->next;
    }
    *place = listener->next;
    free(listener);
}

void sim_listener_crash(struct port_listener *listener)
{
    listener->state = SIM_LISTENER_CLOSED;
    listener->waiting_first = NULL;
    listener->waiting_last = NULL;
    listener->outstanding = 0;
    sim_listener_close(listener);
}
