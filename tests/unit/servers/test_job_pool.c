/* The job pool: every job comes back once; the queue is bounded; stopping cancels what waits. */
#include "support/cmocka_all.h"

#include <stdlib.h>

#include "common/job_pool.h"
#include "pc/container.h"
#include "posted.h"

#define JOBS_MAX 1000u

struct numbered_job {
    struct job job;
    struct door *door; /* NULL: does not wait */
    uint32_t runs;
};

static void numbered_job_run(struct job *job)
{
    struct numbered_job *numbered = PC_CONTAINER_OF(job, struct numbered_job, job);
    if (numbered->door != NULL) {
        door_pass(numbered->door);
    }
    numbered->runs++;
}

struct fixture {
    struct posted posted;
    struct door door;
    struct job_pool *pool;
    struct numbered_job jobs[JOBS_MAX];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    posted_init(&fixture->posted);
    door_init(&fixture->door);
    for (uint32_t i = 0; i < JOBS_MAX; i++) {
        fixture->jobs[i].job.run = numbered_job_run;
    }
    *state = fixture;
    return 0;
}

static void start(struct fixture *fixture, uint32_t thread_count, uint32_t queue_max)
{
    const struct job_pool_config config = {.name = "test",
                                           .thread_count = thread_count,
                                           .queue_max = queue_max,
                                           .post = posted_target(&fixture->posted)};
    fixture->pool = job_pool_create(&config);
    assert_non_null(fixture->pool);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    door_open(&fixture->door);
    job_pool_destroy(fixture->pool);
    posted_free(&fixture->posted);
    door_free(&fixture->door);
    free(fixture);
    return 0;
}

static bool submit(struct fixture *fixture, uint32_t index, struct door *door)
{
    fixture->jobs[index].door = door;
    return job_pool_submit(fixture->pool, &fixture->jobs[index].job);
}

static const struct numbered_job *posted_job(const struct fixture *fixture, uint32_t index)
{
    return PC_CONTAINER_OF(fixture->posted.messages[index], struct numbered_job, job.done);
}

static void job_pool_many_jobs_each_come_back_once(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 4, JOBS_MAX);
    for (uint32_t i = 0; i < JOBS_MAX; i++) {
        assert_true(submit(fixture, i, NULL));
    }
    posted_wait(&fixture->posted, JOBS_MAX);
    job_pool_stop(fixture->pool);
    assert_int_equal(fixture->posted.count, JOBS_MAX);
    for (uint32_t i = 0; i < JOBS_MAX; i++) {
        assert_int_equal(fixture->jobs[i].runs, 1);
        assert_false(fixture->jobs[i].job.is_cancelled);
    }
}

static void job_pool_one_thread_keeps_the_order(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 1, JOBS_MAX);
    for (uint32_t i = 0; i < 100; i++) {
        assert_true(submit(fixture, i, NULL));
    }
    posted_wait(&fixture->posted, 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_ptr_equal(posted_job(fixture, i), &fixture->jobs[i]);
    }
}

static void job_pool_full_queue_refuses(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 1, 2);
    assert_true(submit(fixture, 0, &fixture->door));
    door_await(&fixture->door, 1); /* it runs, so that it does not count as waiting */
    assert_true(submit(fixture, 1, NULL));
    assert_true(submit(fixture, 2, NULL));
    assert_false(submit(fixture, 3, NULL));
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 3);
    assert_true(submit(fixture, 3, NULL));
    posted_wait(&fixture->posted, 4);
    assert_int_equal(fixture->jobs[3].runs, 1);
}

/* Opens the door once the waiting jobs have been cancelled: the stop is under way then. */
static void open_later(void *argument)
{
    struct fixture *fixture = argument;
    posted_wait(&fixture->posted, 2);
    door_open(&fixture->door);
}

static void job_pool_stop_finishes_running_and_cancels_waiting(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 1, 10);
    assert_true(submit(fixture, 0, &fixture->door));
    door_await(&fixture->door, 1);
    assert_true(submit(fixture, 1, NULL));
    assert_true(submit(fixture, 2, NULL));
    struct pc_thread *thread = pc_thread_start("opener", open_later, fixture);
    assert_non_null(thread);
    job_pool_stop(fixture->pool);
    pc_thread_join(thread);
    assert_int_equal(fixture->posted.count, 3);
    assert_int_equal(fixture->jobs[0].runs, 1);
    assert_false(fixture->jobs[0].job.is_cancelled);
    for (uint32_t i = 1; i <= 2; i++) {
        assert_int_equal(fixture->jobs[i].runs, 0);
        assert_true(fixture->jobs[i].job.is_cancelled);
    }
    assert_false(submit(fixture, 3, NULL));
}

static void job_pool_stop_twice_is_harmless(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 3, 10);
    job_pool_stop(fixture->pool);
    job_pool_stop(fixture->pool);
    assert_int_equal(fixture->posted.count, 0);
}

#define POOL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(job_pool_many_jobs_each_come_back_once),
        POOL_TEST(job_pool_one_thread_keeps_the_order),
        POOL_TEST(job_pool_full_queue_refuses),
        POOL_TEST(job_pool_stop_finishes_running_and_cancels_waiting),
        POOL_TEST(job_pool_stop_twice_is_harmless),
    };
    return cmocka_run_group_tests_name("job_pool", tests, NULL, NULL);
}
