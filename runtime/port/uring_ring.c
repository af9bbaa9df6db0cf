/* An io_uring with the best flags that the kernel accepts.
 *
 * Happy path: one issuer, deferred task work: completions are made only while the owner enters, one
 * enter per turn submits everything and collects everything.
 * Failure modes: a flag the kernel does not know (EINVAL: the next weaker set is tried); io_uring
 * blocked by seccomp or sysctl (EPERM) or absent (ENOSYS), which is never retried; a kernel without
 * multishot receives; a full completion queue (the kernel keeps the rest, entering again flushes
 * it). Path: [1] completion, below port_uring.c. */
#define _GNU_SOURCE
#include "port/uring_ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"

/* Submissions and gather sends of one turn before an extra submit; completions before the kernel's
 * slow list. Both queues are gone round, so they are no larger than stays in the cache. A test
 * builds this file with tiny numbers, another as for an old kernel. */
#ifndef RING_ENTRIES
#define RING_ENTRIES  512u
#define RING_MESSAGES 512u
#define RING_RESULTS  4096u
#endif
#ifndef RING_FLAG_SET_FIRST
#define RING_FLAG_SET_FIRST 0u
#endif

/* SUBMIT_ALL: a bad entry does not hold up those behind it. TASKRUN_FLAG: see ring__has_work. */
#define RING_FLAGS_OF_5_19 (IORING_SETUP_SUBMIT_ALL | IORING_SETUP_TASKRUN_FLAG)

/* Strongest first. SINGLE_ISSUER and DEFER_TASKRUN: 6.0 and 6.1; without them, task work costs an
 * interrupt of the worker per completion unless COOP_TASKRUN (5.19) turns that off. */
static const uint32_t ring__flag_sets[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | RING_FLAGS_OF_5_19,
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | RING_FLAGS_OF_5_19,
    IORING_SETUP_COOP_TASKRUN | RING_FLAGS_OF_5_19,
    0,
};

static int ring__create(struct io_uring *io)
{
    int result = -EINVAL;
    for (size_t i = RING_FLAG_SET_FIRST; i < sizeof ring__flag_sets / sizeof ring__flag_sets[0];
         i++) {
        struct io_uring_params params = {
            .flags = ring__flag_sets[i] | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE,
            .cq_entries = RING_RESULTS,
        };
        result = io_uring_queue_init_params(RING_ENTRIES, io, &params);
        if (result != -EINVAL) {
            break;
        }
    }
    return result;
}

/* Without these the engine would lose completions or read freed memory. */
static const struct {
    uint32_t bit;
    const char *name;
} ring__features[] = {
    {IORING_FEAT_NODROP, "nodrop"},
    {IORING_FEAT_SUBMIT_STABLE, "submit_stable"},
    {IORING_FEAT_FAST_POLL, "fast_poll"},
};

/* The feature that the kernel lacks; NULL: none. Multishot receive has no probe of its own; SEND_ZC
 * came with the same kernel, 6.0. */
static const char *ring__missing(struct io_uring *io)
{
    for (size_t i = 0; i < sizeof ring__features / sizeof ring__features[0]; i++) {
        if ((io->features & ring__features[i].bit) == 0) {
            return ring__features[i].name;
        }
    }
    struct io_uring_probe *probe = io_uring_get_probe_ring(io);
    bool is_there = probe != NULL && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) != 0;
    if (probe != NULL) {
        io_uring_free_probe(probe);
    }
    return is_there ? NULL : "multishot_receive";
}

int uring_ring_open(struct uring_ring *ring)
{
    memset(ring, 0, sizeof *ring);
    ring->messages = calloc(RING_MESSAGES, sizeof *ring->messages);
    if (ring->messages == NULL) {
        return -ENOMEM;
    }
    int result = ring__create(&ring->io);
    if (result < 0) {
        goto fail_messages;
    }
    if (ring__missing(&ring->io) != NULL) {
        result = -ENOSYS;
        goto fail_ring;
    }
    bool has_no_iowait = (ring->io.features & IORING_FEAT_NO_IOWAIT) != 0;
    ring->sleep_flags = IORING_ENTER_GETEVENTS | (has_no_iowait ? IORING_ENTER_NO_IOWAIT : 0);
    return 0;

fail_ring:
    io_uring_queue_exit(&ring->io);
fail_messages:
    free(ring->messages);
    return result;
}

void uring_ring_close(struct uring_ring *ring)
{
    io_uring_queue_exit(&ring->io);
    free(ring->messages);
}

enum pc_status uring_ring_status(int code)
{
    switch (code) {
    case EPERM:  /* kernel.io_uring_disabled, or a container's seccomp filter */
    case EACCES: /* a security module */
        return PC_DENIED;
    case ENOSYS: /* no io_uring, or one before 6.0 */
    case EINVAL: /* not even the weakest set of flags */
        return PC_UNSUPPORTED;
    case ENOMEM: /* also RLIMIT_MEMLOCK on old kernels */
        return PC_NO_MEMORY;
    case EMFILE:
    case ENFILE:
        return PC_NO_BUFFERS;
    default:
        return PC_SYSTEM;
    }
}

/* kernel.io_uring_disabled, which came with 6.6: 1 is for users without privileges, 2 for all. */
static bool ring__is_switched_off(void)
{
    FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "r");
    int digit = file == NULL ? '0' : fgetc(file);
    if (file != NULL) {
        (void)fclose(file);
    }
    return digit == '1' || digit == '2';
}

/* Of the codes of a ring that can be made, only "no such feature" says more than its name. */
const char *uring_ring_cause(int32_t code)
{
    if (code == EPERM) {
        return ring__is_switched_off() ? "sysctl" : "seccomp";
    }
    if (code != ENOSYS && code != EINVAL) {
        return "";
    }
    struct io_uring io;
    if (ring__create(&io) < 0) {
        return "kernel";
    }
    const char *missing = ring__missing(&io);
    io_uring_queue_exit(&io);
    return missing == NULL ? "buffer_rings" : missing;
}

