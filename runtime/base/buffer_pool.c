/* Byte buffers in size classes, for receive tails and send queues.
 *
 * Every slab is cut into equal buffers of one class; a free buffer holds the link to the next one.
 *
 * Happy path: take pops the class's free list, put pushes it back.
 * Failures: NULL when the budget is reached or a slab cannot be allocated; nothing was changed.
 * Path: memory behind [4] and [9]. */
#include "base/buffer_pool.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/poison.h"
#include "pc/check.h"

#define BUFFER_SIZE_BITS 9u /* of the smallest; each class is four times the one before */
#define BUFFER_SIZE_MIN  (1u << BUFFER_SIZE_BITS)
#define BUFFER_SLAB_SIZE BUFFER_SIZE_MAX

struct buffer_free {
    struct buffer_free *next;
};

/* Invariant: lies in one allocation with the BUFFER_SLAB_SIZE bytes behind it. */
struct buffer_slab {
    _Alignas(16) struct buffer_slab *next;
};

_Static_assert(sizeof(struct buffer_slab) % 16 == 0, "the first buffer must be aligned to 16");
_Static_assert(_Alignof(max_align_t) >= 16, "malloc must align slabs to 16");

static uint32_t buffer_pool__class(uint32_t size);
static uint32_t buffer_pool__class_size(uint32_t class_index);
static PC_COLD bool buffer_pool__grow(struct buffer_pool *pool, uint32_t class_index);
static void buffer_pool__push(struct buffer_pool *pool, uint32_t class_index, void *buffer);

void buffer_pool_init(struct buffer_pool *pool, uint64_t bytes_max)
{
    *pool = (struct buffer_pool){.bytes_max = bytes_max};
}

void buffer_pool_check(const struct buffer_pool *pool)
{
    PC_ASSERT(pool->bytes_used <= pool->bytes_max);
    PC_ASSERT(pool->bytes_used <= pool->bytes_high);
    PC_ASSERT(pool->bytes_high <= pool->bytes_max);
    PC_ASSERT(pool->bytes_used >= pool->buffers_used * BUFFER_SIZE_MIN);
    PC_ASSERT(pool->bytes_used <= pool->buffers_used * BUFFER_SIZE_MAX);
}

bool buffer_pool_destroy(struct buffer_pool *pool)
{
    bool is_whole = pool->buffers_used == 0 && pool->bytes_used == 0;
    while (pool->slabs != NULL) {
        struct buffer_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        memory_unpoison(slab + 1, BUFFER_SLAB_SIZE);
        free(slab);
    }
    *pool = (struct buffer_pool){0};
    return is_whole;
}

uint32_t buffer_pool_capacity(uint32_t size)
{
    return size > BUFFER_SIZE_MAX ? 0 : buffer_pool__class_size(buffer_pool__class(size));
}

void *buffer_pool_take(struct buffer_pool *pool, uint32_t size)
{
    PC_ASSERT(size <= BUFFER_SIZE_MAX);
    uint32_t class_index = buffer_pool__class(size);
    uint32_t capacity = buffer_pool__class_size(class_index);
    if (pool->bytes_max - pool->bytes_used < capacity) {
        return NULL;
    }
    if (pool->free[class_index] == NULL && !buffer_pool__grow(pool, class_index)) {
        return NULL;
    }
    struct buffer_free *buffer = pool->free[class_index];
    memory_unpoison(buffer, capacity);
    pool->free[class_index] = buffer->next;
    pool->buffers_used++;
    pool->bytes_used += capacity;
    if (pool->bytes_used > pool->bytes_high) {
        pool->bytes_high = pool->bytes_used;
    }
    PC_CHECK(buffer_pool_check(pool));
    return buffer;
}

void buffer_pool_put(struct buffer_pool *pool, void *buffer, uint32_t capacity)
{
    PC_ASSERT(buffer != NULL);
    PC_ASSERT(capacity == buffer_pool_capacity(capacity));
    PC_ASSERT(pool->buffers_used > 0);
    PC_ASSERT(pool->bytes_used >= capacity);
    pool->buffers_used--;
    pool->bytes_used -= capacity;
    buffer_pool__push(pool, buffer_pool__class(capacity), buffer);
    PC_CHECK(buffer_pool_check(pool));
}

static uint32_t buffer_pool__class(uint32_t size)
{
    if (PC_LIKELY(size <= BUFFER_SIZE_MIN)) {
        return 0;
    }
    return (bits_highest(size - 1) - BUFFER_SIZE_BITS) / 2u + 1u;
}

static uint32_t buffer_pool__class_size(uint32_t class_index)
{
    return BUFFER_SIZE_MIN << (2u * class_index);
}

static bool buffer_pool__grow(struct buffer_pool *pool, uint32_t class_index)
{
    struct buffer_slab *slab = malloc(sizeof *slab + BUFFER_SLAB_SIZE);
    if (slab == NULL) {
        return false;
    }
    slab->next = pool->slabs;
    pool->slabs = slab;
    uint8_t *first = (uint8_t *)(slab + 1);
    uint32_t capacity = buffer_pool__class_size(class_index);
    for (uint32_t end = BUFFER_SLAB_SIZE; end > 0; end -= capacity) {
        buffer_pool__push(pool, class_index, first + end - capacity);
    }
    return true;
}

static void buffer_pool__push(struct buffer_pool *pool, uint32_t class_index, void *buffer)
{
    struct buffer_free *link = buffer;
    link->next = pool->free[class_index];
    pool->free[class_index] = link;
    memory_poison(buffer, buffer_pool__class_size(class_index));
}
