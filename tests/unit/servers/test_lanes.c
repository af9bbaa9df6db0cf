/* Lanes: order per key, group commit, answers after the commit only, one failure among many. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "lanes.h"
#include "pc/container.h"
#include "posted.h"

#define JOBS_MAX      512u
#define TAKEN_WAIT_MS 10000u

/* What a job of these tests does. */
enum job_kind {
    JOB_WAIT,     /* wait at the door */
    JOB_ADD,      /* add the account of its number */
    JOB_ADD_FAIL, /* add it, then report failure */
    JOB_FIND,     /* read it */
    JOB_APPEND,   /* note its number in the order of running */
    JOB_LIMIT,    /* let the database have no more pages than it has now, as a full disk does */
    JOB_UNLIMIT,  /* take that back */
    JOB_BREAK     /* end the transaction under the lane's feet, as a full disk does */
};

struct numbered_job {
    struct lane_job lane;
    struct fixture *fixture;
    enum job_kind kind;
    uint32_t number;
    enum store_status status;
    bool was_visible; /* at its post the account was there for another connection */
};

struct fixture {
    struct store_fixture store;
    struct store *other; /* looks at each post; used under mutex */
    struct pc_mutex *mutex;
    struct posted posted;
    struct door door;
    struct lanes *lanes;
    uint32_t order[JOBS_MAX];
    uint32_t order_count;
    struct numbered_job jobs[JOBS_MAX];
};

static void account_name(uint32_t number, char name[COMMON_ACCOUNT_NAME_MAX + 1])
{
    snprintf(name, COMMON_ACCOUNT_NAME_MAX + 1, "account-%u", number);
}

static bool run_add(struct numbered_job *job, struct store *store)
{
    struct store_account account = {.password_hash = "hash"};
    account_name(job->number, account.name);
    job->status = store_add_account(store, &account);
    return job->status == STORE_OK && job->kind == JOB_ADD;
}

static bool run_find(struct numbered_job *job, struct store *store)
{
    struct store_account account;
    char name[COMMON_ACCOUNT_NAME_MAX + 1];
    account_name(job->number, name);
    job->status = store_find_account(store, name, &account);
    return true;
}

static bool run_append(struct numbered_job *job)
{
    struct fixture *fixture = job->fixture;
    pc_mutex_lock(fixture->mutex);
    fixture->order[fixture->order_count] = job->number;
    fixture->order_count++;
    pc_mutex_unlock(fixture->mutex);
    return true;
}

