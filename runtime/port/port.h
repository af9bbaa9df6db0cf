/* The completion port: the one contract behind which all engines look alike.
 *
 * A worker owns one port and is the only thread that calls it (but for port_wake). Operations are
 * submitted on sockets; their results come back from port_wait in batches. The semantics are
 * IOCP's; the other engines are made to look like it.
 *
 * Rules, each with a test in tests/contract that runs on every engine:
 *  1. No event is delivered from inside a submit call. port_wait reaps a batch and calls nobody.
 *  2. Each accepted operation yields exactly one terminal event. When a submit call returns
 * anything but PC_OK there is no event: the return code is the event.
 *  3. From submit until its terminal event was returned by port_wait, the operation's memory (the
 *     socket, and for a send the bytes) belongs to the engine.
 *  4. After port_abort only terminal events of what was in flight come, each with PC_CANCELLED or
 *     with the result it already had; then exactly one PORT_CLOSED, last.
 *  5. At most one receive and one send are in flight per socket (asserted).
 *  6. The data of a PORT_RECEIVED event is valid until the next port_wait on the same port.
 *  7. A receive that is not re-armed is a pause: the engine keeps or leaves what arrives, bounded,
 *     and loses nothing. A receive is never cancelled in order to pause.
 *  8. After port_open nothing allocates, but port_listen.
 *
 * Life of a socket (port_socket.state):
 *
 *     IDLE --port_accept--> ACCEPTING --ACCEPTED ok--> ACCEPTED --port_adopt--> LIVE
 *       ^                       |  ACCEPTED failed         |  port_detach (to another worker)
 *       +-----------------------+--------------------------+
 *     IDLE --port_adopt_handover--> LIVE
 *     IDLE --port_connect--> CONNECTING --CONNECTED ok--> LIVE
 *                                 |  CONNECTED failed: stays CONNECTING until port_abort
 *     ACCEPTED | CONNECTING | LIVE --port_abort--> ABORTED --CLOSED--> IDLE
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pc/address.h"
#include "pc/status.h"

#define PORT_EVENTS_MAX   128u  /* events that one port_wait may return */
#define PORT_SPANS_MAX    16u   /* spans of one gather send */
#define PORT_ACCEPTS_MAX  1024u /* accepts outstanding on one listener */
#define PORT_WAIT_FOREVER UINT64_MAX

struct port;
struct port_listener;
struct sim_world;

/* Bytes to send; they stay where they are until the send's event. */
struct port_span {
    const uint8_t *data;
    uint32_t size;
};

/* One operation, embedded in its socket. */
struct port_op {
    _Alignas(16) uint8_t os[32]; /* the engine's: OVERLAPPED on Windows */
    struct port_socket *socket;
    uint8_t kind;   /* engine's */
    bool in_flight; /* true exactly from submit until port_wait returned the terminal event */
};

enum port_socket_state {
    PORT_SOCKET_IDLE,
    PORT_SOCKET_ACCEPTING,
    PORT_SOCKET_ACCEPTED,
    PORT_SOCKET_CONNECTING,
    PORT_SOCKET_LIVE,
    PORT_SOCKET_ABORTED
};

/* A connection, embedded in its session. Zeroed means IDLE. Only state, peer and the ops' in_flight
 * may be read outside the engine; nothing may be written. */
struct port_socket {
    struct port_op recv; /* also carries accept and connect */
    struct port_op send;
    uint8_t state;                  /* enum port_socket_state */
    bool is_ready;                  /* true exactly while on the ready list */
    uint64_t os_handle;             /* SOCKET or descriptor + 1; 0 when there is none */
    struct port_socket *ready_next; /* the engine's list of sockets with an event to give */
    _Alignas(8) uint8_t engine[32]; /* the engine's own */
    struct pc_address peer;         /* from ACCEPTED or port_connect on */
};

/* An accepted connection on its way to another worker's port. */
struct port_handover {
    uint64_t os_handle;
    struct pc_address peer;
};

enum port_event_kind {
    PORT_ACCEPTED,   /* socket, listener, status */
    PORT_CONNECTED,  /* socket, status */
    PORT_RECEIVED,   /* socket, status; PC_OK: data and size > 0; PC_END: the peer has finished;
                      * PC_NO_BUFFERS: as port_recv's */
    PORT_SENT,       /* socket, status; size: bytes really taken, 1 or more when PC_OK;
                      * PC_NO_BUFFERS: as port_send's */
    PORT_CLOSED,     /* socket: it is IDLE again */
    PORT_UNLISTENED, /* listener: all its accepts have ended */
    PORT_WOKEN       /* port_wake was called, once or more often */
};

