/* Sessions while the system is short of buffers: port_recv and port_send pass through wrappers of
 * this file (the linker's --wrap), which say so as often as a test wants, on every real engine. */
#include <stdatomic.h>

#include "net/session.h"
#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"
#include "support/test_table.h"

#define TRIES             6u
#define TRIES_MS_AT_LEAST (8u + 16u + 32u + 64u + 128u) /* the doubling pauses between them */

enum pc_status __real_port_recv(struct port *port, struct port_socket *socket);
enum pc_status __wrap_port_recv(struct port *port, struct port_socket *socket);
enum pc_status __real_port_send(struct port *port, struct port_socket *socket,
                                const struct port_span *spans, uint32_t span_count);
enum pc_status __wrap_port_send(struct port *port, struct port_socket *socket,
                                const struct port_span *spans, uint32_t span_count);

static struct {
    _Atomic uint32_t receives_left; /* of any session, that find no buffers */
    _Atomic uint32_t sends_left;
    _Atomic uint64_t first_ms; /* when the first found none */
    _Atomic uint64_t last_ms;
} shortage;

static bool is_short(_Atomic uint32_t *left)
{
    if (atomic_load(left) == 0) {
        return false;
    }
    uint64_t now_ms = pc_os_monotonic_ms();
    uint64_t never = 0;
    (void)atomic_compare_exchange_strong(&shortage.first_ms, &never, now_ms);
    atomic_store(&shortage.last_ms, now_ms);
    atomic_fetch_sub(left, 1);
    return true;
}

enum pc_status __wrap_port_recv(struct port *port, struct port_socket *socket)
{
    return is_short(&shortage.receives_left) ? PC_NO_BUFFERS : __real_port_recv(port, socket);
}

enum pc_status __wrap_port_send(struct port *port, struct port_socket *socket,
                                const struct port_span *spans, uint32_t span_count)
{
    return is_short(&shortage.sends_left) ? PC_NO_BUFFERS
                                          : __real_port_send(port, socket, spans, span_count);
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&shortage.receives_left, 0);
    atomic_store(&shortage.sends_left, 0);
    atomic_store(&shortage.first_ms, 0);
    atomic_store(&shortage.last_ms, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

static void assert_waited_out(const struct loop_side *side)
{
    struct pc_type_counters counters;
    pc_runtime_type_counters(side->runtime, 0, &counters);
    assert_int_equal(counters.open, 1);
    assert_int_equal(counters.shortages, TRIES);
    /* The clocks of the runtime and of this file are read at different times: 1 ms each way. */
    assert_true(shortage.last_ms - shortage.first_ms + 2 * TRIES >= TRIES_MS_AT_LEAST);
}

static void send_one(struct pc_session *session)
{
    loop_send(session, 100, TEST_ID_TEXT, 1);
}

static void send_one_in_a_shortage(struct pc_session *session)
{
    atomic_store(&shortage.sends_left, TRIES);
    send_one(session);
}

static void receive_without_buffers_is_armed_when_there_are_some(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1, .on_client_open = send_one};
    loop_start_server(&options);
    atomic_store(&shortage.receives_left, 2 * TRIES); /* the client's and the server's */
    loop_connect(&options);
    loop_await(&loop_server.counts.frames, 1);
    assert_int_equal(loop_read(&loop_server.counts.closed), 0);
    assert_int_equal(loop_read(&loop_client.counts.closed), 0);
}

static void send_without_buffers_is_tried_ever_more_seldom(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1,
                                         .on_client_open = send_one_in_a_shortage};
    loop_start(&options);
    loop_await(&loop_server.counts.frames, 1);
    assert_waited_out(&loop_client);
}

/* While it cannot send it receives, and what is queued meanwhile is no other try. */
static void send_without_buffers_leaves_receiving_alone(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 1,
        .on_client_open = send_one,
        .on_server_frame = loop_echo,
    };
    loop_start(&options);
    loop_await(&loop_client.counts.frames, 1);
    atomic_store(&shortage.sends_left, TRIES);
    loop_run_on(&loop_server, 0, send_one);
    for (uint32_t i = 0; i < 20; i++) {
        loop_run_on(&loop_server, 0, send_one);
        pc_os_sleep_ms(1);
    }
    loop_await(&loop_client.counts.frames, 22);
    assert_waited_out(&loop_server);
}

/* A session that closes in a shortage drains when it is over. */
static void send_and_close_in_a_shortage(struct pc_session *session)
{
    send_one_in_a_shortage(session);
    pc_session_close(session, PC_CLOSE_KICKED);
}

static void close_without_buffers_sends_everything_first(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1,
                                         .on_server_open = send_and_close_in_a_shortage};
    loop_start(&options);
    loop_await(&loop_client.counts.closed_by[PC_CLOSE_PEER], 1);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_KICKED], 1);
    assert_int_equal(loop_client.counts.frames, 1);
}

/* ---- the soft mark ---- */

#define SOFT 1000u

/* Above the soft mark; then one newest frame that is larger than the mark alone. */
static void send_large_latest(struct pc_session *session)
{
    uint8_t frame[4 * SOFT] = {0};
    pc_frame_put_header(frame, sizeof frame, TEST_ID_LARGE);
    loop_send(session, SOFT + 1, TEST_ID_LARGE, 1);
    assert_true(pc_session_is_congested(session));
    assert_int_equal(pc_session_send_latest(session, 1, frame, sizeof frame), PC_OK);
}

static void latest_that_refills_the_queue_is_not_room(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.send_bytes_max = 1u << 20, .send_bytes_soft = SOFT, .soft_timeout_ms = 20000},
        .client_count = 1,
        .on_server_open = send_large_latest,
    };
    loop_start(&options);
    loop_await(&loop_client.counts.frames, 2);
    loop_await(&loop_server.counts.rooms, 1);
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    assert_int_equal(counters.soft_marks, 2);
    pc_os_sleep_ms(20);
    assert_int_equal(loop_read(&loop_server.counts.rooms), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(receive_without_buffers_is_armed_when_there_are_some),
        TEST(send_without_buffers_is_tried_ever_more_seldom),
        TEST(send_without_buffers_leaves_receiving_alone),
        TEST(close_without_buffers_sends_everything_first),
        TEST(latest_that_refills_the_queue_is_not_room),
    };
    return loop_run("shortage", tests, COUNT_OF(tests));
}