/* The bound is the connection's; less than what there is means what there is. */
static bool run_limit(struct store *store, const char *sql)
{
    return sqlite3_exec(store_database(store), sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool run(struct lane_job *lane_job, struct store *store)
{
    struct numbered_job *job = PC_CONTAINER_OF(lane_job, struct numbered_job, lane);
    switch (job->kind) {
    case JOB_WAIT:
        door_pass(&job->fixture->door);
        return true;
    case JOB_ADD:
    case JOB_ADD_FAIL:
        return run_add(job, store);
    case JOB_FIND:
        return run_find(job, store);
    case JOB_APPEND:
        return run_append(job);
    case JOB_LIMIT:
        return run_limit(store, "PRAGMA max_page_count = 1");
    case JOB_UNLIMIT:
        return run_limit(store, "PRAGMA max_page_count = 1000000");
    case JOB_BREAK:
        store_rollback(store);
        return true;
    }
    return false;
}

/* At each post: is the account there for everybody? */
static void look(struct pc_message *message)
{
    struct numbered_job *job = PC_CONTAINER_OF(message, struct numbered_job, lane.done);
    struct store_account account;
    char name[COMMON_ACCOUNT_NAME_MAX + 1];
    account_name(job->number, name);
    pc_mutex_lock(job->fixture->mutex);
    job->was_visible = store_find_account(job->fixture->other, name, &account) == STORE_OK;
    pc_mutex_unlock(job->fixture->mutex);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    store_fixture_init(&fixture->store);
    store_fixture_migrate(&fixture->store);
    fixture->other = store_fixture_open(&fixture->store);
    assert_true(store_prepare(fixture->other));
    fixture->mutex = pc_mutex_create();
    assert_non_null(fixture->mutex);
    posted_init(&fixture->posted);
    fixture->posted.look = look;
    door_init(&fixture->door);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    door_open(&fixture->door);
    lanes_destroy(fixture->lanes);
    posted_free(&fixture->posted);
    door_free(&fixture->door);
    pc_mutex_destroy(fixture->mutex);
    store_close(fixture->other);
    store_fixture_free(&fixture->store);
    free(fixture);
    return 0;
}

static void start(struct fixture *fixture, uint32_t lane_count, uint32_t queue_max,
                  uint32_t group_max)
{
    const struct lanes_config config = {
        .store = {.path = fixture->store.path,
                  .synchronous = STORE_NORMAL,
                  .busy_timeout_ms = 2000,
                  .log = &fixture->store.log},
        .lane_count = lane_count,
        .queue_max = queue_max,
        .group_max = group_max,
        .post = posted_target(&fixture->posted),
    };
    fixture->lanes = lanes_create(&config);
    assert_non_null(fixture->lanes);
}

static bool submit(struct fixture *fixture, uint64_t key, uint32_t number, enum job_kind kind)
{
    struct numbered_job *job = &fixture->jobs[number];
    job->fixture = fixture;
    job->number = number;
    job->kind = kind;
    job->lane.run = run;
    job->lane.writes = kind == JOB_ADD || kind == JOB_ADD_FAIL;
    return lanes_submit(fixture->lanes, key, &job->lane);
}

/* Fill the queue while the lane stands at the door; the jobs become one group when it opens. */
static void hold(struct fixture *fixture)
{
    assert_true(submit(fixture, 0, 0, JOB_WAIT));
    door_await(&fixture->door, 1);
}

/* Until the lanes have taken so many jobs off their queues. */
static void taken_wait(const struct fixture *fixture, uint64_t count)
{
    struct lanes_counters counters;
    uint64_t deadline_ms = pc_os_monotonic_ms() + TAKEN_WAIT_MS;
    for (lanes_count(fixture->lanes, &counters); counters.jobs < count;
         lanes_count(fixture->lanes, &counters)) {
        assert_true(pc_os_monotonic_ms() < deadline_ms);
        pc_os_sleep_ms(1);
    }
}

static void assert_added(const struct fixture *fixture, uint32_t number)
{
    assert_int_equal(fixture->jobs[number].lane.outcome, LANE_COMMITTED);
    assert_int_equal(fixture->jobs[number].status, STORE_OK);
    assert_true(fixture->jobs[number].was_visible);
}

static void lanes_jobs_of_one_key_keep_their_order(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 4, JOBS_MAX, 8);
    for (uint32_t i = 0; i < 400; i++) {
        assert_true(submit(fixture, 7, i, JOB_APPEND));
    }
    posted_wait(&fixture->posted, 400);
    assert_int_equal(fixture->order_count, 400);
    for (uint32_t i = 0; i < 400; i++) {
        assert_int_equal(fixture->order[i], i);
        const struct numbered_job *job =
            PC_CONTAINER_OF(fixture->posted.messages[i], struct numbered_job, lane.done);
        assert_int_equal(job->number, i);
    }
}

static void lanes_waiting_jobs_share_one_commit(void **state)
{
    struct fixture *fixture = *state;
    struct lanes_counters counters;
    start(fixture, 1, JOBS_MAX, 100);
    hold(fixture);
    for (uint32_t i = 1; i <= 100; i++) {
        assert_true(submit(fixture, i, i, JOB_ADD));
    }
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 101);
    lanes_count(fixture->lanes, &counters);
    assert_int_equal(counters.jobs, 101);
    assert_int_equal(counters.transactions, 2);
    assert_int_equal(counters.group_high, 100);
    for (uint32_t i = 1; i <= 100; i++) {
        assert_added(fixture, i);
    }
}

static void lanes_group_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct lanes_counters counters;
    start(fixture, 1, JOBS_MAX, 10);
    hold(fixture);
    for (uint32_t i = 1; i <= 95; i++) {
        assert_true(submit(fixture, i, i, JOB_ADD));
    }
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 96);
    lanes_count(fixture->lanes, &counters);
    assert_int_equal(counters.transactions, 1 + 10);
    assert_int_equal(counters.group_high, 10);
}

/* A group is [add, wait at the door]: while it stands there the add has run but is not answered. */
static void lanes_answer_comes_after_the_commit_only(void **state)
{
    struct fixture *fixture = *state;
    struct store_account account;
    start(fixture, 1, JOBS_MAX, 100);
    pc_mutex_lock(fixture->mutex); /* holds the lane at the post of its first group */
    assert_true(submit(fixture, 0, 400, JOB_FIND));
    taken_wait(fixture, 1);
    assert_true(submit(fixture, 0, 1, JOB_ADD));
    assert_true(submit(fixture, 0, 2, JOB_WAIT));
    pc_mutex_unlock(fixture->mutex);
    door_await(&fixture->door, 1);
    assert_int_equal(fixture->jobs[1].status, STORE_OK); /* it has run */
    assert_int_equal(store_find_account(fixture->store.store, "account-1", &account),
                     STORE_MISSING);
    assert_int_equal(fixture->posted.count, 1);
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 3);
    assert_added(fixture, 1);
}

