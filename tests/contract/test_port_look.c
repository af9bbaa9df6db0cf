/* Turns that only look, as those of busy_poll_us: whom the engines of Linux ask for what has come.
 * The calls that ask the kernel pass through wrappers of this file (the linker's --wrap). */
#define _GNU_SOURCE /* liburing.h wants it */

#include "contract/loopback.h"
#include "port/epoll_port.h"
#include "port/uring_port.h"

int __real_io_uring_submit_and_get_events(struct io_uring *io);
int __wrap_io_uring_submit_and_get_events(struct io_uring *io);
int __real_epoll_wait(int descriptor, struct epoll_event *events, int events_max, int timeout_ms);
int __wrap_epoll_wait(int descriptor, struct epoll_event *events, int events_max, int timeout_ms);

static uint32_t asked; /* how often the kernel was asked by a turn that looks */

int __wrap_io_uring_submit_and_get_events(struct io_uring *io)
{
    asked++;
    return __real_io_uring_submit_and_get_events(io);
}

int __wrap_epoll_wait(int descriptor, struct epoll_event *events, int events_max, int timeout_ms)
{
    asked += timeout_ms == 0 ? 1 : 0;
    return __real_epoll_wait(descriptor, events, events_max, timeout_ms);
}

/* A pair of which the server has brought the last bytes twice. */
static void make_steady_pair(struct loopback *loop, struct peer **client, struct peer **server)
{
    loopback_pair(loop, client, server);
    (*server)->arms = true;
    peer_recv(*server);
    for (uint32_t i = 1; i <= 2; i++) {
        peer_send(*client, "x", 1);
        loopback_until(loop, &(*server)->received, i);
    }
    loopback_until_quiet(loop);
    (void)loopback_turn(loop, 0); /* what the end of the last sleep has left to do */
    asked = 0;
}

/* Its bytes are read before the kernel is asked; in the next turn it is. */
static void uring_hears_a_steady_peer_without_entering(void **state)
{
    struct loopback *loop = *state;
    const struct uring_port *port = (const struct uring_port *)(const void *)loop->port;
    struct peer *client;
    struct peer *server;
    make_steady_pair(loop, &client, &server);
    if ((port->ring.io.flags & IORING_SETUP_DEFER_TASKRUN) == 0) {
        loopback_skip("this kernel has no deferred task work");
    }
    peer_send(client, "y", 1);
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(client->sent, 3);
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(server->received, 3);
    assert_int_equal(asked, 0);
    (void)loopback_turn(loop, 0);
    assert_int_equal(asked, 1);
}

/* How often the kernel is asked in so many turns while nothing comes. */
static uint32_t look_in_vain(struct loopback *loop, uint32_t turns)
{
    struct peer *client;
    struct peer *server;
    make_steady_pair(loop, &client, &server);
    for (uint32_t i = 0; i < turns; i++) {
        assert_int_equal(loopback_turn(loop, 0), 0);
    }
    return asked;
}

static void uring_looks_in_vain_without_entering(void **state)
{
    assert_int_equal(look_in_vain(*state, 90), 0); /* the ring's flags tell */
}

static void epoll_hears_a_steady_peer_without_asking_for_edges(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    make_steady_pair(loop, &client, &server);
    peer_send(client, "y", 1);
    (void)loopback_turn(loop, 0);
    assert_int_equal(server->received, 3);
    assert_int_equal(asked, 0);
    (void)loopback_turn(loop, 0);
    assert_int_equal(asked, 1);
}

static void epoll_asks_for_edges_in_one_vain_turn_of_nine(void **state)
{
    assert_int_equal(look_in_vain(*state, 90), 10);
}

int main(void)
{
    const struct CMUnitTest uring_tests[] = {
        LOOPBACK_TEST(uring_hears_a_steady_peer_without_entering),
        LOOPBACK_TEST(uring_looks_in_vain_without_entering),
    };
    const struct CMUnitTest epoll_tests[] = {
        LOOPBACK_TEST(epoll_hears_a_steady_peer_without_asking_for_edges),
        LOOPBACK_TEST(epoll_asks_for_edges_in_one_vain_turn_of_nine),
    };
    int uring = loopback_run_on(port_engine_uring, "port_look", uring_tests, COUNT_OF(uring_tests));
    int epoll = loopback_run_on(port_engine_epoll, "port_look", epoll_tests, COUNT_OF(epoll_tests));
    return epoll != 0 ? epoll : uring;
}
