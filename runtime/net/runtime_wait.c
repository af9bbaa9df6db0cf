/* How the main thread waits: for the workers to start, for the signal to stop, for the workers to
 * have stopped.
 *
 * Happy path: each worker tells its start and its end; the main thread sleeps on a condition, or,
 * if it is itself worker 0, in that worker's turns, of which a wake from the others makes the next
 * one. Failure mode: a session that does not end: each second the observer hears who is left.
 * Path: outside the byte path. */
#include "base/stop_hook.h"
#include "net/runtime.h"
#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"

#define STOP_REPORT_MS 1000u

bool runtime_turns_on_main(const struct pc_worker *worker)
{
    return worker->index == 0 && worker->runtime->config.main_is_worker;
}

/* ---- what the workers tell ---- */

static void runtime__tell(struct pc_runtime *runtime, uint32_t *count)
{
    (*count)++;
    pc_condition_broadcast(runtime->condition);
    pc_mutex_unlock(runtime->mutex);
    if (runtime->config.main_is_worker) {
        port_wake(runtime->workers[0]->port);
    }
}

void runtime_worker_started(struct pc_runtime *runtime, enum pc_status status)
{
    pc_mutex_lock(runtime->mutex);
    if (runtime->start_status == PC_OK) {
        runtime->start_status = status;
    }
    runtime__tell(runtime, &runtime->started_count);
}

void runtime_worker_stopped(struct pc_runtime *runtime)
{
    pc_mutex_lock(runtime->mutex);
    runtime__tell(runtime, &runtime->stopped_count);
}

/* ---- how the main thread waits ---- */

static void runtime__turn_until(struct pc_runtime *runtime, const uint32_t *count, uint32_t wanted)
{
    bool is_reached = false;
    while (!is_reached) {
        worker_turn(runtime->workers[0]);
        pc_mutex_lock(runtime->mutex);
        is_reached = *count >= wanted;
        pc_mutex_unlock(runtime->mutex);
    }
}

enum pc_status runtime_await_started(struct pc_runtime *runtime)
{
    if (runtime->config.main_is_worker) {
        runtime__turn_until(runtime, &runtime->started_count, runtime->worker_count);
    }
    pc_mutex_lock(runtime->mutex);
    while (runtime->started_count < runtime->worker_count) {
        (void)pc_condition_wait(runtime->condition, runtime->mutex, UINT32_MAX);
    }
    enum pc_status status = runtime->start_status;
    pc_mutex_unlock(runtime->mutex);
    return status;
}

static void runtime__tell_waits(const struct pc_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct pc_worker *worker = runtime->workers[i];
        if (!atomic_load(&worker->stopped)) {
            struct pc_event event = {.kind = PC_EVENT_STOP_WAITS,
                                     .session_count = atomic_load(&worker->session_count)};
            worker_observe(worker, &event);
        }
    }
}

static void runtime__on_report(struct pc_worker *worker, struct pc_timer *timer)
{
    runtime__tell_waits(worker->runtime);
    pc_timer_set(worker, timer, STOP_REPORT_MS, runtime__on_report);
}

static void runtime__turn_until_stopped(struct pc_runtime *runtime, uint32_t turning_count)
{
    struct pc_worker *worker = runtime->workers[0];
    worker->now_ms = port_now_ms(worker->port); /* of its last turn; the time starts now */
    pc_timer_set(worker, &runtime->report, STOP_REPORT_MS, runtime__on_report);
    runtime__turn_until(runtime, &runtime->stopped_count, turning_count);
    pc_timer_cancel(worker, &runtime->report);
}

void runtime_await_stopped(struct pc_runtime *runtime, uint32_t turning_count)
{
    if (runtime->config.main_is_worker) {
        runtime__turn_until_stopped(runtime, turning_count);
        return;
    }
    pc_mutex_lock(runtime->mutex);
    while (runtime->stopped_count < turning_count) {
        if (!pc_condition_wait(runtime->condition, runtime->mutex, STOP_REPORT_MS)) {
            runtime__tell_waits(runtime);
        }
    }
    pc_mutex_unlock(runtime->mutex);
}

/* In a signal handler or on any thread. */
static void runtime__on_stop_signal(void *argument)
{
    struct pc_runtime *runtime = argument;
    atomic_store(&runtime->has_signal, true);
    port_wake(runtime->workers[0]->port);
}

void pc_runtime_serve(struct pc_runtime *runtime)
{
    PC_ASSERT(runtime->phase == RUNTIME_RUNNING);
    if (!runtime->config.main_is_worker) {
        (void)pc_os_stop_signal_wait(UINT32_MAX);
        return;
    }
    stop_hook_set(runtime__on_stop_signal, runtime);
    bool has_signal = pc_os_stop_signal_wait(0);
    while (!has_signal) {
        worker_turn(runtime->workers[0]);
        has_signal = atomic_load_explicit(&runtime->has_signal, memory_order_relaxed);
    }
    stop_hook_clear();
}
