/* A bounded pool of threads for work that would block a worker.
 *
 * Happy path: submit appends to a FIFO and wakes a thread; the thread runs the job and posts it.
 * Failure modes: see job_pool.h. A thread that cannot be started at creation undoes the rest.
 * Path: beside [8]. */
#include "common/job_pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "pc/check.h"
#include "pc/os.h"

/* Invariant: waiting_count is the length of the list first..last, at most queue_max; under mutex.
 * started_count threads are to be joined. */
struct job_pool {
    struct job_pool_config config;
    struct pc_mutex *mutex;
    struct pc_condition *changed;
    struct job *first;
    struct job *last;
    uint32_t waiting_count;
    uint32_t started_count;
    bool is_stopping;
    struct pc_thread *threads[];
};

static void job_pool__post_to_runtime(void *context, struct pc_message *message)
{
    pc_post(context, message);
}

struct job_post job_post_to(struct pc_runtime *runtime)
{
    return (struct job_post){.post = job_pool__post_to_runtime, .context = runtime};
}

/* The oldest job; NULL if none waits. Called under mutex. */
static struct job *job_pool__pop(struct job_pool *pool)
{
    struct job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        pool->waiting_count--;
        job->next = NULL;
    }
    if (pool->first == NULL) {
        pool->last = NULL;
    }
    return job;
}

/* Wait for a job; NULL when the pool stops. */
static struct job *job_pool__next(struct job_pool *pool)
{
    pc_mutex_lock(pool->mutex);
    while (pool->first == NULL && !pool->is_stopping) {
        pc_condition_wait(pool->changed, pool->mutex, UINT32_MAX);
    }
    struct job *job = job_pool__pop(pool);
    pc_mutex_unlock(pool->mutex);
    return job;
}

static void job_pool__finish(struct job_pool *pool, struct job *job)
{
    pool->config.post.post(pool->config.post.context, &job->done);
}

static void job_pool__run(void *argument)
{
    struct job_pool *pool = argument;
    struct job *job = job_pool__next(pool);
    while (job != NULL) {
        job->run(job);
        job_pool__finish(pool, job);
        job = job_pool__next(pool);
    }
}

static bool job_pool__start_threads(struct job_pool *pool)
{
    char name[16];
    for (uint32_t i = 0; i < pool->config.thread_count; i++) {
        snprintf(name, sizeof(name), "%.11s-%u", pool->config.name, i % 1000u);
        pool->threads[i] = pc_thread_start(name, job_pool__run, pool);
        if (pool->threads[i] == NULL) {
            return false;
        }
        pool->started_count++;
    }
    return true;
}

struct job_pool *job_pool_create(const struct job_pool_config *config)
{
    PC_ASSERT(config->thread_count > 0);
    PC_ASSERT(config->queue_max > 0);
    size_t threads_size = config->thread_count * sizeof(struct pc_thread *);
    struct job_pool *pool = calloc(1, sizeof(*pool) + threads_size);
    if (pool == NULL) {
        return NULL;
    }
    pool->config = *config;
    pool->mutex = pc_mutex_create();
    pool->changed = pc_condition_create();
    bool is_ready = pool->mutex != NULL && pool->changed != NULL;
    if (!is_ready || !job_pool__start_threads(pool)) {
        job_pool_destroy(pool);
        return NULL;
    }
    return pool;
}

bool job_pool_submit(struct job_pool *pool, struct job *job)
{
    pc_mutex_lock(pool->mutex);
    bool is_taken = !pool->is_stopping && pool->waiting_count < pool->config.queue_max;
    if (is_taken) {
        job->next = NULL;
        job->is_cancelled = false;
        if (pool->last != NULL) {
            pool->last->next = job;
        } else {
            pool->first = job;
        }
        pool->last = job;
        pool->waiting_count++;
        pc_condition_signal(pool->changed);
    }
    pc_mutex_unlock(pool->mutex);
    return is_taken;
}

/* Take all that wait out of the queue, so that the threads find nothing more. */
static struct job *job_pool__take_all(struct job_pool *pool)
{
    pc_mutex_lock(pool->mutex);
    struct job *jobs = pool->first;
    pool->first = NULL;
    pool->last = NULL;
    pool->waiting_count = 0;
    pool->is_stopping = true;
    pc_condition_broadcast(pool->changed);
    pc_mutex_unlock(pool->mutex);
    return jobs;
}

void job_pool_stop(struct job_pool *pool)
{
    struct job *job = job_pool__take_all(pool);
    while (job != NULL) {
        struct job *next = job->next;
        job->is_cancelled = true;
        job_pool__finish(pool, job);
        job = next;
    }
    while (pool->started_count > 0) {
        pool->started_count--;
        pc_thread_join(pool->threads[pool->started_count]);
    }
}

void job_pool_destroy(struct job_pool *pool)
{
    if (pool->mutex != NULL && pool->changed != NULL) {
        job_pool_stop(pool);
    }
    if (pool->changed != NULL) {
        pc_condition_destroy(pool->changed);
    }
    if (pool->mutex != NULL) {
        pc_mutex_destroy(pool->mutex);
    }
    free(pool);
}

uint32_t job_pool_waiting(struct job_pool *pool)
{
    pc_mutex_lock(pool->mutex);
    uint32_t count = pool->waiting_count;
    pc_mutex_unlock(pool->mutex);
    return count;
}
