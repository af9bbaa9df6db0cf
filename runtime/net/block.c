/* Shared frames; see block.h. Failure: no memory in the worker's pool. */
#include "net/block.h"

#include <string.h>

#include "net/worker.h"
#include "pc/check.h"

struct pc_block *pc_block_create(struct pc_worker *worker, const uint8_t *frame, uint32_t size)
{
    PC_ASSERT(size >= PC_FRAME_HEADER_SIZE && size <= PC_FRAME_SIZE_LIMIT);
    uint32_t wanted = size + (uint32_t)sizeof(struct pc_block);
    struct pc_block *block = buffer_pool_take(&worker->buffers, wanted);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct pc_block){
        .pool = &worker->buffers,
        .data = (uint8_t *)(block + 1),
        .references = 1,
        .size = size,
        .capacity = buffer_pool_capacity(wanted),
    };
    memcpy(block->data, frame, size);
    return block;
}

void pc_block_release(struct pc_block *block)
{
    PC_ASSERT(block->references > 0);
    block->references--;
    if (block->references == 0) {
        buffer_pool_put(block->pool, block, block->capacity);
    }
}
