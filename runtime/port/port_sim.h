/* The simulated engine's controls: what a test holds in its hand.
 *
 * A world is a network in memory with a virtual clock. Any number of ports live in it; both ends of
 * every connection do. Whatever real life leaves open (how many bytes arrive, which operation ends
 * next, what breaks) is a choice, and every choice is drawn from one source: a seeded generator, or
 * the caller's. So the same choices give the same run, byte for byte, on every system.
 *
 * Happy path of a caller that drives: sim_world_create -> ports are opened with port_config.world
 * -> sim_world_step makes the kernels and the network do one thing, port_wait gives what is done,
 * sim_world_advance moves the clock -> ports are closed -> sim_world_destroy. A caller that does
 * not drive just uses port_wait: it takes the steps itself until there is an event or time is over.
 *
 * Failure modes: a rule of the contract that the caller breaks, or a byte of an operation in flight
 * that somebody changed, ends the process by an assertion.
 *
 * Thread: one, for the world and all its ports. Path: in place of [1] and [10]. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "port/port.h"

/* What may go wrong. Probabilities are per SIM_CERTAIN, each time the question comes up. */
enum sim_fault {
    SIM_DELIVER_PARTIAL, /* the network brings a part of what is on its way */
    SIM_RECEIVE_PARTIAL, /* a receive ends with a part of what has arrived */
    SIM_RECEIVE_ERROR,   /* a receive fails and the connection with it */
    SIM_RECEIVE_DENIED,  /* port_recv fails at once */
    SIM_RECEIVE_STARVED, /* a receive that could end finds no buffer this time */
    SIM_SEND_PARTIAL,    /* a send takes a part of what there is room for */
    SIM_SEND_INLINE,     /* a send ends inside port_send; its event comes later all the same */
    SIM_SEND_ERROR,      /* a send fails and the connection with it */
    SIM_SEND_DENIED,     /* port_send fails at once */
    SIM_ACCEPT_ERROR,    /* an accept fails; the connection is lost or waits on */
    SIM_ACCEPT_DENIED,   /* port_accept fails at once */
    SIM_ADOPT_DENIED,    /* port_adopt or port_adopt_handover fails */
    SIM_CONNECT_ERROR,   /* a connect fails */
    SIM_CONNECT_DENIED,  /* port_connect fails at once */
    SIM_RESET,           /* the network breaks a connection; each end learns it in its time */
    SIM_VANISH,          /* half open: one direction never brings anything again */
    SIM_DELAY,           /* one direction brings nothing for a while */
    SIM_CANCEL_LATE,     /* what an abort cancels has its result already */
    SIM_EVENT_HELD,      /* an event that is ready is not given by this port_wait */
    SIM_EVENT_SHUFFLED,  /* the events of a batch come in any order (CLOSED still last) */
    SIM_BATCH_SHORT,     /* a batch is shorter than it could be */
    SIM_WAKE_HELD,       /* a wake is not given by this port_wait */
    SIM_WAKE_TWICE,      /* one wake is given twice */
    SIM_CORRUPT,         /* a byte changes on its way */
    SIM_RECEIVE_SHORT,   /* the system is short: port_recv, or the receive's event, says so */
    SIM_SEND_SHORT,      /* the same of port_send and a send */
    SIM_MEMORY_DENIED,   /* a process gets no memory; the caller asks, for it knows who allocates */
    SIM_FAULT_COUNT
};

#define SIM_CERTAIN 10000u
#define SIM_BRANCH  10001u /* for exhaustive runs: an even choice */

const char *sim_fault_name(enum sim_fault fault);

struct sim_config {
    uint64_t seed;
    /* Another source of choices: a number below bound (2 or more). NULL: the seeded generator. */
    uint32_t (*choose)(void *source, uint32_t bound);
    void *source;
    /* Gets every line of the trace, without line break. NULL: only the hash is kept. */
    void (*trace)(void *trace_user, const char *line);
    void *trace_user;
    uint32_t send_buffer_size;    /* bytes a kernel takes before they arrive; 0: 65536 */
    uint32_t receive_buffer_size; /* bytes that may have arrived and not been received; 0: 65536 */
    uint16_t faults[SIM_FAULT_COUNT];
    bool is_driven; /* port_wait takes no steps and leaves the clock alone: the caller does it */
};

