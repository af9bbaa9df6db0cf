/* Byte buffers in size classes, for receive tails and send queues. One pool per worker, no locks.
 *
 * Buffers come from slabs that are never returned before the pool is destroyed; a free buffer costs
 * nothing but its memory. Classes: 512 B, 2 KiB, 8 KiB, 32 KiB, 128 KiB. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUFFER_CLASS_COUNT 5u
#define BUFFER_SIZE_MAX    131072u

struct buffer_free; /* link inside a free buffer */
struct buffer_slab;

/* Invariant: bytes_used is the sum of the capacities handed out and not put back;
 * bytes_used <= bytes_max. */
struct buffer_pool {
    struct buffer_free *free[BUFFER_CLASS_COUNT];
    struct buffer_slab *slabs;
    uint64_t bytes_used;
    uint64_t bytes_high; /* greatest bytes_used so far */
    uint64_t bytes_max;
    uint64_t buffers_used; /* handed out and not put back */
};

void buffer_pool_check(const struct buffer_pool *pool);

void buffer_pool_init(struct buffer_pool *pool, uint64_t bytes_max);

/* Asserts nothing; returns false if a buffer was not put back. Frees the slabs. */
bool buffer_pool_destroy(struct buffer_pool *pool);

/* Capacity of the class that holds size bytes; 0 if size is above BUFFER_SIZE_MAX. */
uint32_t buffer_pool_capacity(uint32_t size);

/* A buffer of buffer_pool_capacity(size) bytes, aligned to 16; NULL when the pool is at bytes_max
 * or memory is short. */
void *buffer_pool_take(struct buffer_pool *pool, uint32_t size);

/* capacity: as buffer_pool_capacity said when it was taken. */
void buffer_pool_put(struct buffer_pool *pool, void *buffer, uint32_t capacity);
