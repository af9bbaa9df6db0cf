/* One connection of the load generator; see load.h.
 *
 * Happy path: every checked reply is answered by the next request, all of one read in one send.
 * Failure modes: a wrong or missing byte counts as an error, once, and ends the connection's part.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"
#include "wire.h"

#define READ_SIZE       (256u * 1024)
#define PIECE_SIZE_MAX  24u
#define CHURN_ADDRESSES 64u /* so that closed connections do not use the ports up */

/* A lazy client has segments as on a network, and a small receive buffer if it does not read: then
 * the kernel holds some 50 KiB for it, instead of megabytes with the segments of loopback, and the
 * rest is the server's. */
#define LAZY_BODY    WIRE_BODY_MAX
#define LAZY_OUT_MAX 32u /* frames that wait for the server to read */
#define LAZY_WINDOW  4096
#define LAZY_SEGMENT 1448

static uint8_t client__bytes[WIRE_FRAME_MAX + READ_SIZE];

static void client__watch(struct load *load, struct load_client *client, bool wants_writable)
{
    struct epoll_event event = {.events = EPOLLIN | (wants_writable ? EPOLLOUT : 0u),
                                .data.ptr = client};
    if (client->waits_writable != wants_writable && !load->is_alone) {
        client->waits_writable = wants_writable;
        (void)epoll_ctl(load->epoll, EPOLL_CTL_MOD, client->descriptor, &event);
    }
}

static void client__allocate(struct load *load, struct load_client *client)
{
    const struct load_options *options = &load->options;
    client->body_size = client->is_lazy ? LAZY_BODY : options->body_size;
    uint32_t frames_max = client->is_lazy ? LAZY_OUT_MAX : options->depth;
    client->out_room = frames_max * (WIRE_HEAD_SIZE + client->body_size);
    client->out = malloc(client->out_room);
    client->tail = malloc((size_t)WIRE_HEAD_SIZE + client->body_size);
    client->asked_ns = calloc(options->depth, sizeof *client->asked_ns);
    if (client->out == NULL || client->tail == NULL || client->asked_ns == NULL) {
        load_die("no memory");
    }
}

static int client__connect_path(int descriptor, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    if (size >= sizeof address.sun_path) {
        load_die("--path: too long");
    }
    memcpy(address.sun_path, path, size);
    return connect(descriptor, (const struct sockaddr *)&address, sizeof address);
}

static int client__connect(const struct load_options *options, int descriptor)
{
    struct sockaddr_in address = options->address;
    if (options->path != NULL) {
        return client__connect_path(descriptor, options->path);
    }
    if (options->mode == LOAD_CHURN) {
        static uint32_t turn;
        address.sin_addr.s_addr = htonl(0x7f000001u + (turn++ % CHURN_ADDRESSES << 8));
    }
    return connect(descriptor, (const struct sockaddr *)&address, sizeof address);
}

