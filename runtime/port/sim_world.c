/* The simulated world: its clock, its choices and its trace; see port_sim.h.
 *
 * Happy path: sim_choose draws the next choice, sim_note hashes what follows from it.
 * Failure modes: memory that is short ends the process; a simulation cannot go on without it.
 * Path: in place of [1] and [10], around the simulated connections. */
#include "port/sim_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"

#define SIM_BUFFER_SIZE_DEFAULT 65536u
#define SIM_PORT_NUMBER_FIRST   20000u
#define SIM_TRACE_LINE_SIZE     160u
#define SIM_START_MS            1000u
#define SIM_LOOPBACK_HOST       0u
#define FNV_OFFSET              UINT64_C(14695981039346656037)
#define FNV_PRIME               UINT64_C(1099511628211)

const char *sim_fault_name(enum sim_fault fault)
{
    static const char *const names[SIM_FAULT_COUNT] = {
        [SIM_DELIVER_PARTIAL] = "deliver_partial",
        [SIM_RECEIVE_PARTIAL] = "receive_partial",
        [SIM_RECEIVE_ERROR] = "receive_error",
        [SIM_RECEIVE_DENIED] = "receive_denied",
        [SIM_RECEIVE_STARVED] = "receive_starved",
        [SIM_SEND_PARTIAL] = "send_partial",
        [SIM_SEND_INLINE] = "send_inline",
        [SIM_SEND_ERROR] = "send_error",
        [SIM_SEND_DENIED] = "send_denied",
        [SIM_ACCEPT_ERROR] = "accept_error",
        [SIM_ACCEPT_DENIED] = "accept_denied",
        [SIM_ADOPT_DENIED] = "adopt_denied",
        [SIM_CONNECT_ERROR] = "connect_error",
        [SIM_CONNECT_DENIED] = "connect_denied",
        [SIM_RESET] = "reset",
        [SIM_VANISH] = "vanish",
        [SIM_DELAY] = "delay",
        [SIM_CANCEL_LATE] = "cancel_late",
        [SIM_EVENT_HELD] = "event_held",
        [SIM_EVENT_SHUFFLED] = "event_shuffled",
        [SIM_BATCH_SHORT] = "batch_short",
        [SIM_WAKE_HELD] = "wake_held",
        [SIM_WAKE_TWICE] = "wake_twice",
        [SIM_CORRUPT] = "corrupt",
        [SIM_RECEIVE_SHORT] = "receive_short",
        [SIM_SEND_SHORT] = "send_short",
        [SIM_MEMORY_DENIED] = "memory_denied",
    };
    return names[fault];
}

struct sim_world *sim_world_create(const struct sim_config *config)
{
    struct sim_world *world = calloc(1, sizeof *world);
    if (world == NULL) {
        return NULL;
    }
    world->config = *config;
    world->random = config->seed;
    world->now_ms = SIM_START_MS;
    world->trace_hash = FNV_OFFSET;
    world->host = SIM_LOOPBACK_HOST;
    world->port_next = SIM_PORT_NUMBER_FIRST;
    if (config->send_buffer_size == 0) {
        world->config.send_buffer_size = SIM_BUFFER_SIZE_DEFAULT;
    }
    if (config->receive_buffer_size == 0) {
        world->config.receive_buffer_size = SIM_BUFFER_SIZE_DEFAULT;
    }
    return world;
}

void sim_world_destroy(struct sim_world *world)
{
    PC_ASSERT(world->ports == NULL);
    PC_ASSERT(world->listeners == NULL);
    PC_ASSERT(world->cancelling_count == 0);
    for (uint32_t i = 0; i < world->connection_count; i++) {
        if (world->connections[i] != NULL) {
            free(world->connections[i]->pipes[0].bytes);
            free(world->connections[i]->pipes[1].bytes);
            free(world->connections[i]);
        }
    }
    while (world->free_sockets != NULL) {
        struct sim_socket *own = world->free_sockets;
        world->free_sockets = own->next;
        free(own);
    }
    for (uint32_t i = 0; i < world->free_bytes_count; i++) {
        free(world->free_bytes[i]);
    }
    free(world->free_bytes);
    free(world->connections);
    free(world->active);
    free(world->cancelling);
    free(world->steps);
    free(world);
}

void *sim_grow(void *array, uint32_t count, uint32_t *room, uint32_t element_size)
{
    if (count < *room) {
        return array;
    }
    *room = *room == 0 ? 16 : *room * 2;
    void *grown = realloc(array, (size_t)*room * element_size);
    PC_ASSERT(grown != NULL);
    return grown;
}

