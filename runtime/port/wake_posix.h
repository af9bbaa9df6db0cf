/* What port_wake writes to from any thread: an eventfd that the engines wait on. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

/* Invariant: is_written is true from a wake's write until the owner says that it was seen; wakes in
 * between do not write. */
struct wake {
    atomic_bool is_written;
    int descriptor;
};

/* flags: of eventfd, besides EFD_CLOEXEC. Returns 0 or -errno. */
int wake_open(struct wake *wake, int flags);
void wake_close(struct wake *wake); /* descriptor -1: it was never opened */

/* Make the descriptor readable. Thread: any. */
void wake_post(struct wake *wake);

/* The descriptor was read, and PORT_WOKEN will be given after this: a wake from now on writes anew.
 * Thread: the owner. In this order; were it said before the read, a wake in between would be read
 * away and leave is_written set: no later one would write. */
void wake_seen(struct wake *wake);
