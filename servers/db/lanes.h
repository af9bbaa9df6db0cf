/* Lanes: threads that run database jobs in order, many to a commit.
 *
 * Happy path: a worker submits a job under a key; the key chooses the lane, so that all jobs of one
 * key (an account's name, the account of a character) run in the order of their submission. The
 * lane takes what waits, up to group_max, runs it in one transaction, commits, and only then posts
 * the jobs back. Failure modes: the queue is full or the lanes stop: submit returns false, the
 * caller answers BUSY. A job that fails is undone alone (savepoint); the others of its group are
 * not touched. A transaction that fails (disk) fails all its jobs. Every submitted job comes back
 * exactly once.
 *
 * Several lanes read at the same time; SQLite has one writer, so the lanes that write take turns on
 * a mutex, which is fairer and quicker than its busy handler. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/job_pool.h"
#include "store.h"

enum lane_outcome {
    LANE_COMMITTED, /* run returned true, and what it did is committed */
    LANE_UNDONE,    /* run returned false; what it did is undone */
    LANE_FAILED     /* the transaction failed; nothing is kept, what run found out is void */
};

/* Embed it in the request. From submit until done is delivered it belongs to the lane. */
struct lane_job {
    struct work_item item; /* the lane's */
    /* On the lane's thread, inside a transaction. False: undo. Must not begin or end one. */
    bool (*run)(struct lane_job *job, struct store *store);
    struct pc_message done; /* session or worker, and deliver, set by the submitter */
    bool writes;            /* run may change the database; else it must not */
    enum lane_outcome outcome;
};

struct lanes_config {
    struct store_options store; /* of each lane's own connection; the schema is up to date */
    uint32_t lane_count;
    uint32_t queue_max; /* jobs that wait, per lane */
    uint32_t group_max; /* jobs of one transaction */
    struct job_post post;
};

struct lanes_counters {
    uint64_t jobs;
    uint64_t transactions;
    uint64_t group_high; /* jobs of the largest transaction */
};

struct lanes;

/* NULL: no memory, no threads, or the database cannot be opened (logged). */
struct lanes *lanes_create(const struct lanes_config *config);

/* Thread: any. Never blocks for the database. False: full or stopping; nothing happened. */
bool lanes_submit(struct lanes *lanes, uint64_t key, struct lane_job *job);

/* Refuse new jobs, finish all that wait, join the threads. Call while the runtime still delivers
 * messages. Idempotent. */
void lanes_stop(struct lanes *lanes);

/* Stops if need be, closes the connections and frees. NULL is allowed. */
void lanes_destroy(struct lanes *lanes);

/* Thread: any. */
void lanes_count(struct lanes *lanes, struct lanes_counters *counters);
