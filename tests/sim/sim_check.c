/* The invariants of the runtime under simulation, looked at from outside. See sim_run.h.
 *
 * sim_check_worker    after each turn of a worker: nothing is forgotten that the turn should do
 * sim_check_process   between turns: counts agree with what they count, limits hold
 * sim_check_rest      faults off, nothing possible any more but by time: all has arrived
 * sim_check_empty     no session left: everything was given back */
#include <stddef.h>

#include "net/connector.h"
#include "net/listener.h"
#include "pc/check.h"
#include "sim_run.h"

static uint32_t check__slot_count(const struct session_pool *pool)
{
    return pool->slab_count * SESSION_SLAB_COUNT;
}

/* ---- one session ---- */

static bool check__is_short(const struct pc_session *session, enum session_shortage shortage)
{
    return (session->short_of & shortage) != 0;
}

/* It handles whatever arrives; a shortage of buffers has its own time. */
static bool check__is_reading(const struct pc_session *session)
{
    return !session_is_blocked(session) && !check__is_short(session, SESSION_SHORT_RECEIVE);
}

static void check__sending(const struct pc_session *session)
{
    if (session->queue.bytes > 0) {
        PC_ASSERT(session->socket.send.in_flight || session->resume_queued ||
                  check__is_short(session, SESSION_SHORT_SEND));
    }
    PC_ASSERT(session->queue.bytes <= session->type->policy.send_bytes_max);
}

/* Nothing is waited for that time has brought: timers fire on the first tick behind their time. */
static void check__timely(const struct pc_session *session)
{
    const struct pc_session_type *policy = &session->type->policy;
    uint64_t tick_ms = session->worker->now_ms / TIMER_TICK_MS * TIMER_TICK_MS;
    PC_ASSERT(session->deadline_ms == 0 || session->deadline_ms > tick_ms);
    PC_ASSERT(session->resume_ms == 0 || session->resume_ms > tick_ms);
    if (policy->idle_timeout_ms != 0 && check__is_reading(session)) {
        PC_ASSERT(session->received_ms + policy->idle_timeout_ms > tick_ms);
    }
    if (session->is_congested) {
        PC_ASSERT(session_near_ms(session->worker->now_ms, session->congested_ms) +
                      policy->soft_timeout_ms >
                  tick_ms);
    }
}

static void check__open(const struct pc_session *session)
{
    const struct pc_session_type *policy = &session->type->policy;
    bool is_receiving =
        session->socket.recv.in_flight || check__is_short(session, SESSION_SHORT_RECEIVE);
    PC_ASSERT(session->socket.state == PORT_SOCKET_LIVE);
    PC_ASSERT(session->ends == 0);
    PC_ASSERT(is_receiving || session_is_blocked(session) || session->resume_queued);
    bool needs_timer = session->deadline_ms != 0 || session->resume_ms != 0 ||
                       session->is_congested || session->short_of != 0 ||
                       (policy->idle_timeout_ms != 0 && !session_is_blocked(session));
    PC_ASSERT(!needs_timer || pc_timer_is_set(&session->timer));
    check__timely(session);
    check__sending(session);
}

static void check__draining(const struct pc_session *session)
{
    bool has_peers_end = (session->ends & SESSION_END_PEER) != 0;
    bool has_own_end = (session->ends & SESSION_END_OWN) != 0;
    PC_ASSERT(session->socket.state == PORT_SOCKET_LIVE);
    PC_ASSERT(session->socket.recv.in_flight || has_peers_end ||
              check__is_short(session, SESSION_SHORT_RECEIVE));
    PC_ASSERT(pc_timer_is_set(&session->timer));
    /* A stop may give no time at all: then the next tick is in time. */
    PC_ASSERT(session->deadline_ms + 2 * TIMER_TICK_MS > session->worker->now_ms);
    PC_ASSERT(has_own_end || session->queue.bytes > 0 || session->socket.send.in_flight);
    PC_ASSERT(!has_own_end || session->queue.bytes == 0);
    PC_ASSERT(!has_own_end || !has_peers_end);
    check__sending(session);
}

static void check__session(const struct pc_session *session)
{
    bool has_timer = pc_timer_is_set(&session->timer);
    PC_ASSERT(!session->flush_queued);
    switch ((enum session_phase)session->phase) {
    case SESSION_ACCEPTING:
        PC_ASSERT(session->socket.state == PORT_SOCKET_ACCEPTING);
        PC_ASSERT(!has_timer);
        break;
    case SESSION_CONNECTING:
        PC_ASSERT(session->socket.state == PORT_SOCKET_CONNECTING);
        PC_ASSERT(session->link != NULL && session->link->session == session);
        PC_ASSERT(has_timer && session->deadline_ms + TIMER_TICK_MS > session->worker->now_ms);
        break;
    case SESSION_OPEN:
        check__open(session);
        break;
    case SESSION_DRAINING:
        check__draining(session);
        break;
    case SESSION_CLOSING:
        PC_ASSERT(session->socket.state == PORT_SOCKET_ABORTED || session->hold_count > 0);
        PC_ASSERT(!has_timer);
        break;
    case SESSION_FREE:
    case SESSION_PHASE_COUNT:
        PC_ASSERT(false);
        break;
    }
    PC_CHECK(session_check(session));
}

