/* Receive buffers that are lent to io_uring: as few as needed, the last used first, so that they
 * stay in the cache. Twice as many when the kernel has found none. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>
#include <sys/mman.h>

#define LENT_BUFFERS_COUNT 256u
#define LENT_BUFFERS_SIZE  (16u * 1024)
#define LENT_BUFFERS_FIRST 64u /* lent until they have not sufficed */

/* Last in, first out. */
struct lent_stack {
    uint16_t ids[LENT_BUFFERS_COUNT];
    uint32_t count;
};

/* Invariant: each buffer is lent, retired, or resting: what is to be sent from it is not sent yet.
 */
struct lent_buffers {
    struct io_uring_buf_ring *ring;
    uint8_t *memory;
    struct lent_stack retired;
    struct lent_stack resting;
    uint32_t lent_count;
    uint32_t lent_max;
    bool ran_dry; /* the next lend lends more */
};

static inline uint8_t *lent_buffers_at(const struct lent_buffers *buffers, uint32_t id)
{
    return buffers->memory + (size_t)id * LENT_BUFFERS_SIZE;
}

static inline void lent_buffers_lend(struct lent_buffers *buffers)
{
    int lent = 0;
    if (buffers->ran_dry && buffers->lent_max < LENT_BUFFERS_COUNT) {
        buffers->lent_max *= 2;
    }
    buffers->ran_dry = false;
    while (buffers->retired.count > 0 && buffers->lent_count < buffers->lent_max) {
        uint16_t id = buffers->retired.ids[--buffers->retired.count];
        io_uring_buf_ring_add(buffers->ring, lent_buffers_at(buffers, id), LENT_BUFFERS_SIZE, id,
                              io_uring_buf_ring_mask(LENT_BUFFERS_COUNT), lent++);
        buffers->lent_count++;
    }
    io_uring_buf_ring_advance(buffers->ring, lent);
}

/* The kernel has filled a buffer, and something is going to be sent from it. */
static inline void lent_buffers_rest(struct lent_buffers *buffers, uint32_t id)
{
    buffers->resting.ids[buffers->resting.count++] = (uint16_t)id;
    buffers->lent_count--;
}

/* What was to be sent has been, from all that rest. */
static inline void lent_buffers_retire(struct lent_buffers *buffers)
{
    while (buffers->resting.count > 0) {
        buffers->retired.ids[buffers->retired.count++] =
            buffers->resting.ids[--buffers->resting.count];
    }
}

static inline bool lent_buffers_open(struct lent_buffers *buffers, struct io_uring *ring)
{
    const int access = PROT_READ | PROT_WRITE;
    const int kind = MAP_PRIVATE | MAP_ANONYMOUS;
    size_t ring_size = LENT_BUFFERS_COUNT * sizeof(struct io_uring_buf);
    buffers->memory =
        mmap(NULL, (size_t)LENT_BUFFERS_COUNT * LENT_BUFFERS_SIZE, access, kind, -1, 0);
    buffers->ring = mmap(NULL, ring_size, access, kind, -1, 0);
    struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)buffers->ring,
                                            .ring_entries = LENT_BUFFERS_COUNT};
    if (io_uring_register_buf_ring(ring, &registration, 0) != 0) {
        return false;
    }
    io_uring_buf_ring_init(buffers->ring);
    for (uint32_t id = LENT_BUFFERS_COUNT; id > 0; id--) {
        buffers->retired.ids[buffers->retired.count++] = (uint16_t)(id - 1);
    }
    buffers->lent_max = LENT_BUFFERS_FIRST;
    return true;
}
