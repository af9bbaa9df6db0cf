/* Path: [9] after the encoder, before the send op; see send_queue.h.
 *
 * Happy path: several frames land in one chunk, one send takes it whole, the chunk goes back.
 * Failure: no memory for a chunk, which the session turns into a close. */
#include "net/send_queue.h"

#include <string.h>

#include "net/block.h"
#include "pc/check.h"

/* The first chunk is as large as what the session sent last, so that a burst of the usual size is
 * one span: a plain send instead of a gather (64 x 8 x 1 KiB: 8 % less CPU). Others hold the rest.
 */
#define CHUNK_SIZE_FIRST_MAX 32768u
#define CHUNK_SIZE_NEXT      8192u

/* Below this a copy into the open chunk costs less than one more span of the gather. A block that
 * is all there is to send is not copied: thousand sessions then send from one place, which is in
 * the cache (broadcast to 1,000: 3 % less CPU). */
#define BLOCK_COPY_SIZE_MAX 512u

/* Invariant: begin < end <= what the chunk can hold while queued; a chunk with a block describes
 * the block's bytes and is never written; memory_until grows by send_chunk__memory from each chunk
 * to the next, and may wrap; what is_gathered belongs to a send and stays where it is. */
struct send_chunk {
    struct send_chunk *next;
    struct pc_block *block; /* held by one reference; NULL: the bytes follow this header */
    uint32_t begin;         /* first byte not yet sent */
    uint32_t end;           /* behind the last byte queued */
    uint32_t capacity;      /* of the whole buffer, as the pool knows it */
    uint32_t memory_until;  /* this chunk's and that of all before it: see send_queue_memory */
    bool is_gathered;       /* a send has begun with it */
};

static uint8_t *send_chunk__data(struct send_chunk *chunk)
{
    return PC_LIKELY(chunk->block == NULL) ? (uint8_t *)(chunk + 1) : chunk->block->data;
}

/* Bytes of the pool that the chunk holds. */
static uint32_t send_chunk__memory(const struct send_chunk *chunk)
{
    return chunk->capacity + (chunk->block == NULL ? 0 : chunk->block->capacity);
}

/* Bytes that it can hold. */
static uint32_t send_chunk__limit(const struct send_chunk *chunk)
{
    return chunk->block == NULL ? chunk->capacity - (uint32_t)sizeof *chunk : chunk->block->size;
}

void send_queue_check(const struct send_queue *queue)
{
    uint64_t bytes = 0;
    for (const struct send_chunk *chunk = queue->head; chunk != NULL; chunk = chunk->next) {
        PC_ASSERT(chunk->begin < chunk->end);
        PC_ASSERT(chunk->end <= send_chunk__limit(chunk));
        PC_ASSERT(chunk->next != NULL || chunk == queue->tail);
        PC_ASSERT(chunk->next == NULL || chunk->next->memory_until - chunk->memory_until ==
                                             send_chunk__memory(chunk->next));
        bytes += chunk->end - chunk->begin;
    }
    PC_ASSERT(bytes == queue->bytes);
    PC_ASSERT((queue->head == NULL) == (queue->bytes == 0));
    PC_ASSERT((queue->tail == NULL) == (queue->bytes == 0));
}

/* A chunk at the end, for the block's bytes or, if it is NULL, for bytes of its own. */
static struct send_chunk *send_queue__push(struct send_queue *queue, struct buffer_pool *pool,
                                           uint32_t buffer_size, struct pc_block *block)
{
    struct send_chunk *chunk = buffer_pool_take(pool, buffer_size);
    if (chunk == NULL) {
        return NULL;
    }
    *chunk = (struct send_chunk){
        .block = block,
        .capacity = buffer_pool_capacity(buffer_size),
    };
    chunk->memory_until = send_chunk__memory(chunk);
    if (PC_LIKELY(queue->tail == NULL)) {
        queue->head = chunk;
    } else {
        chunk->memory_until += queue->tail->memory_until;
        queue->tail->next = chunk;
    }
    queue->tail = chunk;
    return chunk;
}

static void send_queue__pop(struct send_queue *queue, struct buffer_pool *pool)
{
    struct send_chunk *chunk = queue->head;
    queue->head = chunk->next;
    if (PC_LIKELY(queue->head == NULL)) {
        queue->tail = NULL;
    }
    if (PC_UNLIKELY(chunk->block != NULL)) {
        pc_block_release(chunk->block);
    }
    buffer_pool_put(pool, chunk, chunk->capacity);
}

static uint32_t send_queue__first_size(const struct send_queue *queue)
{
    uint32_t size = queue->bytes_gathered + (uint32_t)sizeof(struct send_chunk);
    return size < CHUNK_SIZE_FIRST_MAX ? size : CHUNK_SIZE_FIRST_MAX;
}

