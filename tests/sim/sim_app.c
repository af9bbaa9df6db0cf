/* The application of the simulated processes: callbacks that verify what they are told, and act
 * now and then. See sim_run.h. */
#include <string.h>

#include "net/listener.h"
#include "pc/check.h"
#include "pc/container.h"
#include "sim_coverage.h"
#include "sim_run.h"
#include "sim_table.h"

#define STAGE_OPEN   1u
#define STAGE_CLOSED 2u

#define TASK_ACTIONS_MAX 3u /* in one turn, with one session */

struct sim_process *sim_process_of(const struct pc_worker *worker)
{
    return pc_runtime_user(pc_worker_runtime(worker));
}

static struct sim_process *app__process(const struct pc_session *session)
{
    return sim_process_of(pc_session_worker(session));
}

static struct stream *app__incoming(struct sim_run *run, const struct sim_user *user)
{
    return stream_of(&run->streams, user->end ^ 1u);
}

static void app__react(struct sim_run *run, struct pc_session *session)
{
    if (!run->is_calm && sim_choose(run->world, 100) < run->reaction_percent) {
        sim_act(run, session);
    }
}

static void app__remember(struct sim_run *run, pc_handle handle)
{
    uint32_t count = sizeof run->handles / sizeof run->handles[0];
    run->handles[run->handle_count++ % count] = handle;
}

/* No two sessions that opened ever had the same handle. */
static void app__check_generation(const struct pc_session *session)
{
    struct sim_process *process = app__process(session);
    uint32_t slot = session_handle_slot(session->handle);
    uint32_t *opened =
        &process->opened[session->worker->index][session->type->index][slot % RUN_SLOTS_MAX];
    PC_ASSERT(session_handle_generation(session->handle) > *opened);
    *opened = session_handle_generation(session->handle);
}

void sim_app_on_open(struct pc_session *session)
{
    struct sim_run *run = app__process(session)->run;
    struct sim_user *user = pc_session_user(session);
    PC_ASSERT(user->stage == 0);
    user->stage = STAGE_OPEN;
    user->end = sim_port_socket_end(&session->socket);
    PC_ASSERT(user->end != SIM_END_NONE);
    app__check_generation(session);
    PC_ASSERT(pc_worker_find(session->worker, session->handle) == session);
    sim_note(run->world, "end %u: on_open", user->end, 0, 0);
    struct stream *outgoing = stream_of(&run->streams, user->end);
    outgoing->is_wild |= run->is_wild;
    outgoing->is_short |= !app__process(session)->is_roomy;
    app__remember(run, session->handle);
    if (run->all_ready) {
        coverage_note(session, EVENT_APP_STATE);
        pc_session_set_protocol_state(session, SIM_STATE_READY);
    }
    app__react(run, session);
}

static void app__received(struct pc_session *session, const struct pc_frame *frame)
{
    struct sim_process *process = app__process(session);
    struct sim_run *run = process->run;
    struct sim_user *user = pc_session_user(session);
    PC_ASSERT(user->stage == STAGE_OPEN);
    PC_ASSERT(session->phase == SESSION_OPEN);
    PC_ASSERT(!session_is_blocked(session));
    limits_frame(session, frame);
    sim_note(run->world, "end %u: packet %u of %u bytes", user->end, frame->id, frame->size);
    stream_received(app__incoming(run, user), frame, process->is_lossy);
    run->totals->frames++;
    run->totals->bytes += frame->size;
    app__react(run, session);
}

void sim_app_on_frame(void *receiver, const struct pc_frame *frame)
{
    app__received(receiver, frame);
}

void sim_app_on_relay(struct pc_session *session, const struct pc_accept_entry *entry,
                      const struct pc_frame *frame)
{
    PC_ASSERT(entry->id == frame->id);
    app__received(session, frame);
}

void sim_app_on_send_room(struct pc_session *session)
{
    const struct sim_user *user = pc_session_user(session);
    PC_ASSERT(user->stage == STAGE_OPEN);
    app__react(app__process(session)->run, session);
}

void sim_app_on_close(struct pc_session *session, enum pc_close_reason reason)
{
    struct sim_process *process = app__process(session);
    struct sim_run *run = process->run;
    struct sim_user *user = pc_session_user(session);
    uint8_t *place;
    PC_ASSERT(user->stage == STAGE_OPEN);
    user->stage = STAGE_CLOSED;
    PC_ASSERT(reason != PC_CLOSE_NONE);
    PC_ASSERT(pc_session_reserve(session, PC_FRAME_HEADER_SIZE, &place) == PC_CLOSED);
    PC_ASSERT(pc_worker_find(session->worker, session->handle) == NULL);
    pc_session_close(session, PC_CLOSE_KICKED);
    pc_session_abort(session, PC_CLOSE_KICKED);
    PC_ASSERT(session->close_reason == (uint8_t)reason);
    sim_note(run->world, "end %u: on_close, reason %u", user->end, (uint32_t)reason, 0);
    if (reason == PC_CLOSE_PEER) {
        PC_ASSERT(stream_is_complete(app__incoming(run, user), process->is_lossy));
        PC_ASSERT(stream_is_latest(app__incoming(run, user), process->is_lossy));
    }
    limits_closed(session, reason);
    coverage_closed(reason);
    run->totals->lives++;
}

