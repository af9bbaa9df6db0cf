/* The process object: owner of workers, session types, listeners and connectors.
 *
 * Happy path: create opens a port per worker; listen opens addresses on the acceptor's port; start
 * runs the threads; stop tells every worker to stop, waits until nothing is left, posts the quit
 * commands, joins, delivers what is still in an inbox, and checks that every pool is whole; destroy
 * closes the ports. Failure modes: a port or an address that
 * cannot be opened is a status of create or listen; a session that does not end in time is aborted
 * by its own deadline. */
#include "net/runtime.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cache_line.h"
#include "net/connector.h"
#include "net/engine.h"
#include "net/listener.h"
#include "net/session.h"
#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"

#define RECEIVE_BUFFER_COUNT_DEFAULT 256u
#define RECEIVE_BUFFER_SIZE_DEFAULT  16384u
#define WORKER_BYTES_DEFAULT         (256ull * 1024 * 1024)
#define LISTEN_PAUSE_MS              10u /* between two tries while an address is in use */

/* Nothing but the caller may make a simulation go on. */
static bool runtime__is_simulated(const struct pc_runtime *runtime)
{
    return runtime->engine == port_engine_sim;
}

static void runtime__fill_defaults(struct pc_runtime_config *config)
{
    if (config->worker_count == 0) {
        uint32_t per_processor = port_engine_iocp != NULL ? 2 : 1;
        config->worker_count = pc_os_processor_count() * per_processor;
    }
    if (config->worker_count > WORKERS_MAX) {
        config->worker_count = WORKERS_MAX;
    }
    if (config->receive_buffer_count == 0) {
        config->receive_buffer_count = RECEIVE_BUFFER_COUNT_DEFAULT;
    }
    if (config->receive_buffer_size == 0) {
        config->receive_buffer_size = RECEIVE_BUFFER_SIZE_DEFAULT;
    }
    if (config->send_bytes_max == 0) {
        config->send_bytes_max = WORKER_BYTES_DEFAULT;
    }
}

/* io_uring may be blocked by seccomp (containers) or by sysctl, or be too old: then epoll serves,
 * unless the engine was asked for by name. */
static void runtime__try_engine(struct pc_runtime *runtime)
{
    const struct port_config config = {
        .receive_buffer_count = runtime->config.receive_buffer_count,
        .receive_buffer_size = runtime->config.receive_buffer_size,
    };
    if (runtime->config.engine != PC_ENGINE_AUTO || port_engine_epoll == NULL) {
        return;
    }
    struct port *port;
    int32_t raw;
    enum pc_status status = port_open(runtime->engine, &config, &port, &raw);
    if (status == PC_OK) {
        port_close(port);
        return;
    }
    const struct pc_event event = {
        .kind = PC_EVENT_ENGINE_FALLBACK,
        .status = status,
        .raw = raw,
        .cause = port_cause(runtime->engine, raw),
    };
    runtime->engine = port_engine_epoll;
    if (runtime->config.observe != NULL) {
        runtime->config.observe(runtime->config.user, &event);
    }
}

static enum pc_status runtime__add_worker(struct pc_runtime *runtime)
{
    struct pc_worker *worker = worker_allocate();
    if (worker == NULL) {
        return PC_NO_MEMORY;
    }
    uint32_t index = runtime->worker_count;
    runtime->workers[index] = worker;
    runtime->worker_count++;
    int32_t raw = 0;
    enum pc_status status = worker_init(worker, runtime, index, &raw);
    if (status != PC_OK) {
        const char *congestion = runtime->config.congestion;
        fprintf(stderr, "portcullis: cannot open a %s port%s%s: %s (%d)\n", runtime->engine->name,
                congestion == NULL ? "" : " with congestion control ",
                congestion == NULL ? "" : congestion, pc_status_name(status), (int)raw);
    }
    return status;
}

