/* Sockets that may have an event to give, oldest first: what each engine's port_wait works off. The
 * links are the sockets' own, so nothing is allocated and nothing can fail.
 *
 * Path: [1] completion, inside the engines. */
#pragma once

#include "pc/check.h"
#include "port/port.h"

/* Invariant: a socket is on the list exactly while its is_ready is true; count of them; first is
 * NULL, and last without meaning, when it is 0. */
struct ready_list {
    struct port_socket *first;
    struct port_socket *last;
    uint32_t count;
};

/* Append the socket, unless it is on the list already. */
static inline void ready_list_push(struct ready_list *list, struct port_socket *socket)
{
    if (socket->is_ready) {
        return;
    }
    socket->is_ready = true;
    socket->ready_next = NULL;
    if (PC_LIKELY(list->first == NULL)) {
        list->first = socket;
    } else {
        list->last->ready_next = socket;
    }
    list->last = socket;
    list->count++;
}

/* Take the oldest, which must exist. */
static inline struct port_socket *ready_list_pop(struct ready_list *list)
{
    struct port_socket *socket = list->first;
    list->first = socket->ready_next;
    list->count--;
    socket->ready_next = NULL;
    socket->is_ready = false;
    return socket;
}
