/* Sessions over every real engine of the platform: a server and clients on loopback, each rule of a
 * session's life once. Every test ends by stopping both runtimes, which asserts that each session
 * was closed once and every pool is whole (pc_runtime_stop). */
#include <stdlib.h>
#include <string.h>

#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"
#include "support/random.h"
#include "support/test_table.h"

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

/* ---- traffic ---- */

#define ECHO_COUNT 1000u

static void send_thousand(struct pc_session *session)
{
    for (uint32_t i = 0; i < ECHO_COUNT; i++) {
        loop_send(session, 4 + i % 200, TEST_ID_TEXT, i);
    }
}

static void session_thousand_frames_in_one_turn_come_back_in_order(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 1,
        .on_client_open = send_thousand,
        .on_server_frame = loop_echo,
    };
    loop_start(&options);
    loop_await(&loop_client.counts.frames, ECHO_COUNT);
    assert_int_equal(loop_client.received_size, loop_server.received_size);
    assert_memory_equal(loop_client.received, loop_server.received, loop_client.received_size);
    uint32_t at = 0;
    for (uint32_t i = 0; i < ECHO_COUNT; i++) {
        assert_int_equal(pc_frame_get_u16(loop_client.received + at), 4 + i % 200);
        at += 4 + i % 200;
    }
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    assert_int_equal(counters.received_packets, ECHO_COUNT);
    assert_int_equal(counters.sent_packets, ECHO_COUNT);
    assert_in_range(counters.sends, 1, 100);
    assert_int_equal(pc_runtime_packet_count(loop_server.runtime, 0, 0), ECHO_COUNT);
}

#define LARGE_COUNT 60u
#define LARGE_SIZE  50000u

static void send_large(struct pc_session *session)
{
    for (uint32_t i = 0; i < LARGE_COUNT; i++) {
        loop_send(session, LARGE_SIZE, TEST_ID_LARGE, i);
    }
}

static void send_large_and_close(struct pc_session *session)
{
    send_large(session);
    pc_session_close(session, PC_CLOSE_KICKED);
    uint8_t *place;
    assert_int_equal(pc_session_reserve(session, 4, &place), PC_CLOSED);
}

static void session_close_sends_everything_queued_first(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.send_bytes_max = 8u << 20},
        .client_count = 1,
        .on_server_open = send_large_and_close,
    };
    loop_start(&options);
    loop_await(&loop_client.counts.closed_by[PC_CLOSE_PEER], 1);
    assert_int_equal(loop_client.received_size, LARGE_COUNT * LARGE_SIZE);
    for (uint32_t i = 0; i < LARGE_COUNT; i++) {
        const uint8_t *frame = loop_client.received + i * LARGE_SIZE;
        for (uint32_t k = PC_FRAME_HEADER_SIZE; k < LARGE_SIZE; k++) {
            assert_int_equal(frame[k], (i + k) % 251);
        }
    }
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_KICKED], 1);
}

static void send_relayed(struct pc_session *session)
{
    loop_send(session, 20, TEST_ID_RELAY, 0);
    loop_send(session, 20, TEST_ID_RELAY, 1);
}

static void session_packet_without_handler_is_relayed(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1, .on_client_open = send_relayed};
    loop_start(&options);
    loop_await(&loop_server.counts.relayed, 2);
    assert_int_equal(loop_server.counts.frames, 0);
}

/* ---- refusals ---- */

static struct {
    uint16_t size;
    uint16_t id;
    uint8_t first;
    enum pc_refusal refusal;
} bad_frame;

static void send_bad(struct pc_session *session)
{
    uint8_t bytes[16] = {0};
    loop_send(session, 10, TEST_ID_TEXT, 0);
    pc_frame_put_header(bytes, bad_frame.size, bad_frame.id);
    bytes[4] = bad_frame.first;
    assert_int_equal(pc_session_send(session, bytes, sizeof bytes), PC_OK);
    loop_send(session, 10, TEST_ID_TEXT, 0);
}

