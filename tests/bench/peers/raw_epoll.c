/* Peer: echo and broadcast on bare epoll, edge-triggered, as fast as this machine lets it.
 *
 * Happy path: one recv per edge into one buffer for all, replies sent from where they lie with one
 * send; only what the socket does not take is copied and waits for the writable edge. */
#define _GNU_SOURCE
#include <errno.h>

#include <sys/epoll.h>
#include <unistd.h>

#include "batch.h"
#include "frames.h"
#include "outbox.h"
#include "peer.h"

#define READ_SIZE  BATCH_READ_MAX
#define EVENTS_MAX 512
#define SPINS_MAX  1000u /* some hundred microseconds */

struct connection {
    struct connection *next; /* all open ones */
    struct connection **place;
    struct outbox out; /* what could not be sent at once */
    struct frames_tail tail;
    int descriptor;
    bool is_broken;
};

static struct connection *server__connections;
static struct batch server__batch;
static uint8_t server__bytes[READ_SIZE];
static int server__epoll;

static void connection__send(struct connection *connection, const uint8_t *bytes, uint32_t size)
{
    if (connection->out.size == 0) {
        ssize_t sent = send(connection->descriptor, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            connection->is_broken = true;
            return;
        }
        bytes += sent > 0 ? sent : 0;
        size -= sent > 0 ? (uint32_t)sent : 0;
    }
    if (size > 0) {
        outbox_append(&connection->out, bytes, size);
    }
}

static void connection__on_frames(void *owner, uint8_t *bytes, uint32_t size, enum frames_kind kind)
{
    const struct connection *connection = owner;
    if (kind == FRAMES_KIND_ECHO) {
        batch_add(&server__batch, bytes, size, bytes != connection->tail.bytes);
        return;
    }
    for (struct connection *c = server__connections; c != NULL; c = c->next) {
        connection__send(c, bytes, size);
    }
}

static void connection__on_readable(struct connection *connection)
{
    ssize_t got;
    do {
        got = recv(connection->descriptor, server__bytes, READ_SIZE, 0);
        if (got <= 0) {
            connection->is_broken = got == 0 || errno != EAGAIN;
            return;
        }
        server__batch.size = 0;
        if (!frames_feed(&connection->tail, server__bytes, (uint32_t)got, connection__on_frames,
                         connection)) {
            connection->is_broken = true;
            return;
        }
        if (server__batch.size > 0) {
            connection__send(connection, server__batch.bytes, server__batch.size);
        }
    } while (got == READ_SIZE);
}

static void connection__on_writable(struct connection *connection)
{
    struct outbox waiting = connection->out;
    if (waiting.size > 0) {
        connection->out = (struct outbox){0};
        connection__send(connection, waiting.bytes, waiting.size);
        free(waiting.bytes);
    }
}

static void connection__close(struct connection *connection)
{
    *connection->place = connection->next;
    if (connection->next != NULL) {
        connection->next->place = connection->place;
    }
    (void)close(connection->descriptor);
    free(connection->out.bytes);
    free(connection->tail.bytes);
    free(connection);
}

static void server__accept(int listener)
{
    int descriptor;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                    .data.ptr = connection};
        peer_set_nodelay(descriptor);
        connection->descriptor = descriptor;
        connection->next = server__connections;
        connection->place = &server__connections;
        if (connection->next != NULL) {
            connection->next->place = &connection->next;
        }
        server__connections = connection;
        (void)epoll_ctl(server__epoll, EPOLL_CTL_ADD, descriptor, &event);
    }
}

static void server__on_event(const struct epoll_event *event)
{
    struct connection *connection = event->data.ptr;
    if ((event->events & EPOLLOUT) != 0) {
        connection__on_writable(connection);
    }
    if ((event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        connection__on_readable(connection);
    }
    if (connection->is_broken) {
        connection__close(connection);
    }
}

/* With --spin it asks again and again for a while before it sleeps. */
int main(int argument_count, char **arguments)
{
    struct epoll_event events[EVENTS_MAX];
    uint32_t spins_max = peer_has_option(argument_count, arguments, "--spin") ? SPINS_MAX : 0;
    uint32_t spins = 0;
    int listener = peer_listen(SOCK_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    server__epoll = epoll_create1(0);
    (void)epoll_ctl(server__epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(server__epoll, events, EVENTS_MAX, spins < spins_max ? 0 : -1);
        spins = count > 0 ? 0 : spins + 1;
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL) {
                server__accept(listener);
            } else {
                server__on_event(&events[i]);
            }
        }
    }
}