static void check__free_session(const struct pc_session *session)
{
    PC_ASSERT(session->phase == SESSION_FREE);
    PC_ASSERT(!pc_timer_is_set(&session->timer));
    PC_ASSERT(session->socket.state == PORT_SOCKET_IDLE);
    PC_ASSERT(session->hold_count == 0);
}

/* ---- pools ---- */

static void check__pool(const struct session_pool *pool, uint32_t *generations)
{
    uint32_t used_count = 0;
    for (uint32_t slot = 0; slot < check__slot_count(pool); slot++) {
        const struct pc_session *session = session_pool_at(pool, slot);
        uint32_t generation = session_handle_generation(session->handle);
        PC_ASSERT(slot < RUN_SLOTS_MAX);
        PC_ASSERT(session_handle_slot(session->handle) == slot);
        PC_ASSERT(generation >= 1 && generation >= generations[slot]);
        generations[slot] = generation;
        if (session->phase == SESSION_FREE) {
            check__free_session(session);
        } else {
            check__session(session);
            used_count++;
        }
    }
    uint32_t free_count = 0;
    for (const struct pc_session *free = pool->free; free != NULL; free = free->next) {
        PC_ASSERT(free->phase == SESSION_FREE);
        free_count++;
    }
    PC_ASSERT(used_count == pool->used_count);
    PC_ASSERT(used_count + free_count == check__slot_count(pool));
    PC_ASSERT(used_count <= pool->used_high);
}

void sim_check_worker(struct sim_process *process, struct pc_worker *worker)
{
    PC_ASSERT(worker->flush_head == NULL && worker->flush_tail == NULL);
    for (uint32_t t = 0; t < worker->runtime->manager.type_count; t++) {
        check__pool(worker_pool(worker, t), process->generations[worker->index][t]);
    }
    buffer_pool_check(&worker->buffers);
    limits_turned(process, worker);
}

/* ---- counts ---- */

/* Connections on their way to a worker, of one type or all (RUN_TYPES). */
static uint32_t check__handovers(const struct pc_runtime *runtime, uint32_t worker, uint32_t type)
{
    uint32_t count = 0;
    for (uint32_t l = 0; l < runtime->listener_count; l++) {
        struct listener *listener = runtime->listeners[l];
        for (uint32_t i = 0; i < HANDOVER_COUNT; i++) {
            const struct listener_handover *handover = &listener->handovers[i];
            bool counts = type == RUN_TYPES || listener->config.type == type;
            count += atomic_load(&handover->in_use) && counts && handover->message.worker == worker;
        }
    }
    return count;
}

/* Sessions of a pool that hold a connection, or are about to. */
static uint32_t check__counted(const struct session_pool *pool)
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < check__slot_count(pool); slot++) {
        const struct pc_session *session = session_pool_at(pool, slot);
        count += session->phase != SESSION_FREE && session->phase != SESSION_ACCEPTING ? 1 : 0;
    }
    return count;
}

static void check__counts(const struct pc_runtime *runtime)
{
    uint32_t of_type[RUN_TYPES] = {0};
    for (uint32_t w = 0; w < runtime->worker_count; w++) {
        struct pc_worker *worker = runtime->workers[w];
        uint32_t of_worker = check__handovers(runtime, w, RUN_TYPES);
        for (uint32_t t = 0; t < RUN_TYPES; t++) {
            uint32_t count = check__counted(worker_pool(worker, t));
            of_worker += count;
            of_type[t] += count + check__handovers(runtime, w, t);
        }
        PC_ASSERT(atomic_load(&worker->session_count) == of_worker);
    }
    for (uint32_t t = 0; t < RUN_TYPES; t++) {
        PC_ASSERT(atomic_load(&runtime->manager.types[t].open_count) == of_type[t]);
    }
}

/* ---- listeners ---- */

static bool check__is_from(const struct pc_session *session, const struct listener *listener,
                           const struct pc_session *other)
{
    return session->phase != SESSION_FREE && session->phase != SESSION_ACCEPTING &&
           session->listener == listener && session->socket.peer.ip[3] == other->socket.peer.ip[3];
}

