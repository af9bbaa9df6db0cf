/* What holds traffic back: pause, delay, marks of the send queue, budgets, accept rate. Over every
 * real engine of the platform; pools are checked to be whole at the end of each test. */
#include <string.h>

#include "net/session.h"
#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"
#include "support/test_table.h"

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

static struct pc_type_counters server_counters(void)
{
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    return counters;
}

/* ---- receiving ---- */

#define DELAYED_COUNT 8u

static void send_delayed(struct pc_session *session)
{
    for (uint32_t i = 0; i < DELAYED_COUNT; i++) {
        loop_send(session, 8 + i, TEST_ID_DELAY, i);
    }
    loop_send(session, 5, TEST_ID_TEXT, 0);
}

static void rate_delay_loses_nothing_and_keeps_order(void **state)
{
    (void)state;
    const struct loop_options options = {.client_count = 1, .on_client_open = send_delayed};
    uint64_t started_ms = pc_os_monotonic_ms();
    loop_start(&options);
    loop_await(&loop_server.counts.frames, DELAYED_COUNT + 1);
    uint64_t passed_ms = pc_os_monotonic_ms() - started_ms;
    /* 2 in the burst, then one each 20 ms. */
    assert_in_range(passed_ms, (DELAYED_COUNT - 2) * 20 - 20, LOOP_WAIT_MS);
    uint32_t at = 0;
    for (uint32_t i = 0; i < DELAYED_COUNT; i++) {
        assert_int_equal(pc_frame_get_u16(loop_server.received + at), 8 + i);
        at += 8 + i;
    }
    assert_int_equal(pc_frame_get_u16(loop_server.received + at), 5);
    assert_in_range(server_counters().over_rate[PC_RATE_PACKET][PC_RATE_DELAY], 1, DELAYED_COUNT);
    assert_int_equal(server_counters().refused[PC_REFUSED_RATE], 0);
}

static uint16_t rated_id; /* of send_rated */

static void send_rated(struct pc_session *session)
{
    for (uint32_t i = 0; i < 5; i++) {
        loop_send(session, 4, rated_id, 0);
    }
}

/* Wait until one cell of the counters has moved; all others must be 0. */
static void await_over_rate(enum pc_rate_scope scope, enum pc_rate_over over)
{
    for (uint32_t i = 0; i < 1000 && server_counters().over_rate[scope][over] == 0; i++) {
        pc_os_sleep_ms(10);
    }
    const struct pc_type_counters counters = server_counters();
    for (uint32_t s = 0; s < PC_RATE_SCOPE_COUNT; s++) {
        for (uint32_t o = 0; o < PC_RATE_OVER_COUNT; o++) {
            bool is_expected = s == (uint32_t)scope && o == (uint32_t)over;
            assert_int_equal(counters.over_rate[s][o] > 0, is_expected);
        }
    }
}

static void rate_of_packet_and_of_session_are_counted_by_what_they_do(void **state)
{
    (void)state;
    static const uint16_t packet_ids[PC_RATE_OVER_COUNT] = {
        [PC_RATE_KICK] = TEST_ID_KICK,
        [PC_RATE_DROP] = TEST_ID_DROP,
        [PC_RATE_DELAY] = TEST_ID_DELAY,
    };
    for (uint32_t i = 0; i < PC_RATE_OVER_COUNT; i++) {
        enum pc_rate_over over = (enum pc_rate_over)i;
        struct loop_options options = {.client_count = 1, .on_client_open = send_rated};
        rated_id = packet_ids[over];
        loop_start(&options);
        await_over_rate(PC_RATE_PACKET, over);
        loop_stop();
        options.type.packets = (struct pc_rate){.per_sec = 50, .burst = 2, .over = over};
        rated_id = TEST_ID_TEXT;
        loop_start(&options);
        await_over_rate(PC_RATE_SESSION, over);
        loop_stop();
    }
}

#define PAUSED_COUNT 5000u

static void send_many(struct pc_session *session)
{
    for (uint32_t i = 0; i < PAUSED_COUNT; i++) {
        loop_send(session, 100, TEST_ID_TEXT, i);
    }
}

#define SMALL_COUNT 5000u /* of 4 bytes each: many times what one turn handles */

static void send_small(struct pc_session *session)
{
    for (uint32_t i = 0; i < SMALL_COUNT; i++) {
        loop_send(session, 4, TEST_ID_TEXT, 0);
    }
}

static void turn_with_more_frames_than_its_share_is_cut_and_counted(void **state)
{
    (void)state;
    const struct loop_options many = {.client_count = 1, .on_client_open = send_small};
    loop_start(&many);
    loop_await(&loop_server.counts.frames, SMALL_COUNT);
    assert_in_range(server_counters().turns_cut, 1, SMALL_COUNT);
    loop_stop();
    const struct loop_options few = {.client_count = 1, .on_client_open = send_rated};
    rated_id = TEST_ID_TEXT;
    loop_start(&few);
    loop_await(&loop_server.counts.frames, 5);
    assert_int_equal(server_counters().turns_cut, 0);
}