/* A chunk of the queue's own at the end, with room for what usually follows; size bytes of it are
 * taken. */
static uint8_t *send_queue__open_chunk(struct send_queue *queue, struct buffer_pool *pool,
                                       uint32_t size)
{
    uint32_t wanted = size + (uint32_t)sizeof(struct send_chunk);
    bool is_first = PC_LIKELY(queue->tail == NULL);
    uint32_t usual = is_first ? send_queue__first_size(queue) : CHUNK_SIZE_NEXT;
    struct send_chunk *chunk = send_queue__push(queue, pool, wanted > usual ? wanted : usual, NULL);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->end = size;
    queue->bytes += size;
    return send_chunk__data(chunk);
}

/* All there was to send was a small block; now that more follows, it is copied after all. Not if a
 * send has begun with it. */
static bool send_queue__may_merge(const struct send_queue *queue)
{
    const struct send_chunk *chunk = queue->head;
    return chunk != NULL && chunk == queue->tail && chunk->block != NULL && !chunk->is_gathered &&
           chunk->end <= BLOCK_COPY_SIZE_MAX;
}

static PC_OUTLINE uint8_t *send_queue__merge(struct send_queue *queue, struct buffer_pool *pool,
                                             uint32_t size)
{
    struct send_queue merged = {.bytes_gathered = queue->bytes_gathered};
    uint32_t block_size = queue->bytes;
    uint8_t *place = send_queue__open_chunk(&merged, pool, block_size + size);
    if (place == NULL) {
        return NULL;
    }
    memcpy(place, queue->head->block->data, block_size);
    send_queue__pop(queue, pool);
    *queue = merged;
    return place + block_size;
}

static PC_OUTLINE uint8_t *send_queue__reserve_anew(struct send_queue *queue,
                                                    struct buffer_pool *pool, uint32_t size)
{
    return PC_UNLIKELY(send_queue__may_merge(queue)) ? send_queue__merge(queue, pool, size)
                                                     : send_queue__open_chunk(queue, pool, size);
}

uint8_t *send_queue_reserve(struct send_queue *queue, struct buffer_pool *pool, uint32_t size)
{
    struct send_chunk *chunk = queue->tail;
    if (chunk == NULL || chunk->block != NULL || send_chunk__limit(chunk) - chunk->end < size) {
        return send_queue__reserve_anew(queue, pool, size);
    }
    uint8_t *place = (uint8_t *)(chunk + 1) + chunk->end;
    chunk->end += size;
    queue->bytes += size;
    return place;
}

bool send_queue_append_block(struct send_queue *queue, struct buffer_pool *pool,
                             struct pc_block *block)
{
    if (queue->tail != NULL && block->size <= BLOCK_COPY_SIZE_MAX) {
        uint8_t *place = send_queue_reserve(queue, pool, block->size);
        if (place == NULL) {
            return false;
        }
        memcpy(place, block->data, block->size);
        return true;
    }
    struct send_chunk *chunk = send_queue__push(queue, pool, sizeof *chunk, block);
    if (chunk == NULL) {
        return false;
    }
    block_retain(block);
    chunk->end = block->size;
    queue->bytes += block->size;
    return true;
}

uint32_t send_queue_gather(struct send_queue *queue, struct port_span *spans, uint32_t span_max)
{
    uint32_t count = 0;
    queue->bytes_gathered = queue->bytes;
    for (struct send_chunk *chunk = queue->head; chunk != NULL && count < span_max;
         chunk = chunk->next) {
        spans[count].data = send_chunk__data(chunk) + chunk->begin;
        spans[count].size = chunk->end - chunk->begin;
        chunk->is_gathered = true;
        count++;
    }
    return count;
}

void send_queue_release(struct send_queue *queue, struct buffer_pool *pool, uint32_t size)
{
    PC_ASSERT(size <= queue->bytes);
    queue->bytes -= size;
    while (size > 0) {
        struct send_chunk *chunk = queue->head;
        uint32_t held = chunk->end - chunk->begin;
        if (size < held) {
            chunk->begin += size;
            break;
        }
        size -= held;
        send_queue__pop(queue, pool);
    }
    PC_CHECK(send_queue_check(queue));
}

uint32_t send_queue_memory(const struct send_queue *queue)
{
    if (queue->head == NULL) {
        return 0;
    }
    uint32_t before = queue->head->memory_until - send_chunk__memory(queue->head);
    return queue->tail->memory_until - before;
}

void send_queue_clear(struct send_queue *queue, struct buffer_pool *pool)
{
    while (queue->head != NULL) {
        send_queue__pop(queue, pool);
    }
    queue->bytes = 0;
}