struct sim_world;

/* NULL if memory is short. */
struct sim_world *sim_world_create(const struct sim_config *config);

/* Asserts that no port is left. */
void sim_world_destroy(struct sim_world *world);

/* A number below bound; 0, and nothing is drawn, if bound is 1 or less. */
uint32_t sim_choose(struct sim_world *world, uint32_t bound);

/* Whether the fault happens now. */
bool sim_chance(struct sim_world *world, enum sim_fault fault);

/* From now on no fault happens any more, and what it did to the time of events is over. Connections
 * that are broken or have vanished stay so. */
void sim_world_calm(struct sim_world *world);

uint64_t sim_world_now_ms(const struct sim_world *world);
void sim_world_advance(struct sim_world *world, uint32_t ms);

/* The machine that ports opened from now on, and raw peers, belong to: 10.0.<high>.<low>, or
 * fd00::<high><low>:0:0:0:0 when they speak IPv6. 0, as at the start: loopback. */
void sim_world_set_host(struct sim_world *world, uint16_t host);

/* Things that could happen next: arrivals, completions, answers. Each changes what follows, so the
 * count holds until anything is done to the world. */
uint32_t sim_world_step_count(struct sim_world *world);

/* The connection that the step concerns alone (number of its ends / 2); SIM_END_NONE if others,
 * too.
 */
uint32_t sim_world_step_connection(const struct sim_world *world, uint32_t index);

/* Let the step happen. index: below the count. */
void sim_world_step(struct sim_world *world, uint32_t index);

/* True if port_wait would give an event. */
bool sim_port_is_ready(const struct port *port);

/* Assert what holds always: every operation is counted, nobody touched what is in flight. */
void sim_world_check(const struct sim_world *world);

/* A line of the trace; format takes three unsigned numbers. */
void sim_note(struct sim_world *world, const char *format, uint32_t a, uint32_t b, uint32_t c);

/* Of all lines so far; equal in equal runs. */
uint64_t sim_world_trace_hash(const struct sim_world *world);

/* How often each fault has happened. */
uint64_t sim_world_fault_count(const struct sim_world *world, enum sim_fault fault);

/* The process that owns the port dies: its kernel closes what it had, nobody gets an event, and the
 * port is gone. What the process had in memory is the caller's to keep or to forget. */
void sim_port_crash(struct port *port);

/* ---- ends of connections ---- */

/* Names one end of one connection, for the world's whole life; the other end is `end ^ 1`. */
#define SIM_END_NONE UINT32_MAX

/* The end that a socket or a handover holds; SIM_END_NONE if it holds none. */
uint32_t sim_port_socket_end(const struct port_socket *socket);
uint32_t sim_handover_end(const struct port_handover *handover);

/* True if the network has cut the connection (SIM_VANISH): what is sent may never arrive. */
bool sim_end_is_cut(const struct sim_world *world, uint32_t end);

/* ---- raw peers: ends that no port owns, played by the test byte by byte ---- */

/* Begin to connect. The end exists at once; its first byte leaves when it is established.
 * SIM_END_NONE if nobody listens. */
uint32_t sim_peer_connect(struct sim_world *world, const struct pc_address *address);

/* Queue bytes; returns how many the kernel has taken. */
uint32_t sim_peer_write(struct sim_world *world, uint32_t end, const void *bytes, uint32_t size);

/* Take what has arrived; returns the number of bytes. */
uint32_t sim_peer_read(struct sim_world *world, uint32_t end, void *bytes, uint32_t size);

/* FIN. Reading goes on. */
void sim_peer_finish(struct sim_world *world, uint32_t end);

/* Close; the end is gone. */
void sim_peer_close(struct sim_world *world, uint32_t end, enum port_abort_mode mode);

struct sim_peer_state {
    bool is_established; /* bytes may be written */
    bool is_finished;    /* the other side's FIN has come and everything before it was read */
    bool is_reset;       /* the connection is broken or was refused */
    uint32_t readable;   /* bytes that have arrived */
};

struct sim_peer_state sim_peer_look(const struct sim_world *world, uint32_t end);