static void client__make_lazy(const struct load *load, const struct load_client *client)
{
    const int window = LAZY_WINDOW;
    const int segment = LAZY_SEGMENT;
    if (client->is_lazy) {
        (void)setsockopt(client->descriptor, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    if (client->is_lazy && !load->options.lazy_reads) {
        (void)setsockopt(client->descriptor, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    }
}

void client_open(struct load *load, struct load_client *client)
{
    bool is_churning = load->options.mode == LOAD_CHURN;
    if (client->out == NULL) {
        client__allocate(load, client);
    }
    client->next = client->expected = 0;
    client->out_size = client->out_sent = client->tail_size = 0;
    client->descriptor = socket(load->options.path != NULL ? AF_UNIX : AF_INET,
                                SOCK_STREAM | (is_churning ? SOCK_NONBLOCK : 0), 0);
    client__make_lazy(load, client);
    if (client__connect(&load->options, client->descriptor) != 0 && errno != EINPROGRESS) {
        load_die("cannot connect");
    }
    const int on = 1;
    (void)setsockopt(client->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bool reads = !client->is_lazy || load->options.lazy_reads;
    struct epoll_event event = {.events = (reads ? EPOLLIN : 0u) | (is_churning ? EPOLLOUT : 0u),
                                .data.ptr = client};
    client->waits_writable = is_churning;
    if (!load->is_alone && epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->descriptor, &event) != 0) {
        load_die("epoll_ctl");
    }
}

void client_close(struct load *load, struct load_client *client)
{
    (void)epoll_ctl(load->epoll, EPOLL_CTL_DEL, client->descriptor, NULL);
    (void)close(client->descriptor);
    client->descriptor = -1;
}

static void client__broke(struct load *load, struct load_client *client)
{
    load->broken++;
    client_close(load, client);
    if (client->is_lazy) {
        client_open(load, client);
    } else {
        load->errors++;
    }
}

void client_ask(struct load *load, struct load_client *client)
{
    const struct wire_frame frame = {.client = client->index,
                                     .sequence = client->next,
                                     .id = load->options.request_id,
                                     .body_size = client->body_size};
    if (client->out_size + wire_size(&frame) > client->out_room) {
        client->out_size -= client->out_sent;
        memmove(client->out, client->out + client->out_sent, client->out_size);
        client->out_sent = 0;
    }
    wire_put(&frame, client->out + client->out_size);
    client->out_size += wire_size(&frame);
    client->asked_ns[client->next % load->options.depth] = load->now_ns;
    client->next++;
}

static ssize_t client__send(struct load_client *client, uint32_t size)
{
    ssize_t sent =
        send(client->descriptor, client->out + client->out_sent, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
        client->out_sent += (uint32_t)sent;
    }
    if (client->out_sent == client->out_size) {
        client->out_sent = client->out_size = 0;
    }
    return sent;
}

/* A request that is the only one is timed from its own send, not from the reply before it: checking
 * that reply is the load generator's work, a fortieth of an answer that takes eight microseconds.
 */
static void client__time_lone(const struct load *load, struct load_client *client)
{
    const struct load_options *options = &load->options;
    if (options->mode == LOAD_ECHO && options->client_count == 1 && options->depth == 1) {
        client->asked_ns[0] = load_now_ns();
    }
}

void client_flush(struct load *load, struct load_client *client)
{
    if (client->descriptor < 0 || client->out_size == 0) {
        return;
    }
    client__time_lone(load, client);
    if (client__send(client, client->out_size - client->out_sent) < 0 && errno != EAGAIN) {
        client__broke(load, client);
    } else if (!client->is_lazy) {
        client__watch(load, client, client->out_size > 0);
    }
}

void client_press(struct load *load, struct load_client *client, uint32_t count)
{
    uint32_t frame_size = WIRE_HEAD_SIZE + client->body_size;
    for (; count > 0 && client->out_size - client->out_sent + frame_size <= client->out_room;
         count--) {
        client_ask(load, client);
    }
    client_flush(load, client);
}

void client_flush_piece(struct load_client *client)
{
    static uint32_t x = 1;
    uint32_t left = client->out_size - client->out_sent;
    if (left == 0) {
        return;
    }
    x = x * 1664525u + 1013904223u;
    uint32_t piece = 1 + (x >> 16) % PIECE_SIZE_MAX;
    (void)client__send(client, piece < left ? piece : left);
}

/* The next request: of this client, or of the next one if its turn is over. */
static void client__ask_in_turn(struct load *load, struct load_client *client)
{
    const struct load_options *options = &load->options;
    if (options->in_flight_max == 0 || --client->turn_left > 0) {
        client_ask(load, client);
        return;
    }
    uint32_t next = (client->index + options->in_flight_max) % options->client_count;
    load->clients[next].turn_left = LOAD_TURN;
    client_ask(load, &load->clients[next]);
    client_flush(load, &load->clients[next]);
}

/* The client's part after one good reply. */
static void client__go_on(struct load *load, struct load_client *client)
{
    switch (load->options.mode) {
    case LOAD_ECHO:
    case LOAD_FRAGMENTS:
        if (!client->is_lazy && !load->is_draining) {
            client__ask_in_turn(load, client);
        }
        break;
    case LOAD_SHOUT:
        load->heard++;
        break;
    case LOAD_CHURN:
        client_close(load, client);
        break;
    case LOAD_HOLD:
        break;
    }
}

static bool client__check(struct load *load, struct load_client *client, const uint8_t *bytes)
{
    bool is_shout = load->options.request_id == WIRE_SHOUT;
    const struct wire_frame frame = {.client = is_shout ? 0 : client->index,
                                     .sequence = client->expected,
                                     .id = (uint16_t)(load->options.request_id + WIRE_REPLY),
                                     .body_size = client->body_size};
    if (!wire_is(&frame, bytes)) {
        return false;
    }
    if (!client->is_lazy) {
        const struct load_client *asker = is_shout ? &load->clients[0] : client;
        uint64_t asked_ns = asker->asked_ns[client->expected % load->options.depth];
        load->messages++;
        if (asked_ns >= load->began_ns) {
            histogram_record(&load->latencies, load->now_ns - asked_ns);
        }
    }
    client->expected++;
    return true;
}

void client_on_readable(struct load *load, struct load_client *client)
{
    uint32_t frame_size = WIRE_HEAD_SIZE + client->body_size;
    memcpy(client__bytes, client->tail, client->tail_size);
    ssize_t got =
        recv(client->descriptor, client__bytes + client->tail_size, READ_SIZE, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        client__broke(load, client);
        return;
    }
    load->now_ns = load_now_ns();
    uint32_t size = client->tail_size + (uint32_t)got;
    uint32_t at = 0;
    for (; size - at >= frame_size && client->descriptor >= 0; at += frame_size) {
        if (!client__check(load, client, client__bytes + at)) {
            load->errors++;
            client_close(load, client);
            return;
        }
        client__go_on(load, client);
    }
    if (client->descriptor < 0) {
        return;
    }
    client->tail_size = size - at;
    memcpy(client->tail, client__bytes + at, client->tail_size);
    if (load->options.mode != LOAD_FRAGMENTS) {
        client_flush(load, client);
    }
}