/* Sessions of the listener that share the other one's address. */
static uint32_t check__same_address(const struct pc_runtime *runtime,
                                    const struct listener *listener, const struct pc_session *other)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w < runtime->worker_count; w++) {
        const struct session_pool *pool = worker_pool(runtime->workers[w], listener->config.type);
        for (uint32_t slot = 0; slot < check__slot_count(pool); slot++) {
            count += check__is_from(session_pool_at(pool, slot), listener, other) ? 1 : 0;
        }
    }
    return count;
}

static void check__addresses(const struct pc_runtime *runtime, const struct listener *listener)
{
    uint32_t max = listener->config.sessions_per_address_max;
    for (uint32_t w = 0; max > 0 && w < runtime->worker_count; w++) {
        const struct session_pool *pool = worker_pool(runtime->workers[w], listener->config.type);
        for (uint32_t slot = 0; slot < check__slot_count(pool); slot++) {
            const struct pc_session *session = session_pool_at(pool, slot);
            if (check__is_from(session, listener, session)) {
                PC_ASSERT(check__same_address(runtime, listener, session) <= max);
            }
        }
    }
}

static bool check__is_connectors(const struct pc_runtime *runtime, uint32_t type)
{
    for (uint32_t i = 0; i < runtime->connector_count; i++) {
        if (runtime->connectors[i].type == type) {
            return true;
        }
    }
    return false;
}

static void check__listener(const struct pc_runtime *runtime, const struct listener *listener)
{
    const struct session_type *type = &runtime->manager.types[listener->config.type];
    const struct session_pool *pool = worker_pool(runtime->workers[0], listener->config.type);
    uint32_t posted_count = 0;
    for (uint32_t slot = 0; slot < check__slot_count(pool); slot++) {
        const struct pc_session *session = session_pool_at(pool, slot);
        posted_count += session->phase == SESSION_ACCEPTING && session->listener == listener;
    }
    PC_ASSERT(posted_count == listener->posted_count);
    PC_ASSERT(posted_count <= listener->config.accepts_posted);
    if (!check__is_connectors(runtime, listener->config.type)) {
        PC_ASSERT(atomic_load(&type->open_count) + posted_count <= type->policy.sessions_max);
    }
    check__addresses(runtime, listener);
}

void sim_check_process(const struct sim_process *process)
{
    const struct pc_runtime *runtime = process->runtime;
    if (process->phase == PROCESS_ABSENT) {
        return;
    }
    check__counts(runtime);
    for (uint32_t i = 0; i < runtime->listener_count; i++) {
        check__listener(runtime, runtime->listeners[i]);
    }
}

/* ---- at rest ---- */

static const struct pc_session *check__find_in(const struct session_pool *pool, uint32_t end)
{
    for (uint32_t slot = 0; slot < check__slot_count(pool); slot++) {
        const struct pc_session *session = session_pool_at(pool, slot);
        if (session->phase == SESSION_OPEN && sim_port_socket_end(&session->socket) == end) {
            return session;
        }
    }
    return NULL;
}

static const struct pc_session *check__find_end(const struct sim_run *run, uint32_t end,
                                                const struct sim_process **owner)
{
    const struct pc_session *found = NULL;
    for (uint32_t p = 0; p < RUN_PROCESSES && found == NULL; p++) {
        *owner = &run->processes[p];
        uint32_t worker_count =
            (*owner)->phase == PROCESS_ABSENT ? 0 : (*owner)->runtime->worker_count;
        for (uint32_t i = 0; i < worker_count * RUN_TYPES && found == NULL; i++) {
            struct pc_worker *worker = (*owner)->runtime->workers[i / RUN_TYPES];
            found = check__find_in(worker_pool(worker, i % RUN_TYPES), end);
        }
    }
    return found;
}

/* Between two open ends everything that was sent has been handled. */
static void check__rest_of_pair(struct sim_run *run, const struct pc_session *session)
{
    const struct sim_process *receiver = NULL;
    uint32_t end = sim_port_socket_end(&session->socket);
    const struct pc_session *other = check__find_end(run, end ^ 1u, &receiver);
    if (other == NULL || !check__is_reading(other)) {
        return;
    }
    const struct stream *stream = stream_of(&run->streams, end);
    PC_ASSERT(stream_is_complete(stream, receiver->is_lossy));
    PC_ASSERT(stream_is_latest(stream, receiver->is_lossy));
}

/* Raw peers read everything when the run comes to rest. */
static bool check__is_raw(const struct sim_run *run, uint32_t end)
{
    bool is_raw = false;
    for (uint32_t i = 0; i < RUN_PEERS; i++) {
        is_raw = is_raw || run->peers[i].end == end;
    }
    return is_raw;
}

