/* Path: [2] after the port's completions, before the sessions; see worker.h. */
#include "net/worker.h"

#include <stdlib.h>

#include "base/cache_line.h"
#include "net/connector.h"
#include "net/listener.h"
#include "net/runtime.h"
#include "net/session.h"
#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"

#define INBOX_BATCH_MAX 1024u /* of one turn: a flood must not starve the sockets */

struct pc_worker *worker_allocate(void)
{
    return cache_line_allocate(sizeof(struct pc_worker));
}

void worker_free(struct pc_worker *worker)
{
    if (worker->port != NULL) {
        port_close(worker->port);
    }
    cache_line_free(worker);
}

/* Each worker has jitter of its own, also when all share one seed. */
static void worker__seed(struct pc_worker *worker)
{
    uint64_t seed = worker->runtime->config.jitter_seed;
    if (seed == 0) {
        pc_os_random(&worker->random, sizeof worker->random);
    } else {
        worker->random = (uint32_t)(seed ^ seed >> 32) + worker->index;
    }
}

enum pc_status worker_init(struct pc_worker *worker, struct pc_runtime *runtime, uint32_t index,
                           int32_t *raw)
{
    const struct port_config config = {
        .receive_buffer_count = runtime->config.receive_buffer_count,
        .receive_buffer_size = runtime->config.receive_buffer_size,
        .congestion = runtime->config.congestion,
        .world = runtime->config.simulation,
    };
    worker->runtime = runtime;
    worker->index = index;
    inbox_init(&worker->inbox);
    atomic_init(&worker->session_count, 0);
    atomic_init(&worker->stopped, false);
    atomic_init(&worker->is_short, false);
    buffer_pool_init(&worker->buffers, runtime->config.send_bytes_max);
    memory_watch_init(&worker->memory, runtime->config.send_bytes_max);
    worker__seed(worker);
    enum pc_status status = port_open(runtime->engine, &config, &worker->port, raw);
    if (status != PC_OK) {
        return status;
    }
    worker->now_ms = port_now_ms(worker->port);
    timer_wheel_init(&worker->timers, worker->now_ms);
    worker->frame_scratch = malloc(PC_FRAME_SIZE_LIMIT);
    return worker->frame_scratch == NULL ? PC_NO_MEMORY : PC_OK;
}

struct session_pool *worker_pool(const struct pc_worker *worker, uint32_t type)
{
    return session_manager_pool(&worker->runtime->manager, worker->index, type);
}

struct pc_session *worker_take_session(struct pc_worker *worker, uint32_t type)
{
    struct session_pool *pool = worker_pool(worker, type);
    struct pc_session *session = session_pool_take(pool);
    struct type_counters *counters = &worker->counters[type];
    counter_raise(&counters->open_high, pool->used_high);
    counter_raise(&counters->pool_size, (uint64_t)pool->slab_count * SESSION_SLAB_COUNT);
    return session;
}

void worker_count_session(struct pc_worker *worker, uint32_t type, int difference)
{
    atomic_uint *of_type = &worker->runtime->manager.types[type].open_count;
    atomic_fetch_add_explicit(of_type, (unsigned)difference, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->session_count, (unsigned)difference, memory_order_relaxed);
}

void worker_observe(const struct pc_worker *worker, struct pc_event *event)
{
    const struct pc_runtime_config *config = &worker->runtime->config;
    event->worker = worker->index;
    if (config->observe != NULL) {
        config->observe(config->user, event);
    }
}

/* xorshift32 (G. Marsaglia, 2003). */
uint32_t worker_random(struct pc_worker *worker, uint32_t bound)
{
    uint32_t x = worker->random == 0 ? 1 : worker->random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    worker->random = x;
    return bound == 0 ? 0 : x % bound;
}

/* ---- the loop ---- */

void worker_queue_flush(struct pc_worker *worker, struct pc_session *session)
{
    if (session->flush_queued) {
        return;
    }
    session->flush_queued = true;
    session->hold_count++;
    session->next = NULL;
    if (PC_LIKELY(worker->flush_tail == NULL)) {
        worker->flush_head = session;
    } else {
        worker->flush_tail->next = session;
    }
    worker->flush_tail = session;
}

