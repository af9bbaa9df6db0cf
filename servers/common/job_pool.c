/* A bounded pool of threads for work that would block a worker.
 *
 * Happy path: submit appends to a FIFO and wakes a thread; the thread runs the job and posts it.
 * Failure modes: see job_pool.h. A thread that cannot be started at creation undoes the rest.
 * Path: beside [8]. */
#include "common/job_pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"

/* Invariant: started_count threads are to be joined. */
struct job_pool {
    struct job_pool_config config;
    struct work_queue *queue;
    uint32_t started_count;
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

static struct job *job_pool__job_of(struct work_item *item)
{
    return PC_CONTAINER_OF(item, struct job, item);
}

static void job_pool__finish(struct job_pool *pool, struct job *job)
{
    pool->config.post.post(pool->config.post.context, &job->done);
}

static void job_pool__run(void *argument)
{
    struct job_pool *pool = argument;
    struct work_item *item;
    while ((item = work_queue_take(pool->queue, 1)) != NULL) {
        struct job *job = job_pool__job_of(item);
        job->run(job);
        job_pool__finish(pool, job);
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
    size_t threads_size = config->thread_count * sizeof(struct pc_thread *);
    struct job_pool *pool = calloc(1, sizeof(*pool) + threads_size);
    if (pool == NULL) {
        return NULL;
    }
    pool->config = *config;
    pool->queue = work_queue_create(config->queue_max);
    if (pool->queue == NULL || !job_pool__start_threads(pool)) {
        job_pool_destroy(pool);
        return NULL;
    }
    return pool;
}

bool job_pool_submit(struct job_pool *pool, struct job *job)
{
    job->is_cancelled = false;
    return work_queue_add(pool->queue, &job->item);
}

void job_pool_stop(struct job_pool *pool)
{
    struct work_item *item = work_queue_close_and_empty(pool->queue);
    while (item != NULL) {
        struct job *job = job_pool__job_of(item);
        item = item->next; /* the job is its owner's again once posted */
        job->is_cancelled = true;
        job_pool__finish(pool, job);
    }
    while (pool->started_count > 0) {
        pool->started_count--;
        pc_thread_join(pool->threads[pool->started_count]);
    }
}

void job_pool_destroy(struct job_pool *pool)
{
    if (pool->queue != NULL) {
        job_pool_stop(pool);
    }
    work_queue_destroy(pool->queue);
    free(pool);
}
