/* How often the IOCP engine calls the system for a fixed workload. Wine's speed says nothing about
 * Windows, but the count of calls is the same there.
 *
 * Clients send bursts of depth frames and the next burst when all replies are there. What the
 * server's port has counted between two frames of the middle is divided by the messages. */
#include <string.h>

#include "net/runtime.h"
#include "net/session.h"
#include "net/worker.h"
#include "port/port_iocp.h"
#include "support/loop_world.h"
#include "support/test_table.h"

#define CLIENT_COUNT_MAX 64u
#define FRAME_SIZE       68u
#define WARM_FRAMES      4096u
#define COUNTED_FRAMES   16384u /* Wine makes some 2,500 a second; 64 on their way are 0.4 % */

struct calls {
    double receives; /* all per message */
    double sends;
    double dequeues;
    double posts;
    double completions_per_dequeue;
};

static struct {
    struct iocp_counters first;
    struct iocp_counters last;
    uint32_t depth;
    uint32_t server_frames;
    uint32_t replies[CLIENT_COUNT_MAX]; /* of each client's burst, by its slot */
} workload;

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

static void send_burst(struct pc_session *session)
{
    for (uint32_t i = 0; i < workload.depth; i++) {
        loop_send(session, FRAME_SIZE, TEST_ID_TEXT, i);
    }
}

static void on_reply(struct pc_session *session, const struct pc_frame *frame)
{
    (void)frame;
    uint32_t *replies =
        &workload.replies[session_handle_slot(pc_session_handle(session)) % CLIENT_COUNT_MAX];
    if (++*replies == workload.depth) {
        *replies = 0;
        send_burst(session);
    }
}

static void on_client_open(struct pc_session *session)
{
    loop_client.on_frame = on_reply;
    send_burst(session);
}

/* On the port's own thread, where its counters may be read. */
static void on_request(struct pc_session *session, const struct pc_frame *frame)
{
    const struct iocp_counters *counters = iocp_port_counters(session->worker->port);
    workload.server_frames++;
    if (workload.server_frames == WARM_FRAMES) {
        workload.first = *counters;
    } else if (workload.server_frames == WARM_FRAMES + COUNTED_FRAMES) {
        workload.last = *counters;
    }
    loop_echo(session, frame);
}

static struct calls run_workload(uint32_t client_count, uint32_t depth)
{
    const struct loop_options options = {
        .client_count = client_count,
        .on_client_open = on_client_open,
        .on_server_frame = on_request,
    };
    memset(&workload, 0, sizeof workload);
    workload.depth = depth;
    loop_start(&options);
    for (uint32_t frames = WARM_FRAMES; frames < WARM_FRAMES + COUNTED_FRAMES;
         frames += WARM_FRAMES) {
        loop_await(&loop_server.counts.frames, frames); /* each has the time of a wait */
    }
    loop_await(&loop_server.counts.frames, WARM_FRAMES + COUNTED_FRAMES + 1);
    const struct iocp_counters *a = &workload.first;
    const struct iocp_counters *b = &workload.last;
    uint64_t receives = b->receives + b->zero_receives + b->drains;
    receives -= a->receives + a->zero_receives + a->drains;
    const struct calls calls = {
        .receives = (double)receives / COUNTED_FRAMES,
        .sends = (double)(b->sends - a->sends) / COUNTED_FRAMES,
        .dequeues = (double)(b->dequeues - a->dequeues) / COUNTED_FRAMES,
        .posts = (double)(b->posts - a->posts) / COUNTED_FRAMES,
        .completions_per_dequeue =
            (double)(b->packets - a->packets) / (double)(b->dequeues - a->dequeues),
    };
    print_message("%u x depth %u: per message %.4f receives, %.4f sends, %.4f dequeues, "
                  "%.4f posts; %.2f completions per dequeue\n",
                  client_count, depth, calls.receives, calls.sends, calls.dequeues, calls.posts,
                  calls.completions_per_dequeue);
    return calls;
}

static bool is_iocp(void)
{
    const struct loop_options options = {.client_count = 0};
    loop_start_server(&options);
    bool is_so = strcmp(pc_runtime_engine_name(loop_server.runtime), "iocp") == 0;
    loop_stop();
    return is_so;
}

/* Three calls for 32 messages: a receive, a send, and a dequeue that others share. Nothing is
 * posted for a message. */
static void iocp_depth_32_needs_three_calls_for_32_messages(void **state)
{
    (void)state;
    assert_true(is_iocp());
    struct calls calls = run_workload(8, 32);
    assert_true((calls.receives + calls.sends + calls.dequeues + calls.posts) * 32 <= 3.0);
}

/* A dequeue takes what has completed since the one before, of all connections. */
static void iocp_depth_1_needs_one_receive_and_one_send(void **state)
{
    (void)state;
    assert_true(is_iocp());
    struct calls calls = run_workload(64, 1);
    assert_true(calls.receives <= 1.01);
    assert_true(calls.sends <= 1.01);
    assert_true(calls.dequeues <= 0.1);
    assert_true(calls.posts <= 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(iocp_depth_32_needs_three_calls_for_32_messages, tear_down),
        cmocka_unit_test_teardown(iocp_depth_1_needs_one_receive_and_one_send, tear_down),
    };
    return loop_run("iocp calls", tests, sizeof tests / sizeof tests[0]);
}
