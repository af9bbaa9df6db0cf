/* The io_uring engine's own promises, beyond the contract: multishots that end for no reason, peers
 * that send more than their share, sends that go around the ring.
 *
 * Entering the ring passes through wrappers of this file (the linker's --wrap), which play a kernel
 * that finds nothing to cancel or has no memory. */
#define _GNU_SOURCE /* liburing.h wants it */
#include <errno.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contract/loopback.h"
#include "port/uring_port.h"

#define STREAM_SIZE (1u << 20)

int __real_io_uring_submit(struct io_uring *io);
int __wrap_io_uring_submit(struct io_uring *io);
int __real_io_uring_submit_and_get_events(struct io_uring *io);
int __wrap_io_uring_submit_and_get_events(struct io_uring *io);
int __real_io_uring_enter(unsigned descriptor, unsigned submitted, unsigned wanted, unsigned flags,
                          sigset_t *mask);
int __wrap_io_uring_enter(unsigned descriptor, unsigned submitted, unsigned wanted, unsigned flags,
                          sigset_t *mask);

static struct {
    const struct io_uring *blind; /* the ring whose cancellations are counted; NULL: none */
    uint32_t blind_left;          /* of them, those that will find nothing */
    uint32_t cancelled;           /* that were submitted */
    uint32_t busy_left;           /* submissions that will find no memory */
} kernel;

int __wrap_io_uring_submit(struct io_uring *io)
{
    if (kernel.busy_left > 0) {
        kernel.busy_left--;
        return -EAGAIN;
    }
    return __real_io_uring_submit(io);
}

/* What the kernel has not taken yet, whether or not it was shown. */
static void kernel__blind(void)
{
    if (kernel.blind == NULL) {
        return;
    }
    const struct io_uring_sq *queue = &kernel.blind->sq;
    for (unsigned i = *queue->khead; i != queue->sqe_tail; i++) {
        struct io_uring_sqe *entry = &queue->sqes[i & queue->ring_mask];
        if (entry->opcode != IORING_OP_ASYNC_CANCEL) {
            continue;
        }
        kernel.cancelled++;
        if (kernel.blind_left > 0) {
            kernel.blind_left--;
            uint64_t user_data = entry->user_data;
            io_uring_prep_nop(entry);
            entry->user_data = user_data;
        }
    }
}

int __wrap_io_uring_submit_and_get_events(struct io_uring *io)
{
    kernel__blind();
    return __real_io_uring_submit_and_get_events(io);
}

int __wrap_io_uring_enter(unsigned descriptor, unsigned submitted, unsigned wanted, unsigned flags,
                          sigset_t *mask)
{
    kernel__blind();
    return __real_io_uring_enter(descriptor, submitted, wanted, flags, mask);
}

/* End one of the engine's own operations behind its back, as kernels do at times. */
static void kernel__end(struct loopback *loop, const void *owner, enum uring_op op)
{
    struct uring_port *port = (struct uring_port *)(void *)loop->port;
    struct io_uring_sqe *entry = uring_ring_entry(&port->ring);
    assert_non_null(entry);
    io_uring_prep_cancel64(entry, uring_user_data(owner, op), 0);
    entry->user_data = uring_user_data(port, URING_OP_WAKE);
    loopback_until(loop, &loop->woken, loop->woken + 1);
}

static void receive_ended_by_the_kernel_is_armed_again(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(server);
    for (uint32_t i = 1; i <= 10; i++) {
        (void)loopback_turn(loop, 5);
        assert_int_equal(uring_receive_of(&server->socket)->mode, URING_RECEIVE_MULTI);
        kernel__end(loop, &server->socket, URING_OP_RECEIVE);
        assert_true(server->socket.recv.in_flight);
        peer_send(client, "x", 1);
        loopback_until(loop, &server->received, i);
        peer_recv(server);
    }
}

