/* Accepting; see listener.h.
 *
 * Happy path: ACCEPTED -> count the address -> choose the worker -> open here or hand over -> post
 * the next accept. Failure modes: the accept fails (the slot is posted again, after a pause if the
 * system is short of something); too many sessions from the address (reset, observed); no session
 * free or the maximum reached (fewer accepts are kept, a timer looks again). */
#include "net/listener.h"

#include "net/runtime.h"
#include "net/session.h"
#include "pc/check.h"
#include "pc/container.h"

#define ACCEPTS_DEFAULT  64u
#define BACKLOG_DEFAULT  1024u
#define ADDRESSES_MAX    65536u
#define RETRY_FIRST_MS   10u
#define RETRY_LONGEST_MS 1000u

static void listener__post(struct listener *listener);

static struct pc_worker *listener__acceptor(const struct listener *listener)
{
    return listener->runtime->workers[0];
}

enum pc_status listener_init(struct listener *listener, struct pc_runtime *runtime,
                             const struct pc_listener_config *config, int32_t *raw)
{
    listener->runtime = runtime;
    listener->config = *config;
    listener->bound = config->address;
    listener->retry_ms = RETRY_FIRST_MS;
    if (config->accepts_posted == 0) {
        listener->config.accepts_posted = ACCEPTS_DEFAULT;
    }
    if (config->backlog == 0) {
        listener->config.backlog = BACKLOG_DEFAULT;
    }
    PC_ASSERT(listener->config.accepts_posted <= PORT_ACCEPTS_MAX);
    for (uint32_t i = 0; i < HANDOVER_COUNT; i++) {
        atomic_init(&listener->handovers[i].in_use, false);
        listener->handovers[i].listener = listener;
    }
    if (config->sessions_per_address_max > 0) {
        listener->address_limit =
            address_limit_create(ADDRESSES_MAX, config->sessions_per_address_max);
        if (listener->address_limit == NULL) {
            return PC_NO_MEMORY;
        }
    }
    enum pc_status status = port_listen(listener__acceptor(listener)->port, &listener->bound,
                                        listener->config.backlog, &listener->port_listener, raw);
    if (status != PC_OK) {
        address_limit_destroy(listener->address_limit);
    }
    return status;
}

static void listener__on_retry(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)worker;
    listener__post(PC_CONTAINER_OF(timer, struct listener, retry));
}

/* Look again after a pause; false if that is planned already or not wanted any more. */
static bool listener__retry_in(struct listener *listener, uint32_t pause_ms)
{
    struct pc_worker *worker = listener__acceptor(listener);
    if (worker->stopping || pc_timer_is_set(&listener->retry)) {
        return false;
    }
    pc_timer_set(worker, &listener->retry, pause_ms, listener__on_retry);
    return true;
}

/* The pause is longer each time nothing could be posted. */
static void listener__retry_later(struct listener *listener)
{
    if (listener__retry_in(listener, listener->retry_ms) && listener->retry_ms < RETRY_LONGEST_MS) {
        listener->retry_ms *= 2;
    }
}

/* The pause is as long as the rate needs for one more. */
static void listener__retry_in_rate(struct listener *listener)
{
    uint32_t pause_ms = 1000u / listener->config.accepts_per_sec_max;
    (void)listener__retry_in(listener, pause_ms > 0 ? pause_ms : 1);
}

/* Every accept that is posted may become a session, also those of another listener. */
static bool listener__has_room(const struct listener *listener)
{
    const struct pc_runtime *runtime = listener->runtime;
    const struct session_type *type = &runtime->manager.types[listener->config.type];
    uint32_t count = atomic_load_explicit(&type->open_count, memory_order_relaxed);
    for (uint32_t i = 0; i < runtime->listener_count; i++) {
        if (runtime->listeners[i]->config.type == listener->config.type) {
            count += runtime->listeners[i]->posted_count;
        }
    }
    return count < type->policy.sessions_max;
}

static bool listener__has_memory(const struct listener *listener)
{
    for (uint32_t i = 0; i < listener->runtime->worker_count; i++) {
        if (atomic_load_explicit(&listener->runtime->workers[i]->is_short, memory_order_relaxed)) {
            return false;
        }
    }
    return true;
}

/* The accepts that are posted first come out of the burst. */
static bool listener__is_in_rate(struct listener *listener)
{
    uint32_t per_sec = listener->config.accepts_per_sec_max;
    if (per_sec == 0) {
        return true;
    }
    uint32_t burst = listener->config.accepts_posted;
    return token_bucket_take(&listener->accepts, per_sec, burst > per_sec ? burst : per_sec,
                             token_bucket_stamp(listener__acceptor(listener)->now_ms));
}

