/* Peer: echo and broadcast on bare io_uring, with everything the kernel offers: multishot accept
 * and receive, provided buffers, direct descriptors, deferred task work, one enter per turn.
 *
 * Happy path: replies are sent from the buffer they were received into, one send for each
 * connection and turn. A send that succeeds at once, as nearly all do, makes no completion: it ends
 * no sleep and costs no look. Entering makes all sends before it waits, so behind it the buffers
 * are free. Buffers are lent as few as needed, the last used first.
 * Failure modes: a socket takes less than all: the rest is copied, and sent by an operation that
 * waits for room. No buffer is left: twice as many are lent from then on. */
#define _GNU_SOURCE
#include <errno.h>

#include <liburing.h>

#include "frames.h"
#include "lent_buffers.h"
#include "outbox.h"
#include "peer.h"

#define RING_ENTRIES    512u
#define RESULTS_MAX     4096u
#define SPINS_MAX       100000u /* some hundred microseconds */
#define DESCRIPTORS_MAX 16384u  /* more than RLIMIT_NOFILE cannot be registered */

/* Low bits of user_data; above them the index of the connection. */
enum operation {
    OPERATION_ACCEPT,
    OPERATION_RECEIVE,
    OPERATION_TRY,  /* a send; there is a completion only if it does not succeed at once */
    OPERATION_SEND, /* one that waits for room */
    OPERATION_CLOSE
};
#define OPERATION_BITS 3u

struct bytes {
    const uint8_t *data;
    uint32_t size;
};

/* Invariant: what is dirty has something to say: filling, or if that is empty reply, which lies in
 * a receive buffer. tried is what the last flush has tried to send; it lies in a receive buffer or
 * in sending. sending is in the kernel while is_sending; filling collects meanwhile. */
struct connection {
    struct bytes reply;
    struct bytes tried;
    uint32_t dirty_next; /* index + 1 of the next in the list of those to flush */
    bool is_dirty;
    bool is_sending;
    bool is_receiving;
    bool is_open;
    bool is_ending;
    struct outbox filling;
    struct outbox sending;
    struct frames_tail tail;
};

static struct io_uring server__ring;
static struct lent_buffers server__buffers;
static struct connection server__connections[DESCRIPTORS_MAX];
static uint32_t server__dirty;
static uint32_t server__highest;
static int server__listener;

static struct io_uring_sqe *server__entry(void)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&server__ring);
    if (entry == NULL) {
        (void)io_uring_submit(&server__ring);
        entry = io_uring_get_sqe(&server__ring);
    }
    return entry;
}

static void entry__name(struct io_uring_sqe *entry, uint32_t index, enum operation operation)
{
    entry->user_data = (uint64_t)index << OPERATION_BITS | (uint64_t)operation;
}

static void server__mark_dirty(uint32_t index)
{
    struct connection *connection = &server__connections[index];
    if (!connection->is_dirty) {
        connection->is_dirty = true;
        connection->dirty_next = server__dirty;
        server__dirty = index + 1;
    }
}

static void server__arm_accept(void)
{
    struct io_uring_sqe *entry = server__entry();
    io_uring_prep_multishot_accept_direct(entry, server__listener, NULL, NULL, 0);
    entry__name(entry, 0, OPERATION_ACCEPT);
}

static void connection__arm_receive(uint32_t index)
{
    struct io_uring_sqe *entry = server__entry();
    io_uring_prep_recv_multishot(entry, (int)index, NULL, 0, 0);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    entry->buf_group = 0;
    entry__name(entry, index, OPERATION_RECEIVE);
    server__connections[index].is_receiving = true;
}

/* Send what is in sending, as soon as there is room. */
static void connection__send(uint32_t index)
{
    struct connection *connection = &server__connections[index];
    struct io_uring_sqe *entry = server__entry();
    io_uring_prep_send(entry, (int)index, connection->sending.bytes + connection->sending.sent,
                       connection->sending.size - connection->sending.sent, MSG_NOSIGNAL);
    entry->flags |= IOSQE_FIXED_FILE;
    entry__name(entry, index, OPERATION_SEND);
    connection->is_sending = true;
}

