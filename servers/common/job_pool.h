/* A bounded pool of threads for work that would block a worker (password hashes).
 *
 * Happy path: a worker submits a job; a thread runs it; the job's message is posted back to the
 * worker, whose deliver function gets the job by container_of and answers.
 * Failure modes: the queue is full or the pool stops: submit returns false and the caller answers
 * BUSY. Stopping cancels what still waits: such a job is posted back with is_cancelled set, so that
 * every submitted job comes back exactly once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/work_queue.h"
#include "pc/worker.h"

/* How finished work goes back to its worker: pc_post, or a test's own function. */
struct job_post {
    void (*post)(void *context, struct pc_message *message);
    void *context;
};

/* The real one: posts to the runtime. */
struct job_post job_post_to(struct pc_runtime *runtime);

/* Embed it in the request. From submit until done is delivered it belongs to the pool. */
struct job {
    struct work_item item;        /* the pool's */
    void (*run)(struct job *job); /* on a thread of the pool */
    struct pc_message done;       /* session or worker, and deliver, set by the submitter */
    bool is_cancelled;            /* run was not called */
};

struct job_pool_config {
    const char *name; /* of the threads, at most 11 characters */
    uint32_t thread_count;
    uint32_t queue_max; /* jobs that wait; those that run are not counted */
    struct job_post post;
};

struct job_pool;

/* NULL if memory or threads are short. */
struct job_pool *job_pool_create(const struct job_pool_config *config);

/* Thread: any. Never blocks. False: full or stopping; nothing happened. */
bool job_pool_submit(struct job_pool *pool, struct job *job);

/* Refuse new jobs, cancel those that wait, finish those that run, join the threads. Call while the
 * runtime still delivers messages. Idempotent. */
void job_pool_stop(struct job_pool *pool);

/* Stops if need be, and frees. */
void job_pool_destroy(struct job_pool *pool);
