/* Calls on a session; see pc/call.h. Path: [8] and [9]. */
#include "pc/call.h"

#include "net/runtime.h"
#include "net/session.h"
#include "net/worker.h"

enum pc_status pc_call_make_room(struct pc_worker *worker, uint32_t calls_max)
{
    return call_table_create(&worker->calls, &worker->timers, calls_max) ? PC_OK : PC_NO_MEMORY;
}

enum pc_status pc_call_reserve(struct pc_session *link, const struct pc_call *call, uint32_t size,
                               uint8_t **frame, uint64_t *correlation)
{
    struct pc_worker *worker = link->worker;
    if (!call_table_has_place(&worker->calls)) {
        return PC_FULL;
    }
    enum pc_status status = pc_session_reserve(link, size, frame);
    if (status == PC_OK) {
        *correlation = call_table_begin(&worker->calls, link->handle, call, worker->now_ms);
        link->makes_calls = true;
    }
    return status;
}

void pc_call_answer(struct pc_session *link, uint64_t correlation, uint16_t reply_id,
                    const void *reply)
{
    (void)call_table_answer(&link->worker->calls, link->handle, correlation, reply_id, reply);
}

void pc_runtime_call_counters(const struct pc_runtime *runtime, struct pc_call_counters *counters)
{
    *counters = (struct pc_call_counters){.waiting = 0};
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        call_table_count(&runtime->workers[i]->calls, counters);
    }
}
