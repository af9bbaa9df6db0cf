/* Lanes: threads that run database jobs in order, many to a commit.
 *
 * Happy path and failure modes: see lanes.h. While one group is committed the next one gathers in
 * the queue; therefore groups grow with the load and nobody waits for company.
 * Path: beside [8]. */
#include "lanes.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"

/* store belongs to the thread once that runs. The counters are the thread's; others read them. */
struct lane {
    struct lanes *lanes;
    struct work_queue *queue;
    struct pc_thread *thread; /* NULL: not started, or joined */
    struct store *store;
    atomic_uint_least64_t jobs;
    atomic_uint_least64_t transactions;
    atomic_uint_least64_t group_high;
};

struct lanes {
    struct lanes_config config;
    struct pc_mutex *write_turn; /* held while a transaction that writes is open */
    struct lane lanes[];
};

/* The next job of a group; NULL: that was the last. */
static struct lane_job *lane__next(const struct lane_job *job)
{
    struct work_item *item = job->item.next;
    return item != NULL ? PC_CONTAINER_OF(item, struct lane_job, item) : NULL;
}

static void lane__count(struct lane *lane, const struct lane_job *group)
{
    uint64_t count = 0;
    for (const struct lane_job *job = group; job != NULL; job = lane__next(job)) {
        count++;
    }
    atomic_fetch_add(&lane->jobs, count);
    atomic_fetch_add(&lane->transactions, 1);
    if (count > atomic_load(&lane->group_high)) {
        atomic_store(&lane->group_high, count);
    }
}

static bool lane__group_writes(const struct lane_job *job)
{
    while (job != NULL && !job->writes) {
        job = lane__next(job);
    }
    return job != NULL;
}

/* Run one job inside the transaction. False: the transaction cannot go on. */
static bool lane__run_job(struct store *store, struct lane_job *job)
{
    if (job->writes && !store_set_savepoint(store)) {
        return false;
    }
    bool is_done = job->run(job, store);
    job->outcome = is_done ? LANE_COMMITTED : LANE_UNDONE;
    if (!store_in_transaction(store)) {
        return false; /* SQLite has rolled back everything: disk full, I/O error */
    }
    if (!job->writes) {
        return true;
    }
    return is_done ? store_release_savepoint(store) : store_undo_savepoint(store);
}

/* True if the group is committed. */
static bool lane__run_transaction(struct store *store, struct lane_job *group, bool writes)
{
    if (!store_begin(store, writes)) {
        return false;
    }
    bool is_good = true;
    for (struct lane_job *job = group; job != NULL && is_good; job = lane__next(job)) {
        is_good = lane__run_job(store, job);
    }
    if (is_good && store_commit(store)) {
        return true;
    }
    store_rollback(store);
    return false;
}

static void lane__run_group(struct lane *lane, struct lane_job *group)
{
    const struct job_post *post = &lane->lanes->config.post;
    bool writes = lane__group_writes(group);
    if (writes) {
        pc_mutex_lock(lane->lanes->write_turn);
    }
    bool is_committed = lane__run_transaction(lane->store, group, writes);
    if (writes) {
        pc_mutex_unlock(lane->lanes->write_turn);
    }
    while (group != NULL) {
        struct lane_job *next = lane__next(group); /* the job is its owner's again once posted */
        if (!is_committed) {
            group->outcome = LANE_FAILED;
        }
        post->post(post->context, &group->done);
        group = next;
    }
}

static void lane__run(void *argument)
{
    struct lane *lane = argument;
    uint32_t group_max = lane->lanes->config.group_max;
    struct work_item *item;
    while ((item = work_queue_take(lane->queue, group_max)) != NULL) {
        struct lane_job *group = PC_CONTAINER_OF(item, struct lane_job, item);
        lane__count(lane, group);
        lane__run_group(lane, group);
    }
}

static bool lane__start(struct lanes *lanes, uint32_t index)
{
    struct lane *lane = &lanes->lanes[index];
    char name[16];
    lane->lanes = lanes;
    lane->queue = work_queue_create(lanes->config.queue_max);
    lane->store = store_open(&lanes->config.store);
    if (lane->queue == NULL || lane->store == NULL || !store_prepare(lane->store)) {
        return false;
    }
    snprintf(name, sizeof(name), "lane-%u", index);
    lane->thread = pc_thread_start(name, lane__run, lane);
    return lane->thread != NULL;
}

struct lanes *lanes_create(const struct lanes_config *config)
{
    PC_ASSERT(config->lane_count > 0);
    PC_ASSERT(config->group_max > 0);
    struct lanes *lanes =
        calloc(1, sizeof(*lanes) + (size_t)config->lane_count * sizeof(struct lane));
    if (lanes == NULL) {
        return NULL;
    }
    lanes->config = *config;
    lanes->write_turn = pc_mutex_create();
    bool is_good = lanes->write_turn != NULL;
    for (uint32_t i = 0; is_good && i < config->lane_count; i++) {
        is_good = lane__start(lanes, i);
    }
    if (!is_good) {
        lanes_destroy(lanes);
        return NULL;
    }
    return lanes;
}

bool lanes_submit(struct lanes *lanes, uint64_t key, struct lane_job *job)
{
    return work_queue_add(lanes->lanes[key % lanes->config.lane_count].queue, &job->item);
}

static void lane__stop(struct lane *lane)
{
    if (lane->thread == NULL) {
        return;
    }
    work_queue_close(lane->queue);
    pc_thread_join(lane->thread);
    lane->thread = NULL;
}

void lanes_stop(struct lanes *lanes)
{
    for (uint32_t i = 0; i < lanes->config.lane_count; i++) {
        lane__stop(&lanes->lanes[i]);
    }
}

static void lane__free(struct lane *lane)
{
    store_close(lane->store);
    work_queue_destroy(lane->queue);
}

void lanes_destroy(struct lanes *lanes)
{
    if (lanes == NULL) {
        return;
    }
    lanes_stop(lanes);
    for (uint32_t i = 0; i < lanes->config.lane_count; i++) {
        lane__free(&lanes->lanes[i]);
    }
    if (lanes->write_turn != NULL) {
        pc_mutex_destroy(lanes->write_turn);
    }
    free(lanes);
}

void lanes_count(struct lanes *lanes, struct lanes_counters *counters)
{
    *counters = (struct lanes_counters){0};
    for (uint32_t i = 0; i < lanes->config.lane_count; i++) {
        const struct lane *lane = &lanes->lanes[i];
        uint64_t group_high = atomic_load(&lane->group_high);
        counters->jobs += atomic_load(&lane->jobs);
        counters->transactions += atomic_load(&lane->transactions);
        counters->group_high =
            group_high > counters->group_high ? group_high : counters->group_high;
    }
}