/* splitmix64 (S. Vigna). */
static uint64_t sim__random(struct sim_world *world)
{
    world->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = world->random;
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint32_t sim_choose(struct sim_world *world, uint32_t bound)
{
    if (bound <= 1) {
        return 0;
    }
    if (world->config.choose != NULL) {
        uint32_t chosen = world->config.choose(world->config.source, bound);
        PC_ASSERT(chosen < bound);
        return chosen;
    }
    return (uint32_t)(sim__random(world) % bound);
}

bool sim_chance(struct sim_world *world, enum sim_fault fault)
{
    uint32_t probability = world->config.faults[fault];
    if (probability == 0 || world->is_calm) {
        return false;
    }
    bool happens = true;
    if (probability == SIM_BRANCH) {
        happens = sim_choose(world, 2) == 1;
    } else if (probability < SIM_CERTAIN) {
        happens = sim_choose(world, SIM_CERTAIN) < probability;
    }
    world->fault_counts[fault] += happens ? 1 : 0;
    return happens;
}

void sim_world_calm(struct sim_world *world)
{
    world->is_calm = true;
    sim_note(world, "calm", 0, 0, 0);
}

uint64_t sim_world_now_ms(const struct sim_world *world)
{
    return world->now_ms;
}

void sim_world_advance(struct sim_world *world, uint32_t ms)
{
    world->now_ms += ms;
    sim_note(world, "clock +%u ms", ms, 0, 0);
}

void sim_world_set_host(struct sim_world *world, uint16_t host)
{
    world->host = host;
}

static uint16_t sim__next_port(struct sim_world *world)
{
    uint16_t number = world->port_next++;
    if (world->port_next == UINT16_MAX) {
        world->port_next = SIM_PORT_NUMBER_FIRST;
    }
    return number;
}

struct pc_address sim_world_address(struct sim_world *world, uint8_t family, uint16_t host)
{
    const uint8_t high = (uint8_t)(host >> 8);
    const uint8_t low = (uint8_t)host;
    struct pc_address address = {.family = family, .port = sim__next_port(world)};
    if (family == PC_FAMILY_IPV6 && host == SIM_LOOPBACK_HOST) {
        address.ip[15] = 1;
    } else if (family == PC_FAMILY_IPV6) {
        memcpy(address.ip, (uint8_t[8]){0xfd, 0, 0, 0, 0, 0, high, low}, 8);
    } else if (host == SIM_LOOPBACK_HOST) {
        memcpy(address.ip, (uint8_t[4]){127, 0, 0, 1}, 4);
    } else {
        memcpy(address.ip, (uint8_t[4]){10, 0, high, low}, 4);
    }
    return address;
}

uint64_t sim_world_trace_hash(const struct sim_world *world)
{
    return world->trace_hash;
}

uint64_t sim_world_fault_count(const struct sim_world *world, enum sim_fault fault)
{
    return world->fault_counts[fault];
}

static uint64_t sim__mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * FNV_PRIME;
}

void sim_note(struct sim_world *world, const char *format, uint32_t a, uint32_t b, uint32_t c)
{
    uint64_t hash = world->trace_hash;
    for (const char *at = format; *at != '\0'; at++) {
        hash = sim__mix(hash, (uint8_t)*at);
    }
    hash = sim__mix(sim__mix(sim__mix(hash, a), b), c);
    world->trace_hash = sim__mix(hash, world->now_ms);
    if (world->config.trace != NULL) {
        char line[SIM_TRACE_LINE_SIZE];
        int size = snprintf(line, sizeof line, "%8u ms  ", (unsigned)world->now_ms);
        (void)snprintf(line + size, sizeof line - (size_t)size, format, a, b, c);
        world->config.trace(world->config.trace_user, line);
    }
}

void sim_world_check(const struct sim_world *world)
{
    for (const struct sim_port *port = world->ports; port != NULL; port = port->next) {
        PC_ASSERT(port->socket_count == port->base.sockets_open);
        uint32_t held_count = 0;
        for (uint32_t i = 0; i < port->socket_count; i++) {
            const struct sim_socket *own = port->sockets[i];
            PC_ASSERT(own->index == i);
            sim_socket_check(own);
            held_count += own->recv.state == SIM_OP_DONE && own->recv.size > 0 ? 1 : 0;
        }
        PC_ASSERT(port->free_count + port->lent_count + held_count == port->buffer_count);
    }
}