static void pause_at_third(struct pc_session *session, const struct pc_frame *frame)
{
    (void)frame;
    if (loop_read(&loop_server.counts.frames) == 3) {
        pc_session_pause(session);
    }
}

static void session_pause_stops_at_the_frame_in_hand_and_resume_goes_on(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 1,
        .on_client_open = send_many,
        .on_server_frame = pause_at_third,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.frames, 3);
    pc_os_sleep_ms(100);
    assert_int_equal(loop_read(&loop_server.counts.frames), 3);
    assert_int_equal(server_counters().pauses, 1);
    loop_run_on(&loop_server, 0, pc_session_resume);
    loop_await(&loop_server.counts.frames, PAUSED_COUNT);
    for (uint32_t i = 0; i < PAUSED_COUNT; i++) {
        assert_int_equal(loop_server.received[i * 100 + 4], (i + 4) % 251);
    }
}

static void session_pause_outlasts_the_idle_time(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.idle_timeout_ms = 50},
        .client_count = 1,
        .on_server_open = pc_session_pause,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 1);
    pc_os_sleep_ms(200);
    assert_int_equal(loop_read(&loop_server.counts.closed), 0);
    loop_run_on(&loop_server, 0, pc_session_resume);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_IDLE], 1);
}

static void session_paused_and_closed_still_sees_the_peer_end(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.drain_timeout_ms = 10000},
        .client_count = 1,
        .on_server_open = pc_session_pause,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 1);
    loop_stop_client(100);
    loop_stop_server(10000); /* by SHUTDOWN, and without waiting for the drain time */
    assert_int_equal(loop_server.counts.closed_by[PC_CLOSE_SHUTDOWN], 1);
}

static void set_packet_budget(struct pc_session *session)
{
    pc_session_set_budget(session, 3, 1000000);
}

static void set_byte_budget(struct pc_session *session)
{
    pc_session_set_budget(session, 1000000, 350);
}

static void lift_budget(struct pc_session *session)
{
    set_packet_budget(session);
    pc_session_set_budget(session, 0, 0);
}

static void session_budget_of_packets_closes_with_its_own_reason(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 1,
        .on_server_open = set_packet_budget,
        .on_client_open = send_many,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_PACKET_BUDGET], 1);
    assert_int_equal(loop_server.counts.frames, 3);
    assert_int_equal(server_counters().closed[PC_CLOSE_PACKET_BUDGET], 1);
}

static void session_budget_of_bytes_closes_with_its_own_reason(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 1,
        .on_server_open = set_byte_budget,
        .on_client_open = send_many,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_BYTE_BUDGET], 1);
    assert_in_range(loop_server.counts.frames, 0, 3);
    assert_int_equal(server_counters().closed[PC_CLOSE_BYTE_BUDGET], 1);
}

static void session_lifted_budget_does_nothing(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 1,
        .on_server_open = lift_budget,
        .on_client_open = send_many,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.frames, PAUSED_COUNT);
}

/* ---- sending ---- */

#define MARK_SIZE   60000u
#define NEWEST_SENT 500u

static void fill_queue(struct pc_session *session)
{
    for (uint32_t i = 0; i < 200; i++) {
        loop_send(session, MARK_SIZE, TEST_ID_LARGE, i);
    }
}

/* The position of two entities, over and over: only the newest of each needs to arrive. */
static void send_positions(struct pc_session *session)
{
    for (uint32_t i = 0; i < NEWEST_SENT; i++) {
        uint8_t frame[8] = {0};
        pc_frame_put_header(frame, sizeof frame, TEST_ID_TEXT);
        frame[4] = (uint8_t)(i % 2);
        frame[5] = (uint8_t)(i / 2 % 256);
        assert_int_equal(pc_session_send_latest(session, 1 + i % 2, frame, sizeof frame), PC_OK);
    }
}

static const struct pc_session_type slow_type = {
    .send_bytes_max = 32u << 20,
    .send_bytes_soft = 64u << 10,
    .soft_timeout_ms = 20000,
};

/* One client that does not read, and the server's queue to it above its soft mark. */
static void start_above_the_soft_mark(void)
{
    const struct loop_options options = {
        .type = slow_type,
        .client_count = 1,
        .on_client_open = pc_session_pause,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 1);
    loop_await(&loop_client.counts.opened, 1);
    loop_run_on(&loop_server, 0, fill_queue);
}

