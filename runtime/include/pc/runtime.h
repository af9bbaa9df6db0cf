/* The runtime: the process object that owns workers, session types, listeners and connectors.
 *
 * Order of use, all on the main thread:
 *     pc_runtime_create -> add_type, listen, connect -> pc_runtime_start -> pc_runtime_serve
 *     -> pc_runtime_stop -> pc_runtime_destroy
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pc/address.h"
#include "pc/dispatch.h"
#include "pc/session.h"
#include "pc/status.h"
#include "pc/worker.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pc_runtime;
struct sim_world;

enum pc_engine {
    PC_ENGINE_AUTO, /* iocp on Windows; uring on Linux, or epoll where io_uring is blocked */
    PC_ENGINE_IOCP,
    PC_ENGINE_URING,
    PC_ENGINE_EPOLL,
    PC_ENGINE_SIM
};

/* Parses "auto", "iocp", "uring", "epoll"; false if it is none of them. A simulation is made by a
 * program, never chosen by a word. */
bool pc_engine_parse(const char *text, enum pc_engine *engine);

/* Is it of this system? AUTO is; whether the kernel lets us use it shows only at start. */
bool pc_engine_is_built(enum pc_engine engine);

/* Whether TCP connections can be made with the congestion control of that name (tcp(7), "reno").
 * Returns PC_OK | PC_UNSUPPORTED (this system has none such; Windows has none to choose) |
 * PC_DENIED (its administrator's only) | what it says of a socket. Thread: any. */
PC_NODISCARD enum pc_status pc_congestion_check(const char *name);

/* Write the names that it has for us, "reno, cubic", as far as they have room; "" if none is known.
 * size: of text, with its end. */
void pc_congestion_names(char *text, size_t size);

/* What happened, for the log. Which fields are filled is said behind each kind. */
enum pc_event_kind {
    PC_EVENT_ENGINE_FALLBACK, /* status, raw, cause: why io_uring cannot be; epoll is used instead
                               */
    PC_EVENT_LISTENING,       /* type, address (with the port really bound) */
    PC_EVENT_LISTEN_FAILED,  /* type, address, status, raw, retry_ms: the time for which it is tried
                              * again before it fails for good, 0: it has */
    PC_EVENT_ACCEPTED,       /* type, session, address */
    PC_EVENT_ACCEPT_FAILED,  /* type, status, raw */
    PC_EVENT_ADDRESS_LIMIT,  /* type, address: refused, too many sessions from it */
    PC_EVENT_CONNECTED,      /* type, session, address */
    PC_EVENT_CONNECT_FAILED, /* type, address, status, raw, retry_ms */
    PC_EVENT_REFUSED,    /* type, session, address, refusal, packet_id, packet_size, wire_error */
    PC_EVENT_STOP_WAITS, /* worker, session_count: pc_runtime_stop waits for them, said each second
                          */
    PC_EVENT_CLOSED      /* type, session, address, reason, status, raw (0 if none) */
};

struct pc_event {
    enum pc_event_kind kind;
    uint32_t worker;
    const char *type; /* session type's name */
    pc_handle session;
    struct pc_address address;
    enum pc_status status;
    int32_t raw;       /* the system's own code, for the log only */
    const char *cause; /* what withholds the engine: "seccomp", "sysctl", "kernel", a feature */
    enum pc_close_reason reason;
    enum pc_refusal refusal;
    enum pc_wire_error wire_error;
    uint16_t packet_id;
    uint16_t packet_size;
    uint32_t retry_ms;
    uint32_t session_count;
};

/* Called on the worker it happened on (ENGINE_FALLBACK, LISTENING, LISTEN_FAILED, STOP_WAITS: main
 * thread). */
typedef void pc_observe_fn(void *user, const struct pc_event *event);

struct pc_runtime_config {
    enum pc_engine engine;
    uint32_t worker_count; /* 0: auto, 2 x processors on Windows, processors on Linux; at most 64 */
    uint32_t receive_buffer_count; /* per worker, a power of two; 0: 256 */
    uint32_t receive_buffer_size;  /* bytes; 0: 16384 */
    uint64_t send_bytes_max;       /* all send queues and receive tails of one worker; 0: 256 MiB.
                                    * At 80 % no connection is accepted, at 95 % the session that
                                    * holds most of it is closed (PC_CLOSE_SEND_BUDGET), then the
                                    * next when its memory is back. */
    uint32_t busy_poll_us;  /* look for events so long before sleeping: a processor's time for an
                             * answer in 6 us instead of 60; 0: sleep at once */
    const char *congestion; /* congestion control of all TCP connections; NULL: the system's. One
                             * that pc_congestion_check takes, on engines of Linux */
    bool main_is_worker;  /* worker 0 has no thread: it turns in pc_runtime_start, _serve and _stop,
                           * on the thread that calls them. A process whose only worker that is
                           * has one thread, and every system call on a descriptor costs less */
    uint64_t jitter_seed; /* spreads reconnects; 0: from the system */
    struct sim_world *simulation; /* PC_ENGINE_SIM only: the world that the runtime lives in */
    pc_observe_fn *observe;       /* NULL: nobody looks */
    void *user;                   /* given back by pc_runtime_user and to observe */
    enum pc_status (*on_worker_start)(
        struct pc_worker *worker); /* before its first event; or NULL */
    /* After its last session closed; or NULL. Cancel here every timer that is still set: the worker
     * turns on until all of them have stopped, and would fire it. */
    void (*on_worker_stop)(struct pc_worker *worker);
};

