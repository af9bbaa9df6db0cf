/* The queue of completions overflows: this program's ring keeps eight, and many more come at once.
 * The kernel says that it keeps the rest, and nothing is lost. */
#define _GNU_SOURCE /* liburing.h wants it */
#include "contract/loopback.h"
#include "port/uring_port.h"

#define PAIRS       64u
#define CROWD       200u /* more completions than one turn reaps from such a queue */
#define ROUNDS      20u
#define STREAM_SIZE (256u << 10)

static uint64_t overflow_count(const struct loopback *loop)
{
    return ((const struct uring_port *)(const void *)loop->port)->ring.overflow_count;
}

static void open_pairs(struct loopback *loop, struct peer **clients, struct peer **servers)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        servers[i]->arms = true;
        servers[i]->checks = true;
        peer_recv(servers[i]);
    }
}

/* Each message is one SENT and one RECEIVED: none may be missing, none may come twice. */
static void completions_beyond_the_queue_are_kept_by_the_kernel(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[PAIRS];
    struct peer *servers[PAIRS];
    static uint8_t bytes[ROUNDS];
    open_pairs(loop, clients, servers);
    uint64_t before = overflow_count(loop);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        bytes[round - 1] = pattern_at(round - 1);
        for (uint32_t i = 0; i < PAIRS; i++) {
            peer_send(clients[i], &bytes[round - 1], 1);
        }
        for (uint32_t i = 0; i < PAIRS; i++) {
            loopback_until(loop, &servers[i]->received, round);
            loopback_until(loop, &clients[i]->sent, round);
        }
    }
    assert_true(overflow_count(loop) > before);
    loopback_until_quiet(loop);
    for (uint32_t i = 0; i < PAIRS; i++) {
        assert_int_equal(clients[i]->sent, ROUNDS);
        assert_int_equal(servers[i]->received, ROUNDS);
        assert_int_equal(servers[i]->received_bytes, ROUNDS);
        assert_int_equal(servers[i]->pattern_errors, 0);
    }
}

static void streams_through_an_overflowing_queue_arrive_whole(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[PAIRS];
    struct peer *servers[PAIRS];
    open_pairs(loop, clients, servers);
    uint64_t before = overflow_count(loop);
    for (uint32_t i = 0; i < PAIRS; i++) {
        peer_stream(clients[i], STREAM_SIZE);
    }
    for (uint32_t i = 0; i < PAIRS; i++) {
        loopback_until(loop, &servers[i]->received_bytes, STREAM_SIZE);
        assert_int_equal(servers[i]->pattern_errors, 0);
    }
    assert_true(overflow_count(loop) > before);
}

/* A socket that takes little: sends soon find it full. */
static void make_narrow(struct peer *peer)
{
    const int size = 4096;
    int descriptor = uring_descriptor_of(&peer->socket);
    assert_int_equal(setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    assert_int_equal(setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
}

/* That a send had no room is told by a completion, that it had by none: one that is still kept by
 * the kernel must not be taken for none. */
static void refusals_beyond_the_queue_are_not_taken_for_success(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[CROWD];
    struct peer *servers[CROWD];
    for (uint32_t i = 0; i < CROWD; i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        make_narrow(clients[i]);
        make_narrow(servers[i]);
        servers[i]->checks = true;
    }
    uint64_t before = overflow_count(loop);
    for (uint32_t i = 0; i < CROWD; i++) {
        peer_stream(clients[i], STREAM_SIZE);
    }
    loopback_until_quiet(loop);
    assert_true(overflow_count(loop) > before);
    for (uint32_t i = 0; i < CROWD; i++) {
        assert_true(clients[i]->socket.send.in_flight);
        servers[i]->arms = true;
        peer_recv(servers[i]);
    }
    for (uint32_t i = 0; i < CROWD; i++) {
        loopback_until(loop, &servers[i]->received_bytes, STREAM_SIZE);
        assert_int_equal(servers[i]->pattern_errors, 0);
    }
}

/* Ends and cancellations are completions, too. */
static void aborts_through_an_overflowing_queue_close_each_once(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[PAIRS];
    struct peer *servers[PAIRS];
    open_pairs(loop, clients, servers);
    uint64_t before = overflow_count(loop);
    for (uint32_t i = 0; i < PAIRS; i++) {
        peer_abort(clients[i], PORT_ABORT_RESET);
        peer_abort(servers[i], PORT_ABORT_RESET);
    }
    for (uint32_t i = 0; i < PAIRS; i++) {
        loopback_until(loop, &clients[i]->closed, 1);
        loopback_until(loop, &servers[i]->closed, 1);
    }
    assert_true(overflow_count(loop) > before);
    loopback_until_quiet(loop);
    for (uint32_t i = 0; i < PAIRS; i++) {
        assert_int_equal(clients[i]->closed + servers[i]->closed, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(completions_beyond_the_queue_are_kept_by_the_kernel),
        LOOPBACK_TEST(streams_through_an_overflowing_queue_arrive_whole),
        LOOPBACK_TEST(refusals_beyond_the_queue_are_not_taken_for_success),
        LOOPBACK_TEST(aborts_through_an_overflowing_queue_close_each_once),
    };
    return loopback_run_on(port_engine_uring, "port_overflow", tests, COUNT_OF(tests));
}
