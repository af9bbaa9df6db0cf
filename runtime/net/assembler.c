/* Path: [5] after the receive ring, before the accept table's policy checks; see assembler.h.
 *
 * Happy path: the tail is empty, the input holds whole frames, each is returned in place.
 * Otherwise just as much input is copied to the tail as the first frame lacks, so that parsing
 * returns to the input with the next frame. Failures: a refused header; no memory for the tail. */
#include "net/assembler.h"

#include <string.h>

#include "pc/check.h"

#define TAIL_SIZE_FIRST 512u /* enough for a header, and for most frames */

void assembler_check(const struct assembler *assembler)
{
    ring_buffer_check(&assembler->tail);
    PC_ASSERT(assembler->taken <= assembler->tail.size);
    PC_ASSERT(assembler->tail.size > 0 || assembler->tail.storage == NULL);
}

/* Look a header up and judge it; the payload need not be there. */
static PC_INLINE enum pc_refusal assembler__judge(const struct pc_accept_table *table,
                                                  uint16_t size, uint16_t id,
                                                  const struct pc_accept_entry **entry)
{
    if (size < PC_FRAME_HEADER_SIZE) {
        return PC_REFUSED_SHORT;
    }
    if (size > table->frame_size_max) {
        return PC_REFUSED_LIMIT;
    }
    *entry = pc_accept_find(table, id);
    if (*entry == NULL) {
        return PC_REFUSED_ID;
    }
    if (size < (*entry)->frame_size_min || size > (*entry)->frame_size_max) {
        return PC_REFUSED_SIZE;
    }
    return PC_ACCEPTED;
}

static PC_INLINE bool assembler__judge_header(const struct pc_accept_table *table,
                                              const uint8_t *header,
                                              struct assembler_output *output)
{
    output->frame = pc_frame_at(header);
    output->entry = NULL;
    output->refusal = assembler__judge(table, output->frame.size, output->frame.id, &output->entry);
    return output->refusal == PC_ACCEPTED;
}

/* Make the tail able to hold size bytes. */
static bool assembler__reserve(struct assembler *assembler, struct buffer_pool *pool, uint32_t size)
{
    struct ring_buffer *tail = &assembler->tail;
    if (tail->capacity >= size) {
        return true;
    }
    uint8_t *storage = buffer_pool_take(pool, size);
    if (storage == NULL) {
        return false;
    }
    uint8_t *storage_old = tail->storage;
    uint32_t capacity_old = tail->capacity;
    ring_buffer_move(tail, storage, buffer_pool_capacity(size));
    if (storage_old != NULL) {
        buffer_pool_put(pool, storage_old, capacity_old);
    }
    return true;
}

/* Move input to the tail until it holds size bytes; false if the input ends first. */
static bool assembler__fill(struct assembler *assembler, struct assembler_input *input,
                            uint32_t size)
{
    struct ring_buffer *tail = &assembler->tail;
    if (tail->size < size && input->size > 0) {
        uint32_t missing = size - tail->size;
        uint32_t moved = missing < input->size ? missing : input->size;
        ring_buffer_write(tail, input->data, moved);
        input->data += moved;
        input->size -= moved;
    }
    return tail->size >= size;
}

/* The frame at the front of the ring in one piece. A frame that wraps is copied to the scratch. */
static const uint8_t *assembler__linearize(const struct assembler *assembler,
                                           const struct assembler_memory *memory, uint32_t size)
{
    const uint8_t *front = ring_buffer_front(&assembler->tail, size);
    if (front != NULL) {
        return front;
    }
    ring_buffer_peek(&assembler->tail, 0, memory->scratch, size);
    return memory->scratch;
}

