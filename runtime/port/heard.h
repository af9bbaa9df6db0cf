/* Whose bytes are likely to come next: the socket that brought the last ones twice in a row. A turn
 * that only looks, as those of busy_poll_us, can try to receive from it before it asks the system
 * who has something.
 *
 * Path: [1] completion, inside the engines. */
#pragma once

#include "port/port.h"

/* Invariant: socket is NULL or was not IDLE since it was noted. */
struct heard {
    struct port_socket *socket;
    bool is_steady; /* it was heard before, and nobody else since */
};

static inline void heard_note(struct heard *heard, struct port_socket *socket)
{
    heard->is_steady = heard->socket == socket;
    heard->socket = socket;
}

/* The socket becomes IDLE: its memory is the caller's again. */
static inline void heard_forget(struct heard *heard, const struct port_socket *socket)
{
    if (heard->socket == socket) {
        *heard = (struct heard){0};
    }
}

/* From whom to try to receive; NULL: nobody. */
static inline struct port_socket *heard_likely(const struct heard *heard)
{
    struct port_socket *socket = heard->socket;
    bool is_likely = heard->is_steady && socket != NULL && socket->state == PORT_SOCKET_LIVE &&
                     socket->recv.in_flight;
    return is_likely ? socket : NULL;
}
