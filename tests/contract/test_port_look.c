/* Turns that only look, as those of busy_poll_us: whom the engines of Linux ask for what has come.
 * The calls that ask the kernel pass through wrappers of this file (the linker's --wrap). */
#define _GNU_SOURCE /* liburing.h wants it */

#include <errno.h>

#include "contract/loopback.h"
#include "port/epoll_port.h"
#include "port/uring_port.h"

int __real_io_uring_submit_and_get_events(struct io_uring *io);
int __wrap_io_uring_submit_and_get_events(struct io_uring *io);
int __real_epoll_wait(int descriptor, struct epoll_event *events, int events_max, int timeout_ms);
int __wrap_epoll_wait(int descriptor, struct epoll_event *events, int events_max, int timeout_ms);
ssize_t __real_recv(int descriptor, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int descriptor, void *bytes, size_t size, int flags);

static uint32_t asked;     /* how often the kernel was asked by a turn that looks */
static uint32_t cancelled; /* cancellations that such turns have submitted */
static bool cancels_miss;  /* they find nothing */
static uint32_t received;  /* receives of a turn's own */
static struct peer *late;  /* sends a byte when the next of those has found nothing; NULL: nobody */

int __wrap_io_uring_submit_and_get_events(struct io_uring *io)
{
    for (unsigned i = io->sq.sqe_head; i != io->sq.sqe_tail; i++) {
        struct io_uring_sqe *entry = &io->sq.sqes[i & io->sq.ring_mask];
        bool is_cancel = entry->opcode == IORING_OP_ASYNC_CANCEL;
        cancelled += is_cancel ? 1 : 0;
        entry->addr = is_cancel && cancels_miss ? 0 : entry->addr;
    }
    asked++;
    return __real_io_uring_submit_and_get_events(io);
}

int __wrap_epoll_wait(int descriptor, struct epoll_event *events, int events_max, int timeout_ms)
{
    asked += timeout_ms == 0 ? 1 : 0;
    return __real_epoll_wait(descriptor, events, events_max, timeout_ms);
}

/* Past the ring, which would be entered else. */
static void send_at_once(struct peer *peer, uint32_t size)
{
    static const uint8_t bytes[65536];
    assert_int_equal(send(uring_descriptor_of(&peer->socket), bytes, size, MSG_DONTWAIT), size);
}