struct port_event {
    enum port_event_kind kind;
    enum pc_status status;
    int32_t raw; /* the system's code when status is a failure; for the log */
    uint32_t size;
    const uint8_t *data;
    struct port_socket *socket;
    struct port_listener *listener;
};

/* ABORT_GRACEFUL closes as close(2) does. ABORT_RESET discards and sends RST (violators, deadline).
 */
enum port_abort_mode {
    PORT_ABORT_GRACEFUL,
    PORT_ABORT_RESET
};

struct port_config {
    uint32_t receive_buffer_count; /* a power of two, 8..32768 */
    uint32_t receive_buffer_size;  /* bytes, 512..65536 */
    const char *congestion;        /* of TCP connections; must live as long as the port; NULL: the
                                    * system's */
    struct sim_world *world;       /* the simulated engine's; the others do not look at it */
};

/* What a port has met with, besides its events. Thread: its owner, who may read it before
 * port_close. */
struct port_counters {
    uint64_t receives_dry; /* receives for which no buffer of the port was free */
    uint64_t
        accepts_closed; /* connections that came faster than accepts were posted, closed again */
};

/* What an engine implements. The functions stand in the same order in every port_<engine>.c; what
 * each promises is said at the wrapper of the same name below. */
struct port_engine {
    const char *name;
    bool takes_paths;                  /* addresses may be of PC_FAMILY_UNIX */
    bool takes_congestion;             /* a port's congestion control can be chosen */
    const char *(*cause)(int32_t raw); /* NULL: nothing is known */
    enum pc_status (*open)(const struct port_config *config, struct port **port, int32_t *raw);
    void (*close)(struct port *port);
    uint32_t (*wait)(struct port *port, struct port_event *events, uint32_t events_max,
                     uint64_t deadline_ms);
    void (*wake)(struct port *port);
    uint64_t (*now_ms)(struct port *port);
    enum pc_status (*listen)(struct port *port, struct pc_address *address, uint32_t backlog,
                             struct port_listener **listener, int32_t *raw);
    enum pc_status (*accept)(struct port *port, struct port_listener *listener,
                             struct port_socket *socket);
    void (*unlisten)(struct port *port, struct port_listener *listener);
    void (*listener_free)(struct port *port, struct port_listener *listener);
    enum pc_status (*adopt)(struct port *port, struct port_socket *socket);
    struct port_handover (*detach)(struct port *port, struct port_socket *socket);
    enum pc_status (*adopt_handover)(struct port *port, struct port_socket *socket,
                                     const struct port_handover *handover);
    void (*discard_handover)(struct port *port, const struct port_handover *handover);
    enum pc_status (*connect)(struct port *port, struct port_socket *socket,
                              const struct pc_address *address);
    enum pc_status (*recv)(struct port *port, struct port_socket *socket);
    enum pc_status (*send)(struct port *port, struct port_socket *socket,
                           const struct port_span *spans, uint32_t span_count);
    void (*shutdown_send)(struct port *port, struct port_socket *socket);
    void (*abort)(struct port *port, struct port_socket *socket, enum port_abort_mode mode);
};

/* Every engine's port begins with this. */
struct port {
    const struct port_engine *engine;
    struct port_counters counters;
    const char *congestion; /* of its configuration */
    uint32_t sockets_open;  /* sockets that are not IDLE; checked to be 0 at close */
    bool took_no_time;      /* the last port_wait neither slept nor asked the system for events */
};

/* Engines of this build; NULL where the platform has no such engine. */
extern const struct port_engine *const port_engine_iocp;
extern const struct port_engine *const port_engine_uring;
extern const struct port_engine *const port_engine_sim; /* see port_sim.h */
extern const struct port_engine *const port_engine_epoll;

/* Make a port. Called on the main thread; the first port_wait decides which thread owns it.
 * raw receives the system's code on failure. Returns PC_OK | PC_UNSUPPORTED | PC_DENIED |
 * PC_NO_MEMORY | PC_SYSTEM | of a congestion control that cannot be had what pc_congestion_check
 * says. */
PC_NODISCARD enum pc_status port_open(const struct port_engine *engine,
                                      const struct port_config *config, struct port **port,
                                      int32_t *raw);

/* Why port_open failed with raw, in a word that names what the system withholds ("seccomp",
 * "sysctl", "kernel" or a feature's name); "" if nothing is known. The system is asked again. */
const char *port_cause(const struct port_engine *engine, int32_t raw);

/* Asserts that no socket is open and no listener is left. Called after the owner was joined. */
void port_close(struct port *port);

