/* What an application may do with a session, one thing at a time, also from inside callbacks. See
 * sim_run.h. */
#include "net/block.h"
#include "pc/check.h"
#include "pc/wire.h"
#include "sim_coverage.h"
#include "sim_run.h"
#include "sim_table.h"

#define ACT_BURST_MAX    300u
#define ACT_FLOOD        1200u /* frames, as small as can be: more than a turn handles */
#define ACT_FRAMES_MAX   4u
#define ACT_KEYS_MAX     100u
#define ACT_DEADLINE_MAX 400u

static struct stream *act__stream(struct sim_run *run, struct pc_session *session)
{
    const struct sim_user *user = pc_session_user(session);
    return stream_of(&run->streams, user->end);
}

static uint32_t act__end(struct pc_session *session)
{
    return ((struct sim_user *)pc_session_user(session))->end;
}

/* Queue one frame, straight in the queue; false if the session did not take it. */
static bool act__send(struct sim_run *run, struct pc_session *session, uint16_t id, uint32_t size)
{
    struct stream *stream = act__stream(run, session);
    uint8_t *place;
    coverage_note(session, EVENT_APP_SEND);
    if (pc_session_reserve(session, size, &place) != PC_OK) {
        PC_ASSERT(session->phase != SESSION_OPEN);
        return false;
    }
    stream_fill(stream, act__end(session), place, size, id);
    stream_sent(stream, place, size);
    return true;
}

static void act__send_some(struct sim_run *run, struct pc_session *session, uint16_t id,
                           uint32_t size_max)
{
    uint32_t count = 1 + sim_choose(run->world, ACT_FRAMES_MAX);
    uint32_t size = PC_FRAME_HEADER_SIZE + sim_choose(run->world, size_max - 3);
    while (count > 0 && act__send(run, session, id, size)) {
        count--;
    }
}

static void act__burst(struct sim_run *run, struct pc_session *session)
{
    bool is_flood = sim_choose(run->world, 8) == 0;
    uint32_t count = is_flood ? ACT_FLOOD : 1 + sim_choose(run->world, ACT_BURST_MAX);
    while (count > 0 && act__send(run, session, SIM_ID_TEXT, is_flood ? 4 : 4 + count % 29)) {
        count--;
    }
}

static bool act__is_waiting(const struct pc_session *session, uint32_t key)
{
    const struct latest_frame *frame = session->latest.head;
    while (frame != NULL && frame->key != key) {
        frame = frame->next;
    }
    return frame != NULL;
}

/* The key of the waiting frame that must give way when one of this key comes, or STREAM_KEYS_MAX.
 */
static uint32_t act__displaced(const struct pc_session *session, uint32_t key)
{
    bool is_full = session->latest.count == LATEST_COUNT_MAX;
    return session->is_congested && is_full && !act__is_waiting(session, key)
               ? (uint32_t)session->latest.head->key
               : STREAM_KEYS_MAX;
}

static void act__send_latest(struct sim_run *run, struct pc_session *session)
{
    struct sim_user *user = pc_session_user(session);
    struct stream *stream = act__stream(run, session);
    bool has_many = run->latest_keys > ACT_FRAMES_MAX;
    uint32_t count = 1 + sim_choose(run->world, has_many ? ACT_KEYS_MAX : ACT_FRAMES_MAX);
    while (count-- > 0) {
        uint8_t frame[SIM_LATEST] = {0};
        uint32_t key = sim_choose(run->world, run->latest_keys);
        uint32_t displaced = act__displaced(session, key);
        pc_frame_put_header(frame, sizeof frame, SIM_ID_LATEST);
        pc_wire_put_u32(frame + 4, key);
        pc_wire_put_u32(frame + 8, ++user->latest_version);
        coverage_note(session, EVENT_APP_LATEST);
        if (pc_session_send_latest(session, key, frame, sizeof frame) != PC_OK) {
            return;
        }
        stream_sent(stream, frame, sizeof frame);
        if (displaced < STREAM_KEYS_MAX) {
            coverage_note(session, EVENT_APP_DISPLACED);
            PC_ASSERT(!act__is_waiting(session, displaced) && act__is_waiting(session, key));
            stream_displaced(stream, displaced);
        }
    }
}

static void act__send_block(struct sim_run *run, struct pc_session *session)
{
    struct pc_worker *worker = session->worker;
    uint8_t frame[SIM_TEXT_MAX];
    uint32_t size = PC_FRAME_HEADER_SIZE + sim_choose(run->world, SIM_TEXT_MAX - 3);
    stream_fill(act__stream(run, session), act__end(session), frame, size, SIM_ID_TEXT);
    struct pc_block *block = pc_block_create(worker, frame, size);
    if (block == NULL) {
        return;
    }
    const struct session_pool *pool = worker_pool(worker, session->type->index);
    for (uint32_t slot = 0; slot < pool->slab_count * SESSION_SLAB_COUNT; slot++) {
        struct pc_session *target = session_pool_at(pool, slot);
        if (!target->was_open || target->phase == SESSION_FREE) {
            continue;
        }
        coverage_note(target, EVENT_APP_BLOCK);
        if (pc_session_send_block(target, block) == PC_OK) {
            stream_sent(act__stream(run, target), frame, size);
        }
    }
    pc_block_release(block);
}