static void check__rest_of_session(struct sim_run *run, const struct pc_session *session)
{
    const struct sim_process *receiver = NULL;
    uint32_t end = sim_port_socket_end(&session->socket);
    PC_ASSERT(!session->resume_queued);
    PC_ASSERT(session->phase != SESSION_OPEN || !session->is_paused);
    if (session->phase != SESSION_OPEN || sim_end_is_cut(run->world, end) ||
        check__is_short(session, SESSION_SHORT_SEND)) {
        return;
    }
    const struct pc_session *other = check__find_end(run, end ^ 1u, &receiver);
    bool is_read = other != NULL ? check__is_reading(other) : check__is_raw(run, end ^ 1u);
    if (is_read) {
        PC_ASSERT(session->queue.bytes == 0);
        PC_ASSERT(!session->socket.send.in_flight);
        PC_ASSERT(session->latest.count == 0);
    }
    check__rest_of_pair(run, session);
}

static void check__rest_of_listener(const struct listener *listener)
{
    bool is_missing = listener->posted_count < listener->config.accepts_posted;
    PC_ASSERT(!is_missing || pc_timer_is_set(&listener->retry));
}

static void check__rest_of_link(const struct connector_link *link)
{
    PC_ASSERT((link->session == NULL) || !pc_timer_is_set(&link->retry));
    PC_ASSERT(link->session != NULL || pc_timer_is_set(&link->retry) || link->config->once);
}

static void check__rest_of_pool(struct sim_run *run, const struct session_pool *pool)
{
    for (uint32_t slot = 0; slot < check__slot_count(pool); slot++) {
        const struct pc_session *session = session_pool_at(pool, slot);
        if (session->phase != SESSION_FREE) {
            check__rest_of_session(run, session);
        }
    }
}

static void check__rest_of_process(struct sim_run *run, const struct sim_process *process)
{
    const struct pc_runtime *runtime = process->runtime;
    for (uint32_t w = 0; w < runtime->worker_count; w++) {
        struct pc_worker *worker = runtime->workers[w];
        PC_ASSERT(worker->resume_head == NULL);
        PC_ASSERT(check__handovers(runtime, w, RUN_TYPES) == 0);
        for (uint32_t t = 0; t < RUN_TYPES; t++) {
            check__rest_of_pool(run, worker_pool(worker, t));
        }
        for (uint32_t i = 0; i < worker->link_count; i++) {
            check__rest_of_link(&worker->links[i]);
        }
    }
    for (uint32_t i = 0; i < runtime->listener_count; i++) {
        check__rest_of_listener(runtime->listeners[i]);
    }
}

void sim_check_rest(struct sim_run *run)
{
    for (uint32_t i = 0; i < RUN_TASKS; i++) {
        PC_ASSERT(!run->tasks[i].in_use);
    }
    for (uint32_t p = 0; p < RUN_PROCESSES; p++) {
        if (run->processes[p].phase == PROCESS_RUNNING) {
            check__rest_of_process(run, &run->processes[p]);
        }
    }
}

/* ---- empty ---- */

/* Every place of the limit is free again: all of them can be taken, and no more. */
static void check__address_limit(const struct listener *listener, uint8_t host)
{
    const struct pc_address address = {.family = PC_FAMILY_IPV4, .ip = {10, 0, 0, host}};
    uint32_t max = listener->config.sessions_per_address_max;
    for (uint32_t i = 0; i < max; i++) {
        bool taken = address_limit_take(listener->address_limit, &address);
        PC_ASSERT(taken);
    }
    for (uint32_t i = 0; i < max; i++) {
        address_limit_put(listener->address_limit, &address);
    }
}

void sim_check_empty(const struct sim_process *process)
{
    const struct pc_runtime *runtime = process->runtime;
    check__counts(runtime);
    for (uint32_t w = 0; w < runtime->worker_count; w++) {
        struct pc_worker *worker = runtime->workers[w];
        if (check__handovers(runtime, w, RUN_TYPES) > 0) {
            return; /* the worker will give them up before it quits */
        }
        PC_ASSERT(atomic_load(&worker->session_count) == 0);
        PC_ASSERT(worker->timers.count == 0);
        PC_ASSERT(worker->buffers.buffers_used == 0);
        for (uint32_t t = 0; t < RUN_TYPES; t++) {
            PC_ASSERT(worker_pool(worker, t)->used_count == 0);
        }
        for (uint32_t i = 0; i < worker->link_count; i++) {
            PC_ASSERT(worker->links[i].session == NULL);
        }
    }
    for (uint32_t i = 0; i < runtime->listener_count; i++) {
        const struct listener *listener = runtime->listeners[i];
        PC_ASSERT(listener->posted_count == 0);
        for (uint32_t h = 0; listener->address_limit != NULL && h < RUN_PROCESSES; h++) {
            check__address_limit(listener, (uint8_t)(h + 1));
        }
        for (uint32_t h = 0; listener->address_limit != NULL && h < RUN_PEER_HOSTS; h++) {
            check__address_limit(listener, (uint8_t)(RUN_PEER_HOST_FIRST + h));
        }
    }
}