/* Submit what is pending and return up to events_max (at most PORT_EVENTS_MAX) events; sleeps while
 * there is none, until port_now_ms is deadline_ms (0: not at all). Returns the count, 0 when the
 * time ran out. A deadline, because who knows one need not ask for the time before every sleep. */
PC_NODISCARD uint32_t port_wait(struct port *port, struct port_event *events, uint32_t events_max,
                                uint64_t deadline_ms);

/* Make the current or next port_wait return with PORT_WOKEN. Thread: any. Never lost. */
void port_wake(struct port *port);

/* The engine's clock: monotonic milliseconds. */
uint64_t port_now_ms(struct port *port);

/* Open a listener. Before the owner's first port_wait any thread may call it, one at a time.
 * Nothing is accepted until port_accept is called. address receives what is really bound: its port
 * may be 0 before. A path can be connected to by this user only (mode 0600); it is taken away when
 * the listener ends, and one that a killed process has left is replaced.
 * Returns PC_OK | PC_ADDRESS_IN_USE | PC_ADDRESS_INVALID | PC_DENIED | PC_NO_MEMORY | PC_SYSTEM
 * | PC_UNSUPPORTED (a path, on an engine that has none). */
PC_NODISCARD enum pc_status port_listen(struct port *port, struct pc_address *address,
                                        uint32_t backlog, struct port_listener **listener,
                                        int32_t *raw);

/* Keep one more accept outstanding, for an IDLE socket. With none outstanding connections wait in
 * the backlog. Its event is PORT_ACCEPTED: PC_OK makes the socket ACCEPTED, a failure IDLE again
 * (post it anew: an accept slot is never lost). Returns PC_OK | PC_FULL | PC_NO_BUFFERS. */
PC_NODISCARD enum pc_status port_accept(struct port *port, struct port_listener *listener,
                                        struct port_socket *socket);

/* Stop listening: every outstanding accept ends with PC_CANCELLED (or a last PC_OK), then comes one
 * PORT_UNLISTENED. */
void port_unlisten(struct port *port, struct port_listener *listener);

/* After PORT_UNLISTENED, or when no accept was ever posted and the owner is not running. */
void port_listener_free(struct port *port, struct port_listener *listener);

/* Take an ACCEPTED socket into service on this port. On failure it stays ACCEPTED: abort it.
 * Returns PC_OK | PC_NO_BUFFERS | PC_SYSTEM. */
PC_NODISCARD enum pc_status port_adopt(struct port *port, struct port_socket *socket);

/* Take the connection out of an ACCEPTED socket, which is IDLE then, to adopt it elsewhere. */
struct port_handover port_detach(struct port *port, struct port_socket *socket);

/* Put a connection into an IDLE socket of this port. On failure the connection is closed and the
 * socket stays IDLE. */
PC_NODISCARD enum pc_status port_adopt_handover(struct port *port, struct port_socket *socket,
                                                const struct port_handover *handover);

/* Close a connection that nobody will adopt. */
void port_discard_handover(struct port *port, const struct port_handover *handover);

/* Connect an IDLE socket. A synchronous failure leaves it IDLE. Returns PC_OK | PC_NO_BUFFERS or
 * PC_NO_MEMORY (try again later) | PC_DENIED | PC_UNREACHABLE | PC_ADDRESS_INVALID | PC_SYSTEM
 * | PC_UNSUPPORTED (a path, on an engine that has none). */
PC_NODISCARD enum pc_status port_connect(struct port *port, struct port_socket *socket,
                                         const struct pc_address *address);

/* Arm one receive on a LIVE socket. Returns PC_OK | PC_NO_BUFFERS (the system is short; the
 * connection stands and nothing is lost: try again after a pause) | PC_RESET | PC_SYSTEM (abort
 * it).
 */
PC_NODISCARD enum pc_status port_recv(struct port *port, struct port_socket *socket);

/* Send 1..PORT_SPANS_MAX spans in order on a LIVE socket. The span array itself is copied. Returns
 * PC_OK | PC_NO_BUFFERS (the system is short and nothing was taken: try again after a pause)
 * | PC_RESET | PC_SYSTEM (abort it). */
PC_NODISCARD enum pc_status port_send(struct port *port, struct port_socket *socket,
                                      const struct port_span *spans, uint32_t span_count);

/* Finish our side of a LIVE socket (FIN); receiving goes on. No send may be in flight. */
void port_shutdown_send(struct port *port, struct port_socket *socket);

/* Close: cancel what is in flight, then PORT_CLOSED. Once per life (asserted). */
void port_abort(struct port *port, struct port_socket *socket, enum port_abort_mode mode);
