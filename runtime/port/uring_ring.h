/* The ring itself: set-up with the flags this kernel knows, submission entries, entering. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>
#include <sys/socket.h>

#include "pc/status.h"
#include "port/port.h"

/* Of Linux 6.15, not in older headers. */
#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT  (1u << 17)
#define IORING_ENTER_NO_IOWAIT (1u << 7)
#endif

/* Header and spans of one gather send; the kernel reads them at submission. */
struct uring_message {
    struct msghdr header;
    struct iovec spans[PORT_SPANS_MAX];
};

/* Invariant: messages[0..message_count) belong to entries that the kernel has not read yet. */
struct uring_ring {
    struct io_uring io;
    struct uring_message *messages;
    uint32_t message_count;
    uint64_t overflow_count; /* turns in which completions were more than their queue holds */
    uint32_t sleep_flags;    /* of io_uring_enter(2) when it may sleep */
    bool is_enabled;         /* the thread that enables the ring is its only issuer */
};

/* The ring is made disabled; the owner's first uring_ring_enter enables it. Returns 0 or -errno. */
int uring_ring_open(struct uring_ring *ring);
void uring_ring_close(struct uring_ring *ring);

/* What a failed uring_ring_open means: PC_DENIED (blocked), PC_UNSUPPORTED (too old), ... */
enum pc_status uring_ring_status(int code);

/* Why: "seccomp", "sysctl", "kernel" (too old, or without io_uring) or the feature that it lacks;
 * "" if nothing is known. */
const char *uring_ring_cause(int32_t code);

/* A free submission entry; submits what is pending if there is none. NULL if even that fails: try
 * again in the next turn. */
struct io_uring_sqe *uring_ring_entry(struct uring_ring *ring);

/* The same, with room for a gather send's header, which is valid until the entry is submitted. */
struct io_uring_sqe *uring_ring_gather_entry(struct uring_ring *ring,
                                             struct uring_message **message);

/* Entries that the kernel has not taken yet. No thread of the kernel's takes them here, else it
 * were liburing's io_uring_sq_ready. */
static inline unsigned uring_ring_left(const struct uring_ring *ring)
{
    return ring->io.sq.sqe_tail - *ring->io.sq.khead;
}

/* What waits for submission, if that is a single entry; otherwise NULL. */
const struct io_uring_sqe *uring_ring_only_entry(const struct uring_ring *ring);
/* Forget that entry, which the kernel has not seen. */
void uring_ring_take_back(struct uring_ring *ring);

/* Something has come, and only entering would tell what: nothing waits to be submitted or reaped.
 * The kernel has taken no byte that was not told, as it does so only while the owner enters. False
 * on a kernel without deferred task work. */
bool uring_ring_has_news(const struct uring_ring *ring);

/* Submit everything and collect completions; may_sleep: wait for one. Thread: the owner. */
void uring_ring_enter(struct uring_ring *ring, bool may_sleep);