static void check_refusal(uint16_t size, uint16_t id, uint8_t first, enum pc_refusal refusal)
{
    bad_frame.size = size;
    bad_frame.id = id;
    bad_frame.first = first;
    const struct loop_options options = {.client_count = 1, .on_client_open = send_bad};
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_VIOLATION], 1);
    loop_await(&loop_client.counts.ended, 1);
    assert_int_equal(loop_server.counts.refused_by[refusal], 1);
    assert_int_equal(loop_server.counts.refused_id, id);
    assert_int_equal(loop_server.counts.refused_size, size);
    assert_int_equal(loop_server.counts.frames, 1);
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    assert_int_equal(counters.refused[refusal], 1);
    loop_stop();
}

static void session_refused_frame_closes_at_once_with_its_reason(void **state)
{
    (void)state;
    for (uint16_t size = 0; size < 4; size++) {
        check_refusal(size, TEST_ID_TEXT, 0, PC_REFUSED_SHORT);
    }
    check_refusal(TEST_FRAME_MAX + 1, TEST_ID_LARGE, 0, PC_REFUSED_LIMIT);
    check_refusal(16, 0, 0, PC_REFUSED_ID);
    check_refusal(16, TEST_ID_HOLE, 0, PC_REFUSED_ID);
    check_refusal(16, 0xffff, 0, PC_REFUSED_ID);
    check_refusal(9, TEST_ID_NUMBER, 0, PC_REFUSED_SIZE);
    check_refusal(8, TEST_ID_NUMBER, 0, PC_REFUSED_STATE);
    check_refusal(16, TEST_ID_TEXT, 0xff, PC_REFUSED_DECODE);
}

static void send_five_kicks(struct pc_session *session)
{
    for (uint32_t i = 0; i < 5; i++) {
        loop_send(session, 4, TEST_ID_KICK, 0);
    }
}

static void session_rate_kick_closes_after_the_burst(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1, .on_client_open = send_five_kicks};
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_VIOLATION], 1);
    assert_int_equal(loop_server.counts.frames, 3);
    assert_int_equal(loop_server.counts.refused_by[PC_REFUSED_RATE], 1);
}

static void send_ten_drops(struct pc_session *session)
{
    for (uint32_t i = 0; i < 10; i++) {
        loop_send(session, 4, TEST_ID_DROP, 0);
    }
    loop_send(session, 10, TEST_ID_TEXT, 0);
}

static void session_rate_drop_counts_and_goes_on(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1, .on_client_open = send_ten_drops};
    loop_start(&options);
    loop_await(&loop_server.counts.frames, 3);
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    assert_int_equal(counters.refused[PC_REFUSED_RATE], 8);
    assert_int_equal(counters.open, 1);
}

/* ---- limits and timers ---- */

static void session_queue_at_its_mark_closes_the_slow_consumer(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.send_bytes_max = 1u << 20},
        .client_count = 1,
        .on_server_open = send_large,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_SLOW_CONSUMER], 1);
    loop_await(&loop_client.counts.ended, 1);
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    assert_int_equal(counters.hard_marks, 1);
    assert_int_equal(counters.soft_timeouts, 0);
}

static void session_silent_peer_is_closed_as_idle(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.idle_timeout_ms = 100, .drain_timeout_ms = 1000},
        .client_count = 1,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_IDLE], 1);
    loop_await(&loop_client.counts.closed_by[PC_CLOSE_PEER], 1);
}

static void set_deadline(struct pc_session *session)
{
    pc_session_set_deadline(session, 50, PC_CLOSE_DEADLINE);
}

static void session_deadline_closes_unless_cleared(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 3, .on_server_open = set_deadline};
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_DEADLINE], 3);
}

static void set_and_clear_deadline(struct pc_session *session)
{
    pc_session_set_deadline(session, 20, PC_CLOSE_DEADLINE);
    pc_session_set_deadline(session, 0, PC_CLOSE_DEADLINE);
}

static void session_cleared_deadline_does_nothing(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1,
                                         .on_server_open = set_and_clear_deadline};
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 1);
    pc_os_sleep_ms(200);
    assert_int_equal(loop_read(&loop_server.counts.closed), 0);
}

