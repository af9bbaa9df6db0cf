/* Receives of a worker that only looks, as with busy_poll_us, on io_uring.
 *
 * Happy path: the ring's flags tell that something has come, most likely for the socket that was
 * heard last. A receive of our own tells sooner than the kernel's, for which the ring is entered;
 * what that finds is made after the reply then (an echo to a client that spins: 5 % sooner). After
 * many of those the kernel's receive is cancelled, and each look tries to receive instead: who
 * sends need no longer tell the ring (3 % sooner).
 * Failure modes: the worker may sleep, another socket is heard, buffers are short, or the
 * cancellation finds nothing: the kernel's receive is armed again.
 * Path: [1] completion. */
#define _GNU_SOURCE
#include "port/uring_port.h"

/* So many make the socket polled: what it costs to cancel and to arm again, two entries of
 * the ring, is little beside them. */
#define EARLY_POLLED_AFTER 32u

/* Receives in one look. Between them nothing is done but to see whether the ring has news, so what
 * comes is noticed sooner than with a whole turn between them (an echo to a client that spins: 8.19
 * to 7.93 us); others never wait for more than one. */
#define EARLY_TRIES 3u

void uring_early_yield(struct uring_port *port)
{
    struct uring_early *early = &port->early;
    struct port_socket *socket = early->polled;
    early->count = 0;
    early->polled = NULL;
    if (PC_UNLIKELY(socket != NULL)) {
        uring_socket_settle(port, socket);
    }
}

void uring_early_forget(struct uring_port *port, const struct port_socket *socket)
{
    heard_forget(&port->early.heard, socket);
    if (port->early.polled == socket) {
        port->early.polled = NULL;
        port->early.count = 0;
    }
}

/* What the kernel has received already must come before what a receive of our own would find, so
 * either it holds none, or its hold takes bytes only while the ring is entered. */
static bool uring_early__may_try(const struct uring_port *port, struct port_socket *socket)
{
    bool is_polled = port->early.polled == socket;
    return (is_polled && uring_receive_of(socket)->mode == URING_RECEIVE_OFF) ||
           uring_ring_has_news(&port->ring);
}

/* As the ready list would, which is empty. */
static void uring_early__give(struct uring_port *port, struct port_socket *socket, uint16_t id,
                              uint32_t size, struct port_event *event)
{
    socket->recv.in_flight = false;
    *event = (struct port_event){
        .kind = PORT_RECEIVED,
        .data = uring_buffers_data(&port->buffers, id),
        .size = size,
        .socket = socket,
    };
    heard_note(&port->early.heard, socket);
    uring_buffers_retire(&port->buffers, id);
}

static void uring_early__count(struct uring_port *port, struct port_socket *socket)
{
    struct uring_early *early = &port->early;
    early->count++;
    if (early->polled == NULL && early->count >= EARLY_POLLED_AFTER &&
        uring_receive_of(socket)->mode == URING_RECEIVE_MULTI) {
        early->polled = socket;
        uring_socket_settle(port, socket);
    }
}

bool uring_early_receive(struct uring_port *port, struct port_event *event)
{
    struct uring_early *early = &port->early;
    struct port_socket *socket = heard_likely(&early->heard);
    if (early->polled != NULL && early->polled != socket) {
        uring_early_yield(port);
    }
    bool may_try = socket != NULL && !early->has_received && uring_early__may_try(port, socket);
    early->has_received = false;
    if (!may_try) {
        return false;
    }
    uint16_t id = uring_buffers_take_spare(&port->buffers);
    if (id == URING_BUFFER_NONE) {
        uring_early_yield(port);
        return false;
    }
    uint32_t size = uring_socket_read(port, socket, id, EARLY_TRIES);
    if (size == 0) {
        return false;
    }
    uring_early__give(port, socket, id, size, event);
    uring_early__count(port, socket);
    early->has_received = true;
    return true;
}