void worker_queue_resume(struct pc_worker *worker, struct pc_session *session)
{
    if (session->resume_queued) {
        return;
    }
    session->resume_queued = true;
    session->hold_count++;
    session->resume_next = NULL;
    if (worker->resume_tail == NULL) {
        worker->resume_head = session;
    } else {
        worker->resume_tail->resume_next = session;
    }
    worker->resume_tail = session;
}

/* Those that wait now; who waits again does so until the next turn. */
static PC_OUTLINE void worker__resume(struct pc_worker *worker)
{
    struct pc_session *session = worker->resume_head;
    worker->resume_head = NULL;
    worker->resume_tail = NULL;
    while (session != NULL) {
        struct pc_session *next = session->resume_next;
        session_continue(session);
        session = next;
    }
}

/* A flush may queue further ones (a draining session's next step); those are of this turn too. */
static void worker__flush(struct pc_worker *worker)
{
    while (worker->flush_head != NULL) {
        struct pc_session *session = worker->flush_head;
        worker->flush_head = session->next;
        if (PC_LIKELY(worker->flush_head == NULL)) {
            worker->flush_tail = NULL;
        }
        session->next = NULL;
        session_flush(session);
    }
}

PC_OUTLINE uint32_t worker_drain_inbox(struct pc_worker *worker)
{
    inbox_wake_seen(&worker->inbox);
    for (uint32_t i = 0; i < INBOX_BATCH_MAX; i++) {
        struct pc_message *message = inbox_pop(&worker->inbox);
        if (message == NULL) {
            return i;
        }
        struct pc_session *session =
            message->session == PC_HANDLE_NONE ? NULL : pc_worker_find(worker, message->session);
        message->deliver(worker, session, message);
    }
    return INBOX_BATCH_MAX;
}

static PC_COLD void worker__on_rare_event(struct pc_worker *worker, const struct port_event *event)
{
    switch (event->kind) {
    case PORT_ACCEPTED:
        listener_on_accepted(session_of_socket(event->socket), event);
        break;
    case PORT_CONNECTED:
        connector_on_connected(session_of_socket(event->socket), event);
        break;
    case PORT_RECEIVED:
    case PORT_SENT:
        PC_ASSERT(event->kind != PORT_RECEIVED && event->kind != PORT_SENT); /* the caller's */
        break;
    case PORT_CLOSED:
        session_on_closed(session_of_socket(event->socket));
        break;
    case PORT_UNLISTENED:
        listener_on_unlistened(worker->runtime, event->listener);
        break;
    case PORT_WOKEN:
        if (worker_drain_inbox(worker) == INBOX_BATCH_MAX) {
            port_wake(worker->port);
        }
        break;
    }
}

static void worker__on_event(struct pc_worker *worker, const struct port_event *event)
{
    if (event->kind == PORT_RECEIVED) {
        session_on_received(session_of_socket(event->socket), event);
    } else if (event->kind == PORT_SENT) {
        session_on_sent(session_of_socket(event->socket), event);
    } else {
        worker__on_rare_event(worker, event);
    }
}

static uint32_t worker__used_sessions(const struct pc_worker *worker)
{
    uint32_t used_count = 0;
    for (uint32_t t = 0; t < worker->runtime->manager.type_count; t++) {
        used_count += worker_pool(worker, t)->used_count;
    }
    return used_count;
}

/* Look for events without sleeping until there is one or the time for it is over. The time of an
 * event is that before the look that found it: to read the clock again would hold it up (30 ns). */
static PC_OUTLINE uint32_t worker__poll_busily(struct pc_worker *worker, uint64_t deadline_ms)
{
    uint64_t now_us = pc_os_monotonic_us();
    const uint64_t until_us = now_us + worker->runtime->config.busy_poll_us;
    while (now_us < until_us && now_us / 1000 < deadline_ms) {
        uint32_t count = port_wait(worker->port, worker->events, PORT_EVENTS_MAX, 0);
        if (count > 0) {
            worker->now_ms = now_us / 1000;
            return count;
        }
        now_us = pc_os_monotonic_us();
    }
    return 0;
}