static void session_above_the_soft_mark_sends_only_the_newest(void **state)
{
    (void)state;
    start_above_the_soft_mark();
    loop_run_on(&loop_server, 0, send_positions);
    assert_int_equal(server_counters().replaced, NEWEST_SENT - 2);
    assert_int_equal(server_counters().soft_marks, 1);
    loop_run_on(&loop_client, 0, pc_session_resume);
    loop_await(&loop_client.counts.frames, 202);
    loop_await(&loop_server.counts.rooms, 1);
    pc_os_sleep_ms(50);
    assert_int_equal(loop_read(&loop_client.counts.frames), 202);
    assert_int_equal(server_counters().sent_packets, 202);
    assert_int_equal(server_counters().evicted, 0);
}

#define KEYS_TOO_MANY 6u

static void send_many_keys(struct pc_session *session)
{
    for (uint32_t i = 0; i < LATEST_COUNT_MAX + KEYS_TOO_MANY; i++) {
        uint8_t frame[8] = {0};
        pc_frame_put_header(frame, sizeof frame, TEST_ID_TEXT);
        assert_int_equal(pc_session_send_latest(session, i, frame, sizeof frame), PC_OK);
    }
}

static void session_with_too_many_keys_waiting_counts_what_it_lost(void **state)
{
    (void)state;
    start_above_the_soft_mark();
    loop_run_on(&loop_server, 0, send_many_keys);
    assert_int_equal(server_counters().evicted, KEYS_TOO_MANY);
    assert_int_equal(server_counters().replaced, 0);
}

static void session_below_the_soft_mark_sends_everything(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = slow_type,
        .client_count = 1,
        .on_server_open = send_positions,
    };
    loop_start(&options);
    loop_await(&loop_client.counts.frames, NEWEST_SENT);
    assert_int_equal(server_counters().replaced, 0);
    assert_int_equal(server_counters().soft_marks, 0);
}

static void session_too_long_above_the_soft_mark_is_closed(void **state)
{
    (void)state;
    struct loop_options options = {
        .type = slow_type,
        .client_count = 1,
        .on_server_open = fill_queue,
        .on_client_open = pc_session_pause,
    };
    options.type.soft_timeout_ms = 200;
    loop_start(&options);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_SLOW_CONSUMER], 1);
    assert_int_equal(server_counters().soft_timeouts, 1);
    assert_int_equal(server_counters().hard_marks, 0);
}

/* ---- accepting ---- */

static void listener_accept_rate_lets_the_backlog_hold(void **state)
{
    (void)state;
    const struct loop_options options = {
        .listener = {.accepts_posted = 4, .accepts_per_sec_max = 20},
        .client_count = 26,
    };
    uint64_t started_ms = pc_os_monotonic_ms();
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 26);
    uint64_t passed_ms = pc_os_monotonic_ms() - started_ms;
    /* 20 in the burst, then one each 50 ms. */
    assert_in_range(passed_ms, 250, LOOP_WAIT_MS);
    assert_in_range(server_counters().accepts_throttled, 1, 10000);
    assert_int_equal(server_counters().accepts_no_room, 0);
    assert_int_equal(server_counters().accepts_no_memory, 0);
}

static void close_kicked(struct pc_session *session)
{
    pc_session_close(session, PC_CLOSE_KICKED);
}

static void listener_without_room_leaves_the_others_in_the_backlog(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = {.sessions_max = 2},
        .client_count = 3,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 2);
    pc_os_sleep_ms(50);
    assert_int_equal(loop_read(&loop_server.counts.opened), 2);
    assert_in_range(server_counters().accepts_no_room, 1, 1000);
    assert_int_equal(server_counters().accepts_throttled, 0);
    loop_run_on(&loop_server, 0, close_kicked);
    loop_await(&loop_server.counts.opened, 3);
}

#define TEST(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rate_delay_loses_nothing_and_keeps_order),
        TEST(rate_of_packet_and_of_session_are_counted_by_what_they_do),
        TEST(turn_with_more_frames_than_its_share_is_cut_and_counted),
        TEST(session_pause_stops_at_the_frame_in_hand_and_resume_goes_on),
        TEST(session_pause_outlasts_the_idle_time),
        TEST(session_paused_and_closed_still_sees_the_peer_end),
        TEST(session_budget_of_packets_closes_with_its_own_reason),
        TEST(session_budget_of_bytes_closes_with_its_own_reason),
        TEST(session_lifted_budget_does_nothing),
        TEST(session_above_the_soft_mark_sends_only_the_newest),
        TEST(session_with_too_many_keys_waiting_counts_what_it_lost),
        TEST(session_below_the_soft_mark_sends_everything),
        TEST(session_too_long_above_the_soft_mark_is_closed),
        TEST(listener_accept_rate_lets_the_backlog_hold),
        TEST(listener_without_room_leaves_the_others_in_the_backlog),
    };
    return loop_run("limits", tests, COUNT_OF(tests));
}