/* The descriptor is registered with the owner's thread, so that entering need not look it up (a
 * tenth of an empty enter); where that fails it is looked up as ever. Not without SINGLE_ISSUER:
 * closing from another thread would there take back that thread's own ring. */
static PC_COLD void ring__enable(struct uring_ring *ring)
{
    int result = io_uring_enable_rings(&ring->io);
    PC_ASSERT(result == 0);
    if ((ring->io.flags & IORING_SETUP_SINGLE_ISSUER) != 0) {
        bool is_registered = io_uring_register_ring_fd(&ring->io) == 1;
        ring->sleep_flags |= is_registered ? IORING_ENTER_REGISTERED_RING : 0;
    }
    ring->is_enabled = true;
}

static void ring__see_enabled(struct uring_ring *ring)
{
    if (!ring->is_enabled) {
        ring__enable(ring);
    }
}

/* Which results of entering are part of normal life. Anything else, first of all EEXIST (a call
 * from a thread that is not the owner) and EBADR (a completion was lost), is not survivable. */
static void ring__check(struct uring_ring *ring, int result)
{
    bool is_normal = PC_LIKELY(result >= 0) || result == -EINTR ||
                     result == -EAGAIN || /* the kernel is short of memory for a request */
                     result == -EBUSY;    /* completions overflow: reap, then enter again */
    PC_ASSERT(is_normal);
    ring->overflow_count += io_uring_cq_has_overflow(&ring->io) ? 1 : 0;
    if (PC_LIKELY(uring_ring_left(ring) == 0)) {
        ring->message_count = 0;
    }
}

static PC_OUTLINE void ring__submit(struct uring_ring *ring)
{
    ring__see_enabled(ring);
    ring__check(ring, io_uring_submit(&ring->io));
}

struct io_uring_sqe *uring_ring_entry(struct uring_ring *ring)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring->io);
    if (entry == NULL) {
        ring__submit(ring);
        entry = io_uring_get_sqe(&ring->io);
    }
    return entry;
}

/* Both are looked for before either is taken: making room submits, and the kernel must not see an
 * entry that is not filled. */
struct io_uring_sqe *uring_ring_gather_entry(struct uring_ring *ring,
                                             struct uring_message **message)
{
    if (ring->message_count == RING_MESSAGES || io_uring_sq_space_left(&ring->io) == 0) {
        ring__submit(ring);
    }
    if (ring->message_count == RING_MESSAGES || io_uring_sq_space_left(&ring->io) == 0) {
        return NULL;
    }
    *message = &ring->messages[ring->message_count++];
    return io_uring_get_sqe(&ring->io);
}

/* liburing has no call for it: from sqe_head on are the entries that were not shown to the kernel,
 * and before it those that a submission has left behind. */
const struct io_uring_sqe *uring_ring_only_entry(const struct uring_ring *ring)
{
    const struct io_uring_sq *queue = &ring->io.sq;
    bool is_only = queue->sqe_tail - queue->sqe_head == 1 && uring_ring_left(ring) == 1;
    return is_only ? &queue->sqes[queue->sqe_head & queue->ring_mask] : NULL;
}

void uring_ring_take_back(struct uring_ring *ring)
{
    PC_ASSERT(uring_ring_only_entry(ring) != NULL);
    ring->io.sq.sqe_tail--;
    ring->message_count = 0;
}

/* Whether entering would do anything: a turn that only looks, as those of busy_poll_us, need not
 * ask the kernel to learn that it has nothing. */
static bool ring__has_work(const struct uring_ring *ring)
{
    const unsigned wanted = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    return (ring->io.flags & IORING_SETUP_TASKRUN_FLAG) == 0 || uring_ring_left(ring) > 0 ||
           (IO_URING_READ_ONCE(*ring->io.sq.kflags) & wanted) != 0;
}

bool uring_ring_has_news(const struct uring_ring *ring)
{
    return (ring->io.flags & IORING_SETUP_DEFER_TASKRUN) != 0 && uring_ring_left(ring) == 0 &&
           io_uring_cq_ready(&ring->io) == 0 &&
           IO_URING_READ_ONCE(*ring->io.sq.kflags) == IORING_SQ_TASKRUN;
}

/* Show the kernel what waits to be submitted. How many entries it has not taken. */
static unsigned ring__publish(struct uring_ring *ring)
{
    struct io_uring_sq *queue = &ring->io.sq;
    unsigned tail = *queue->ktail;
    while (queue->sqe_head != queue->sqe_tail) {
        queue->array[tail++ & queue->ring_mask] = queue->sqe_head++ & queue->ring_mask;
    }
    io_uring_smp_store_release(queue->ktail, tail);
    return uring_ring_left(ring);
}

/* Submit everything and wait for one completion, as a worker that is idle: a thread in
 * io_uring_submit_and_wait counts as waiting for a disk, its processor shows 100 % iowait and the
 * machine I/O pressure. liburing cannot be told before 2.12; to submit by itself and then to wait
 * would be a second call. */
static int ring__sleep(struct uring_ring *ring)
{
    return io_uring_enter((unsigned)ring->io.enter_ring_fd, ring__publish(ring), 1,
                          ring->sleep_flags, NULL);
}

void uring_ring_enter(struct uring_ring *ring, bool may_sleep)
{
    ring__see_enabled(ring);
    if (may_sleep) {
        ring__check(ring, ring__sleep(ring));
    } else if (ring__has_work(ring)) {
        ring__check(ring, io_uring_submit_and_get_events(&ring->io));
    }
}
