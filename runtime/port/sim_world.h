/* What the files of the simulated engine share: the world, its connections, and what stands behind
 * a port's sockets. port_sim.c holds the engine's functions, sim_socket.c what an operation does
 * until its event, sim_connection.c the two ends and the bytes between them, sim_listener.c the
 * backlog, sim_step.c what can happen next, sim_world.c clock, choices and trace. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "port/port_sim.h"

struct sim_socket;
struct sim_connection;

enum sim_op_state {
    SIM_OP_NONE,
    SIM_OP_PENDING,   /* in the kernel */
    SIM_OP_CANCELLED, /* in the kernel, its socket was aborted */
    SIM_OP_DONE       /* its result is there and not given yet */
};

/* Invariant: not NONE exactly while the caller's port_op is in flight. */
struct sim_op {
    uint8_t state;   /* enum sim_op_state */
    uint8_t kind;    /* enum port_event_kind */
    uint8_t status;  /* enum pc_status; when DONE */
    uint32_t size;   /* bytes received or sent; when DONE */
    uint32_t buffer; /* of the port, when DONE with data received */
};

/* Bytes on their way from one end to the other: first those that have arrived, then the rest.
 * Invariant: arrived <= receive_buffer_size and under_way <= send_buffer_size of the world;
 * fin_arrived only behind the last byte. */
struct sim_pipe {
    uint8_t *bytes; /* NULL until the first byte */
    uint32_t first; /* index of the oldest byte */
    uint32_t arrived;
    uint32_t under_way;
    bool fin_sent;
    bool fin_arrived;
    bool is_frozen;      /* SIM_VANISH */
    uint64_t delayed_ms; /* SIM_DELAY: until then */
};

enum sim_owner {
    SIM_OWNER_NONE,     /* closed */
    SIM_OWNER_SOCKET,   /* a port's socket */
    SIM_OWNER_BACKLOG,  /* not accepted yet, or its SYN is under way */
    SIM_OWNER_HANDOVER, /* between two ports */
    SIM_OWNER_PEER      /* raw */
};

struct sim_end {
    struct sim_socket *socket; /* when owner is SOCKET */
    struct pc_address address;
    uint8_t owner;  /* enum sim_owner */
    bool reset_due; /* a RST is on its way to this end */
    bool is_reset;  /* it has come, or the end broke by itself: every operation fails */
};

enum sim_connection_phase {
    SIM_CONNECTION_ASKED,       /* the SYN is under way */
    SIM_CONNECTION_REFUSED,     /* the answer is no */
    SIM_CONNECTION_ESTABLISHED, /* it has reached the backlog */
};

/* Ends[0] has connected, ends[1] was accepted; pipes[i] carries what ends[i] sends.
 * Invariant: freed when both ends are closed. */
struct sim_connection {
    struct sim_connection *next;    /* in a backlog */
    struct port_listener *listener; /* while ASKED or in its backlog */
    uint32_t number;
    uint32_t active_index; /* in the world's active list; UINT32_MAX: not in it */
    struct sim_end ends[2];
    struct sim_pipe pipes[2];
    uint8_t phase;   /* enum sim_connection_phase */
    bool answer_due; /* the connecting end has not learnt the outcome */
};

/* What stands behind a socket that is not IDLE; the caller's memory holds only a way to it. */
struct sim_socket {
    struct port_socket *socket;
    struct sim_port *port;
    struct sim_connection *connection; /* NULL: none (yet, or any more) */
    uint8_t side;                      /* index of the connection's end */
    uint8_t state;                     /* enum port_socket_state, as the caller must find it */
    struct port_listener *listener;    /* ACCEPTING: whose */
    struct sim_socket *next;           /* on the listener's waiting list, or free */
    struct sim_op recv;                /* also accept and connect */
    struct sim_op send;
    uint64_t send_digest; /* of the bytes at submit */
    uint32_t send_size;
    uint32_t span_count;
    struct port_span spans[PORT_SPANS_MAX];
    uint32_t number;       /* for the trace */
    uint32_t index;        /* in the port's sockets */
    uint32_t ready_index;  /* in the port's ready list; UINT32_MAX: not in it */
    uint32_t cancel_index; /* in the world's cancelling list; UINT32_MAX: not in it */
};

/* In port_socket.engine. */
struct sim_mark {
    struct sim_socket *own;
    uint64_t seal;
};

#define SIM_SEAL UINT64_C(0x5ea1ed0f5ea1ed0f)