ssize_t __wrap_recv(int descriptor, void *bytes, size_t size, int flags)
{
    ssize_t result = __real_recv(descriptor, bytes, size, flags);
    int code = errno;
    struct peer *sender = result < 0 ? late : NULL;
    received++;
    if (sender != NULL) {
        late = NULL;
        send_at_once(sender, 1);
    }
    errno = code;
    return result;
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
static void hear_a_steady_peer(struct loopback *loop)
{
    struct peer *client;
    struct peer *server;
    make_steady_pair(loop, &client, &server);
    peer_send(client, "y", 1);
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(client->sent, 3);
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(server->received, 3);
    assert_int_equal(asked, 0);
    (void)loopback_turn(loop, 0);
    assert_int_equal(asked, 1);
}

static void uring_hears_a_steady_peer_without_entering(void **state)
{
    struct loopback *loop = *state;
    const struct uring_port *port = (const struct uring_port *)(const void *)loop->port;
    if ((port->ring.io.flags & IORING_SETUP_DEFER_TASKRUN) == 0) {
        loopback_skip("this kernel has no deferred task work");
    }
    hear_a_steady_peer(loop);
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

/* Bytes of the client's, one send after the other, are received in turns that look. */
static void send_and_look(struct loopback *loop, struct peer *client, struct peer *server,
                          uint32_t sends)
{
    for (uint32_t i = 0; i < sends; i++) {
        uint64_t wanted = server->received_bytes + 1;
        peer_send(client, "z", 1);
        for (uint32_t turns = 0; turns < 1000 && server->received_bytes < wanted; turns++) {
            (void)loopback_turn(loop, 0);
        }
        assert_int_equal(server->received_bytes, wanted);
        assert_false(client->socket.send.in_flight);
        (void)loopback_turn(loop, 0); /* in vain: only after one does a port receive early again */
    }
}

/* A pair of which the server has been heard so often that the port polls it. */
static struct uring_port *make_polled_pair(struct loopback *loop, struct peer **client,
                                           struct peer **server)
{
    struct uring_port *port = (struct uring_port *)(void *)loop->port;
    cancels_miss = false;
    late = NULL;
    make_steady_pair(loop, client, server);
    if ((port->ring.io.flags & IORING_SETUP_DEFER_TASKRUN) == 0) {
        loopback_skip("this kernel has no deferred task work");
    }
    send_and_look(loop, *client, *server, 40);
    assert_ptr_equal(port->early.polled, &(*server)->socket);
    assert_int_equal(uring_receive_of(&(*server)->socket)->mode, URING_RECEIVE_OFF);
    asked = cancelled = received = 0;
    return port;
}

/* The same beside a pair of others, of which the server waits for its first bytes. */
static struct uring_port *make_polled_pair_beside(struct loopback *loop, struct peer *others[2],
                                                  struct peer **client, struct peer **server)
{
    loopback_pair(loop, &others[0], &others[1]);
    peer_recv(others[1]);
    return make_polled_pair(loop, client, server);
}

static void assert_armed(const struct uring_port *port, struct peer *peer)
{
    assert_null(port->early.polled);
    assert_int_equal(uring_receive_of(&peer->socket)->mode, URING_RECEIVE_MULTI);
}

static void uring_polls_a_peer_that_alone_is_heard(void **state)
{
    struct peer *client;
    struct peer *server;
    (void)make_polled_pair(*state, &client, &server);
    send_and_look(*state, client, server, 100);
    assert_int_equal(asked, 0);
}

static void uring_arms_the_polled_receive_before_it_sleeps(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct uring_port *port = make_polled_pair(loop, &client, &server);
    assert_int_equal(loopback_turn(loop, 1), 0);
    assert_armed(port, server);
    uint64_t wanted = server->received + 1;
    peer_send(client, "y", 1);
    loopback_until(loop, &server->received, wanted);
}

static void uring_arms_the_polled_receive_when_another_is_heard(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct peer *others[2];
    struct uring_port *port = make_polled_pair_beside(loop, others, &client, &server);
    others[1]->arms = true;
    send_and_look(loop, others[0], others[1], 1);
    (void)loopback_turn(loop, 0);
    (void)loopback_turn(loop, 0);
    assert_armed(port, server);
    send_and_look(loop, client, server, 1);
}

static void uring_receives_what_comes_during_a_look(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    (void)make_polled_pair(loop, &client, &server);
    uint64_t wanted = server->received_bytes + 1;
    late = client;
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(server->received_bytes, wanted);
    assert_int_equal(received, 2);
}

static void uring_ends_a_look_when_others_have_news(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct peer *others[2];
    (void)make_polled_pair_beside(loop, others, &client, &server);
    late = others[0];
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(others[1]->received, 1);
    assert_int_equal(received, 1);
}

static void uring_tells_the_end_of_a_polled_peer(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    (void)make_polled_pair(loop, &client, &server);
    assert_int_equal(shutdown(uring_descriptor_of(&client->socket), SHUT_WR), 0);
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(server->receive_status, PC_END);
    assert_int_equal(received, 1);
}

static void uring_tells_of_a_reset_by_a_polled_peer(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    (void)make_polled_pair(loop, &client, &server);
    peer_abort(client, PORT_ABORT_RESET);
    for (uint32_t turns = 0; turns < 1000 && server->ended == 0; turns++) {
        (void)loopback_turn(loop, 0);
    }
    assert_int_equal(server->receive_status, PC_RESET);
}

static void uring_hears_others_while_a_polled_peer_has_more(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct peer *others[2];
    (void)make_polled_pair_beside(loop, others, &client, &server);
    uint64_t wanted = server->received_bytes + 65536;
    send_at_once(client, 65536);
    send_at_once(others[0], 1);
    (void)loopback_turn(loop, 0);
    assert_int_equal(others[1]->received, 0);
    (void)loopback_turn(loop, 0);
    assert_int_equal(others[1]->received, 1);
    assert_true(server->received_bytes < wanted);
    loopback_until(loop, &server->received_bytes, wanted);
}

static void uring_arms_the_polled_receive_when_no_buffer_is_spare(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct uring_port *port = make_polled_pair(loop, &client, &server);
    uint16_t taken[URING_BUFFER_RESERVE];
    uint32_t count = 0;
    (void)loopback_turn(loop, 0); /* the buffer of the last receive is spare again */
    while (count < COUNT_OF(taken) && port->buffers.spare != URING_BUFFER_NONE) {
        taken[count++] = uring_buffers_take_spare(&port->buffers);
    }
    send_and_look(loop, client, server, 1);
    assert_armed(port, server);
    while (count > 0) {
        uring_buffers_retire(&port->buffers, taken[--count]);
    }
}

static void uring_does_not_poll_a_peer_that_pauses(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct uring_port *port = make_polled_pair(loop, &client, &server);
    server->arms = false;
    send_and_look(loop, client, server, 1);
    peer_send(client, "yy", 2);
    for (uint32_t i = 0; i < 10; i++) {
        (void)loopback_turn(loop, 0);
    }
    assert_null(port->early.polled);
    uint64_t wanted = server->received_bytes + 2;
    peer_recv(server);
    loopback_until(loop, &server->received_bytes, wanted);
}

/* Kernels 6.0 to 6.4 do not find a multishot that is there. */
static void uring_goes_on_with_a_receive_that_cannot_be_cancelled(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct uring_port *port = make_polled_pair(loop, &client, &server);
    assert_int_equal(loopback_turn(loop, 1), 0);
    cancels_miss = true;
    send_and_look(loop, client, server, 200);
    assert_in_range(cancelled, 2, 200 / 32);
    cancels_miss = false;
    assert_int_equal(loopback_turn(loop, 1), 0);
    assert_armed(port, server);
}

static void epoll_hears_a_steady_peer_without_asking_for_edges(void **state)
{
    hear_a_steady_peer(*state);
}

/* So it is every other time; two at once are no reason to wait with what others have. */
static void epoll_tells_that_one_has_sent_without_asking_for_edges(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    loopback_until_quiet(loop);
    for (uint32_t i = 0; i < 8; i++) {
        asked = 0;
        peer_send(client, "x", 1);
        assert_int_equal(loopback_turn(loop, 0), 1);
        assert_int_equal(client->sent, i + 1);
        assert_int_equal(asked, i % 2);
        assert_int_equal(loop->port->took_no_time, asked == 0);
    }
    asked = 0;
    peer_send(client, "x", 1);
    peer_send(server, "x", 1);
    assert_int_equal(loopback_turn(loop, 0), 2);
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
        LOOPBACK_TEST(uring_polls_a_peer_that_alone_is_heard),
        LOOPBACK_TEST(uring_arms_the_polled_receive_before_it_sleeps),
        LOOPBACK_TEST(uring_arms_the_polled_receive_when_another_is_heard),
        LOOPBACK_TEST(uring_receives_what_comes_during_a_look),
        LOOPBACK_TEST(uring_ends_a_look_when_others_have_news),
        LOOPBACK_TEST(uring_tells_the_end_of_a_polled_peer),
        LOOPBACK_TEST(uring_tells_of_a_reset_by_a_polled_peer),
        LOOPBACK_TEST(uring_hears_others_while_a_polled_peer_has_more),
        LOOPBACK_TEST(uring_arms_the_polled_receive_when_no_buffer_is_spare),
        LOOPBACK_TEST(uring_does_not_poll_a_peer_that_pauses),
        LOOPBACK_TEST(uring_goes_on_with_a_receive_that_cannot_be_cancelled),
    };
    const struct CMUnitTest epoll_tests[] = {
        LOOPBACK_TEST(epoll_hears_a_steady_peer_without_asking_for_edges),
        LOOPBACK_TEST(epoll_tells_that_one_has_sent_without_asking_for_edges),
        LOOPBACK_TEST(epoll_asks_for_edges_in_one_vain_turn_of_nine),
    };
    int uring = loopback_run_on(port_engine_uring, "port_look", uring_tests, COUNT_OF(uring_tests));
    int epoll = loopback_run_on(port_engine_epoll, "port_look", epoll_tests, COUNT_OF(epoll_tests));
    return epoll != 0 ? epoll : uring;
}