/* Wait, and read the clock if that took time. Nearly each second turn of a worker with a single
 * busy connection takes none. */
static uint32_t worker__collect(struct pc_worker *worker, uint64_t deadline_ms)
{
    uint32_t count = port_wait(worker->port, worker->events, PORT_EVENTS_MAX, deadline_ms);
    if (PC_LIKELY(!worker->port->took_no_time)) {
        worker->now_ms = port_now_ms(worker->port);
    }
    return count;
}

static uint32_t worker__sleep(struct pc_worker *worker)
{
    return worker__collect(worker, timer_wheel_deadline_ms(&worker->timers));
}

/* Look before sleeping: the worker spins, or sessions wait for their next turn. */
static PC_OUTLINE uint32_t worker__look(struct pc_worker *worker)
{
    uint32_t count = worker__collect(worker, 0);
    if (count == 0 && worker->resume_head == NULL) {
        count = worker__poll_busily(worker, timer_wheel_deadline_ms(&worker->timers));
    }
    return count > 0 || worker->resume_head != NULL ? count : worker__sleep(worker);
}

/* Events, and the time that they came. */
static uint32_t worker__wait(struct pc_worker *worker)
{
    bool must_look = worker->runtime->config.busy_poll_us > 0 || worker->resume_head != NULL;
    return must_look ? worker__look(worker) : worker__sleep(worker);
}

/* The worker has stopped when nothing is left to close. */
static PC_COLD void worker__try_stop(struct pc_worker *worker)
{
    if (atomic_load(&worker->stopped) || worker__used_sessions(worker) > 0 ||
        listener_count_open(worker) > 0) {
        return;
    }
    if (worker->runtime->config.on_worker_stop != NULL) {
        worker->runtime->config.on_worker_stop(worker);
    }
    atomic_store(&worker->stopped, true);
    runtime_worker_stopped(worker->runtime);
}

void worker_turn(struct pc_worker *worker)
{
    uint32_t count = worker__wait(worker);
    for (uint32_t i = 0; i < count; i++) {
        worker__on_event(worker, &worker->events[i]);
    }
    timer_wheel_advance(&worker->timers, worker->now_ms, worker);
    if (worker->resume_head != NULL) {
        worker__resume(worker);
    }
    worker__flush(worker);
    memory_watch_turn(worker);
    if (worker->stopping) {
        worker__try_stop(worker);
    }
}

void worker_run(void *argument)
{
    struct pc_worker *worker = argument;
    while (!worker->quitting) {
        worker_turn(worker);
    }
}

bool worker_destroy(struct pc_worker *worker)
{
    call_table_destroy(&worker->calls);
    free(worker->frame_scratch);
    return buffer_pool_destroy(&worker->buffers);
}

/* ---- what the application calls ---- */

uint32_t pc_worker_index(const struct pc_worker *worker)
{
    return worker->index;
}

struct pc_runtime *pc_worker_runtime(const struct pc_worker *worker)
{
    return worker->runtime;
}

uint64_t pc_worker_now_ms(const struct pc_worker *worker)
{
    return worker->now_ms;
}

void *pc_worker_user(const struct pc_worker *worker)
{
    return worker->user;
}

void pc_worker_set_user(struct pc_worker *worker, void *user)
{
    worker->user = user;
}

uint32_t pc_handle_worker(pc_handle handle)
{
    return session_handle_worker(handle);
}

struct pc_session *pc_worker_find(struct pc_worker *worker, pc_handle handle)
{
    uint32_t type = session_handle_type(handle);
    if (session_handle_worker(handle) != worker->index ||
        type >= worker->runtime->manager.type_count) {
        return NULL;
    }
    struct pc_session *session = session_pool_find(worker_pool(worker, type), handle);
    return session != NULL && session->phase == SESSION_OPEN ? session : NULL;
}

void pc_timer_set(struct pc_worker *worker, struct pc_timer *timer, uint64_t delay_ms,
                  pc_timer_fn *fire)
{
    timer_wheel_set(&worker->timers, timer, worker->now_ms + delay_ms, fire);
}

void pc_timer_cancel(struct pc_worker *worker, struct pc_timer *timer)
{
    timer_wheel_cancel(&worker->timers, timer);
}
