/* The contract of the completion port, part 1: waiting, waking, the clock, what is asserted, what
 * no port is opened with. */
#include <stdatomic.h>
#include <string.h>

#include "contract/loopback.h"
#include "pc/os.h"
#include "pc/runtime.h"
#include "support/assertion.h"

#define WAKES           5000u
#define TIMEOUT_MS      30u
#define LATENESS_MS_MAX 150u /* of a loaded machine, and of Windows' 15.6 ms clock */
#define ONE_THREAD      "a simulation has one thread, so nobody can wake it from another"

static void engine_name_is_not_empty(void **state)
{
    (void)state;
    assert_true(strlen(loopback_engine()->name) > 0);
}

static void port_unused_closes(void **state)
{
    (void)state; /* teardown closes a port that was never waited on */
}

static void port_reopened_many_times_leaks_nothing(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < 50; i++) {
        assert_int_equal(loopback_turn(loop, 0), 0);
        loopback_reopen(loop, 64, 1024);
    }
}

static void clock_runs_forward(void **state)
{
    struct loopback *loop = *state;
    uint64_t before_ms = port_now_ms(loop->port);
    loopback_sleep_ms(20);
    uint64_t after_ms = port_now_ms(loop->port);
    assert_true(after_ms >= before_ms + 19);
    assert_true(after_ms < before_ms + 20 + LATENESS_MS_MAX);
}

static void wait_without_timeout_returns_at_once(void **state)
{
    struct loopback *loop = *state;
    uint64_t best_ms = UINT64_MAX; /* of several tries: a busy machine may hold up one */
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t before_ms = port_now_ms(loop->port);
        for (uint32_t turn = 0; turn < 20; turn++) {
            assert_int_equal(loopback_turn(loop, 0), 0);
        }
        uint64_t took_ms = port_now_ms(loop->port) - before_ms;
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    assert_true(best_ms < LATENESS_MS_MAX);
}

static void wait_without_events_lasts_the_timeout(void **state)
{
    struct loopback *loop = *state;
    uint64_t best_ms = UINT64_MAX;
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t before_us = loopback_now_us(loop);
        assert_int_equal(loopback_turn(loop, TIMEOUT_MS), 0);
        uint64_t took_us = loopback_now_us(loop) - before_us;
        assert_true(took_us >= (TIMEOUT_MS - 1) * 1000);
        best_ms = took_us / 1000 < best_ms ? took_us / 1000 : best_ms;
    }
    assert_in_range(best_ms, TIMEOUT_MS - 1, TIMEOUT_MS + 20);
}

static void wait_one_event_at_a_time_gives_all(void **state)
{
    struct loopback *loop = *state;
    loop->events_max = 1;
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < 16; i++) {
        (void)loopback_accept(loop);
        (void)loopback_connect(loop);
    }
    loopback_until(loop, &loop->events, 32);
    loopback_until_quiet(loop);
    assert_int_equal(loop->events, 32);
}

static void wake_before_wait_is_seen(void **state)
{
    struct loopback *loop = *state;
    port_wake(loop->port);
    loopback_until(loop, &loop->woken, 1);
}

static void wake_many_times_is_one_event(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t round = 1; round <= 3; round++) {
        for (uint32_t i = 0; i < 1000; i++) {
            port_wake(loop->port);
        }
        loopback_until(loop, &loop->woken, round);
        loopback_until_quiet(loop);
        assert_int_equal(loop->woken, round);
    }
}

struct waker {
    struct port *port;
    atomic_uint posted;
    atomic_uint seen;
    uint32_t delay_ms;
    bool in_turns; /* wait until each wake was seen: any lost one stops everything */
};

static void waker__run(void *argument)
{
    struct waker *waker = argument;
    pc_os_sleep_ms(waker->delay_ms);
    for (uint32_t i = 1; i <= WAKES; i++) {
        atomic_store(&waker->posted, i);
        port_wake(waker->port);
        while (waker->in_turns && atomic_load(&waker->seen) < i) {
            pc_os_sleep_ms(0);
        }
    }
}

static void waker__run_against(struct loopback *loop, struct waker *waker)
{
    struct pc_thread *thread = pc_thread_start("waker", waker__run, waker);
    uint64_t deadline_ms = port_now_ms(loop->port) + 60000;
    assert_non_null(thread);
    while (atomic_load(&waker->seen) < WAKES) {
        uint64_t woken = loop->woken;
        (void)loopback_turn(loop, 10000);
        assert_true(loop->woken > woken);
        assert_true(port_now_ms(loop->port) < deadline_ms);
        atomic_store(&waker->seen, atomic_load(&waker->posted));
    }
    pc_thread_join(thread);
}

static void wake_from_thread_in_turns_is_never_lost(void **state)
{
    struct loopback *loop = *state;
    loopback_skip_simulated(ONE_THREAD);
    struct waker waker = {.port = loop->port, .in_turns = true};
    waker__run_against(loop, &waker);
}

static void wake_from_thread_in_bursts_is_never_lost(void **state)
{
    struct loopback *loop = *state;
    loopback_skip_simulated(ONE_THREAD);
    struct waker waker = {.port = loop->port, .in_turns = false};
    waker__run_against(loop, &waker);
}

static void wake_ends_a_long_wait(void **state)
{
    struct loopback *loop = *state;
    loopback_skip_simulated(ONE_THREAD);
    struct waker waker = {.port = loop->port, .delay_ms = 50};
    uint64_t before_ms = port_now_ms(loop->port);
    struct pc_thread *thread = pc_thread_start("waker", waker__run, &waker);
    assert_non_null(thread);
    while (loop->woken == 0) {
        (void)loopback_turn(loop, PORT_WAIT_FOREVER);
    }
    pc_thread_join(thread);
    assert_true(port_now_ms(loop->port) < before_ms + 5000);
    loopback_until_quiet(loop);
}