static void accept_ended_by_the_kernel_is_armed_again(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    for (uint32_t i = 1; i <= 10; i++) {
        (void)loopback_accept(loop);
        (void)loopback_turn(loop, 5);
        kernel__end(loop, loop->listener, URING_OP_ACCEPT);
        assert_int_equal(loop->accept_events, i - 1);
        (void)loopback_connect(loop);
        loopback_until(loop, &loop->accept_events, i);
    }
}

/* The kernel accepts on until it is told to stop. As many as the backlog holds are kept for the
 * next accepts, at least 64; then there is one too many. */
static void accept_surplus_beyond_the_backlog_is_closed_and_counted(void **state)
{
    struct loopback *loop = *state;
    struct uring_port *port = (struct uring_port *)(void *)loop->port;
    loopback_listen(loop, 8);
    (void)loopback_accept(loop);
    (void)loopback_connect(loop);
    loopback_until(loop, &loop->accept_events, 1);
    for (uint32_t i = 0; i <= 64; i++) {
        const struct io_uring_cqe cqe = {.res = dup(STDIN_FILENO), .flags = IORING_CQE_F_MORE};
        assert_int_equal(port->base.counters.accepts_closed, 0);
        uring_listener_complete(port, loop->listener, URING_OP_ACCEPT, &cqe);
    }
    assert_int_equal(port->base.counters.accepts_closed, 1);
}

/* A send without room is in the kernel, and no cancellation finds it. */
static void abort_whose_cancellations_miss_ends_all_the_same(void **state)
{
    struct loopback *loop = *state;
    const struct uring_port *port = (const struct uring_port *)(void *)loop->port;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(server);
    peer_stream(server, 64u << 20);
    loopback_until_quiet(loop);
    assert_true(server->socket.send.in_flight);
    while (send(uring_descriptor_of(&server->socket), "x", 1, MSG_DONTWAIT) == 1) {
    }
    kernel.blind = &port->ring.io;
    kernel.blind_left = 10;
    kernel.cancelled = 0;
    peer_abort(server, PORT_ABORT_RESET);
    loopback_until(loop, &server->closed, 1);
    assert_int_equal(kernel.cancelled, 2);
    kernel.blind = NULL;
}

/* A sender who overruns its reader may not take the pool: it falls back to single receives, and
 * returns to the multishot when it has become modest. */
static void receive_of_a_bulk_sender_goes_single_and_back(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    const struct uring_receive *receive = uring_receive_of(&server->socket);
    peer_recv(server);
    peer_stream(client, STREAM_SIZE);
    loopback_until_quiet(loop);
    while (server->received_bytes < STREAM_SIZE / 2) {
        uint64_t received = server->received;
        peer_recv(server);
        loopback_until(loop, &server->received, received + 1);
    }
    assert_true(receive->is_bulk);
    assert_int_not_equal(receive->mode, URING_RECEIVE_MULTI);
    server->arms = true;
    peer_recv(server);
    loopback_until(loop, &server->received_bytes, STREAM_SIZE);
    peer_send(client, "x", 1);
    loopback_until(loop, &server->received_bytes, STREAM_SIZE + 1);
    (void)loopback_turn(loop, 5);
    assert_false(receive->is_bulk);
    assert_int_equal(receive->mode, URING_RECEIVE_MULTI);
}

/* While the caller pauses, the kernel is told to stop once something has come unasked. */
static void receive_paused_is_stopped_in_the_kernel(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    const struct uring_receive *receive = uring_receive_of(&server->socket);
    peer_recv(server);
    for (uint32_t i = 1; i <= 20; i++) {
        peer_send(client, "x", 1);
        loopback_until(loop, &client->sent, i);
        loopback_until_quiet(loop);
    }
    assert_int_equal(server->received, 1);
    assert_int_equal(receive->mode, URING_RECEIVE_OFF);
    assert_int_equal(receive->queue.count, 1);
    server->arms = true;
    peer_recv(server);
    loopback_until(loop, &server->received_bytes, 20);
}