_Static_assert(sizeof(struct sim_mark) <= sizeof(((struct port_socket *)0)->engine),
               "port_socket.engine is too small");

/* Invariant: free_count + lent_count + buffers of DONE receives == buffer_count. */
struct sim_port {
    struct port base;
    struct sim_world *world;
    struct sim_port *next;
    struct sim_socket **sockets;
    struct sim_socket **ready; /* sockets with an event to give, oldest first */
    uint32_t socket_count;
    uint32_t socket_room; /* of both arrays */
    uint32_t ready_count;
    uint8_t *buffers;
    uint32_t *free_buffers;
    uint32_t *lent_buffers; /* given with the last batch */
    uint32_t buffer_count;
    uint32_t buffer_size;
    uint32_t free_count;
    uint32_t lent_count;
    uint32_t number;
    uint16_t host;
    bool is_woken;
};

enum sim_listener_state {
    SIM_LISTENER_OPEN,
    SIM_LISTENER_CLOSING, /* unlisten was called */
    SIM_LISTENER_CLOSED   /* UNLISTENED was given */
};

/* Invariant: outstanding counts accepts whose event was not given. */
struct port_listener {
    struct port_listener *next; /* of the world's */
    struct sim_port *port;
    struct pc_address address;
    struct sim_socket *waiting_first; /* accepts without a result */
    struct sim_socket *waiting_last;
    struct sim_connection *backlog_first;
    struct sim_connection *backlog_last;
    uint32_t backlog_count;
    uint32_t backlog_max;
    uint32_t outstanding;
    uint32_t number;
    uint8_t state; /* enum sim_listener_state */
};

enum sim_step_kind {
    SIM_STEP_ARRIVE,  /* a SYN reaches the listener */
    SIM_STEP_ANSWER,  /* a connect ends */
    SIM_STEP_DELIVER, /* bytes or FIN arrive at ends[!side] */
    SIM_STEP_RESET,   /* a RST arrives at ends[side] */
    SIM_STEP_RECEIVE, /* the receive of ends[side] ends */
    SIM_STEP_SEND,    /* the send of ends[side] ends */
    SIM_STEP_ACCEPT,  /* an accept ends */
    SIM_STEP_CANCEL   /* a cancelled operation ends; side 0: recv, 1: send */
};

struct sim_step {
    uint8_t kind; /* enum sim_step_kind */
    uint8_t side;
    uint32_t connection; /* number */
    struct port_listener *listener;
    struct sim_socket *socket;
};

struct sim_world {
    struct sim_config config;
    uint64_t random;
    uint64_t now_ms;
    uint64_t trace_hash;
    uint64_t fault_counts[SIM_FAULT_COUNT];
    struct sim_port *ports;
    struct port_listener *listeners;
    struct sim_connection **connections; /* by number; NULL: over */
    uint32_t connection_count;           /* numbers given out */
    uint32_t connection_room;
    struct sim_connection **active; /* those of which a step may be possible */
    uint32_t active_count;
    uint32_t active_room;
    struct sim_socket **cancelling; /* sockets with an operation that was cancelled */
    uint32_t cancelling_count;
    uint32_t cancelling_room;
    struct sim_step *steps;
    uint32_t step_count;
    uint32_t step_room;
    struct sim_socket *free_sockets;
    uint8_t **free_bytes; /* of pipes */
    uint32_t free_bytes_count;
    uint32_t free_bytes_room;
    uint32_t sockets_made;
    uint32_t listeners_made;
    uint32_t ports_made;
    uint16_t host;
    uint16_t port_next; /* next port number that nobody chose */
    bool is_calm;
};

/* ---- sim_world.c ---- */

/* Make room for one more element; ends the process if memory is short. */
void *sim_grow(void *array, uint32_t count, uint32_t *room, uint32_t element_size);

/* A fresh address of a machine of the world. */
struct pc_address sim_world_address(struct sim_world *world, uint8_t family, uint16_t host);

/* ---- sim_step.c ---- */

/* Let everything happen that is possible now, each thing once. False if there was nothing. */
bool sim_world_run(struct sim_world *world);

/* ---- sim_connection.c ---- */

struct sim_connection *sim_connection_create(struct sim_world *world,
                                             const struct pc_address *target, uint16_t host);
struct sim_connection *sim_connection_find(const struct sim_world *world, uint32_t number);

/* Something has changed: look at it when steps are counted. */
void sim_connection_touch(struct sim_world *world, struct sim_connection *connection);