/* The receiver must refuse it and end; what follows is never handled. */
static void act__send_illegal(struct sim_run *run, struct pc_session *session)
{
    uint8_t frame[SIM_BAD_SIZE] = {0};
    pc_frame_put_header(frame, sizeof frame, sim_choose(run->world, 2) == 0 ? SIM_ID_HOLE : 0);
    if (sim_choose(run->world, 3) == 0) {
        pc_frame_put_header(frame, sizeof frame, SIM_ID_TEXT);
        frame[4] = SIM_BAD_BYTE;
    }
    if (pc_session_send(session, frame, sizeof frame) == PC_OK) {
        stream_sent(act__stream(run, session), frame, sizeof frame);
    }
}

static void act__close(struct sim_run *run, struct pc_session *session, bool aborts)
{
    static const enum pc_close_reason reasons[] = {PC_CLOSE_KICKED, PC_CLOSE_LOGOUT, PC_CLOSE_AUTH};
    enum pc_close_reason reason = reasons[sim_choose(run->world, 3)];
    if (sim_choose(run->world, 2) == 0) {
        /* The worker means to go on with the session next turn, and may find it closed then. */
        pc_session_pause(session);
        pc_session_resume(session);
    }
    coverage_note(session, aborts ? EVENT_APP_ABORT : EVENT_APP_CLOSE);
    if (aborts) {
        pc_session_abort(session, reason);
    } else {
        pc_session_close(session, reason);
    }
    PC_ASSERT(session->phase != SESSION_OPEN);
}

static void act__set_budget(struct sim_run *run, struct pc_session *session)
{
    coverage_note(session, EVENT_APP_BUDGET);
    if (sim_choose(run->world, 3) == 0) {
        limits_set_budget(session, 0, 0);
    } else {
        uint32_t packets = sim_choose(run->world, 50);
        limits_set_budget(session, packets, sim_choose(run->world, 20000));
    }
}

void sim_act_as(struct sim_run *run, struct pc_session *session, enum run_action action)
{
    switch (action) {
    case ACTION_TEXT:
        act__send_some(run, session, SIM_ID_TEXT, SIM_TEXT_MAX);
        break;
    case ACTION_BURST:
        act__burst(run, session);
        break;
    case ACTION_LARGE:
        act__send_some(run, session, SIM_ID_LARGE, SIM_LARGE_MAX);
        break;
    case ACTION_NUMBER:
        (void)act__send(run, session, SIM_ID_NUMBER, 8);
        break;
    case ACTION_KICK:
        (void)act__send(run, session, SIM_ID_KICK, 4);
        break;
    case ACTION_DROP:
        act__send_some(run, session, SIM_ID_DROP, SIM_SMALL_MAX);
        break;
    case ACTION_RELAY:
        act__send_some(run, session, SIM_ID_RELAY, SIM_SMALL_MAX);
        break;
    case ACTION_DELAY:
        act__send_some(run, session, SIM_ID_DELAY, SIM_SMALL_MAX);
        break;
    case ACTION_LATEST:
        act__send_latest(run, session);
        break;
    case ACTION_BLOCK:
        act__send_block(run, session);
        break;
    case ACTION_ILLEGAL:
        act__send_illegal(run, session);
        break;
    case ACTION_CLOSE:
        act__close(run, session, false);
        break;
    case ACTION_ABORT:
        act__close(run, session, true);
        break;
    case ACTION_DEADLINE:
        coverage_note(session, EVENT_APP_DEADLINE);
        pc_session_set_deadline(session, sim_choose(run->world, ACT_DEADLINE_MAX),
                                PC_CLOSE_DEADLINE);
        break;
    case ACTION_READY:
        coverage_note(session, EVENT_APP_STATE);
        pc_session_set_protocol_state(session, (uint8_t)sim_choose(run->world, 2));
        break;
    case ACTION_PAUSE:
        coverage_note(session, EVENT_APP_PAUSE);
        pc_session_pause(session);
        break;
    case ACTION_RESUME:
        coverage_note(session, EVENT_APP_RESUME);
        pc_session_resume(session);
        break;
    case ACTION_BUDGET:
        act__set_budget(run, session);
        break;
    case ACTION_POST:
        sim_app_post(run, sim_process_of(session->worker));
        break;
    case ACTION_COUNT:
        break;
    }
}

void sim_act(struct sim_run *run, struct pc_session *session)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < ACTION_COUNT; i++) {
        total += run->weights[i];
    }
    uint32_t chosen = sim_choose(run->world, total);
    for (uint32_t i = 0; i < ACTION_COUNT; i++) {
        if (chosen < run->weights[i]) {
            sim_note(run->world, "end %u: action %u", act__end(session), i, 0);
            sim_act_as(run, session, (enum run_action)i);
            return;
        }
        chosen -= run->weights[i];
    }
}
