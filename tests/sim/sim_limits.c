/* See sim_limits.h. */
#include "sim_limits.h"

#include "net/listener.h"
#include "pc/check.h"
#include "sim_run.h"

#define TOKEN                1000u /* thousandths */
#define MEMORY_SHORT_PERCENT 80u
#define MEMORY_GONE_PERCENT  95u
#define MEMORY_LOOK_MS       10u /* a worker need not look at all sessions more often */

/* 256 that have come, and 256 that were kept and are gone on with at the end of the turn. */
#define FRAMES_OF_TURN_MAX 512u

static struct limits_mirror *limits__mirror(struct pc_session *session)
{
    return &((struct sim_user *)pc_session_user(session))->limits;
}

/* ---- what a session receives ---- */

void limits_set_budget(struct pc_session *session, uint32_t packets, uint32_t bytes)
{
    struct limits_mirror *mirror = limits__mirror(session);
    if (session->phase == SESSION_OPEN) {
        mirror->has_budget = packets != 0 || bytes != 0;
        mirror->budget_packets = packets;
        mirror->budget_bytes = bytes;
    }
    pc_session_set_budget(session, packets, bytes);
}

void limits_received(struct pc_session *session, uint32_t size)
{
    struct limits_mirror *mirror = limits__mirror(session);
    if (mirror->has_budget) {
        mirror->is_over = size > mirror->budget_bytes;
        mirror->budget_bytes -= mirror->is_over ? 0 : size;
    }
}

/* What is taken comes back with time, and there is never more of it than the burst. */
static void limits__take(struct limits_bucket *bucket, const struct pc_rate *rate, uint64_t now_ms)
{
    uint64_t back_milli = (now_ms - bucket->taken_ms) * rate->per_sec;
    bucket->taken_milli -= back_milli < bucket->taken_milli ? back_milli : bucket->taken_milli;
    bucket->taken_milli += TOKEN;
    bucket->taken_ms = now_ms;
    PC_ASSERT(bucket->taken_milli <= (uint64_t)rate->burst * TOKEN);
}

static void limits__take_rates(struct limits_mirror *mirror, const struct pc_session *session,
                               const struct pc_frame *frame)
{
    const struct pc_rate *all = &session->type->policy.packets;
    const struct pc_accept_table *table = session->type->policy.accepts;
    const struct pc_accept_entry *entry = pc_accept_find(table, frame->id);
    PC_ASSERT(entry != NULL && entry->rate <= LIMITS_RATES);
    if (all->per_sec != 0) {
        limits__take(&mirror->all_packets, all, session->worker->now_ms);
    }
    if (entry->rate != 0) {
        uint32_t index = entry->rate - 1u;
        limits__take(&mirror->rates[index], &table->rates[index], session->worker->now_ms);
    }
}

void limits_frame(struct pc_session *session, const struct pc_frame *frame)
{
    struct limits_mirror *mirror = limits__mirror(session);
    uint64_t turn = sim_process_of(session->worker)->run->totals->turns;
    PC_ASSERT(!mirror->is_over);
    if (mirror->has_budget) {
        PC_ASSERT(mirror->budget_packets > 0);
        mirror->budget_packets--;
    }
    limits__take_rates(mirror, session, frame);
    mirror->frames_of_turn = mirror->turn == turn ? mirror->frames_of_turn + 1 : 1;
    mirror->turn = turn;
    PC_ASSERT(mirror->frames_of_turn <= FRAMES_OF_TURN_MAX);
}

void limits_closed(struct pc_session *session, enum pc_close_reason reason)
{
    const struct limits_mirror *mirror = limits__mirror(session);
    PC_ASSERT(mirror->is_over == (reason == PC_CLOSE_BYTE_BUDGET));
    PC_ASSERT(mirror->has_budget || reason != PC_CLOSE_PACKET_BUDGET);
}

/* ---- accepting ---- */

void limits_accept_posted(const struct pc_session *session)
{
    struct sim_process *process = sim_process_of(session->worker);
    const struct pc_listener_config *config = &session->listener->config;
    for (uint32_t w = 0; w < RUN_WORKERS_MAX; w++) {
        PC_ASSERT(!process->is_short[w]);
    }
    if (config->accepts_per_sec_max != 0) {
        uint32_t posted = config->accepts_posted;
        struct pc_rate rate = {.per_sec = config->accepts_per_sec_max, .burst = posted};
        rate.burst = rate.per_sec > posted ? rate.per_sec : posted;
        PC_ASSERT(config->tag < RUN_LISTENERS_MAX);
        limits__take(&process->accepts[config->tag], &rate, session->worker->now_ms);
    }
}

/* ---- the worker's memory ---- */

static bool limits__is_above(const struct buffer_pool *pool, uint32_t percent)
{
    return pool->bytes_used > pool->bytes_max / 100 * percent;
}

/* What the sessions of one worker have of its memory. */
struct limits_memory {
    uint64_t returning_bytes; /* at least: queued by sessions that are closing */
    uint32_t returning_count; /* closing sessions that will give some back */
    uint32_t queueing_count;  /* others with a queue */
};

static bool limits__holds_memory(const struct pc_session *session)
{
    return session->queue.bytes > 0 || session->latest.count > 0 ||
           session->assembler.tail.storage != NULL;
}

static void limits__add_session(struct limits_memory *memory, const struct pc_session *session)
{
    if (session->phase == SESSION_CLOSING) {
        memory->returning_bytes += session->queue.bytes;
        memory->returning_count += limits__holds_memory(session) ? 1 : 0;
    } else if (session->phase == SESSION_OPEN || session->phase == SESSION_DRAINING) {
        memory->queueing_count += session->queue.bytes > 0 ? 1 : 0;
    }
}

static struct limits_memory limits__weigh(const struct pc_worker *worker)
{
    struct limits_memory memory = {.returning_count = 0};
    for (uint32_t t = 0; t < worker->runtime->manager.type_count; t++) {
        const struct session_pool *pool = worker_pool(worker, t);
        for (uint32_t slot = 0; slot < pool->slab_count * SESSION_SLAB_COUNT; slot++) {
            limits__add_session(&memory, session_pool_at(pool, slot));
        }
    }
    return memory;
}

/* Only when memory is nearly gone, and what closing sessions will give back is not enough. */
void limits_evicted(const struct pc_session *session)
{
    const struct buffer_pool *pool = &session->worker->buffers;
    struct limits_memory memory = limits__weigh(session->worker);
    PC_ASSERT(limits__holds_memory(session));
    PC_ASSERT(pool->bytes_used >
              pool->bytes_max / 100 * MEMORY_GONE_PERCENT + memory.returning_bytes);
}

/* Memory is nearly gone, somebody has much of it queued, and nobody is ending who gives some back.
 */
static bool limits__is_hogged(const struct pc_worker *worker)
{
    if (!limits__is_above(&worker->buffers, MEMORY_GONE_PERCENT)) {
        return false;
    }
    struct limits_memory memory = limits__weigh(worker);
    return memory.returning_count == 0 && memory.queueing_count > 0;
}

void limits_turned(struct sim_process *process, const struct pc_worker *worker)
{
    process->is_short[worker->index] = limits__is_above(&worker->buffers, MEMORY_SHORT_PERCENT);
    uint64_t *hogged_ms = &process->hogged_ms[worker->index];
    if (!limits__is_hogged(worker)) {
        *hogged_ms = 0;
    } else if (*hogged_ms == 0) {
        *hogged_ms = worker->now_ms;
    }
    PC_ASSERT(*hogged_ms == 0 || worker->now_ms < *hogged_ms + MEMORY_LOOK_MS);
}