static void close_with_open_socket_asserts(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 4);
    (void)loopback_accept(loop);
    EXPECT_ASSERTION((port_close(loop->port), 0));
}

static void wait_for_too_many_events_asserts(void **state)
{
    struct loopback *loop = *state;
    static struct port_event events[PORT_EVENTS_MAX + 1];
    EXPECT_ASSERTION(port_wait(loop->port, events, PORT_EVENTS_MAX + 1, 0) == 0);
    EXPECT_ASSERTION(port_wait(loop->port, events, 0, 0) == 0);
}

static void recv_twice_asserts(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(server);
    EXPECT_ASSERTION(port_recv(loop->port, &server->socket) == PC_OK);
}

static void send_twice_asserts(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    const struct port_span span = {(const uint8_t *)"x", 1};
    loopback_pair(loop, &client, &server);
    peer_send(client, "x", 1);
    EXPECT_ASSERTION(port_send(loop->port, &client->socket, &span, 1) == PC_OK);
    EXPECT_ASSERTION((port_shutdown_send(loop->port, &client->socket), 0));
}

static void send_of_nothing_asserts(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    const struct port_span spans[PORT_SPANS_MAX + 1] = {{(const uint8_t *)"x", 0}};
    loopback_pair(loop, &client, &server);
    EXPECT_ASSERTION(port_send(loop->port, &client->socket, spans, 0) == PC_OK);
    EXPECT_ASSERTION(port_send(loop->port, &client->socket, spans, 1) == PC_OK);
    EXPECT_ASSERTION(port_send(loop->port, &client->socket, spans, PORT_SPANS_MAX + 1) == PC_OK);
}

static void abort_twice_asserts(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_abort(server, PORT_ABORT_GRACEFUL);
    EXPECT_ASSERTION((port_abort(loop->port, &server->socket, PORT_ABORT_GRACEFUL), 0));
    EXPECT_ASSERTION(port_recv(loop->port, &server->socket) == PC_OK);
}

static void idle_socket_takes_no_stream_calls(void **state)
{
    struct loopback *loop = *state;
    struct peer *peer = loopback_peer(loop);
    const struct port_span span = {(const uint8_t *)"x", 1};
    EXPECT_ASSERTION(port_recv(loop->port, &peer->socket) == PC_OK);
    EXPECT_ASSERTION(port_send(loop->port, &peer->socket, &span, 1) == PC_OK);
    EXPECT_ASSERTION((port_abort(loop->port, &peer->socket, PORT_ABORT_RESET), 0));
    EXPECT_ASSERTION(port_adopt(loop->port, &peer->socket) == PC_OK);
}

static void busy_socket_takes_no_second_life(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 4);
    struct peer *peer = loopback_accept(loop);
    EXPECT_ASSERTION(port_accept(loop->port, loop->listener, &peer->socket) == PC_OK);
    EXPECT_ASSERTION(port_connect(loop->port, &peer->socket, &loop->address) == PC_OK);
}

static void congestion_that_cannot_be_had_opens_no_port(void **state)
{
    const char *names[] = {"nobody-has-it", "a-name-longer-than-any-that-a-system-has", ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct port_config config = {
            .receive_buffer_count = 8, .receive_buffer_size = 512, .congestion = names[i]};
        struct port *port = NULL;
        int32_t raw = 0;
        assert_int_equal(port_open(loopback_engine(), &config, &port, &raw), PC_UNSUPPORTED);
        assert_null(port);
        assert_int_equal(pc_congestion_check(names[i]), PC_UNSUPPORTED);
    }
}

/* Also of a name that the system has. */
static void congestion_is_no_choice_of_every_engine(void **state)
{
    const struct port_config config = {
        .receive_buffer_count = 8, .receive_buffer_size = 512, .congestion = "reno"};
    struct port *port = NULL;
    int32_t raw = 0;
    (void)state;
    if (loopback_engine()->takes_congestion) {
        loopback_skip("it has the choice");
    }
    assert_int_equal(port_open(loopback_engine(), &config, &port, &raw), PC_UNSUPPORTED);
    assert_null(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(engine_name_is_not_empty),
        LOOPBACK_TEST(port_unused_closes),
        LOOPBACK_TEST(port_reopened_many_times_leaks_nothing),
        LOOPBACK_TEST(clock_runs_forward),
        LOOPBACK_TEST(wait_without_timeout_returns_at_once),
        LOOPBACK_TEST(wait_without_events_lasts_the_timeout),
        LOOPBACK_TEST(wait_one_event_at_a_time_gives_all),
        LOOPBACK_TEST(wake_before_wait_is_seen),
        LOOPBACK_TEST(wake_many_times_is_one_event),
        LOOPBACK_TEST(wake_from_thread_in_turns_is_never_lost),
        LOOPBACK_TEST(wake_from_thread_in_bursts_is_never_lost),
        LOOPBACK_TEST(wake_ends_a_long_wait),
        LOOPBACK_TEST(close_with_open_socket_asserts),
        LOOPBACK_TEST(wait_for_too_many_events_asserts),
        LOOPBACK_TEST(recv_twice_asserts),
        LOOPBACK_TEST(send_twice_asserts),
        LOOPBACK_TEST(send_of_nothing_asserts),
        LOOPBACK_TEST(abort_twice_asserts),
        LOOPBACK_TEST(idle_socket_takes_no_stream_calls),
        LOOPBACK_TEST(busy_socket_takes_no_second_life),
        LOOPBACK_TEST(congestion_that_cannot_be_had_opens_no_port),
        LOOPBACK_TEST(congestion_is_no_choice_of_every_engine),
    };
    return LOOPBACK_RUN("port", tests);
}