static void lanes_failing_job_does_not_undo_others(void **state)
{
    struct fixture *fixture = *state;
    struct lanes_counters counters;
    start(fixture, 1, JOBS_MAX, 100);
    hold(fixture);
    assert_true(submit(fixture, 0, 1, JOB_ADD));
    assert_true(submit(fixture, 0, 2, JOB_ADD_FAIL));
    assert_true(submit(fixture, 0, 3, JOB_ADD));
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 4);
    lanes_count(fixture->lanes, &counters);
    assert_int_equal(counters.transactions, 2);
    assert_added(fixture, 1);
    assert_int_equal(fixture->jobs[2].lane.outcome, LANE_UNDONE);
    assert_false(fixture->jobs[2].was_visible);
    assert_added(fixture, 3);
}

static void lanes_taken_name_is_undone_alone(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 1, JOBS_MAX, 100);
    hold(fixture);
    assert_true(submit(fixture, 0, 1, JOB_ADD));
    assert_true(submit(fixture, 0, 2, JOB_ADD));
    fixture->jobs[2].number = 1; /* the same account */
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 3);
    assert_added(fixture, 1);
    assert_int_equal(fixture->jobs[2].lane.outcome, LANE_UNDONE);
    assert_int_equal(fixture->jobs[2].status, STORE_TAKEN);
}

static void lanes_broken_transaction_fails_all_of_its_jobs(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 1, JOBS_MAX, 100);
    hold(fixture);
    assert_true(submit(fixture, 0, 1, JOB_ADD));
    assert_true(submit(fixture, 0, 2, JOB_BREAK));
    assert_true(submit(fixture, 0, 3, JOB_ADD));
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 4);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(fixture->jobs[i].lane.outcome, LANE_FAILED);
        assert_false(fixture->jobs[i].was_visible);
    }
    assert_true(submit(fixture, 0, 4, JOB_ADD));
    posted_wait(&fixture->posted, 5);
    assert_added(fixture, 4);
}

/* Whatever SQLite undoes by itself: what is called committed is there, the rest is not. */
static void lanes_full_disk_fails_and_recovers(void **state)
{
    struct fixture *fixture = *state;
    uint32_t committed_count = 0;
    start(fixture, 1, JOBS_MAX, 50);
    assert_true(submit(fixture, 0, 0, JOB_LIMIT));
    for (uint32_t i = 1; i <= 400; i++) {
        assert_true(submit(fixture, 0, i, JOB_ADD));
    }
    posted_wait(&fixture->posted, 401);
    for (uint32_t i = 1; i <= 400; i++) {
        const struct numbered_job *job = &fixture->jobs[i];
        bool is_committed = job->lane.outcome == LANE_COMMITTED;
        assert_int_equal(is_committed, job->was_visible);
        committed_count += is_committed ? 1u : 0u;
    }
    assert_true(committed_count < 400);
    assert_true(store_fixture_logged(&fixture->store, "database or disk is full"));
    assert_true(submit(fixture, 0, 0, JOB_UNLIMIT));
    assert_true(submit(fixture, 0, 401, JOB_ADD));
    posted_wait(&fixture->posted, 403);
    assert_added(fixture, 401);
}

/* Another program holds the database longer than the lane may wait. */
static void lanes_locked_database_fails_and_recovers(void **state)
{
    struct fixture *fixture = *state;
    struct lanes_config config = {
        .store = {.path = fixture->store.path, .busy_timeout_ms = 10, .log = &fixture->store.log},
        .lane_count = 1,
        .queue_max = 10,
        .group_max = 10,
        .post = posted_target(&fixture->posted),
    };
    fixture->lanes = lanes_create(&config);
    assert_non_null(fixture->lanes);
    assert_true(store_begin(fixture->store.store, true));
    assert_true(submit(fixture, 0, 1, JOB_ADD));
    posted_wait(&fixture->posted, 1);
    assert_int_equal(fixture->jobs[1].lane.outcome, LANE_FAILED);
    store_rollback(fixture->store.store);
    assert_true(submit(fixture, 0, 2, JOB_ADD));
    posted_wait(&fixture->posted, 2);
    assert_added(fixture, 2);
    assert_true(store_fixture_logged(&fixture->store, "database is locked"));
}

