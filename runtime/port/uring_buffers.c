/* The pool of provided buffers.
 *
 * Happy path: a buffer is lent; the kernel fills it (taken); it is queued on its socket, given to
 * the caller and retired in one step; the next port_wait lends it again. The kernel goes round all
 * that are lent, so only as many are as the traffic has shown to need, and those retired last,
 * which are still in the cache, go first: bursts on 64 connections cost 1.5 % less, and a quiet
 * server touches a quarter of the memory. Failure modes: the kernel finds no buffer (ENOBUFS):
 * twice as many are lent from then on; the receive ends and is armed again when enough buffers are
 * lent. If they all lie in the queues of paused sockets they may not come back for long; the spare
 * ones, filled by plain reads, keep the others alive meanwhile. Path: [1] completion, below
 * port_uring.c. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "port/uring_buffers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "pc/check.h"

/* Receives that ran dry are armed again when so many buffers, or an eighth, are lent. */
#define BUFFERS_REARM_MIN 32u

/* Buffers lent until they have not sufficed. */
#define BUFFERS_LENT_FIRST 64u

static void *buffers__map(uint64_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static int buffers__register(struct uring_buffers *buffers, struct io_uring *io)
{
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)buffers->ring,
        .ring_entries = buffers->count,
        .bgid = URING_BUFFER_GROUP,
    };
    io_uring_buf_ring_init(buffers->ring);
    return io_uring_register_buf_ring(io, &registration, 0);
}

static void buffers__retire_all(struct uring_buffers *buffers)
{
    buffers->retired = URING_BUFFER_NONE;
    buffers->spare = URING_BUFFER_NONE;
    for (uint32_t id = buffers->count + URING_BUFFER_RESERVE; id > 0; id--) {
        uring_buffers_retire(buffers, (uint16_t)(id - 1));
    }
}

int uring_buffers_open(struct uring_buffers *buffers, struct io_uring *io, uint32_t count,
                       uint32_t size)
{
    int result = -ENOMEM;
    memset(buffers, 0, sizeof *buffers);
    buffers->count = count;
    buffers->size = size;
    buffers->lent_max = count < BUFFERS_LENT_FIRST ? count : BUFFERS_LENT_FIRST;
    buffers->ring_size = (uint64_t)count * sizeof(struct io_uring_buf);
    buffers->memory_size = (uint64_t)(count + URING_BUFFER_RESERVE) * size;
    buffers->chunks = calloc(count + URING_BUFFER_RESERVE, sizeof *buffers->chunks);
    if (buffers->chunks == NULL) {
        return result;
    }
    buffers->ring = buffers__map(buffers->ring_size);
    if (buffers->ring == NULL) {
        goto fail_chunks;
    }
    buffers->memory = buffers__map(buffers->memory_size);
    if (buffers->memory == NULL) {
        goto fail_ring;
    }
    result = buffers__register(buffers, io);
    if (result < 0) {
        goto fail_memory;
    }
    buffers__retire_all(buffers);
    uring_buffers_lend(buffers);
    return 0;

fail_memory:
    (void)munmap(buffers->memory, buffers->memory_size);
fail_ring:
    (void)munmap(buffers->ring, buffers->ring_size);
fail_chunks:
    free(buffers->chunks);
    return result;
}

void uring_buffers_close(struct uring_buffers *buffers)
{
    (void)munmap(buffers->memory, buffers->memory_size);
    (void)munmap(buffers->ring, buffers->ring_size);
    free(buffers->chunks);
}

void uring_buffers_lend(struct uring_buffers *buffers)
{
    int mask = io_uring_buf_ring_mask(buffers->count);
    int lent = 0;
    if (PC_UNLIKELY(buffers->ran_dry)) {
        uint32_t twice = buffers->lent_max * 2;
        buffers->lent_max = twice < buffers->count ? twice : buffers->count;
        buffers->ran_dry = false;
    }
    while (buffers->retired != URING_BUFFER_NONE && buffers->lent_count < buffers->lent_max) {
        uint16_t id = buffers->retired;
        buffers->retired = buffers->chunks[id].next;
        io_uring_buf_ring_add(buffers->ring, uring_buffers_data(buffers, id), buffers->size, id,
                              mask, lent);
        lent++;
        buffers->lent_count++;
    }
    if (PC_LIKELY(lent > 0)) {
        io_uring_buf_ring_advance(buffers->ring, lent);
    }
}

void uring_buffers_taken(struct uring_buffers *buffers, uint16_t id)
{
    PC_ASSERT(id < buffers->count);
    PC_ASSERT(buffers->lent_count > 0);
    buffers->lent_count--;
}

void uring_buffers_retire(struct uring_buffers *buffers, uint16_t id)
{
    uint16_t *list = id < buffers->count ? &buffers->retired : &buffers->spare;
    buffers->chunks[id].next = *list;
    *list = id;
}

uint16_t uring_buffers_take_spare(struct uring_buffers *buffers)
{
    uint16_t id = buffers->spare;
    if (id != URING_BUFFER_NONE) {
        buffers->spare = buffers->chunks[id].next;
    }
    return id;
}

bool uring_buffers_suffice(const struct uring_buffers *buffers)
{
    uint32_t eighth = buffers->lent_max / 8;
    uint32_t enough = eighth > BUFFERS_REARM_MIN ? eighth : BUFFERS_REARM_MIN;
    uint32_t half = buffers->lent_max / 2; /* a tiny pool could never reach the minimum */
    return buffers->lent_count >= (enough < half ? enough : half);
}

uint8_t *uring_buffers_data(const struct uring_buffers *buffers, uint16_t id)
{
    return buffers->memory + (uint64_t)id * buffers->size;
}

uint32_t uring_buffers_filled(const struct uring_buffers *buffers, uint16_t id)
{
    return buffers->chunks[id].size;
}

void uring_queue_push(struct uring_buffers *buffers, struct uring_queue *queue, uint16_t id,
                      uint32_t size)
{
    PC_ASSERT(size > 0 && size <= buffers->size);
    buffers->chunks[id].size = size;
    buffers->chunks[id].next = URING_BUFFER_NONE;
    if (PC_LIKELY(queue->count == 0)) {
        queue->first = id;
    } else {
        buffers->chunks[queue->last].next = id;
    }
    queue->last = id;
    queue->count++;
}

uint16_t uring_queue_pop(struct uring_buffers *buffers, struct uring_queue *queue)
{
    PC_ASSERT(queue->count > 0);
    uint16_t id = queue->first;
    queue->first = buffers->chunks[id].next;
    queue->count--;
    return id;
}

void uring_queue_drop(struct uring_buffers *buffers, struct uring_queue *queue)
{
    while (queue->count > 0) {
        uring_buffers_retire(buffers, uring_queue_pop(buffers, queue));
    }
}
