/* A runtime whose worker 0 is the main thread, over every real engine of the platform. */
#include <string.h>

#include "base/stop_hook.h"
#include "net/worker.h"
#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"
#include "support/test_table.h"

static _Thread_local bool is_main;

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

/* ---- serving ---- */

#define FRAMES_COUNT 100u

static uint32_t frames_on_main;

static void echo_on_main(struct pc_session *session, const struct pc_frame *frame)
{
    frames_on_main += is_main ? 1 : 0;
    loop_echo(session, frame);
}

static void send_first(struct pc_session *session)
{
    loop_send(session, 64, TEST_ID_TEXT, 0);
}

/* On the client's thread: the last answer is as good as a signal. */
static void ask_on_or_stop(struct pc_session *session, const struct pc_frame *frame)
{
    (void)frame;
    uint32_t frames = loop_read(&loop_client.counts.frames);
    if (frames == FRAMES_COUNT) {
        stop_hook_call();
    } else {
        loop_send(session, 64, TEST_ID_TEXT, frames);
    }
}

static void serve_handles_packets_on_its_thread_until_the_signal(void **state)
{
    (void)state;
    const struct loop_options options = {.server_on_main = true,
                                         .client_count = 1,
                                         .on_server_frame = echo_on_main,
                                         .on_client_open = send_first,
                                         .on_client_frame = ask_on_or_stop};
    frames_on_main = 0;
    loop_start(&options);
    pc_runtime_serve(loop_server.runtime);
    assert_int_equal(frames_on_main, FRAMES_COUNT);
    assert_int_equal(loop_read(&loop_client.counts.frames), FRAMES_COUNT);
}

/* Sleeping in its own port, the main thread must hear of the others. */
static void other_workers_start_serve_and_stop_with_it(void **state)
{
    (void)state;
    const struct loop_options options = {.server_on_main = true,
                                         .server_workers = 3,
                                         .client_count = 6,
                                         .on_server_frame = loop_echo,
                                         .on_client_open = send_first,
                                         .on_client_frame = ask_on_or_stop};
    loop_start(&options);
    pc_runtime_serve(loop_server.runtime);
    loop_stop_client(100);
    loop_stop_server(100);
    assert_int_equal(loop_server.counts.opened_on[0], 2);
    assert_int_equal(loop_server.counts.opened_on[1], 2);
    assert_int_equal(loop_server.counts.opened_on[2], 2);
}

/* ---- stopping ---- */

#define STUFF_COUNT 400u
#define STUFF_SIZE  60000u

static void fill_the_socket(struct pc_session *session)
{
    for (uint32_t i = 0; i < STUFF_COUNT; i++) {
        loop_send(session, STUFF_SIZE, TEST_ID_TEXT, i);
    }
    stop_hook_call();
}

static void stop_tells_each_second_who_is_left(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.send_bytes_max = STUFF_COUNT * STUFF_SIZE, .drain_timeout_ms = 5000},
        .server_on_main = true,
        .client_count = 1,
        .on_server_open = fill_the_socket,
        .on_client_open = pc_session_pause,
    };
    loop_start(&options);
    pc_runtime_serve(loop_server.runtime);
    uint64_t began_ms = pc_os_monotonic_ms();
    loop_stop_server(1500);
    assert_in_range(pc_os_monotonic_ms() - began_ms, 1490, LOOP_WAIT_MS);
    assert_in_range(loop_server.counts.stop_waits, 1, 20);
}

/* ---- starting ---- */

static enum pc_status fail_on_worker_1(struct pc_worker *worker)
{
    assert_int_equal(is_main, pc_worker_index(worker) == 0);
    return pc_worker_index(worker) == 1 ? PC_DENIED : PC_OK;
}

static void start_that_fails_on_another_worker_stops_it_too(void **state)
{
    (void)state;
    const struct pc_runtime_config config = {.engine = loop_engine(),
                                             .worker_count = 2,
                                             .main_is_worker = true,
                                             .on_worker_start = fail_on_worker_1};
    struct pc_runtime *runtime;
    assert_int_equal(pc_runtime_create(&config, &runtime), PC_OK);
    assert_int_equal(pc_runtime_start(runtime), PC_DENIED);
    pc_runtime_destroy(runtime);
}

#define LOOP_TEST(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(serve_handles_packets_on_its_thread_until_the_signal),
        LOOP_TEST(other_workers_start_serve_and_stop_with_it),
        LOOP_TEST(stop_tells_each_second_who_is_left),
        LOOP_TEST(start_that_fails_on_another_worker_stops_it_too),
    };
    is_main = true;
    return loop_run("main_worker", tests, COUNT_OF(tests));
}