/* A kind of session, registered once: the factory of its pool and the policy of its peers. */
struct pc_session_type {
    const char *name;                      /* "client"; for the log */
    const struct pc_accept_table *accepts; /* what its peers may send */
    uint32_t user_size;                    /* bytes of pc_session_user */
    uint32_t sessions_start;               /* made at start, per worker */
    uint32_t sessions_max;                 /* in the whole process; slabs grow up to it */
    uint32_t idle_timeout_ms;              /* close when nothing arrives for so long; 0: never */
    uint32_t drain_timeout_ms;             /* to send what is queued at close; 0: 5000 */
    uint32_t send_bytes_max;               /* hard mark of one send queue; 0: 1 MiB */
    uint32_t send_bytes_soft;              /* soft mark; 0: half of the hard mark */
    uint32_t soft_timeout_ms;              /* longest time above the soft mark; 0: 10000 */
    struct pc_rate packets;                /* of all packets of one session; per_sec 0: no limit */
    void (*on_open)(struct pc_session *session);
    /* A packet of which the accept entry has no handler: pass it on. */
    void (*on_relay)(struct pc_session *session, const struct pc_accept_entry *entry,
                     const struct pc_frame *frame);
    /* The send queue was above its soft mark and is at half of it: who was paused may go on. */
    void (*on_send_room)(struct pc_session *session);
    /* Once, last. The session's user area and handle are still readable; sending is refused. */
    void (*on_close)(struct pc_session *session, enum pc_close_reason reason);
};

struct pc_listener_config {
    uint32_t type; /* from pc_runtime_add_type */
    struct pc_address address;
    uint32_t accepts_posted;           /* accepts kept outstanding; 0: 64 */
    uint32_t backlog;                  /* 0: 1024 */
    uint32_t sessions_per_address_max; /* 0: no limit */
    uint32_t accepts_per_sec_max;      /* connections beyond it wait in the backlog; 0: no limit */
    uint32_t
        listen_retry_ms; /* try so long while the address is in use: the system takes a killed
                          * process's io_uring, and its listener, apart behind its back; 0: once */
    uint32_t tag; /* the application's own, in every session of the listener: pc_session_tag */
};

/* Every worker keeps one connection of its own to the address and makes it anew when it breaks. */
struct pc_connector_config {
    uint32_t type;
    struct pc_address address;
    uint32_t connect_timeout_ms; /* 0: 3000 */
    uint32_t retry_min_ms;       /* first pause; doubles, with jitter, up to retry_max_ms, until a
                                  * connection has stood for longer than the pause; 0: 100 */
    uint32_t retry_max_ms;       /* 0: 3000 */
    uint32_t connections;        /* per worker; 0: 1 */
    bool once;                   /* do not reconnect (a test client) */
    uint32_t tag; /* the application's own, in every session of the connector: pc_session_tag */
};

/* Make a runtime: its workers with their ports, no threads yet.
 *
 * config   copied; what it points to must live as long as the runtime
 * runtime  receives it, the caller's until pc_runtime_destroy; NULL if the call fails
 * Thread   main
 * Returns  PC_OK | PC_UNSUPPORTED (not an engine of this system, a simulation without a world, no
 * such congestion control) | PC_NO_MEMORY | what the system says of opening a port, which is also
 * said on stderr */
PC_NODISCARD enum pc_status pc_runtime_create(const struct pc_runtime_config *config,
                                              struct pc_runtime **runtime);

/* Before start. The struct is copied; what it points to must live as long as the runtime.
 * Returns the type's number, or PC_TYPE_NONE if memory is short or the types are too many. */
#define PC_TYPE_NONE UINT32_MAX
#define PC_TYPES_MAX 16u
uint32_t pc_runtime_add_type(struct pc_runtime *runtime, const struct pc_session_type *type);

/* Before start. The listener is opened at once, so that a busy port is reported here, after
 * config->listen_retry_ms; it accepts after start. bound receives the address with the port really
 * used; may be NULL. */
PC_NODISCARD enum pc_status pc_runtime_listen(struct pc_runtime *runtime,
                                              const struct pc_listener_config *config,
                                              struct pc_address *bound);

/* Before start; the first attempts are made by pc_runtime_start, which does not wait for them. What
 * comes of them is told to observe.
 *
 * config   copied
 * Thread   main
 * Returns  PC_OK | PC_FULL (16 connectors at most) */
PC_NODISCARD enum pc_status pc_runtime_connect(struct pc_runtime *runtime,
                                               const struct pc_connector_config *config);

