/* A shared frame: encoded once, sent to many sessions of one worker. Reference counted without
 * atomics, because it never leaves its worker. */
#pragma once

#include <stdint.h>

#include "base/buffer_pool.h"
#include "pc/session.h"

/* Invariant: references >= 1 while it exists; data is never written after pc_block_create. */
struct pc_block {
    struct buffer_pool *pool;
    uint8_t *data; /* follows this header */
    uint32_t references;
    uint32_t size;     /* bytes of the frame */
    uint32_t capacity; /* of the whole buffer, as the pool knows it */
};

static inline void block_retain(struct pc_block *block)
{
    block->references++;
}