enum pc_status pc_runtime_create(const struct pc_runtime_config *config,
                                 struct pc_runtime **created)
{
    *created = NULL;
    const struct port_engine *engine = engine_find(config->engine);
    if (engine == NULL || (engine == port_engine_sim && config->simulation == NULL)) {
        return PC_UNSUPPORTED;
    }
    struct pc_runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL) {
        return PC_NO_MEMORY;
    }
    runtime->config = *config;
    runtime->engine = engine;
    runtime__fill_defaults(&runtime->config);
    runtime__try_engine(runtime);
    session_manager_init(&runtime->manager);
    runtime->mutex = pc_mutex_create();
    runtime->condition = pc_condition_create();
    enum pc_status status = PC_OK;
    if (runtime->mutex == NULL || runtime->condition == NULL) {
        status = PC_NO_MEMORY;
    }
    while (status == PC_OK && runtime->worker_count < runtime->config.worker_count) {
        status = runtime__add_worker(runtime);
    }
    if (status != PC_OK) {
        pc_runtime_destroy(runtime);
        return status;
    }
    *created = runtime;
    return PC_OK;
}

uint32_t pc_runtime_add_type(struct pc_runtime *runtime, const struct pc_session_type *type)
{
    PC_ASSERT(runtime->phase == RUNTIME_CREATED);
    return session_manager_add_type(&runtime->manager, type);
}

static void runtime__tell_listening(struct pc_runtime *runtime, const struct listener *listener,
                                    enum pc_status status, int32_t raw)
{
    struct pc_event event = {
        .kind = status == PC_OK ? PC_EVENT_LISTENING : PC_EVENT_LISTEN_FAILED,
        .type = runtime->manager.types[listener->config.type].policy.name,
        .address = status == PC_OK ? listener->bound : listener->config.address,
        .status = status,
        .raw = raw,
    };
    worker_observe(runtime->workers[0], &event);
}

/* Open the address, and again for a while if somebody else still has it. */
static enum pc_status runtime__open_listener(struct pc_runtime *runtime, struct listener *listener,
                                             const struct pc_listener_config *config, int32_t *raw)
{
    enum pc_status status = listener_init(listener, runtime, config, raw);
    if (status != PC_ADDRESS_IN_USE || config->listen_retry_ms == 0) {
        return status;
    }
    struct pc_event event = {
        .kind = PC_EVENT_LISTEN_FAILED,
        .type = runtime->manager.types[config->type].policy.name,
        .address = config->address,
        .status = status,
        .raw = *raw,
        .retry_ms = config->listen_retry_ms,
    };
    worker_observe(runtime->workers[0], &event);
    uint64_t deadline_ms = pc_os_monotonic_ms() + config->listen_retry_ms;
    while (status == PC_ADDRESS_IN_USE && pc_os_monotonic_ms() < deadline_ms) {
        pc_os_sleep_ms(LISTEN_PAUSE_MS);
        status = listener_init(listener, runtime, config, raw);
    }
    return status;
}

enum pc_status pc_runtime_listen(struct pc_runtime *runtime,
                                 const struct pc_listener_config *config, struct pc_address *bound)
{
    PC_ASSERT(runtime->phase == RUNTIME_CREATED);
    PC_ASSERT(config->type < runtime->manager.type_count);
    if (runtime->listener_count == LISTENERS_MAX) {
        return PC_FULL;
    }
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        return PC_NO_MEMORY;
    }
    int32_t raw = 0;
    enum pc_status status = runtime__open_listener(runtime, listener, config, &raw);
    runtime__tell_listening(runtime, listener, status, raw);
    if (status != PC_OK) {
        free(listener);
        return status;
    }
    if (bound != NULL) {
        *bound = listener->bound;
    }
    runtime->listeners[runtime->listener_count++] = listener;
    return PC_OK;
}

enum pc_status pc_runtime_connect(struct pc_runtime *runtime,
                                  const struct pc_connector_config *config)
{
    PC_ASSERT(runtime->phase == RUNTIME_CREATED);
    PC_ASSERT(config->type < runtime->manager.type_count);
    if (runtime->connector_count == CONNECTORS_MAX) {
        return PC_FULL;
    }
    struct pc_connector_config *kept = &runtime->connectors[runtime->connector_count++];
    *kept = *config;
    connector_fill_defaults(kept);
    return PC_OK;
}

/* ---- commands, run on each worker ---- */

static void runtime__on_start(struct pc_worker *worker, struct pc_session *nobody,
                              struct pc_message *message)
{
    (void)nobody;
    (void)message;
    struct pc_runtime *runtime = worker->runtime;
    enum pc_status status = PC_OK;
    if (runtime->config.on_worker_start != NULL) {
        status = runtime->config.on_worker_start(worker);
    }
    for (uint32_t i = 0; status == PC_OK && i < worker->link_count; i++) {
        connector_start(&worker->links[i]);
    }
    for (uint32_t i = 0; status == PC_OK && worker->index == 0 && i < runtime->listener_count;
         i++) {
        listener_start(runtime->listeners[i]);
    }
    runtime_worker_started(runtime, status);
}

