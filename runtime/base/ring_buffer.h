/* Path: [4] a byte ring over memory that somebody else owns.
 *
 * Holds the incomplete tail of a stream between two receives. It knows bytes only.
 *
 *     storage   0        head            head+size             capacity
 *               +--------+===============+---------------------+
 *     wrapped   +=====+------------------+=====================+
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Invariant: head < capacity or both are 0; size <= capacity; capacity is 0 or a power of two;
 * storage is NULL exactly when capacity is 0. */
struct ring_buffer {
    uint8_t *storage;
    uint32_t capacity; /* bytes */
    uint32_t head;     /* index of the oldest byte */
    uint32_t size;     /* bytes held */
};

void ring_buffer_check(const struct ring_buffer *ring);

/* Bytes that still fit. */
uint32_t ring_buffer_room(const struct ring_buffer *ring);

/* Give an empty or smaller ring new storage; what it held is copied to the front. The old storage
 * is the caller's again. capacity: a power of two, at least the bytes held. */
void ring_buffer_move(struct ring_buffer *ring, uint8_t *storage, uint32_t capacity);

/* Append; the caller has checked that there is room. */
void ring_buffer_write(struct ring_buffer *ring, const uint8_t *bytes, uint32_t size);

/* Copy size bytes that begin offset bytes behind the oldest; all of them must be held. */
void ring_buffer_peek(const struct ring_buffer *ring, uint32_t offset, uint8_t *bytes,
                      uint32_t size);

/* The oldest size bytes if they lie in one piece, else NULL. */
const uint8_t *ring_buffer_front(const struct ring_buffer *ring, uint32_t size);

/* Forget the oldest bytes. An emptied ring starts at 0 again. */
void ring_buffer_consume(struct ring_buffer *ring, uint32_t size);