static PC_OUTLINE enum assembler_result
assembler__next_in_tail(struct assembler *assembler, const struct assembler_memory *memory,
                        const struct pc_accept_table *table, struct assembler_input *input,
                        struct assembler_output *output)
{
    if (!assembler__fill(assembler, input, PC_FRAME_HEADER_SIZE)) {
        return ASSEMBLER_MORE;
    }
    uint8_t header[PC_FRAME_HEADER_SIZE];
    ring_buffer_peek(&assembler->tail, 0, header, PC_FRAME_HEADER_SIZE);
    if (!assembler__judge_header(table, header, output)) {
        return ASSEMBLER_REFUSED;
    }
    uint32_t size = output->frame.size;
    if (!assembler__reserve(assembler, memory->pool, size)) {
        return ASSEMBLER_NO_MEMORY;
    }
    if (!assembler__fill(assembler, input, size)) {
        return ASSEMBLER_MORE;
    }
    output->frame = pc_frame_at(assembler__linearize(assembler, memory, size));
    assembler->taken = size;
    return ASSEMBLER_FRAME;
}

/* Keep what is left of the input: the start of a frame. */
static enum assembler_result assembler__keep_start(struct assembler *assembler,
                                                   struct buffer_pool *pool,
                                                   struct assembler_input *input,
                                                   uint32_t frame_size)
{
    if (!assembler__reserve(assembler, pool,
                            frame_size > TAIL_SIZE_FIRST ? frame_size : TAIL_SIZE_FIRST)) {
        return ASSEMBLER_NO_MEMORY;
    }
    assembler__fill(assembler, input, input->size);
    return ASSEMBLER_MORE;
}

static enum assembler_result assembler__next_in_place(struct assembler *assembler,
                                                      struct buffer_pool *pool,
                                                      const struct pc_accept_table *table,
                                                      struct assembler_input *input,
                                                      struct assembler_output *output)
{
    if (input->size == 0) {
        return ASSEMBLER_MORE;
    }
    if (input->size < PC_FRAME_HEADER_SIZE) {
        return assembler__keep_start(assembler, pool, input, 0);
    }
    if (!assembler__judge_header(table, input->data, output)) {
        return ASSEMBLER_REFUSED;
    }
    if (input->size < output->frame.size) {
        return assembler__keep_start(assembler, pool, input, output->frame.size);
    }
    input->data += output->frame.size;
    input->size -= output->frame.size;
    return ASSEMBLER_FRAME;
}

/* The frame that lay in the tail has been handled. */
static void assembler__consume(struct assembler *assembler, struct buffer_pool *pool)
{
    if (assembler->taken == 0) {
        return;
    }
    ring_buffer_consume(&assembler->tail, assembler->taken);
    assembler->taken = 0;
    if (assembler->tail.size == 0) {
        assembler_reset(assembler, pool);
    }
}

enum assembler_result assembler_next(struct assembler *assembler,
                                     const struct assembler_memory *memory,
                                     const struct pc_accept_table *table,
                                     struct assembler_input *input, struct assembler_output *output)
{
    PC_CHECK(assembler_check(assembler));
    if (assembler->tail.size > 0) {
        assembler__consume(assembler, memory->pool);
    }
    if (assembler->tail.size > 0) {
        return assembler__next_in_tail(assembler, memory, table, input, output);
    }
    return assembler__next_in_place(assembler, memory->pool, table, input, output);
}

void assembler_unget(struct assembler *assembler, struct assembler_input *input,
                     const struct assembler_output *output)
{
    if (assembler->taken > 0) {
        assembler->taken = 0;
        return;
    }
    input->data -= output->frame.size;
    input->size += output->frame.size;
}

bool assembler_keep(struct assembler *assembler, struct buffer_pool *pool,
                    struct assembler_input *input)
{
    assembler__consume(assembler, pool);
    uint32_t size = assembler->tail.size + input->size;
    if (size == assembler->tail.size) {
        return true;
    }
    if (!assembler__reserve(assembler, pool, size)) {
        return false;
    }
    (void)assembler__fill(assembler, input, size);
    return true;
}

void assembler_reset(struct assembler *assembler, struct buffer_pool *pool)
{
    if (assembler->tail.storage != NULL) {
        buffer_pool_put(pool, assembler->tail.storage, assembler->tail.capacity);
    }
    *assembler = (struct assembler){.taken = 0};
}