static void runtime__shut_down_sessions(struct pc_worker *worker, uint32_t drain_ms)
{
    for (uint32_t t = 0; t < worker->runtime->manager.type_count; t++) {
        session_pool_visit(worker_pool(worker, t), session_shut_down, &drain_ms);
    }
}

static void runtime__on_stop(struct pc_worker *worker, struct pc_session *nobody,
                             struct pc_message *message)
{
    (void)nobody;
    struct worker_command *command = PC_CONTAINER_OF(message, struct worker_command, message);
    struct pc_runtime *runtime = worker->runtime;
    worker->stopping = true;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        connector_stop(&worker->links[i]);
    }
    for (uint32_t i = 0; worker->index == 0 && i < runtime->listener_count; i++) {
        listener_stop(runtime->listeners[i]);
    }
    runtime__shut_down_sessions(worker, command->drain_ms);
}

static void runtime__on_quit(struct pc_worker *worker, struct pc_session *nobody,
                             struct pc_message *message)
{
    (void)nobody;
    (void)message;
    worker->quitting = true;
}

static void runtime__command(struct pc_worker *worker, struct worker_command *command,
                             pc_message_fn *deliver)
{
    command->message = (struct pc_message){.worker = worker->index, .deliver = deliver};
    pc_post(worker->runtime, &command->message);
}

void pc_post(struct pc_runtime *runtime, struct pc_message *message)
{
    uint32_t index = message->session == PC_HANDLE_NONE ? message->worker
                                                        : session_handle_worker(message->session);
    PC_ASSERT(index < runtime->worker_count);
    struct pc_worker *worker = runtime->workers[index];
    if (inbox_push(&worker->inbox, message)) {
        port_wake(worker->port);
    }
}

/* ---- start and stop, on the main thread ---- */

static enum pc_status runtime__make_counters(struct pc_runtime *runtime, struct pc_worker *worker)
{
    uint32_t type_count = runtime->manager.type_count;
    worker->counters = cache_line_allocate((type_count + 1) * sizeof *worker->counters);
    if (worker->counters == NULL) {
        return PC_NO_MEMORY;
    }
    for (uint32_t t = 0; t < type_count; t++) {
        uint32_t entry_count = runtime->manager.types[t].policy.accepts->entry_count;
        worker->counters[t].packets =
            cache_line_allocate((entry_count + 1) * sizeof(struct counter));
        if (worker->counters[t].packets == NULL) {
            return PC_NO_MEMORY;
        }
    }
    return PC_OK;
}

static enum pc_status runtime__prepare(struct pc_runtime *runtime)
{
    enum pc_status status =
        session_manager_start(&runtime->manager, runtime->workers, runtime->worker_count);
    for (uint32_t i = 0; status == PC_OK && i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        status = connector_make_links(worker, runtime->connectors, runtime->connector_count);
        if (status == PC_OK) {
            status = runtime__make_counters(runtime, worker);
        }
    }
    return status;
}

static enum pc_status runtime__start_threads(struct pc_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        if (runtime_turns_on_main(worker)) {
            continue;
        }
        char name[16];
        (void)snprintf(name, sizeof name, "worker-%u", i % WORKERS_MAX);
        worker->thread = pc_thread_start(name, worker_run, worker);
        if (worker->thread == NULL) {
            return PC_NO_BUFFERS;
        }
    }
    return PC_OK;
}

enum pc_status pc_runtime_start(struct pc_runtime *runtime)
{
    PC_ASSERT(runtime->phase == RUNTIME_CREATED);
    enum pc_status status = runtime__prepare(runtime);
    if (status != PC_OK) {
        return status;
    }
    runtime->phase = RUNTIME_RUNNING;
    if (!runtime__is_simulated(runtime)) {
        status = runtime__start_threads(runtime);
    }
    for (uint32_t i = 0; status == PC_OK && i < runtime->worker_count; i++) {
        runtime__command(runtime->workers[i], &runtime->workers[i]->start_command,
                         runtime__on_start);
    }
    if (status == PC_OK && !runtime__is_simulated(runtime)) {
        status = runtime_await_started(runtime);
    }
    if (status != PC_OK) {
        (void)pc_runtime_stop(runtime, 0);
    }
    return status;
}

