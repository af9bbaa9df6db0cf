/* Path: [9] frames wait here until the session's next send [10].
 *
 * A FIFO of chunks from the worker's buffer pool. Encoders write straight into the last chunk; a
 * shared block hangs in the queue by reference. What a send has taken is released by bytes, so a
 * partial send continues where it stopped, and appending while a send is in flight never moves a
 * byte. An empty queue owns no memory. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer_pool.h"
#include "pc/status.h"
#include "port/port.h"

struct send_chunk;
struct pc_block;

/* Invariant: bytes is the sum of what the chunks hold unsent; head and tail are both NULL exactly
 * when bytes is 0. */
struct send_queue {
    struct send_chunk *head;
    struct send_chunk *tail;
    uint32_t bytes;
    uint32_t bytes_gathered; /* when send_queue_gather was last called */
};

void send_queue_check(const struct send_queue *queue);

/* Room for size bytes (1..PC_FRAME_SIZE_LIMIT) at the end, counted as queued; all of them must be
 * written before the next port_wait. NULL if the pool gives no memory; nothing is queued then. */
uint8_t *send_queue_reserve(struct send_queue *queue, struct buffer_pool *pool, uint32_t size);

/* Queue a block's frame, by reference; a small one is copied if more than it is to be sent. */
PC_NODISCARD bool send_queue_append_block(struct send_queue *queue, struct buffer_pool *pool,
                                          struct pc_block *block);

/* Describe the first bytes for a gather send; returns the number of spans, at most span_max. They
 * stay where they are until released. */
uint32_t send_queue_gather(struct send_queue *queue, struct port_span *spans, uint32_t span_max);

/* size bytes were sent; 1..bytes. */
void send_queue_release(struct send_queue *queue, struct buffer_pool *pool, uint32_t size);

/* Bytes of the pool that the queue holds, its blocks among them; modulo 4 GiB, which no mark comes
 * near. */
uint32_t send_queue_memory(const struct send_queue *queue);

/* Throw away all that is queued. No send may be in flight. */
void send_queue_clear(struct send_queue *queue, struct buffer_pool *pool);