static void listener_at_its_maximum_lets_the_backlog_hold(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.sessions_max = 4, .idle_timeout_ms = 300, .drain_timeout_ms = 200},
        .client_count = 10,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 4);
    pc_os_sleep_ms(100);
    assert_int_equal(loop_read(&loop_server.counts.opened), 4);
    loop_await(&loop_server.counts.opened, 10); /* each place that idle time frees is used again */
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    assert_in_range(counters.open, 0, 4);
}

static void listener_address_limit_refuses_the_surplus(void **state)
{
    (void)state;
    const struct loop_options options = {
        .listener = {.sessions_per_address_max = 3},
        .client_count = 5,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.address_refused, 2);
    assert_int_equal(loop_read(&loop_server.counts.opened), 3);
    loop_await(&loop_client.counts.ended, 2);
    loop_stop_client(100);
    loop_await(&loop_server.counts.closed, 3);
    loop_connect(&options); /* the places are free again */
    loop_await(&loop_server.counts.opened, 6);
}

/* ---- workers ---- */

static void listener_connections_go_to_the_least_loaded_worker(void **state)
{
    (void)state;
    const struct loop_options options = {
        .server_workers = 4,
        .client_count = 40,
        .on_client_open = send_thousand,
        .on_server_frame = loop_echo,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 40);
    loop_await(&loop_client.counts.frames, 40 * ECHO_COUNT);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(loop_read(&loop_server.counts.opened_on[i]), 10);
    }
}

static void connector_reconnects_after_every_break(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 2,
        .reconnect = true,
        .on_server_open = set_deadline,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_DEADLINE], 8);
}

static void kick(struct pc_session *session)
{
    pc_session_abort(session, PC_CLOSE_KICKED);
}

/* Six pauses, of 10, 20, 40, 80, 100 and 100 ms, each a quarter less at most. */
static void connector_refused_at_once_tries_ever_more_seldom(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 1, .reconnect = true, .on_server_open = kick};
    uint64_t started_ms = pc_os_monotonic_ms();
    loop_start(&options);
    loop_await(&loop_client.counts.ended, 7);
    assert_true(pc_os_monotonic_ms() - started_ms >= (10 + 20 + 40 + 80 + 100 + 100) * 3 / 4);
}

static void connector_survives_a_server_that_comes_later(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1, .reconnect = true};
    loop_start(&options);
    loop_await(&loop_client.counts.opened, 1);
    loop_stop_server(100);
    loop_await(&loop_client.counts.connect_failed, 2);
}

/* A block is sent to every session of the worker and lives until the last one has sent it. */
#define BLOCK_SIZE 6000u

static void on_broadcast(struct pc_worker *worker, struct pc_session *session,
                         struct pc_message *message)
{
    (void)session;
    (void)message;
    uint8_t frame[BLOCK_SIZE] = {0};
    pc_frame_put_header(frame, BLOCK_SIZE, TEST_ID_LARGE);
    struct pc_block *block = pc_block_create(worker, frame, BLOCK_SIZE);
    assert_non_null(block);
    for (uint32_t i = 0; i < loop_server.counts.opened; i++) {
        struct pc_session *target = pc_worker_find(worker, loop_server.handles[i]);
        assert_non_null(target);
        assert_int_equal(pc_session_send_block(target, block), PC_OK);
    }
    pc_block_release(block);
    loop_count_message(worker);
}

static void block_reaches_every_session_once(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 50};
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 50);
    struct pc_message message = {.deliver = on_broadcast};
    pc_post(loop_server.runtime, &message);
    loop_await(&loop_client.counts.frames, 50);
    assert_int_equal(loop_client.counts.frames, 50);
}

/* ---- ends ---- */

static void abort_in_open(struct pc_session *session)
{
    pc_session_abort(session, PC_CLOSE_KICKED);
    pc_session_close(session, PC_CLOSE_LOGOUT);
    pc_session_abort(session, PC_CLOSE_LOGOUT);
}

static void session_abort_inside_on_open_keeps_the_first_reason(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 20, .on_server_open = abort_in_open};
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_KICKED], 20);
    loop_await(&loop_client.counts.ended, 20);
}

