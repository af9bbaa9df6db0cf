/* What the two files of the IOCP engine share: port_iocp.c submits, iocp_events.c turns what has
 * completed into events. */
#pragma once

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif

#include <stdatomic.h>

#include "pc/container.h"
#include "port/port_iocp.h"
#include "port/ready_list.h"
#include "port/socket_win32.h"

#include <winsock2.h>

#include <mswsock.h>
#include <windows.h>

#define IOCP_ACCEPT_ADDRESS_SIZE (SOCKET_ADDRESS_SIZE + 16u) /* AcceptEx wants 16 more */

enum iocp_kind {
    IOCP_RECV,
    IOCP_ACCEPT,
    IOCP_CONNECT,
    IOCP_SEND
};

/* The engine's part of a socket. Invariant: a done op is in flight too, and its socket is on the
 * ready list; buffer is not 0 only while a receive with a pool buffer is in flight. */
struct iocp_socket {
    struct port_listener *listener; /* while ACCEPTING */
    uint32_t buffer;                /* index in the pool + 1; 0: the receive is a zero-byte one */
    uint16_t slot;                  /* in listener->addresses, while ACCEPTING */
    bool recv_done;                 /* true exactly while the result waits for its event */
    bool send_done;
    bool has_received; /* the first receive has completed */
};

/* Invariant: slots_free_count + accepts_in_flight == PORT_ACCEPTS_MAX. */
struct port_listener {
    uint64_t handle;
    struct port_listener *next; /* in the port's list of closing listeners */
    uint8_t family;
    bool is_closing;
    uint32_t accepts_in_flight;
    uint32_t slots_free_count;
    uint16_t slots_free[PORT_ACCEPTS_MAX];
    uint8_t addresses[PORT_ACCEPTS_MAX][2 * IOCP_ACCEPT_ADDRESS_SIZE]; /* local, remote */
};

/* Invariant: each receive buffer is free, held by a receive in flight, or lent to the last batch;
 * woken, wake_posted and wake_lost are all false when every port_wake has been answered. */
struct iocp_port {
    struct port base; /* first */
    HANDLE handle;
    struct ready_list ready;
    struct port_listener *closing; /* listeners whose accepts are ending */
    uint32_t listener_count;
    bool skips_inline; /* inline results yield no packet */

    uint8_t *receive_memory;
    uint32_t receive_size; /* of one buffer */
    uint32_t *receive_free;
    uint32_t receive_free_count;
    uint32_t lent[PORT_EVENTS_MAX];
    uint32_t lent_count;
    uint8_t *scratch;
    uint32_t scratch_used;

    atomic_bool wake_posted; /* a wake packet is on its way */
    atomic_bool wake_lost;   /* it could not be posted */
    bool woken;              /* PORT_WOKEN is due */

    LPFN_ACCEPTEX accept_ex;
    LPFN_CONNECTEX connect_ex;
    LPFN_GETACCEPTEXSOCKADDRS accept_addresses;

    struct iocp_counters counters;
    OVERLAPPED_ENTRY entries[PORT_EVENTS_MAX];
};

static inline struct iocp_port *iocp_of(struct port *port)
{
    return PC_CONTAINER_OF(port, struct iocp_port, base);
}

static inline struct iocp_socket *iocp_own(struct port_socket *socket)
{
    return (struct iocp_socket *)(void *)socket->engine;
}

static inline OVERLAPPED *iocp_overlapped(struct port_op *op)
{
    return (OVERLAPPED *)(void *)op->os;
}

/* Of a receive or send of a connection that stands: each shortage takes nothing and passes. */
static inline enum pc_status iocp_transfer_status(enum pc_status status)
{
    return status == PC_NO_MEMORY ? PC_NO_BUFFERS : status;
}

/* --- port_iocp.c: submitting --- */

/* Post the socket's receive: with own->buffer, or with zero bytes if that is 0. */
PC_NODISCARD enum pc_status iocp_post_receive(struct iocp_port *port, struct port_socket *socket);

void iocp_set_state(struct iocp_port *port, struct port_socket *socket,
                    enum port_socket_state state);

/* Give the slot of an accept back to its listener. */
void iocp_accept_end(struct port_socket *socket);

/* Harmless if it is closed already. */
void iocp_close_handle(struct port_socket *socket);

/* --- iocp_events.c: completing --- */

/* Take back what the last batch of events pointed at. */
void iocp_reclaim(struct iocp_port *port);

/* True if iocp_emit has an event to make. */
bool iocp_has_due(const struct iocp_port *port);

/* Take a batch of packets off the port, waiting up to timeout_ms for the first. */
void iocp_reap(struct iocp_port *port, uint32_t timeout_ms);

/* Make events of what is done; returns the count. */
uint32_t iocp_emit(struct iocp_port *port, struct port_event *events, uint32_t events_max);

/* The op's result is in its OVERLAPPED; its event is due. */
void iocp_mark_done(struct iocp_port *port, struct port_op *op);

/* True while the system works on an op of the socket. */
bool iocp_is_pending(struct port_socket *socket);

/* Put the socket on the ready list if it has an event to give. */
void iocp_push_if_ready(struct iocp_port *port, struct port_socket *socket);
