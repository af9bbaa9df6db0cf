/* Peer: echo and broadcast on bare io_uring, with everything the kernel offers: multishot accept
 * and receive, provided buffers, direct descriptors, deferred task work, one enter per turn.
 *
 * Happy path: each received buffer is answered by appending to the connection's outbox; at the end
 * of the turn every connection with something to say gets one send. */
#define _GNU_SOURCE
#include <errno.h>

#include <liburing.h>
#include <sys/mman.h>

#include "frames.h"
#include "outbox.h"
#include "peer.h"

#define RING_ENTRIES    4096u
#define RESULTS_MAX     32768u
#define DESCRIPTORS_MAX 16384u /* more than RLIMIT_NOFILE cannot be registered */
#define BUFFER_COUNT    256u
#define BUFFER_SIZE     (16u * 1024)

/* Low bits of user_data; above them the index of the connection. */
enum operation {
    OPERATION_ACCEPT,
    OPERATION_RECEIVE,
    OPERATION_SEND,
    OPERATION_CLOSE
};
#define OPERATION_BITS 2u

/* Invariant: sending is in the kernel while is_sending; filling collects meanwhile. */
struct connection {
    struct outbox filling;
    struct outbox sending;
    struct frames_tail tail;
    uint32_t dirty_next; /* index + 1 of the next in the list of those to flush */
    bool is_dirty;
    bool is_sending;
    bool is_receiving;
    bool is_open;
    bool is_ending;
};

static struct io_uring server__ring;
static struct io_uring_buf_ring *server__buffers;
static uint8_t *server__memory;
static struct connection server__connections[DESCRIPTORS_MAX];
static uint32_t server__dirty;
static uint32_t server__highest;
static int server__listener;

static struct io_uring_sqe *server__entry(uint32_t index, enum operation operation)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&server__ring);
    if (entry == NULL) {
        (void)io_uring_submit(&server__ring);
        entry = io_uring_get_sqe(&server__ring);
    }
    entry->user_data = (uint64_t)index << OPERATION_BITS | (uint64_t)operation;
    return entry;
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
    struct io_uring_sqe *entry = server__entry(0, OPERATION_ACCEPT);
    uint64_t user_data = entry->user_data;
    io_uring_prep_multishot_accept_direct(entry, server__listener, NULL, NULL, 0);
    entry->user_data = user_data;
}

static void connection__arm_receive(uint32_t index)
{
    struct io_uring_sqe *entry = server__entry(index, OPERATION_RECEIVE);
    uint64_t user_data = entry->user_data;
    io_uring_prep_recv_multishot(entry, (int)index, NULL, 0, 0);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    entry->buf_group = 0;
    entry->user_data = user_data;
    server__connections[index].is_receiving = true;
}

static void connection__flush(uint32_t index)
{
    struct connection *connection = &server__connections[index];
    if (connection->is_sending || connection->is_ending) {
        return;
    }
    if (connection->sending.size == connection->sending.sent) {
        struct outbox empty = connection->sending;
        empty.size = empty.sent = 0;
        connection->sending = connection->filling;
        connection->filling = empty;
    }
    uint32_t left = connection->sending.size - connection->sending.sent;
    if (left == 0) {
        return;
    }
    struct io_uring_sqe *entry = server__entry(index, OPERATION_SEND);
    uint64_t user_data = entry->user_data;
    io_uring_prep_send(entry, (int)index, connection->sending.bytes + connection->sending.sent,
                       left, MSG_NOSIGNAL);
    entry->flags |= IOSQE_FIXED_FILE;
    entry->user_data = user_data;
    connection->is_sending = true;
}

static void connection__try_close(uint32_t index)
{
    const struct connection *connection = &server__connections[index];
    if (!connection->is_ending || connection->is_sending || connection->is_receiving) {
        return;
    }
    struct io_uring_sqe *entry = server__entry(index, OPERATION_CLOSE);
    uint64_t user_data = entry->user_data;
    io_uring_prep_close_direct(entry, index);
    entry->user_data = user_data;
}