/* A frame is refused only if its sender meant it to be. */
void sim_app_observe(void *observer, const struct pc_event *event)
{
    struct sim_process *process = observer;
    if (event->kind != PC_EVENT_REFUSED) {
        return;
    }
    struct pc_worker *worker = process->runtime->workers[event->worker];
    struct pc_session *session = pc_worker_find(worker, event->session);
    PC_ASSERT(session != NULL);
    const struct stream *stream = app__incoming(process->run, pc_session_user(session));
    PC_ASSERT(stream_may_refuse(stream, event->refusal, event->packet_id, process->is_lossy));
}

/* ---- tasks ---- */

/* Open, or on its way out. */
static struct pc_session *app__any(struct sim_run *run, struct pc_worker *worker)
{
    struct pc_session *found[8];
    uint32_t count = 0;
    for (uint32_t t = 0; t < worker->runtime->manager.type_count; t++) {
        const struct session_pool *pool = worker_pool(worker, t);
        for (uint32_t slot = 0; slot < pool->slab_count * SESSION_SLAB_COUNT && count < 8; slot++) {
            struct pc_session *session = session_pool_at(pool, slot);
            if (session->was_open && session->phase != SESSION_FREE) {
                found[count++] = session;
            }
        }
    }
    return count == 0 ? NULL : found[sim_choose(run->world, count)];
}

static void app__resume_all(struct pc_worker *worker)
{
    for (uint32_t t = 0; t < worker->runtime->manager.type_count; t++) {
        const struct session_pool *pool = worker_pool(worker, t);
        for (uint32_t slot = 0; slot < pool->slab_count * SESSION_SLAB_COUNT; slot++) {
            struct pc_session *session = session_pool_at(pool, slot);
            if (session->phase == SESSION_OPEN) {
                pc_session_resume(session);
            }
        }
    }
}

static void app__deliver(struct pc_worker *worker, struct pc_session *session,
                         struct pc_message *message)
{
    struct sim_task *task = PC_CONTAINER_OF(message, struct sim_task, message);
    struct sim_run *run = task->run;
    PC_ASSERT(task->in_use);
    task->in_use = false;
    if (task->for_handle) {
        PC_ASSERT(session == pc_worker_find(worker, task->handle));
        PC_ASSERT(session == NULL || session->handle == task->handle);
    } else {
        PC_ASSERT(session == NULL);
        session = app__any(run, worker);
    }
    if (run->is_calm) {
        app__resume_all(worker);
    } else if (session != NULL) {
        for (uint32_t left = 1 + sim_choose(run->world, TASK_ACTIONS_MAX); left > 0; left--) {
            sim_act(run, session);
        }
    }
}

static struct sim_task *app__free_task(struct sim_run *run)
{
    for (uint32_t i = 0; i < RUN_TASKS; i++) {
        if (!run->tasks[i].in_use) {
            return &run->tasks[i];
        }
    }
    return NULL;
}

static void app__aim(struct sim_run *run, struct sim_task *task)
{
    uint32_t count = sizeof run->handles / sizeof run->handles[0];
    uint32_t known = run->handle_count < count ? run->handle_count : count;
    if (run->is_calm || known == 0 || sim_choose(run->world, 2) != 0) {
        return;
    }
    pc_handle handle = run->handles[sim_choose(run->world, known)];
    if (pc_handle_worker(handle) == task->message.worker) {
        task->for_handle = true;
        task->handle = handle;
        task->message.session = handle;
    }
}

void sim_app_post_to(struct sim_run *run, struct sim_process *process, uint32_t worker)
{
    struct sim_task *task = app__free_task(run);
    if (task == NULL) {
        return;
    }
    *task = (struct sim_task){
        .message = {.worker = worker, .deliver = app__deliver},
        .run = run,
        .in_use = true,
    };
    app__aim(run, task);
    sim_note(run->world, "process %u: task for worker %u", process->index, worker, 0);
    pc_post(process->runtime, &task->message);
}

void sim_app_post(struct sim_run *run, struct sim_process *process)
{
    if (process->phase != PROCESS_ABSENT) {
        uint32_t worker = sim_choose(run->world, process->runtime->worker_count);
        sim_app_post_to(run, process, worker);
    }
}
