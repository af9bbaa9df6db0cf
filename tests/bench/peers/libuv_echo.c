/* Peer: libuv, as tuned as it can be; with --naive the code that most people write.
 *
 * Tuned: one read buffer for all, replies tried at once with uv_try_write from where they were
 * read, one for each read event, and queued only as far as the socket does not take them. Naive: a
 * request and a copy are allocated for each packet, and each is its own uv_write. */
#define _GNU_SOURCE /* for uv.h */
#include <uv.h>

#include "batch.h"
#include "frames.h"
#include "peer_process.h"

#define READ_SIZE BATCH_READ_MAX

struct connection {
    uv_tcp_t handle;
    struct connection *next; /* all open ones */
    struct connection **place;
    struct frames_tail tail;
    uint32_t queued_count; /* writes under way: later ones must wait behind them */
};

struct late_write {
    uv_write_t request;
    struct connection *connection;
    uint8_t bytes[];
};

static struct connection *server__connections;
static bool server__is_naive;
static char server__bytes[READ_SIZE];
static struct batch server__batch;

static void connection__on_closed(uv_handle_t *handle)
{
    struct connection *connection = (struct connection *)handle;
    free(connection->tail.bytes);
    free(connection);
}

static void connection__close(struct connection *connection)
{
    if (uv_is_closing((uv_handle_t *)&connection->handle)) {
        return;
    }
    *connection->place = connection->next;
    if (connection->next != NULL) {
        connection->next->place = connection->place;
    }
    uv_close((uv_handle_t *)&connection->handle, connection__on_closed);
}

static void connection__on_written(uv_write_t *request, int status)
{
    struct late_write *late = (struct late_write *)request;
    late->connection->queued_count--;
    if (status < 0) {
        connection__close(late->connection);
    }
    free(late);
}

static void connection__write_later(struct connection *connection, const uint8_t *bytes,
                                    uint32_t size)
{
    struct late_write *late = malloc(sizeof *late + size);
    late->connection = connection;
    memcpy(late->bytes, bytes, size);
    uv_buf_t buffer = uv_buf_init((char *)late->bytes, size);
    connection->queued_count++;
    (void)uv_write(&late->request, (uv_stream_t *)&connection->handle, &buffer, 1,
                   connection__on_written);
}

static void connection__write(struct connection *connection, uint8_t *bytes, uint32_t size)
{
    int sent = 0;
    if (connection->queued_count == 0 && !server__is_naive) {
        uv_buf_t buffer = uv_buf_init((char *)bytes, size);
        sent = uv_try_write((uv_stream_t *)&connection->handle, &buffer, 1);
        if (sent < 0 && sent != UV_EAGAIN) {
            return; /* the read tells of the end */
        }
        sent = sent < 0 ? 0 : sent;
    }
    if ((uint32_t)sent < size) {
        connection__write_later(connection, bytes + sent, size - (uint32_t)sent);
    }
}

static void connection__write_each(struct connection *connection, uint8_t *bytes, uint32_t size)
{
    while (size > 0) {
        uint32_t frame_size = frames_get_u16(bytes);
        connection__write(connection, bytes, frame_size);
        bytes += frame_size;
        size -= frame_size;
    }
}

static void connection__on_frames(void *owner, uint8_t *bytes, uint32_t size, enum frames_kind kind)
{
    struct connection *connection = owner;
    if (kind == FRAMES_KIND_SHOUT) {
        for (struct connection *c = server__connections; c != NULL; c = c->next) {
            connection__write(c, bytes, size);
        }
    } else if (server__is_naive) {
        connection__write_each(connection, bytes, size);
    } else {
        batch_add(&server__batch, bytes, size, bytes != connection->tail.bytes);
    }
}

static void connection__on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(server__bytes, sizeof server__bytes);
}

static void connection__on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct connection *connection = (struct connection *)stream;
    server__batch.size = 0;
    if (got < 0 || !frames_feed(&connection->tail, (uint8_t *)buffer->base, (uint32_t)got,
                                connection__on_frames, connection)) {
        connection__close(connection);
    } else if (server__batch.size > 0) {
        connection__write(connection, server__batch.bytes, server__batch.size);
    }
}

static void server__on_connection(uv_stream_t *listener, int status)
{
    struct connection *connection = calloc(1, sizeof *connection);
    (void)uv_tcp_init(listener->loop, &connection->handle);
    connection->next = server__connections;
    connection->place = &server__connections;
    if (connection->next != NULL) {
        connection->next->place = &connection->next;
    }
    server__connections = connection;
    if (status < 0 || uv_accept(listener, (uv_stream_t *)&connection->handle) < 0) {
        connection__close(connection);
        return;
    }
    (void)uv_tcp_nodelay(&connection->handle, 1);
    (void)uv_read_start((uv_stream_t *)&connection->handle, connection__on_alloc,
                        connection__on_read);
}

static void server__say_port(const uv_tcp_t *listener)
{
    struct sockaddr_in address;
    int address_size = sizeof address;
    (void)uv_tcp_getsockname(listener, (struct sockaddr *)&address, &address_size);
    (void)printf("port %u\n", ntohs(address.sin_port));
    (void)fflush(stdout);
}

int main(int argument_count, char **arguments)
{
    uv_tcp_t listener;
    struct sockaddr_in address;
    server__is_naive = peer_has_option(argument_count, arguments, "--naive");
    peer_prepare();
    (void)uv_ip4_addr("0.0.0.0", 0, &address);
    (void)uv_tcp_init(uv_default_loop(), &listener);
    if (uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0) < 0 ||
        uv_listen((uv_stream_t *)&listener, 4096, server__on_connection) < 0) {
        peer_die("listen");
    }
    server__say_port(&listener);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
