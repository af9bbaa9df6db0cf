/* Stands in for the worker: collects what a pool or lane posts, and lets a test wait for it. */
#pragma once

#include "support/cmocka_all.h"

#include "common/job_pool.h"
#include "pc/os.h"

#define POSTED_MAX     4096u
#define POSTED_WAIT_MS 20000u

/* Invariant: messages[0..count) are what was posted, in order; under mutex. */
struct posted {
    struct pc_mutex *mutex;
    struct pc_condition *changed;
    struct pc_message *messages[POSTED_MAX];
    uint32_t count;
    void (*look)(struct pc_message *message); /* called at each post, on its thread; or NULL */
};

static inline void posted_post(void *context, struct pc_message *message)
{
    struct posted *posted = context;
    if (posted->look != NULL) {
        posted->look(message);
    }
    pc_mutex_lock(posted->mutex);
    assert_true(posted->count < POSTED_MAX);
    posted->messages[posted->count] = message;
    posted->count++;
    pc_condition_broadcast(posted->changed);
    pc_mutex_unlock(posted->mutex);
}

static inline void posted_init(struct posted *posted)
{
    posted->mutex = pc_mutex_create();
    posted->changed = pc_condition_create();
    posted->count = 0;
    posted->look = NULL;
    assert_non_null(posted->mutex);
    assert_non_null(posted->changed);
}

static inline void posted_free(struct posted *posted)
{
    pc_condition_destroy(posted->changed);
    pc_mutex_destroy(posted->mutex);
}

static inline struct job_post posted_target(struct posted *posted)
{
    return (struct job_post){.post = posted_post, .context = posted};
}

/* Wait until count messages have come. */
static inline void posted_wait(struct posted *posted, uint32_t count)
{
    pc_mutex_lock(posted->mutex);
    while (posted->count < count) {
        bool is_in_time = pc_condition_wait(posted->changed, posted->mutex, POSTED_WAIT_MS);
        assert_true(is_in_time);
    }
    pc_mutex_unlock(posted->mutex);
}

/* A door that jobs wait at until the test opens it. */
struct door {
    struct pc_mutex *mutex;
    struct pc_condition *changed;
    bool is_open;
    uint32_t waiting_count;
};

static inline void door_init(struct door *door)
{
    door->mutex = pc_mutex_create();
    door->changed = pc_condition_create();
    door->is_open = false;
    door->waiting_count = 0;
    assert_non_null(door->mutex);
    assert_non_null(door->changed);
}

static inline void door_free(struct door *door)
{
    pc_condition_destroy(door->changed);
    pc_mutex_destroy(door->mutex);
}

/* Called by a job. */
static inline void door_pass(struct door *door)
{
    pc_mutex_lock(door->mutex);
    door->waiting_count++;
    pc_condition_broadcast(door->changed);
    while (!door->is_open) {
        (void)pc_condition_wait(door->changed, door->mutex, POSTED_WAIT_MS);
    }
    pc_mutex_unlock(door->mutex);
}

/* Called by the test: wait until count jobs have come to the door. */
static inline void door_await(struct door *door, uint32_t count)
{
    pc_mutex_lock(door->mutex);
    while (door->waiting_count < count) {
        bool is_in_time = pc_condition_wait(door->changed, door->mutex, POSTED_WAIT_MS);
        assert_true(is_in_time);
    }
    pc_mutex_unlock(door->mutex);
}

static inline void door_open(struct door *door)
{
    pc_mutex_lock(door->mutex);
    door->is_open = true;
    pc_condition_broadcast(door->changed);
    pc_mutex_unlock(door->mutex);
}
