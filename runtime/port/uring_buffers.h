/* Receive buffers of one port: lent to the kernel, filled, queued on sockets, given to the caller,
 * and lent again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>

#define URING_BUFFER_NONE    UINT16_MAX
#define URING_BUFFER_GROUP   0u
#define URING_BUFFER_RESERVE 8u /* buffers that are never lent to the kernel */

struct uring_chunk {
    uint32_t size; /* bytes received into the buffer */
    uint16_t next; /* in a socket's queue, or among the retired or spare ones */
};

/* Filled buffers of one socket, oldest first.
 * Invariant: count is the number of chunks from first to last. Meaningless links when it is 0. */
struct uring_queue {
    uint16_t first;
    uint16_t last;
    uint16_t count;
};

/* Invariant: every buffer below count is lent, in one queue, or retired; lent_count <= lent_max of
 * them are lent. Buffers count.. are spare or in one queue. */
struct uring_buffers {
    struct io_uring_buf_ring *ring;
    uint8_t *memory;
    struct uring_chunk *chunks;
    uint64_t ring_size;   /* bytes mapped */
    uint64_t memory_size; /* bytes mapped */
    uint32_t count;       /* that take part in the ring; a power of two */
    uint32_t size;        /* bytes of one */
    uint32_t lent_count;
    uint32_t lent_max; /* grows up to count */
    uint16_t retired;  /* last retired first */
    bool ran_dry;      /* the kernel found none: the next uring_buffers_lend lends more */
    uint16_t spare;
};

/* Map the memory and register the ring as group URING_BUFFER_GROUP. Returns 0 or -errno. */
int uring_buffers_open(struct uring_buffers *buffers, struct io_uring *io, uint32_t count,
                       uint32_t size);
void uring_buffers_close(struct uring_buffers *buffers); /* after the ring's */

/* Give retired buffers back to the kernel until lent_max are lent, which doubles after a drought.
 */
void uring_buffers_lend(struct uring_buffers *buffers);

/* The kernel has filled a buffer. */
void uring_buffers_taken(struct uring_buffers *buffers, uint16_t id);

/* The buffer's bytes will not be read after the next port_wait has begun, before which it is
 * neither lent nor taken as a spare. */
void uring_buffers_retire(struct uring_buffers *buffers, uint16_t id);

/* A buffer that the kernel does not know, or URING_BUFFER_NONE. Give it back by retiring it. */
uint16_t uring_buffers_take_spare(struct uring_buffers *buffers);

/* True if so many buffers are lent that an ended receive may be armed again. */
bool uring_buffers_suffice(const struct uring_buffers *buffers);

uint8_t *uring_buffers_data(const struct uring_buffers *buffers, uint16_t id);
uint32_t uring_buffers_filled(const struct uring_buffers *buffers, uint16_t id);

void uring_queue_push(struct uring_buffers *buffers, struct uring_queue *queue, uint16_t id,
                      uint32_t size);
uint16_t uring_queue_pop(struct uring_buffers *buffers, struct uring_queue *queue);
void uring_queue_drop(struct uring_buffers *buffers, struct uring_queue *queue);
