/* Path: [2] the worker loop: reap a batch of completions, run them, send what they queued.
 *
 * One turn: port_wait -> events -> inbox -> timers -> flush. Callbacks run only after the batch
 * was reaped, and everything they send to one session leaves in one send. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer_pool.h"
#include "base/cache_line.h"
#include "base/inbox.h"
#include "base/timer_wheel.h"
#include "net/call_table.h"
#include "net/counters.h"
#include "net/memory_watch.h"
#include "net/session_manager.h"
#include "pc/check.h"
#include "pc/runtime.h"
#include "port/port.h"

struct pc_thread;

/* Commands the main thread posts; one message of each kind per worker. */
struct worker_command {
    struct pc_message message;
    uint32_t drain_ms;
};

/* Invariant: flush_head is NULL exactly when flush_tail is, likewise resume; link_count links live
 * in links. All but inbox, the atomics and the counters belong to the worker's thread. */
struct pc_worker {
    struct port *port;
    struct pc_runtime *runtime;
    uint32_t index;
    uint64_t now_ms;
    struct timer_wheel timers;
    struct buffer_pool buffers;
    struct call_table calls;
    uint8_t *frame_scratch;         /* PC_FRAME_SIZE_LIMIT bytes */
    struct type_counters *counters; /* one per session type */
    struct pc_session *flush_head;
    struct pc_session *flush_tail;
    struct pc_session *resume_head;
    struct pc_session *resume_tail;
    struct connector_link *links;
    uint32_t link_count;
    struct memory_watch memory;
    uint32_t random; /* state of the jitter generator */
    void *user;
    struct pc_thread *thread;
    bool stopping;
    bool quitting;
    struct port_event events[PORT_EVENTS_MAX];

    /* From here on lines that other threads write or read. */
    struct inbox inbox;
    struct worker_command start_command;
    struct worker_command stop_command;
    struct worker_command quit_command;
    atomic_uint session_count; /* of all types, handed over ones included; the acceptor compares */
    atomic_bool stopped;       /* nothing is left to close */
    atomic_bool is_short;      /* memory is short: the acceptor must not accept */
};

_Static_assert(offsetof(struct pc_worker, inbox) % CACHE_LINE_SIZE == 0,
               "no producer writes to a line that the owner reads for each packet");

/* Zeroed, on cache lines of its own; NULL if memory is short. */
struct pc_worker *worker_allocate(void);

/* Close the port and free the worker itself. Only then: until here a late pc_post is a mistake
 * without an effect, not a write to freed memory. */
void worker_free(struct pc_worker *worker);

PC_NODISCARD enum pc_status worker_init(struct pc_worker *worker, struct pc_runtime *runtime,
                                        uint32_t index, int32_t *raw);

/* Deliver what is in the inbox, but no more than a turn's share; returns how many messages that
 * were. Thread: the worker's, or the main thread when all were joined. */
uint32_t worker_drain_inbox(struct pc_worker *worker);

/* After the thread was joined and the inbox drained: free all that the worker owns. Returns false
 * if a buffer was not given back. */
bool worker_destroy(struct pc_worker *worker);

/* One turn. It sleeps while there is nothing to do. */
void worker_turn(struct pc_worker *worker);

/* The thread's body: turns until the quit command. */
void worker_run(void *worker);

/* Send the session's queue at the end of this turn; holds the session until then. */
void worker_queue_flush(struct pc_worker *worker, struct pc_session *session);

/* Call session_continue next turn; holds the session until then. */
PC_OUTLINE void worker_queue_resume(struct pc_worker *worker, struct pc_session *session);

struct session_pool *worker_pool(const struct pc_worker *worker, uint32_t type);

/* A session from the pool of its type; NULL if there is no memory for one, or no room. */
struct pc_session *worker_take_session(struct pc_worker *worker, uint32_t type);

/* One session more or less of the type on this worker. Thread: the worker's, or the acceptor's for
 * a session on its way here. */
void worker_count_session(struct pc_worker *worker, uint32_t type, int difference);

/* Fill in the worker and hand the event to the application's observer. */
void worker_observe(const struct pc_worker *worker, struct pc_event *event);

/* A pseudo-random number below bound, for jitter only. */
uint32_t worker_random(struct pc_worker *worker, uint32_t bound);
