/* Path: [4] a byte ring over memory that somebody else owns.
 *
 * Happy path: write what arrived, peek the header, look at the front (or peek it into a scratch
 * buffer when it wraps), consume the frame.
 * Failures: none of its own. Too little room and reads past the end are programmer's errors. */
#include "base/ring_buffer.h"

#include <stddef.h>
#include <string.h>

#include "pc/check.h"

static uint32_t ring_buffer__index(const struct ring_buffer *ring, uint32_t offset);

void ring_buffer_check(const struct ring_buffer *ring)
{
    PC_ASSERT((ring->storage == NULL) == (ring->capacity == 0));
    PC_ASSERT((ring->capacity & (ring->capacity - 1)) == 0);
    PC_ASSERT(ring->head < ring->capacity || (ring->head == 0 && ring->capacity == 0));
    PC_ASSERT(ring->size <= ring->capacity);
}

uint32_t ring_buffer_room(const struct ring_buffer *ring)
{
    return ring->capacity - ring->size;
}

void ring_buffer_move(struct ring_buffer *ring, uint8_t *storage, uint32_t capacity)
{
    PC_ASSERT(storage != NULL || capacity == 0);
    PC_ASSERT((capacity & (capacity - 1)) == 0);
    PC_ASSERT(capacity >= ring->size);
    if (ring->size > 0) {
        ring_buffer_peek(ring, 0, storage, ring->size);
    }
    ring->storage = capacity == 0 ? NULL : storage;
    ring->capacity = capacity;
    ring->head = 0;
    PC_CHECK(ring_buffer_check(ring));
}

void ring_buffer_write(struct ring_buffer *ring, const uint8_t *bytes, uint32_t size)
{
    PC_ASSERT(size <= ring_buffer_room(ring));
    if (size == 0) {
        return;
    }
    uint32_t end = ring_buffer__index(ring, ring->size);
    uint32_t to_edge = ring->capacity - end;
    uint32_t first = size < to_edge ? size : to_edge;
    memcpy(ring->storage + end, bytes, first);
    memcpy(ring->storage, bytes + first, size - first);
    ring->size += size;
    PC_CHECK(ring_buffer_check(ring));
}

void ring_buffer_peek(const struct ring_buffer *ring, uint32_t offset, uint8_t *bytes,
                      uint32_t size)
{
    PC_ASSERT(offset <= ring->size);
    PC_ASSERT(size <= ring->size - offset);
    if (size == 0) {
        return;
    }
    uint32_t start = ring_buffer__index(ring, offset);
    uint32_t to_edge = ring->capacity - start;
    uint32_t first = size < to_edge ? size : to_edge;
    memcpy(bytes, ring->storage + start, first);
    memcpy(bytes + first, ring->storage, size - first);
}

const uint8_t *ring_buffer_front(const struct ring_buffer *ring, uint32_t size)
{
    PC_ASSERT(size <= ring->size);
    if (ring->storage == NULL || size > ring->capacity - ring->head) {
        return NULL;
    }
    return ring->storage + ring->head;
}

void ring_buffer_consume(struct ring_buffer *ring, uint32_t size)
{
    PC_ASSERT(size <= ring->size);
    ring->size -= size;
    ring->head = ring->size == 0 ? 0 : ring_buffer__index(ring, size);
    PC_CHECK(ring_buffer_check(ring));
}

/* capacity is a power of two and not 0 here. */
static uint32_t ring_buffer__index(const struct ring_buffer *ring, uint32_t offset)
{
    return (ring->head + offset) & (ring->capacity - 1);
}