static struct type_counters *listener__counters(const struct listener *listener)
{
    return &listener__acceptor(listener)->counters[listener->config.type];
}

/* The limit that keeps the next accept from being posted, by its counter; NULL if there is none. */
static struct counter *listener__find_obstacle(struct listener *listener)
{
    struct type_counters *counters = listener__counters(listener);
    if (!listener__has_room(listener)) {
        return &counters->accepts_no_room;
    }
    if (!listener__has_memory(listener)) {
        return &counters->accepts_no_memory;
    }
    return listener__is_in_rate(listener) ? NULL : &counters->accepts_throttled;
}

static bool listener__post_one(struct listener *listener)
{
    struct pc_worker *worker = listener__acceptor(listener);
    struct pc_session *session = worker_take_session(worker, listener->config.type);
    if (session == NULL) {
        return false;
    }
    session->tag = listener->config.tag;
    session->listener = listener;
    session_set_phase(session, SESSION_ACCEPTING);
    if (port_accept(worker->port, listener->port_listener, &session->socket) != PC_OK) {
        session_release(session);
        return false;
    }
    listener->posted_count++;
    return true;
}

/* Post until the target is reached; what cannot be posted now is tried again later. */
static void listener__post(struct listener *listener)
{
    struct pc_worker *worker = listener__acceptor(listener);
    if (worker->stopping || listener->port_listener == NULL) {
        return;
    }
    struct type_counters *counters = listener__counters(listener);
    while (listener->posted_count < listener->config.accepts_posted) {
        struct counter *obstacle = listener__find_obstacle(listener);
        if (obstacle == NULL && listener__post_one(listener)) {
            continue;
        }
        counter_add(obstacle == NULL ? &counters->accepts_no_room : obstacle, 1);
        if (obstacle == &counters->accepts_throttled) {
            listener__retry_in_rate(listener);
        } else {
            listener__retry_later(listener);
        }
        return;
    }
}

void listener_start(struct listener *listener)
{
    listener__post(listener);
}

void listener_stop(struct listener *listener)
{
    struct pc_worker *worker = listener__acceptor(listener);
    pc_timer_cancel(worker, &listener->retry);
    port_unlisten(worker->port, listener->port_listener);
}

void listener_on_unlistened(struct pc_runtime *runtime, struct port_listener *port_listener)
{
    for (uint32_t i = 0; i < runtime->listener_count; i++) {
        struct listener *listener = runtime->listeners[i];
        if (listener->port_listener == port_listener) {
            PC_ASSERT(listener->posted_count == 0);
            port_listener_free(listener__acceptor(listener)->port, port_listener);
            listener->port_listener = NULL;
        }
    }
}

uint32_t listener_count_open(const struct pc_worker *worker)
{
    uint32_t count = 0;
    if (worker->index != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < worker->runtime->listener_count; i++) {
        count += worker->runtime->listeners[i]->port_listener != NULL ? 1 : 0;
    }
    return count;
}

void listener_forget_address(struct listener *listener, const struct pc_address *address)
{
    if (listener->address_limit != NULL) {
        address_limit_put(listener->address_limit, address);
    }
}

/* ---- one accepted connection ---- */

static struct pc_worker *listener__least_loaded(const struct listener *listener)
{
    struct pc_runtime *runtime = listener->runtime;
    struct pc_worker *best = runtime->workers[0];
    uint32_t best_count = atomic_load_explicit(&best->session_count, memory_order_relaxed);
    for (uint32_t i = 1; i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        uint32_t count = atomic_load_explicit(&worker->session_count, memory_order_relaxed);
        if (count < best_count) {
            best = worker;
            best_count = count;
        }
    }
    return best;
}

static struct listener_handover *listener__take_handover(struct listener *listener)
{
    for (uint32_t i = 0; i < HANDOVER_COUNT; i++) {
        uint32_t index = listener->handover_next++ % HANDOVER_COUNT;
        struct listener_handover *handover = &listener->handovers[index];
        if (!atomic_load_explicit(&handover->in_use, memory_order_acquire)) {
            atomic_store_explicit(&handover->in_use, true, memory_order_relaxed);
            return handover;
        }
    }
    return NULL;
}

/* The connection will not be served; undo what the acceptor counted for it. */
static void listener__give_up(struct listener *listener, struct pc_worker *worker,
                              const struct port_handover *connection)
{
    counter_add(&worker->counters[listener->config.type].accepts_given_up, 1);
    worker_count_session(worker, listener->config.type, -1);
    listener_forget_address(listener, &connection->peer);
}