/* The kernel may fill whatever it has been lent, and at any time. */
static void buffer_given_is_lent_again_by_the_next_wait_only(void **state)
{
    struct loopback *loop = *state;
    const struct uring_port *port = (const struct uring_port *)(void *)loop->port;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(server);
    peer_send(client, "x", 1);
    loopback_until(loop, &server->received, 1);
    assert_int_equal(port->buffers.lent_count, port->buffers.count - 1);
    peer_recv(server);
    assert_int_equal(port->buffers.lent_count, port->buffers.count - 1);
    (void)loopback_turn(loop, 0);
    assert_int_equal(port->buffers.lent_count, port->buffers.count);
}

/* Entries that the kernel has taken so far. */
static unsigned kernel__submitted(const struct loopback *loop)
{
    const struct uring_port *port = (const struct uring_port *)(void *)loop->port;
    return *port->ring.io.sq.khead;
}

/* Sends 1 KiB in one or more spans; the ring takes an entry for it or does not. */
static void kernel__send(struct loopback *loop, struct peer *from, uint32_t spans, bool takes_entry)
{
    unsigned submitted = kernel__submitted(loop);
    uint64_t sent = from->sent;
    from->spans = spans;
    peer_stream(from, from->sent_bytes + 1024);
    (void)loopback_turn(loop, 0);
    assert_int_equal(from->sent, sent + 1);
    assert_int_equal(kernel__submitted(loop) - submitted, takes_entry ? 1 : 0);
    assert_int_equal(loop->port->took_no_time, !takes_entry);
}

/* One plain send or one gather goes without the ring, every other time; two at once do not. */
static void send_that_is_alone_goes_around_the_ring(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    client->arms = true;
    client->checks = true;
    peer_recv(client);
    loopback_until_quiet(loop);
    (void)loopback_turn(loop, 0); /* the read of the timer that ended the quiet is armed again */
    kernel__send(loop, server, 1, false);
    kernel__send(loop, server, 1, true);
    kernel__send(loop, server, 3, false);
    kernel__send(loop, server, 3, true);
    unsigned submitted = kernel__submitted(loop);
    peer_send(client, "a", 1);
    peer_send(server, "b", 1);
    (void)loopback_turn(loop, 0);
    assert_int_equal(kernel__submitted(loop) - submitted, 2);
    loopback_until(loop, &client->received_bytes, 4 * 1024 + 1);
}

/* Neither a plain send nor a gather, if the socket takes all of it. */
static void sends_that_take_all_make_no_completion(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[2];
    struct peer *servers[2];
    const struct uring_port *port = (const struct uring_port *)(void *)loop->port;
    for (uint32_t i = 0; i < 2; i++) {
        loopback_pair(loop, &clients[i], &servers[i]); /* nobody reads */
        servers[i]->spans = i == 0 ? 1 : 3;
    }
    loopback_until_quiet(loop);
    (void)loopback_turn(loop, 0);
    unsigned submitted = kernel__submitted(loop);
    unsigned completed = *port->ring.io.cq.ktail;
    for (uint32_t i = 0; i < 2; i++) {
        peer_stream(servers[i], 1024);
    }
    (void)loopback_turn(loop, 0);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(servers[i]->sent_bytes, 1024);
        assert_false(servers[i]->socket.send.in_flight);
    }
    assert_int_equal(kernel__submitted(loop) - submitted, 2);
    assert_int_equal(*port->ring.io.cq.ktail - completed, 0);
}

/* A turn that needs no kernel is followed by one that asks it, or others would starve. */
static void sends_alone_do_not_keep_the_kernel_out(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct peer *other_client;
    struct peer *other;
    loopback_pair(loop, &client, &server);
    loopback_pair(loop, &other_client, &other);
    server->arms = true;
    client->arms = true;
    peer_recv(server);
    peer_recv(client);
    peer_recv(other);
    peer_stream(server, STREAM_SIZE); /* each SENT is answered by the next send */
    peer_send(other_client, "x", 1);
    for (uint32_t turn = 0; turn < 8 && other->received == 0; turn++) {
        (void)loopback_turn(loop, 0);
    }
    assert_int_equal(other->received, 1);
    loopback_until(loop, &client->received_bytes, STREAM_SIZE);
    assert_int_equal(client->pattern_errors, 0);
}