/* Make the pools, run the workers, and wait until on_worker_start has returned on each; then they
 * accept and connect.
 *
 * If it fails the runtime is stopped again, as by pc_runtime_stop without time to drain, and only
 * pc_runtime_destroy may follow. Then on_worker_stop was called for every worker that has a thread,
 * also for those whose on_worker_start failed or was not reached; so it must take a worker of which
 * pc_worker_user is still NULL.
 *
 * Thread   main
 * Returns  PC_OK | PC_NO_MEMORY | PC_NO_BUFFERS (no thread could be made) | the first failure of an
 * on_worker_start */
PC_NODISCARD enum pc_status pc_runtime_start(struct pc_runtime *runtime);

/* Until the process is asked to stop: a signal after pc_os_stop_signal_install, or
 * pc_os_stop_signal_raise. One runtime of a process at a time may be served with main_is_worker.
 *
 * Thread   main; with main_is_worker it is worker 0's meanwhile */
void pc_runtime_serve(struct pc_runtime *runtime);

/* Stop in order: no more accepts and connects; sessions drain up to drain_ms; the rest is aborted;
 * when nothing is in flight the workers quit and are joined; every pool is checked to be whole.
 * The inboxes are emptied before that, see pc_post for who may still post.
 *
 * Blocks until then: drain_ms and what it takes to abort the rest. Does nothing, and returns true,
 * if the runtime does not run.
 *
 * Thread   main
 * Returns  false if a session or a buffer was not given back (also said on stderr) */
bool pc_runtime_stop(struct pc_runtime *runtime, uint32_t drain_ms);

/* Close the ports and free everything. Not while the runtime runs (asserted): pc_runtime_stop comes
 * first, unless start was never called or has failed. Thread: main. */
void pc_runtime_destroy(struct pc_runtime *runtime);

void *pc_runtime_user(const struct pc_runtime *runtime);
uint32_t pc_runtime_worker_count(const struct pc_runtime *runtime);

/* Name of the engine in use: "iocp", "uring", "epoll". */
const char *pc_runtime_engine_name(const struct pc_runtime *runtime);

/* Counters of one session type, summed over the workers. Each is monotonic but for open. */
struct pc_type_counters {
    uint64_t open;      /* sessions now */
    uint64_t open_high; /* sum of the workers' high-water marks */
    uint64_t pool_size; /* sessions in slabs */
    uint64_t opened;
    uint64_t closed[PC_CLOSE_REASON_COUNT];
    uint64_t refused[PC_REFUSAL_COUNT];
    uint64_t received_packets;
    uint64_t received_bytes;
    uint64_t sent_packets;
    uint64_t sent_bytes;
    uint64_t sends;             /* send operations */
    uint64_t receives;          /* receive completions */
    uint64_t soft_marks;        /* times that a send queue rose above its soft mark */
    uint64_t soft_timeouts;     /* SLOW_CONSUMER: above it for too long */
    uint64_t hard_marks;        /* SLOW_CONSUMER: at the hard mark */
    uint64_t memory_ends;       /* SEND_BUDGET, or ended while draining: memory was nearly gone */
    uint64_t replaced;          /* frames that a newer one made obsolete (pc_session_send_latest) */
    uint64_t evicted;           /* frames lost to one of another key: too many keys waited */
    uint64_t pauses;            /* pc_session_pause */
    uint64_t turns_cut;         /* turns in which a session had more frames than one turn handles */
    uint64_t shortages;         /* times that a receive or send waited for the system's buffers */
    uint64_t accepts_failed;    /* accepts that ended with an error */
    uint64_t accepts_throttled; /* times that accepting waited for its rate, */
    uint64_t accepts_no_room;   /* for a free session, */
    uint64_t accepts_no_memory; /* for memory: a worker has used 80 % of its send_bytes_max */
    uint64_t accepts_given_up;  /* connections reset as their worker had no room for a session */
    uint64_t addresses_refused; /* connections beyond sessions_per_address_max */
    uint64_t over_rate[PC_RATE_SCOPE_COUNT][PC_RATE_OVER_COUNT]; /* packets beyond a rate */
};

/* What the workers' completion ports have met with in all. */
struct pc_port_counters {
    uint64_t receives_dry;   /* receives for which no receive buffer was free; they waited */
    uint64_t accepts_closed; /* connections that came too fast for the listener and were closed */
};

/* Thread: main, when pc_runtime_stop has returned: until then the ports are their workers'. */
void pc_runtime_port_counters(const struct pc_runtime *runtime, struct pc_port_counters *counters);

/* Thread: any; the figures of running workers are a moment old. */
void pc_runtime_type_counters(const struct pc_runtime *runtime, uint32_t type,
                              struct pc_type_counters *counters);

/* Packets received of one entry of the type's accept table. */
uint64_t pc_runtime_packet_count(const struct pc_runtime *runtime, uint32_t type,
                                 uint32_t entry_index);

#ifdef __cplusplus
}
#endif