/* On the chosen worker. */
static void listener__deliver(struct pc_worker *worker, struct pc_session *nobody,
                              struct pc_message *message)
{
    (void)nobody;
    struct listener_handover *handover =
        PC_CONTAINER_OF(message, struct listener_handover, message);
    struct listener *listener = handover->listener;
    struct port_handover connection = handover->connection;
    atomic_store_explicit(&handover->in_use, false, memory_order_release);
    struct pc_session *session =
        worker->stopping ? NULL : worker_take_session(worker, listener->config.type);
    if (session == NULL) {
        port_discard_handover(worker->port, &connection);
        listener__give_up(listener, worker, &connection);
        return;
    }
    session->tag = listener->config.tag;
    session->listener = listener;
    session_set_phase(session, SESSION_ACCEPTING);
    if (port_adopt_handover(worker->port, &session->socket, &connection) != PC_OK) {
        session_release(session);
        listener__give_up(listener, worker, &connection);
        return;
    }
    session_open(session);
}

static bool listener__hand_over(struct listener *listener, struct pc_worker *target,
                                struct pc_session *session)
{
    struct listener_handover *handover = listener__take_handover(listener);
    if (handover == NULL) {
        return false;
    }
    struct pc_worker *acceptor = session->worker;
    handover->connection = port_detach(acceptor->port, &session->socket);
    handover->message = (struct pc_message){.worker = target->index, .deliver = listener__deliver};
    session_release(session);
    pc_post(listener->runtime, &handover->message);
    return true;
}

static void listener__place(struct listener *listener, struct pc_session *session)
{
    struct pc_worker *acceptor = session->worker;
    struct pc_worker *target = listener__least_loaded(listener);
    worker_count_session(target, listener->config.type, 1);
    if (target != acceptor) {
        if (listener__hand_over(listener, target, session)) {
            return;
        }
        worker_count_session(target, listener->config.type, -1);
        worker_count_session(acceptor, listener->config.type, 1);
    }
    if (port_adopt(acceptor->port, &session->socket) != PC_OK) {
        counter_add(&session_counters(session)->accepts_given_up, 1);
        session_discard(session, PORT_ABORT_RESET, PC_CLOSE_NO_BUFFERS);
        return;
    }
    session_open(session);
}

/* Too many from this address: reset without a word, so that a flood costs little. */
static void listener__refuse_address(struct listener *listener, struct pc_session *session)
{
    struct pc_worker *acceptor = session->worker;
    struct pc_event event = {
        .kind = PC_EVENT_ADDRESS_LIMIT,
        .type = session->type->policy.name,
        .address = session->socket.peer,
    };
    worker_observe(acceptor, &event);
    counter_add(&listener__counters(listener)->addresses_refused, 1);
    session->listener = NULL;
    worker_count_session(acceptor, listener->config.type, 1);
    session_discard(session, PORT_ABORT_RESET, PC_CLOSE_LIMIT);
}

static void listener__on_failed(struct listener *listener, struct pc_session *session,
                                const struct port_event *event)
{
    struct pc_worker *worker = session->worker;
    struct pc_event seen = {
        .kind = PC_EVENT_ACCEPT_FAILED,
        .type = session->type->policy.name,
        .status = event->status,
        .raw = event->raw,
    };
    session_release(session);
    if (event->status == PC_CANCELLED) {
        return;
    }
    worker_observe(worker, &seen);
    counter_add(&listener__counters(listener)->accepts_failed, 1);
    if (event->status != PC_RESET) { /* that is one peer's doing; the rest would come again */
        listener__retry_later(listener);
    }
}

void listener_on_accepted(struct pc_session *session, const struct port_event *event)
{
    struct listener *listener = session->listener;
    listener->posted_count--;
    if (event->status != PC_OK) {
        listener__on_failed(listener, session, event);
    } else if (listener->address_limit != NULL &&
               !address_limit_take(listener->address_limit, &session->socket.peer)) {
        listener__refuse_address(listener, session);
    } else if (listener__acceptor(listener)->stopping) {
        worker_count_session(session->worker, listener->config.type, 1);
        session_discard(session, PORT_ABORT_RESET, PC_CLOSE_SHUTDOWN);
    } else {
        listener->retry_ms = RETRY_FIRST_MS;
        listener__place(listener, session);
    }
    if (!pc_timer_is_set(&listener->retry)) {
        listener__post(listener);
    }
}

void listener_destroy(struct listener *listener)
{
    if (listener->port_listener != NULL) {
        port_listener_free(listener__acceptor(listener)->port, listener->port_listener);
    }
    address_limit_destroy(listener->address_limit);
}