static void runtime_stop_at_any_moment_leaves_the_pools_whole(void **state)
{
    (void)state;
    struct random_source random = random_begin("runtime_stop");
    const struct loop_options options = {
        .server_workers = 2,
        .client_count = 20,
        .reconnect = true,
        .on_client_open = send_thousand,
        .on_server_frame = loop_echo,
    };
    for (uint32_t i = 0; i < 30; i++) {
        loop_start(&options);
        pc_os_sleep_ms(random_below(&random, 15));
        if (random_below(&random, 2) == 0) {
            loop_stop_server(random_below(&random, 20));
            loop_stop_client(random_below(&random, 20));
        } else {
            loop_stop_client(random_below(&random, 20));
            loop_stop_server(random_below(&random, 20));
        }
    }
}

/* Two per processor where completions are IOCP's, as the system lets another thread of the port run
 * when one blocks; else one. */
static void workers_by_default_follow_the_processors(void **state)
{
    (void)state;
    const struct pc_runtime_config config = {.engine = PC_ENGINE_AUTO};
    struct pc_runtime *runtime;
    assert_int_equal(pc_runtime_create(&config, &runtime), PC_OK);
    bool is_iocp = strcmp(pc_runtime_engine_name(runtime), "iocp") == 0;
    uint32_t wanted = pc_os_processor_count() * (is_iocp ? 2u : 1u);
    assert_int_equal(pc_runtime_worker_count(runtime), wanted);
    pc_runtime_destroy(runtime);
}

static void runtime_is_made_only_with_a_congestion_control_that_is_there(void **state)
{
    (void)state;
    const struct pc_runtime_config wrong = {
        .engine = loop_engine(), .worker_count = 1, .congestion = "nobody-has-it"};
    const struct pc_runtime_config right = {
        .engine = loop_engine(), .worker_count = 1, .congestion = "reno"};
    struct pc_runtime *runtime;
    assert_int_equal(pc_runtime_create(&wrong, &runtime), PC_UNSUPPORTED);
    assert_null(runtime);
    assert_int_equal(pc_runtime_create(&right, &runtime), pc_congestion_check("reno"));
    if (runtime != NULL) {
        pc_runtime_destroy(runtime);
    }
}

static void listen_on_a_busy_port_is_told(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1};
    loop_start(&options);
    loop_await(&loop_client.counts.opened, 1);
    struct pc_runtime *second;
    const struct pc_runtime_config config = {.worker_count = 1};
    assert_int_equal(pc_runtime_create(&config, &second), PC_OK);
    const struct pc_session_type type = {.name = "x", .accepts = &test_table, .sessions_max = 1};
    struct pc_listener_config listener = {.type = pc_runtime_add_type(second, &type)};
    listener.address = loop_bound_address();
    assert_int_equal(pc_runtime_listen(second, &listener, NULL), PC_ADDRESS_IN_USE);
    pc_runtime_destroy(second);
}

#define TEST(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(session_thousand_frames_in_one_turn_come_back_in_order),
        TEST(session_close_sends_everything_queued_first),
        TEST(session_packet_without_handler_is_relayed),
        TEST(session_refused_frame_closes_at_once_with_its_reason),
        TEST(session_rate_kick_closes_after_the_burst),
        TEST(session_rate_drop_counts_and_goes_on),
        TEST(session_queue_at_its_mark_closes_the_slow_consumer),
        TEST(session_silent_peer_is_closed_as_idle),
        TEST(session_deadline_closes_unless_cleared),
        TEST(session_cleared_deadline_does_nothing),
        TEST(listener_at_its_maximum_lets_the_backlog_hold),
        TEST(listener_address_limit_refuses_the_surplus),
        TEST(listener_connections_go_to_the_least_loaded_worker),
        TEST(connector_reconnects_after_every_break),
        TEST(connector_refused_at_once_tries_ever_more_seldom),
        TEST(connector_survives_a_server_that_comes_later),
        TEST(block_reaches_every_session_once),
        TEST(session_abort_inside_on_open_keeps_the_first_reason),
        TEST(runtime_stop_at_any_moment_leaves_the_pools_whole),
        TEST(workers_by_default_follow_the_processors),
        TEST(runtime_is_made_only_with_a_congestion_control_that_is_there),
        TEST(listen_on_a_busy_port_is_told),
    };
    return loop_run("session", tests, COUNT_OF(tests));
}