/* Room of the pipe that the end sends into. */
uint32_t sim_pipe_room(const struct sim_world *world, const struct sim_pipe *pipe);
void sim_pipe_put(struct sim_world *world, struct sim_pipe *pipe, const uint8_t *bytes,
                  uint32_t size);
void sim_pipe_take(const struct sim_world *world, struct sim_pipe *pipe, uint8_t *bytes,
                   uint32_t size);

/* The end breaks by itself; the other one learns it later, or never. */
void sim_end_break(struct sim_world *world, struct sim_connection *connection, uint32_t side);

/* Close the end; frees the connection if the other end is closed, too. */
void sim_end_close(struct sim_world *world, struct sim_connection *connection, uint32_t side,
                   enum port_abort_mode mode);

bool sim_connection_can_arrive(const struct sim_connection *connection);
bool sim_connection_can_answer(const struct sim_connection *connection);
bool sim_connection_can_deliver(const struct sim_world *world,
                                const struct sim_connection *connection, uint32_t side);
/* Something may become possible by time alone. */
bool sim_connection_is_delayed(const struct sim_world *world,
                               const struct sim_connection *connection);
bool sim_connection_can_reset(const struct sim_connection *connection, uint32_t side);
void sim_connection_arrive(struct sim_world *world, struct sim_connection *connection);
void sim_connection_deliver(struct sim_world *world, struct sim_connection *connection,
                            uint32_t side);

/* What ends[side] sends arrives later. */
void sim_connection_delay(struct sim_world *world, struct sim_connection *connection,
                          uint32_t side);
void sim_connection_reset(struct sim_world *world, struct sim_connection *connection,
                          uint32_t side);

/* ---- sim_socket.c ---- */

struct sim_socket *sim_socket_of(const struct port_socket *socket);
struct sim_socket *sim_socket_begin(struct sim_port *port, struct port_socket *socket,
                                    enum port_socket_state state);
void sim_socket_set_state(struct sim_socket *own, enum port_socket_state state);

/* The socket is IDLE again. */
void sim_socket_end(struct sim_socket *own);

/* The socket takes the end of a connection. */
void sim_socket_attach(struct sim_socket *own, struct sim_connection *connection, uint32_t side);

/* Let go of the end without closing it. */
struct sim_connection *sim_socket_part(struct sim_socket *own);

void sim_socket_submit(struct sim_socket *own, struct sim_op *op, enum port_event_kind kind);

/* An operation has its result. */
void sim_socket_done(struct sim_socket *own, struct sim_op *op, enum pc_status status,
                     uint32_t size);

/* Put on the ready list or take off it, as it is. */
void sim_socket_settle(struct sim_socket *own);

bool sim_socket_can_receive(const struct sim_socket *own);
bool sim_socket_can_send(const struct sim_socket *own);
void sim_socket_receive(struct sim_socket *own);
void sim_socket_send(struct sim_socket *own);
void sim_socket_cancel(struct sim_socket *own, uint32_t which);
void sim_socket_answer(struct sim_socket *own);

/* Cancel what is in the kernel and close the connection. */
void sim_socket_abort(struct sim_socket *own, enum port_abort_mode mode);

/* Its process has died: no event, and the kernel closes the connection. */
void sim_socket_crash(struct sim_socket *own);

/* One event of a ready socket. */
void sim_socket_give(struct sim_socket *own, struct port_event *event);
void sim_socket_check(const struct sim_socket *own);

/* Digest of the spans' bytes; reads all of them. */
uint64_t sim_socket_digest(const struct sim_socket *own);

void sim_port_return_buffer(struct sim_port *port, uint32_t buffer);

/* ---- sim_listener.c ---- */

struct port_listener *sim_listener_find(const struct sim_world *world,
                                        const struct pc_address *address);
void sim_listener_push(struct port_listener *listener, struct sim_connection *connection);

/* Take a connection out of the backlog. */
void sim_listener_drop(struct port_listener *listener, struct sim_connection *connection);
bool sim_listener_can_accept(const struct port_listener *listener);
void sim_listener_accept_one(struct port_listener *listener);
bool sim_listener_is_over(const struct port_listener *listener);
enum pc_status sim_listener_open(struct sim_port *port, const struct pc_address *address,
                                 uint32_t backlog, struct port_listener **listener);
void sim_listener_wait(struct port_listener *listener, struct sim_socket *own);
void sim_listener_stop(struct port_listener *listener);
void sim_listener_close(struct port_listener *listener);

/* The same without any event that is still owed. */
void sim_listener_crash(struct port_listener *listener);