/* After a failed start some workers may lack a thread. */
static bool runtime__is_turning(const struct pc_worker *worker)
{
    return worker->thread != NULL || runtime_turns_on_main(worker) ||
           runtime__is_simulated(worker->runtime);
}

static uint32_t runtime__turning_count(const struct pc_runtime *runtime)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        count += runtime__is_turning(runtime->workers[i]) ? 1 : 0;
    }
    return count;
}

static void runtime__quit_and_join(struct pc_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        if (runtime__is_turning(worker)) {
            runtime__command(worker, &worker->quit_command, runtime__on_quit);
        }
    }
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        if (worker->thread != NULL) {
            pc_thread_join(worker->thread);
            worker->thread = NULL;
        } else if (runtime__is_turning(worker)) {
            worker_run(worker);
        }
    }
}

void runtime_begin_stop(struct pc_runtime *runtime, uint32_t drain_ms)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        if (runtime__is_turning(worker)) {
            worker->stop_command.drain_ms = drain_ms;
            runtime__command(worker, &worker->stop_command, runtime__on_stop);
        }
    }
}

bool runtime_is_stopped(const struct pc_runtime *runtime)
{
    return runtime->stopped_count == runtime__turning_count(runtime);
}

bool pc_runtime_stop(struct pc_runtime *runtime, uint32_t drain_ms)
{
    if (runtime->phase != RUNTIME_RUNNING) {
        return true;
    }
    PC_ASSERT(!runtime__is_simulated(runtime));
    runtime_begin_stop(runtime, drain_ms);
    runtime_await_stopped(runtime, runtime__turning_count(runtime));
    return runtime_end_stop(runtime);
}

/* Until no inbox has anything left: what is delivered may post to a worker whose turn has been. */
static void runtime__drain_inboxes(const struct pc_runtime *runtime)
{
    uint32_t delivered_count;
    do {
        delivered_count = 0;
        for (uint32_t i = 0; i < runtime->worker_count; i++) {
            delivered_count += worker_drain_inbox(runtime->workers[i]);
        }
    } while (delivered_count > 0);
}

bool runtime_end_stop(struct pc_runtime *runtime)
{
    runtime__quit_and_join(runtime);
    runtime__drain_inboxes(runtime);
    runtime->phase = RUNTIME_STOPPED;
    bool whole = session_manager_is_whole(&runtime->manager);
    for (uint32_t i = 0; i < runtime->listener_count; i++) {
        listener_destroy(runtime->listeners[i]);
        free(runtime->listeners[i]);
    }
    runtime->listener_count = 0;
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        if (!worker_destroy(runtime->workers[i])) {
            fprintf(stderr, "portcullis: worker %u still holds buffers\n", i);
            whole = false;
        }
    }
    return whole;
}

static void runtime__free_counters(const struct pc_runtime *runtime, struct pc_worker *worker)
{
    for (uint32_t t = 0; worker->counters != NULL && t < runtime->manager.type_count; t++) {
        cache_line_free(worker->counters[t].packets);
    }
    cache_line_free(worker->counters);
}

void pc_runtime_destroy(struct pc_runtime *runtime)
{
    PC_ASSERT(runtime->phase != RUNTIME_RUNNING);
    if (runtime->phase == RUNTIME_CREATED) {
        runtime__drain_inboxes(runtime);
    }
    for (uint32_t i = 0; i < runtime->listener_count; i++) {
        listener_destroy(runtime->listeners[i]);
        free(runtime->listeners[i]);
    }
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        if (runtime->phase == RUNTIME_CREATED) {
            (void)worker_destroy(worker);
        }
        free(worker->links);
        runtime__free_counters(runtime, worker);
        worker_free(worker);
    }
    session_manager_destroy(&runtime->manager);
    if (runtime->mutex != NULL) {
        pc_mutex_destroy(runtime->mutex);
    }
    if (runtime->condition != NULL) {
        pc_condition_destroy(runtime->condition);
    }
    free(runtime);
}

/* ---- what the application reads ---- */

void *pc_runtime_user(const struct pc_runtime *runtime)
{
    return runtime->config.user;
}

uint32_t pc_runtime_worker_count(const struct pc_runtime *runtime)
{
    return runtime->worker_count;
}

const char *pc_runtime_engine_name(const struct pc_runtime *runtime)
{
    return runtime->engine->name;
}