/* Try to send all at once. WAITALL: less than all is no success. */
static void connection__flush(uint32_t index)
{
    struct connection *connection = &server__connections[index];
    if (connection->is_sending || connection->is_ending) {
        return;
    }
    connection->tried = connection->reply;
    if (connection->filling.size > 0) {
        struct outbox filled = connection->filling;
        connection->filling = connection->sending;
        connection->filling.size = connection->filling.sent = 0;
        connection->sending = filled;
        connection->tried = (struct bytes){filled.bytes, filled.size};
    }
    struct io_uring_sqe *entry = server__entry();
    io_uring_prep_send(entry, (int)index, connection->tried.data, connection->tried.size,
                       MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    entry__name(entry, index, OPERATION_TRY);
}

static void connection__try_close(uint32_t index)
{
    struct connection *connection = &server__connections[index];
    if (!connection->is_open || !connection->is_ending || connection->is_sending ||
        connection->is_receiving) {
        return;
    }
    connection->is_open = false;
    struct io_uring_sqe *entry = server__entry();
    io_uring_prep_close_direct(entry, index);
    entry__name(entry, index, OPERATION_CLOSE);
}

/* What is to be sent can no longer stay where it was received. */
static void connection__keep(struct connection *connection)
{
    if (connection->is_dirty && connection->filling.size == 0) {
        outbox_append(&connection->filling, connection->reply.data, connection->reply.size);
    }
}

/* By reference, if it is all that the connection has to say in this turn and stays where it is. */
static void connection__reply(uint32_t index, const uint8_t *bytes, uint32_t size, bool stays)
{
    struct connection *connection = &server__connections[index];
    if (stays && !connection->is_dirty && !connection->is_sending) {
        connection->reply = (struct bytes){bytes, size};
    } else {
        connection__keep(connection);
        outbox_append(&connection->filling, bytes, size);
    }
    server__mark_dirty(index);
}

static void connection__on_frames(void *owner, uint8_t *bytes, uint32_t size, enum frames_kind kind)
{
    const struct connection *connection = owner;
    bool stays = bytes != connection->tail.bytes;
    if (kind == FRAMES_KIND_ECHO) {
        connection__reply((uint32_t)(connection - server__connections), bytes, size, stays);
    }
    for (uint32_t i = 0; kind == FRAMES_KIND_SHOUT && i <= server__highest; i++) {
        if (server__connections[i].is_open && !server__connections[i].is_ending) {
            connection__reply(i, bytes, size, stays);
        }
    }
}

static void server__on_accepted(const struct io_uring_cqe *cqe)
{
    if (cqe->res >= 0) {
        uint32_t index = (uint32_t)cqe->res;
        server__connections[index].is_open = true;
        server__highest = index > server__highest ? index : server__highest;
        connection__arm_receive(index);
    }
    if ((cqe->flags & IORING_CQE_F_MORE) == 0) {
        server__arm_accept();
    }
}

static void connection__on_received(uint32_t index, const struct io_uring_cqe *cqe)
{
    struct connection *connection = &server__connections[index];
    bool is_good = cqe->res > 0 || cqe->res == -ENOBUFS;
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0) {
        uint32_t id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        uint8_t *bytes = lent_buffers_at(&server__buffers, id);
        is_good = is_good && frames_feed(&connection->tail, bytes, (uint32_t)cqe->res,
                                         connection__on_frames, connection);
        lent_buffers_rest(&server__buffers, id);
    } else if (cqe->res == -ENOBUFS) {
        server__buffers.ran_dry = true;
    }
    connection->is_receiving = (cqe->flags & IORING_CQE_F_MORE) != 0;
    connection->is_ending = connection->is_ending || !is_good;
    if (!connection->is_receiving && !connection->is_ending) {
        connection__arm_receive(index);
    }
    connection__try_close(index);
}

