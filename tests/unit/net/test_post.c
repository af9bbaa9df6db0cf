/* Messages to workers over every real engine of the platform: each is delivered once, whoever posts
 * it and whatever the runtime is doing. */
#include <stdatomic.h>
#include <stdlib.h>

#include "pc/container.h"
#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

struct note {
    struct pc_message message;
    bool found;
    uint32_t delivered_count;
};

static void on_note(struct pc_worker *worker, struct pc_session *session,
                    struct pc_message *message)
{
    struct note *note = (struct note *)message;
    note->found = session != NULL;
    note->delivered_count++;
    loop_count_message(worker);
}

static void post_to_stale_handle_is_delivered_to_nobody(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1};
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 1);
    struct note early = {
        .message = {.session = loop_server.handles[0], .deliver = on_note},
    };
    struct note late = early;
    pc_post(loop_server.runtime, &early.message);
    loop_await(&loop_server.counts.messages, 1);
    assert_true(early.found);
    loop_stop_client(100);
    loop_await(&loop_server.counts.closed, 1);
    pc_post(loop_server.runtime, &late.message);
    loop_await(&loop_server.counts.messages, 2);
    assert_false(late.found);
}

#define POSTERS         4u
#define NOTES_OF_POSTER 5000u

static void post_many(void *argument)
{
    struct note *notes = argument;
    for (uint32_t i = 0; i < NOTES_OF_POSTER; i++) {
        notes[i].message = (struct pc_message){.worker = i % 2, .deliver = on_note};
        pc_post(loop_server.runtime, &notes[i].message);
    }
}

static void post_from_many_threads_delivers_each_once(void **state)
{
    (void)state;
    const struct loop_options options = {.server_workers = 2};
    loop_start_server(&options);
    struct note *notes = calloc(POSTERS * NOTES_OF_POSTER, sizeof *notes);
    struct pc_thread *threads[POSTERS];
    for (uint32_t i = 0; i < POSTERS; i++) {
        threads[i] = pc_thread_start("poster", post_many, notes + (size_t)i * NOTES_OF_POSTER);
        assert_non_null(threads[i]);
    }
    for (uint32_t i = 0; i < POSTERS; i++) {
        pc_thread_join(threads[i]);
    }
    loop_await(&loop_server.counts.messages, POSTERS * NOTES_OF_POSTER);
    loop_stop_server(100); /* what is delivered twice has come by then */
    for (uint32_t i = 0; i < POSTERS * NOTES_OF_POSTER; i++) {
        assert_int_equal(notes[i].delivered_count, 1);
    }
    free(notes);
}

#define HOPPERS 5000u /* several times what a worker delivers in a turn */
#define HOPS    200u

struct hopper {
    struct pc_message message;
    uint32_t hops_left;
};

static atomic_uint hop_count;

static void on_hop(struct pc_worker *worker, struct pc_session *nobody, struct pc_message *message)
{
    struct hopper *hopper = PC_CONTAINER_OF(message, struct hopper, message);
    (void)nobody;
    atomic_fetch_add(&hop_count, 1);
    if (--hopper->hops_left > 0) {
        message->worker = 1 - pc_worker_index(worker);
        pc_post(pc_worker_runtime(worker), message);
    }
}

/* They are under way between the workers when these end, one before the other. */
static void post_while_the_runtime_stops_is_delivered(void **state)
{
    (void)state;
    const struct loop_options options = {.server_workers = 2};
    loop_start_server(&options);
    struct hopper *hoppers = calloc(HOPPERS, sizeof *hoppers);
    assert_non_null(hoppers);
    atomic_store(&hop_count, 0);
    for (uint32_t i = 0; i < HOPPERS; i++) {
        hoppers[i] = (struct hopper){
            .message = {.worker = i % 2, .deliver = on_hop},
            .hops_left = HOPS,
        };
        pc_post(loop_server.runtime, &hoppers[i].message);
    }
    loop_stop_server(100);
    assert_int_equal(atomic_load(&hop_count), HOPPERS * HOPS);
    free(hoppers);
}

/* Before the start nobody takes it, and without a start the end does. */
static void post_to_a_runtime_that_never_starts_is_delivered_at_its_end(void **state)
{
    (void)state;
    const struct pc_runtime_config config = {.engine = PC_ENGINE_AUTO, .worker_count = 2};
    struct pc_runtime *runtime;
    assert_int_equal(pc_runtime_create(&config, &runtime), PC_OK);
    struct hopper hopper = {.message = {.worker = 1, .deliver = on_hop}, .hops_left = 5};
    atomic_store(&hop_count, 0);
    pc_post(runtime, &hopper.message);
    pc_runtime_destroy(runtime);
    assert_int_equal(atomic_load(&hop_count), 5);
}

#define TEST(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(post_to_stale_handle_is_delivered_to_nobody),
        TEST(post_from_many_threads_delivers_each_once),
        TEST(post_while_the_runtime_stops_is_delivered),
        TEST(post_to_a_runtime_that_never_starts_is_delivered_at_its_end),
    };
    return loop_run("post", tests, COUNT_OF(tests));
}
