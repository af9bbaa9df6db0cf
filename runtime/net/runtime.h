/* The runtime's own view of itself; see pc/runtime.h. */
#pragma once

#include <stdatomic.h>

#include "net/session_manager.h"
#include "net/worker.h"
#include "pc/runtime.h"
#include "pc/timer.h"

struct listener;
struct pc_condition;
struct pc_mutex;

#define LISTENERS_MAX  16u
#define CONNECTORS_MAX 16u

enum runtime_phase {
    RUNTIME_CREATED, /* types, listeners and connectors may be added */
    RUNTIME_RUNNING, /* the workers turn */
    RUNTIME_STOPPED  /* the workers were joined */
};

/* Invariant: workers[0..worker_count) exist from create on; sessions exist only while RUNNING. */
struct pc_runtime {
    struct pc_runtime_config config; /* defaults filled in */
    const struct port_engine *engine;
    struct session_manager manager;
    struct pc_worker *workers[WORKERS_MAX];
    uint32_t worker_count;
    struct listener *listeners[LISTENERS_MAX];
    uint32_t listener_count;
    struct pc_connector_config connectors[CONNECTORS_MAX];
    uint32_t connector_count;
    enum runtime_phase phase;
    struct pc_timer report;         /* worker 0's, while it stops on the main thread */
    atomic_bool has_signal;         /* the main thread was told to stop serving */
    struct pc_mutex *mutex;         /* guards what follows it, once the workers run */
    struct pc_condition *condition; /* a count has grown */
    uint32_t stopped_count;         /* workers with nothing left to close */
    uint32_t started_count;         /* workers whose on_worker_start has returned */
    enum pc_status start_status;    /* the first failure of on_worker_start */
};

/* Is the main thread this worker's? */
bool runtime_turns_on_main(const struct pc_worker *worker);

/* Its on_worker_start has returned; nothing of it is left to close. Thread: the worker's. */
void runtime_worker_started(struct pc_runtime *runtime, enum pc_status status);
void runtime_worker_stopped(struct pc_runtime *runtime);

/* Wait until every worker has started, and return the first failure; until turning_count workers
 * have stopped. Thread: main. */
enum pc_status runtime_await_started(struct pc_runtime *runtime);
void runtime_await_stopped(struct pc_runtime *runtime, uint32_t turning_count);

/* ---- a simulated runtime has no threads: whoever drives it calls worker_turn ----
 *
 * pc_runtime_start only posts the start commands; the workers' first turns carry them out.
 * pc_runtime_stop is begin, turns until is_stopped, and end. */

/* Ask every worker to stop. */
void runtime_begin_stop(struct pc_runtime *runtime, uint32_t drain_ms);

/* True when every worker has nothing left to close. */
bool runtime_is_stopped(const struct pc_runtime *runtime);

/* Let the workers quit and check that everything was given back; see pc_runtime_stop. */
bool runtime_end_stop(struct pc_runtime *runtime);