/* The socket did not take all of the reply. */
static void connection__on_refused(uint32_t index, int32_t result)
{
    struct connection *connection = &server__connections[index];
    if (result < 0 && result != -EAGAIN) {
        connection->is_ending = true;
        connection__try_close(index);
        return;
    }
    if (connection->tried.data != connection->sending.bytes) {
        connection->sending.size = 0;
        outbox_append(&connection->sending, connection->tried.data, connection->tried.size);
    }
    connection->sending.sent = result > 0 ? (uint32_t)result : 0;
    connection__keep(connection);
    connection__send(index);
}

static void connection__on_sent(uint32_t index, int32_t result)
{
    struct connection *connection = &server__connections[index];
    connection->is_sending = false;
    connection->is_ending = connection->is_ending || result < 0;
    connection->sending.sent += result > 0 ? (uint32_t)result : 0;
    if (!connection->is_ending && connection->sending.sent < connection->sending.size) {
        connection__send(index);
    } else if (!connection->is_ending && connection->filling.size > 0) {
        server__mark_dirty(index);
    }
    connection__try_close(index);
}

static void connection__on_closed(uint32_t index)
{
    struct connection *connection = &server__connections[index];
    free(connection->filling.bytes);
    free(connection->sending.bytes);
    free(connection->tail.bytes);
    *connection = (struct connection){0};
}

static void server__on_completion(const struct io_uring_cqe *cqe)
{
    uint32_t index = (uint32_t)(cqe->user_data >> OPERATION_BITS);
    switch ((enum operation)(cqe->user_data & ((1u << OPERATION_BITS) - 1))) {
    case OPERATION_ACCEPT:
        server__on_accepted(cqe);
        break;
    case OPERATION_RECEIVE:
        connection__on_received(index, cqe);
        break;
    case OPERATION_TRY:
        connection__on_refused(index, cqe->res);
        break;
    case OPERATION_SEND:
        connection__on_sent(index, cqe->res);
        break;
    case OPERATION_CLOSE:
        connection__on_closed(index);
        break;
    }
}

static void server__flush(void)
{
    while (server__dirty != 0) {
        uint32_t index = server__dirty - 1;
        server__dirty = server__connections[index].dirty_next;
        server__connections[index].is_dirty = false;
        connection__flush(index);
    }
}

static void server__open(void)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE | IORING_SETUP_TASKRUN_FLAG,
        .cq_entries = RESULTS_MAX,
    };
    if (io_uring_queue_init_params(RING_ENTRIES, &server__ring, &params) != 0 ||
        io_uring_register_files_sparse(&server__ring, DESCRIPTORS_MAX) != 0) {
        peer_die("io_uring");
    }
    (void)io_uring_register_ring_fd(&server__ring);
    if (!lent_buffers_open(&server__buffers, &server__ring)) {
        peer_die("buffers");
    }
}

/* Spinning asks the ring's flags, not the kernel, whether there is anything. */
static void server__enter(bool spins)
{
    const unsigned wanted = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    if (!spins) {
        (void)io_uring_submit_and_wait(&server__ring, 1);
    } else if (io_uring_sq_ready(&server__ring) > 0 ||
               (IO_URING_READ_ONCE(*server__ring.sq.kflags) & wanted) != 0) {
        (void)io_uring_submit_and_get_events(&server__ring);
    }
}

/* With --spin it asks again and again for a while before it sleeps. */
int main(int argument_count, char **arguments)
{
    unsigned spins_max = peer_has_option(argument_count, arguments, "--spin") ? SPINS_MAX : 0;
    unsigned spins = 0;
    server__listener = peer_listen(0);
    peer_set_nodelay(server__listener); /* accepted sockets inherit it */
    server__open();
    server__arm_accept();
    for (;;) {
        struct io_uring_cqe *cqe;
        unsigned head;
        unsigned count = 0;
        lent_buffers_lend(&server__buffers);
        server__enter(spins < spins_max);
        lent_buffers_retire(&server__buffers);
        io_uring_for_each_cqe(&server__ring, head, cqe)
        {
            server__on_completion(cqe);
            count++;
        }
        io_uring_cq_advance(&server__ring, count);
        spins = count > 0 ? 0 : spins + 1;
        server__flush();
    }
}
