/* Lanes: threads that run database jobs in order, many to a commit.
 *
 * Happy path and failure modes: see lanes.h. While one group is committed the next one gathers in
 * the queue; therefore groups grow with the load and nobody waits for company.
 * Path: beside [8]. */
#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>

#include "pc/check.h"
#include "pc/os.h"

/* Invariant: waiting_count is the length of the list first..last, at most queue_max; these and
 * counters are under mutex. store belongs to the thread once that runs. */
struct lane {
    struct lanes *lanes;
    struct pc_mutex *mutex;
    struct pc_condition *changed;
    struct pc_thread *thread; /* NULL: not started, or joined */
    struct store *store;
    struct lane_job *first;
    struct lane_job *last;
    uint32_t waiting_count;
    bool is_stopping;
    struct lanes_counters counters;
};

struct lanes {
    struct lanes_config config;
    struct pc_mutex *write_turn; /* held while a transaction that writes is open */
    struct lane lanes[];
};

/* Cut the oldest jobs off the queue, at most group_max. Called under mutex. */
static struct lane_job *lane__cut_group(struct lane *lane)
{
    struct lane_job *group = lane->first;
    struct lane_job *end = group;
    uint32_t count = 1;
    while (end->next != NULL && count < lane->lanes->config.group_max) {
        end = end->next;
        count++;
    }
    lane->first = end->next;
    end->next = NULL;
    if (lane->first == NULL) {
        lane->last = NULL;
    }
    lane->waiting_count -= count;
    lane->counters.jobs += count;
    lane->counters.transactions++;
    if (count > lane->counters.group_high) {
        lane->counters.group_high = count;
    }
    return group;
}

/* Wait for jobs; NULL when the lane stops and nothing is left. */
static struct lane_job *lane__next_group(struct lane *lane)
{
    struct lane_job *group = NULL;
    pc_mutex_lock(lane->mutex);
    while (lane->first == NULL && !lane->is_stopping) {
        pc_condition_wait(lane->changed, lane->mutex, UINT32_MAX);
    }
    if (lane->first != NULL) {
        group = lane__cut_group(lane);
    }
    pc_mutex_unlock(lane->mutex);
    return group;
}

static bool lane__group_writes(const struct lane_job *job)
{
    while (job != NULL && !job->writes) {
        job = job->next;
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
    for (struct lane_job *job = group; job != NULL && is_good; job = job->next) {
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
        struct lane_job *next = group->next; /* the job is its owner's again once posted */
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
    struct lane_job *group = lane__next_group(lane);
    while (group != NULL) {
        lane__run_group(lane, group);
        group = lane__next_group(lane);
    }
}

static bool lane__start(struct lanes *lanes, uint32_t index)
{
    struct lane *lane = &lanes->lanes[index];
    char name[16];
    lane->lanes = lanes;
    lane->mutex = pc_mutex_create();
    lane->changed = pc_condition_create();
    lane->store = store_open(&lanes->config.store);
    if (lane->mutex == NULL || lane->changed == NULL || lane->store == NULL) {
        return false;
    }
    if (!store_prepare(lane->store)) {
        return false;
    }
    snprintf(name, sizeof(name), "lane-%u", index);
    lane->thread = pc_thread_start(name, lane__run, lane);
    return lane->thread != NULL;
}

struct lanes *lanes_create(const struct lanes_config *config)
{
    PC_ASSERT(config->lane_count > 0);
    PC_ASSERT(config->queue_max > 0);
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

static bool lane__append(struct lane *lane, struct lane_job *job)
{
    if (lane->is_stopping || lane->waiting_count >= lane->lanes->config.queue_max) {
        return false;
    }
    job->next = NULL;
    if (lane->last != NULL) {
        lane->last->next = job;
    } else {
        lane->first = job;
    }
    lane->last = job;
    lane->waiting_count++;
    return true;
}

bool lanes_submit(struct lanes *lanes, uint64_t key, struct lane_job *job)
{
    struct lane *lane = &lanes->lanes[key % lanes->config.lane_count];
    pc_mutex_lock(lane->mutex);
    bool is_taken = lane__append(lane, job);
    if (is_taken) {
        pc_condition_signal(lane->changed);
    }
    pc_mutex_unlock(lane->mutex);
    return is_taken;
}

static void lane__stop(struct lane *lane)
{
    if (lane->thread == NULL) {
        return;
    }
    pc_mutex_lock(lane->mutex);
    lane->is_stopping = true;
    pc_condition_broadcast(lane->changed);
    pc_mutex_unlock(lane->mutex);
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
    if (lane->changed != NULL) {
        pc_condition_destroy(lane->changed);
    }
    if (lane->mutex != NULL) {
        pc_mutex_destroy(lane->mutex);
    }
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
        struct lane *lane = &lanes->lanes[i];
        pc_mutex_lock(lane->mutex);
        counters->jobs += lane->counters.jobs;
        counters->transactions += lane->counters.transactions;
        if (lane->counters.group_high > counters->group_high) {
            counters->group_high = lane->counters.group_high;
        }
        pc_mutex_unlock(lane->mutex);
    }
}