static void lanes_reads_see_what_was_committed(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 2, JOBS_MAX, 100);
    assert_true(submit(fixture, 0, 1, JOB_ADD));
    posted_wait(&fixture->posted, 1);
    assert_true(submit(fixture, 1, 2, JOB_FIND));
    posted_wait(&fixture->posted, 2);
    assert_int_equal(fixture->jobs[2].status, STORE_MISSING);
    assert_true(submit(fixture, 1, 1, JOB_FIND));
    posted_wait(&fixture->posted, 3);
    assert_int_equal(fixture->jobs[1].status, STORE_OK);
}

/* A read-only group does not wait for another lane's open transaction. */
static void lanes_reads_do_not_wait_for_a_writer(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 2, JOBS_MAX, 100);
    assert_true(submit(fixture, 0, 5, JOB_WAIT));
    door_await(&fixture->door, 1);
    assert_true(store_begin(fixture->store.store, true));
    assert_true(submit(fixture, 1, 1, JOB_FIND));
    posted_wait(&fixture->posted, 1);
    store_rollback(fixture->store.store);
    assert_int_equal(fixture->jobs[1].lane.outcome, LANE_COMMITTED);
}

static void lanes_full_queue_refuses(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 1, 3, 100);
    hold(fixture);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_true(submit(fixture, 0, i, JOB_ADD));
    }
    assert_false(submit(fixture, 0, 4, JOB_ADD));
    door_open(&fixture->door);
    posted_wait(&fixture->posted, 4);
    assert_true(submit(fixture, 0, 4, JOB_ADD));
    posted_wait(&fixture->posted, 5);
}

static void lanes_several_writing_lanes_lose_nothing(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 4, JOBS_MAX, 16);
    for (uint32_t i = 0; i < JOBS_MAX; i++) {
        assert_true(submit(fixture, i, i, JOB_ADD));
    }
    posted_wait(&fixture->posted, JOBS_MAX);
    for (uint32_t i = 0; i < JOBS_MAX; i++) {
        assert_added(fixture, i);
    }
}

static void open_later(void *argument)
{
    struct fixture *fixture = argument;
    pc_os_sleep_ms(20);
    door_open(&fixture->door);
}

static void lanes_stop_finishes_what_waits(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, 1, JOBS_MAX, 10);
    hold(fixture);
    for (uint32_t i = 1; i <= 50; i++) {
        assert_true(submit(fixture, i, i, JOB_ADD));
    }
    struct pc_thread *thread = pc_thread_start("opener", open_later, fixture);
    assert_non_null(thread);
    lanes_stop(fixture->lanes);
    pc_thread_join(thread);
    assert_int_equal(fixture->posted.count, 51);
    for (uint32_t i = 1; i <= 50; i++) {
        assert_added(fixture, i);
    }
    assert_false(submit(fixture, 0, 60, JOB_ADD));
    lanes_stop(fixture->lanes);
}

static void lanes_missing_schema_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char path[TEMPORARY_PATH_SIZE];
    temporary_path(path, ".db");
    struct lanes_config config = {
        .store = {.path = path, .log = &fixture->store.log},
        .lane_count = 2,
        .queue_max = 10,
        .group_max = 10,
        .post = posted_target(&fixture->posted),
    };
    assert_null(lanes_create(&config));
    temporary_database_remove(path);
}

#define LANES_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANES_TEST(lanes_jobs_of_one_key_keep_their_order),
        LANES_TEST(lanes_waiting_jobs_share_one_commit),
        LANES_TEST(lanes_group_is_bounded),
        LANES_TEST(lanes_answer_comes_after_the_commit_only),
        LANES_TEST(lanes_failing_job_does_not_undo_others),
        LANES_TEST(lanes_taken_name_is_undone_alone),
        LANES_TEST(lanes_broken_transaction_fails_all_of_its_jobs),
        LANES_TEST(lanes_full_disk_fails_and_recovers),
        LANES_TEST(lanes_locked_database_fails_and_recovers),
        LANES_TEST(lanes_reads_see_what_was_committed),
        LANES_TEST(lanes_reads_do_not_wait_for_a_writer),
        LANES_TEST(lanes_full_queue_refuses),
        LANES_TEST(lanes_several_writing_lanes_lose_nothing),
        LANES_TEST(lanes_stop_finishes_what_waits),
        LANES_TEST(lanes_missing_schema_is_refused),
    };
    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