static void connection__on_frames(void *owner, uint8_t *bytes, uint32_t size, enum frames_kind kind)
{
    struct connection *connection = owner;
    if (kind == FRAMES_KIND_ECHO) {
        outbox_append(&connection->filling, bytes, size);
        server__mark_dirty((uint32_t)(connection - server__connections));
        return;
    }
    for (uint32_t i = 0; i <= server__highest; i++) {
        if (server__connections[i].is_open && !server__connections[i].is_ending) {
            outbox_append(&server__connections[i].filling, bytes, size);
            server__mark_dirty(i);
        }
    }
}

static void server__return_buffer(uint32_t id)
{
    io_uring_buf_ring_add(server__buffers, server__memory + (size_t)id * BUFFER_SIZE, BUFFER_SIZE,
                          (uint16_t)id, io_uring_buf_ring_mask(BUFFER_COUNT), 0);
    io_uring_buf_ring_advance(server__buffers, 1);
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
        is_good =
            is_good && frames_feed(&connection->tail, server__memory + (size_t)id * BUFFER_SIZE,
                                   (uint32_t)cqe->res, connection__on_frames, connection);
        server__return_buffer(id);
    }
    connection->is_receiving = (cqe->flags & IORING_CQE_F_MORE) != 0;
    connection->is_ending = connection->is_ending || !is_good;
    if (!connection->is_receiving && !connection->is_ending) {
        connection__arm_receive(index);
    }
    connection__try_close(index);
}

static void connection__on_sent(uint32_t index, int32_t result)
{
    struct connection *connection = &server__connections[index];
    connection->is_sending = false;
    if (result < 0) {
        connection->is_ending = true;
    } else {
        connection->sending.sent += (uint32_t)result;
        if (connection->sending.sent < connection->sending.size || connection->filling.size > 0) {
            server__mark_dirty(index);
        }
    }
    connection__try_close(index);
}

static void connection__on_closed(uint32_t index)
{
    struct connection *connection = &server__connections[index];
    uint32_t dirty_next = connection->dirty_next;
    bool is_dirty = connection->is_dirty;
    free(connection->filling.bytes);
    free(connection->sending.bytes);
    free(connection->tail.bytes);
    *connection = (struct connection){.dirty_next = dirty_next, .is_dirty = is_dirty};
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
                 IORING_SETUP_CQSIZE,
        .cq_entries = RESULTS_MAX,
    };
    if (io_uring_queue_init_params(RING_ENTRIES, &server__ring, &params) != 0 ||
        io_uring_register_files_sparse(&server__ring, DESCRIPTORS_MAX) != 0) {
        peer_die("io_uring");
    }
    server__memory = mmap(NULL, (size_t)BUFFER_COUNT * BUFFER_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    server__buffers = mmap(NULL, BUFFER_COUNT * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)server__buffers,
                                            .ring_entries = BUFFER_COUNT};
    if (io_uring_register_buf_ring(&server__ring, &registration, 0) != 0) {
        peer_die("buffers");
    }
    io_uring_buf_ring_init(server__buffers);
    for (uint32_t id = 0; id < BUFFER_COUNT; id++) {
        server__return_buffer(id);
    }
}

int main(void)
{
    server__listener = peer_listen(0);
    peer_set_nodelay(server__listener); /* accepted sockets inherit it */
    server__open();
    server__arm_accept();
    for (;;) {
        struct io_uring_cqe *cqe;
        unsigned head;
        unsigned count = 0;
        (void)io_uring_submit_and_wait(&server__ring, 1);
        io_uring_for_each_cqe(&server__ring, head, cqe)
        {
            server__on_completion(cqe);
            count++;
        }
        io_uring_cq_advance(&server__ring, count);
        server__flush();
    }
}