/* A send that finds the socket full waits in the kernel. */
static void send_alone_that_finds_no_room_waits_for_it(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    client->checks = true;
    peer_recv(server);
    peer_stream(server, 64u * STREAM_SIZE);
    loopback_until_quiet(loop);
    assert_true(server->socket.send.in_flight);
    uint64_t sent = server->sent;
    client->arms = true;
    peer_recv(client);
    loopback_until(loop, &client->received_bytes, 64u * STREAM_SIZE);
    assert_true(server->sent > sent);
    assert_int_equal(client->pattern_errors, 0);
}

/* The queue is full of what brings nothing, and the kernel takes none of it at first: the wake must
 * be seen all the same, though its read finds no entry. */
static void wake_without_a_free_entry_is_seen(void **state)
{
    struct loopback *loop = *state;
    struct uring_port *port = (struct uring_port *)(void *)loop->port;
    struct port_event event;
    int never = eventfd(0, EFD_CLOEXEC);
    loopback_until_quiet(loop); /* no timer of an earlier turn is left, to end the sleep */
    (void)loopback_turn(loop, 0);
    port_wake(loop->port);
    assert_int_equal(loopback_turn(loop, 0), 1); /* its read is not armed now */
    while (io_uring_sq_space_left(&port->ring.io) > 0) {
        struct io_uring_sqe *entry = io_uring_get_sqe(&port->ring.io);
        io_uring_prep_poll_add(entry, never, POLLIN);
        entry->user_data = uring_user_data(port, URING_OP_TIMER);
    }
    kernel.busy_left = 1;
    port_wake(loop->port);
    uint64_t deadline_ms = loopback_deadline_ms(loop->port, 2000);
    assert_int_equal(port_wait(loop->port, &event, 1, deadline_ms), 1);
    assert_int_equal(event.kind, PORT_WOKEN);
    assert_int_equal(kernel.busy_left, 0);
    close(never);
}

/* After all is closed, every buffer is lent again. */
static void buffers_all_come_back(void **state)
{
    struct loopback *loop = *state;
    const struct uring_port *port = (const struct uring_port *)(void *)loop->port;
    struct peer *clients[16];
    struct peer *servers[16];
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        peer_recv(servers[i]);
        peer_stream(clients[i], STREAM_SIZE);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_until(loop, &servers[i]->received, 1);
    }
    loopback_until_quiet(loop);
    assert_true(port->buffers.lent_count < port->buffers.count);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        peer_close(clients[i]);
        peer_close(servers[i]);
    }
    (void)loopback_turn(loop, 0);
    assert_int_equal(port->buffers.lent_count, port->buffers.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(receive_ended_by_the_kernel_is_armed_again),
        LOOPBACK_TEST(accept_ended_by_the_kernel_is_armed_again),
        LOOPBACK_TEST(accept_surplus_beyond_the_backlog_is_closed_and_counted),
        LOOPBACK_TEST(abort_whose_cancellations_miss_ends_all_the_same),
        LOOPBACK_TEST(receive_of_a_bulk_sender_goes_single_and_back),
        LOOPBACK_TEST(receive_paused_is_stopped_in_the_kernel),
        LOOPBACK_TEST(buffer_given_is_lent_again_by_the_next_wait_only),
        LOOPBACK_TEST(send_that_is_alone_goes_around_the_ring),
        LOOPBACK_TEST(sends_that_take_all_make_no_completion),
        LOOPBACK_TEST(sends_alone_do_not_keep_the_kernel_out),
        LOOPBACK_TEST(send_alone_that_finds_no_room_waits_for_it),
        LOOPBACK_TEST(wake_without_a_free_entry_is_seen),
        LOOPBACK_TEST(buffers_all_come_back),
    };
    return loopback_run_on(port_engine_uring, "port_uring", tests, COUNT_OF(tests));
}
