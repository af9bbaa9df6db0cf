/* Accepting on epoll: a queue of sockets that wait, served from the backlog.
 *
 * Happy path: port_accept queues a socket; while the listening socket is readable each turn takes
 * connections for the sockets that wait, the oldest first. The rest stays in the backlog.
 *
 * Failure modes: descriptors run out or a connection breaks early: one waiting socket's accept
 * fails with that status, the others wait on. Unlisten: the waiting accepts end at once; UNLISTENED
 * comes when all their events were given.
 *
 * Path: [1] completion. */
#define _GNU_SOURCE /* accept4 */
#include "port/epoll_port.h"

#include <errno.h>
#include <stdlib.h>

#include "pc/check.h"

/* Invariant: outstanding accepts have had no event yet; those of them without a result wait in
 * order from waiting_first. */
struct port_listener {
    struct port_listener *next;
    struct port_socket *waiting_first;
    struct port_socket *waiting_last;
    uint32_t outstanding;
    int descriptor; /* -1: closed */
    bool is_readable;
    bool is_closing; /* UNLISTENED is owed */
};

enum pc_status epoll_listener_open(struct epoll_port *port, struct pc_address *address,
                                   uint32_t backlog, struct port_listener **opened, int32_t *raw)
{
    struct port_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        return PC_NO_MEMORY;
    }
    int result = listener->descriptor =
        socket_listen(address, backlog, port->base.congestion, address);
    if (result >= 0) {
        socket_set_nonblocking(listener->descriptor);
        result = epoll_register(port, listener->descriptor, EPOLLIN | EPOLLET, listener,
                                EPOLL_OF_LISTENER);
    }
    if (result < 0) {
        if (listener->descriptor >= 0) {
            socket_unlisten(listener->descriptor);
        }
        free(listener);
        *raw = -result;
        return socket_status(*raw);
    }
    listener->next = port->listeners;
    port->listeners = listener;
    *opened = listener;
    return PC_OK;
}

enum pc_status epoll_listener_accept(struct epoll_port *port, struct port_listener *listener,
                                     struct port_socket *socket)
{
    PC_ASSERT(!listener->is_closing);
    if (listener->outstanding == PORT_ACCEPTS_MAX) {
        return PC_FULL;
    }
    epoll_socket_begin(port, socket, PORT_SOCKET_ACCEPTING);
    socket->recv.kind = PORT_ACCEPTED;
    socket->recv.in_flight = true;
    epoll_link_of(socket)->listener = listener;
    if (listener->waiting_last == NULL) {
        listener->waiting_first = socket;
    } else {
        epoll_link_of(listener->waiting_last)->next = socket;
    }
    listener->waiting_last = socket;
    listener->outstanding++;
    port->accepts_changed = true;
    return PC_OK;
}

/* Give the oldest waiting socket its result: 0, after its descriptor and peer, or -errno. */
static void epoll_listener__answer(struct epoll_port *port, struct port_listener *listener,
                                   int32_t result)
{
    struct port_socket *socket = listener->waiting_first;
    struct epoll_link *link = epoll_link_of(socket);
    listener->waiting_first = link->next;
    if (listener->waiting_first == NULL) {
        listener->waiting_last = NULL;
    }
    link->is_answered = true;
    link->result = result;
    epoll_socket_settle(port, socket);
}

void epoll_listener_stop(struct epoll_port *port, struct port_listener *listener)
{
    PC_ASSERT(!listener->is_closing);
    listener->is_closing = true;
    port->listeners_closing++;
    while (listener->waiting_first != NULL) {
        epoll_listener__answer(port, listener, -ECANCELED);
    }
}

void epoll_listener_free(struct epoll_port *port, struct port_listener *listener)
{
    PC_ASSERT(listener->outstanding == 0);
    PC_ASSERT(!listener->is_closing || listener->descriptor < 0);
    struct port_listener **place = &port->listeners;
    while (*place != listener) {
        PC_ASSERT(*place != NULL);
        place = &(*place)->next;
    }
    *place = listener->next;
    if (listener->descriptor >= 0) {
        socket_unlisten(listener->descriptor);
    }
    free(listener);
}

static void epoll_listener__accept(struct epoll_port *port, struct port_listener *listener)
{
    while (listener->is_readable && listener->waiting_first != NULL) {
        union socket_address peer = {.any.sa_family = AF_UNSPEC};
        socklen_t peer_size = sizeof peer;
        int descriptor =
            accept4(listener->descriptor, &peer.any, &peer_size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            struct port_socket *socket = listener->waiting_first;
            socket->os_handle = (uint64_t)descriptor + 1;
            socket_address_decode(&peer, &socket->peer);
            epoll_listener__answer(port, listener, 0);
        } else if (errno == EAGAIN) {
            listener->is_readable = false;
        } else if (errno != EINTR) {
            epoll_listener__answer(port, listener, -errno);
        }
    }
}

static PC_OUTLINE void epoll_listeners__accept(struct epoll_port *port)
{
    port->accepts_changed = false;
    for (struct port_listener *l = port->listeners; l != NULL; l = l->next) {
        if (!l->is_closing) {
            epoll_listener__accept(port, l);
        }
    }
}

void epoll_listeners_accept(struct epoll_port *port)
{
    if (port->accepts_changed) {
        epoll_listeners__accept(port);
    }
}

void epoll_listener_given(struct port_listener *listener)
{
    listener->outstanding--;
}

void epoll_listener_edge(struct epoll_port *port, struct port_listener *listener)
{
    listener->is_readable = true;
    port->accepts_changed = true;
}

static PC_COLD bool epoll_listeners__give(struct epoll_port *port, struct port_event *event)
{
    for (struct port_listener *l = port->listeners; l != NULL; l = l->next) {
        if (l->is_closing && l->outstanding == 0 && l->descriptor >= 0) {
            if (event != NULL) {
                socket_unlisten(l->descriptor);
                l->descriptor = -1;
                port->listeners_closing--;
                *event = (struct port_event){.kind = PORT_UNLISTENED, .listener = l};
            }
            return true;
        }
    }
    return false;
}

bool epoll_listeners_give(struct epoll_port *port, struct port_event *event)
{
    return port->listeners_closing > 0 && epoll_listeners__give(port, event);
}
