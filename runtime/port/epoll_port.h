/* What the files of the epoll engine share: the port, and what it keeps inside the caller's
 * sockets. port_epoll.c holds the turn of the loop and the engine's functions, epoll_socket.c how
 * edges and operations of a connection become events, epoll_listener.c accepting. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sys/epoll.h>

#include "port/heard.h"
#include "port/port.h"
#include "port/ready_list.h"
#include "port/sleep_timer_posix.h"
#include "port/socket_posix.h"
#include "port/wake_posix.h"

/* Bytes of one batch; holds several receives of ordinary size behind one another, in cache. */
#define EPOLL_SCRATCH_SIZE (128u * 1024)

/* Whose edge it is: low bits of epoll_event.data; the rest is the address of the owner. */
enum epoll_owner {
    EPOLL_OF_SOCKET,
    EPOLL_OF_LISTENER,
    EPOLL_OF_WAKE, /* the port: its wake descriptor */
    EPOLL_OF_TIMER /* the port: its timer */
};
#define EPOLL_OF_MASK 3u

/* In port_socket.engine. */
struct epoll_link {
    struct port_listener *listener; /* ACCEPTING: whose */
    struct port_socket *next;       /* ACCEPTING: the next that waits */
    int32_t result;                 /* of accept or connect when is_answered: 0 or -errno */
    bool is_answered;
    bool is_readable; /* a recv may bring something */
    bool is_writable; /* a send may take something */
    bool is_finished; /* FIN or an error is in the stream: readable until it was read */
};

/* In port_socket.send.os while a send is in flight. */
struct epoll_send {
    const uint8_t *data; /* what to try when the socket is writable again */
    uint32_t size;
    int32_t result; /* bytes or -errno, when is_done */
    bool is_done;
};

_Static_assert(sizeof(struct epoll_link) <= sizeof(((struct port_socket *)NULL)->engine),
               "a socket holds it");
_Static_assert(sizeof(struct epoll_send) <= sizeof(((struct port_op *)NULL)->os), "an op holds it");
_Static_assert(_Alignof(struct port_socket) > EPOLL_OF_MASK, "no room for whose edge it is");

struct epoll_port {
    struct port base;
    struct ready_list ready;
    struct port_listener *listeners;
    uint32_t listeners_closing; /* of them: UNLISTENED is to be given */
    bool accepts_changed;       /* a listener may have a connection and a socket for it */
    bool sent_alone;            /* the last turn asked for no edges: epoll_port__give_sent_alone */
    uint8_t *scratch;
    uint32_t scratch_used;
    uint32_t receive_size; /* of one receive at most */
    int descriptor;
    struct wake wake;
    struct sleep_timer timer;
    struct heard heard;
    uint32_t tries_left; /* receives to try before edges are asked for: epoll_port__try_receive */
    bool wake_is_due;    /* PORT_WOKEN is owed */
    struct epoll_event system_events[PORT_EVENTS_MAX];
};

static inline struct epoll_link *epoll_link_of(struct port_socket *socket)
{
    return (struct epoll_link *)(void *)socket->engine;
}

static inline struct epoll_send *epoll_send_of(struct port_socket *socket)
{
    return (struct epoll_send *)(void *)socket->send.os;
}

static inline int epoll_descriptor_of(const struct port_socket *socket)
{
    return (int)(socket->os_handle - 1);
}

/* Let the descriptor's edges come to its owner. 0 or -errno. */
int epoll_register(const struct epoll_port *port, int descriptor, uint32_t edges, void *owner,
                   enum epoll_owner whose);

/* An IDLE socket enters service: forget its last life. */
void epoll_socket_begin(struct epoll_port *port, struct port_socket *socket,
                        enum port_socket_state state);
/* It is IDLE again. Nothing of it may be in flight. */
void epoll_socket_end(struct epoll_port *port, struct port_socket *socket);

/* Let its edges come. 0 or -errno. */
int epoll_socket_attach(const struct epoll_port *port, struct port_socket *socket);

/* Something has changed: put the socket on the ready list if an event can be made of it. */
void epoll_socket_settle(struct epoll_port *port, struct port_socket *socket);

/* Edges of the socket: EPOLLIN and so on. */
void epoll_socket_edge(struct epoll_port *port, struct port_socket *socket, uint32_t edges);

/* Try to send; false if the socket's buffer is full. */
bool epoll_socket_try_send(struct port_socket *socket, struct iovec *spans, uint32_t span_count);

/* The next event that the socket has to give, with its effect on the state; false if nothing can be
 * made of it now. */
bool epoll_socket_give(struct epoll_port *port, struct port_socket *socket,
                       struct port_event *event);

enum pc_status epoll_listener_open(struct epoll_port *port, struct pc_address *address,
                                   uint32_t backlog, struct port_listener **opened, int32_t *raw);
enum pc_status epoll_listener_accept(struct epoll_port *port, struct port_listener *listener,
                                     struct port_socket *socket);
void epoll_listener_stop(struct epoll_port *port, struct port_listener *listener);
void epoll_listener_free(struct epoll_port *port, struct port_listener *listener);

/* One accept's event was given. */
void epoll_listener_given(struct port_listener *listener);

/* An edge: connections may wait in the backlog. */
void epoll_listener_edge(struct epoll_port *port, struct port_listener *listener);

/* Take connections while sockets wait for them; the rest stays in the backlog. */
void epoll_listeners_accept(struct epoll_port *port);

/* The next PORT_UNLISTENED that is due; false if there is none. event may be NULL: only ask. */
bool epoll_listeners_give(struct epoll_port *port, struct port_event *event);
