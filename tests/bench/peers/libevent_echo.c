/* Peer: libevent, with bufferevents as its documentation shows them: ordinary use.
 *
 * Happy path: what has arrived is pulled out into one buffer for all, and the replies are added to
 * the output, which libevent writes. Two copies; to move the input's buffers to the output instead
 * costs more, because each read then needs new ones. */
#define _GNU_SOURCE
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "frames.h"
#include "peer.h"

#define READ_SIZE (64u * 1024)

struct connection {
    struct bufferevent *stream;
    struct connection *next; /* all open ones */
    struct connection **place;
    struct frames_tail tail;
};

static struct connection *server__connections;
static uint8_t server__bytes[READ_SIZE];

static void connection__close(struct connection *connection)
{
    *connection->place = connection->next;
    if (connection->next != NULL) {
        connection->next->place = connection->place;
    }
    bufferevent_free(connection->stream);
    free(connection->tail.bytes);
    free(connection);
}

static void connection__on_frames(void *owner, uint8_t *bytes, uint32_t size, enum frames_kind kind)
{
    struct connection *connection = owner;
    if (kind == FRAMES_KIND_ECHO) {
        (void)bufferevent_write(connection->stream, bytes, size);
        return;
    }
    for (struct connection *c = server__connections; c != NULL; c = c->next) {
        (void)bufferevent_write(c->stream, bytes, size);
    }
}

static void connection__on_read(struct bufferevent *stream, void *owner)
{
    struct connection *connection = owner;
    size_t got;
    while ((got = bufferevent_read(stream, server__bytes, sizeof server__bytes)) > 0) {
        if (!frames_feed(&connection->tail, server__bytes, (uint32_t)got, connection__on_frames,
                         connection)) {
            connection__close(connection);
            return;
        }
    }
}

static void connection__on_event(struct bufferevent *stream, short what, void *owner)
{
    (void)stream;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) {
        connection__close(owner);
    }
}

static void server__on_connection(struct evconnlistener *listener, evutil_socket_t descriptor,
                                  struct sockaddr *address, int address_size, void *user)
{
    (void)address;
    (void)address_size;
    (void)user;
    struct connection *connection = calloc(1, sizeof *connection);
    peer_set_nodelay((int)descriptor);
    connection->stream = bufferevent_socket_new(evconnlistener_get_base(listener), descriptor,
                                                BEV_OPT_CLOSE_ON_FREE);
    connection->next = server__connections;
    connection->place = &server__connections;
    if (connection->next != NULL) {
        connection->next->place = &connection->next;
    }
    server__connections = connection;
    bufferevent_setcb(connection->stream, connection__on_read, NULL, connection__on_event,
                      connection);
    (void)bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct event_base *base = event_base_new();
    peer_prepare();
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, server__on_connection, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 4096,
        (const struct sockaddr *)&address, sizeof address);
    if (listener == NULL) {
        peer_die("listen");
    }
    peer_say_port((int)evconnlistener_get_fd(listener));
    return event_base_dispatch(base);
}
