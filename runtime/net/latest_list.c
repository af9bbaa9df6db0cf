/* Newest-only frames; see latest_list.h. Failure: no memory in the pool. */
#include "net/latest_list.h"

#include <string.h>

#include "pc/check.h"
#include "pc/frame.h"

void latest_list_check(const struct latest_list *list)
{
    uint32_t count = 0;
    uint32_t bytes = 0;
    for (const struct latest_frame *frame = list->head; frame != NULL; frame = frame->next) {
        PC_ASSERT(frame->next != NULL || frame == list->tail);
        count++;
        bytes += frame->size;
    }
    PC_ASSERT(count == list->count);
    PC_ASSERT(bytes == list->bytes);
    PC_ASSERT(count <= LATEST_COUNT_MAX);
}

static struct latest_frame *latest_list__make(struct buffer_pool *pool, uint64_t key,
                                              const uint8_t *bytes, uint32_t size)
{
    uint32_t wanted = size + (uint32_t)sizeof(struct latest_frame);
    struct latest_frame *frame = buffer_pool_take(pool, wanted);
    if (frame == NULL) {
        return NULL;
    }
    *frame = (struct latest_frame){
        .key = key,
        .size = size,
        .capacity = buffer_pool_capacity(wanted),
    };
    memcpy(frame + 1, bytes, size);
    return frame;
}

/* Put made in the place of the frame that *place points at, which is freed. */
static void latest_list__replace(struct latest_list *list, struct buffer_pool *pool,
                                 struct latest_frame **place, struct latest_frame *made)
{
    struct latest_frame *old = *place;
    made->next = old->next;
    *place = made;
    if (list->tail == old) {
        list->tail = made;
    }
    list->bytes = list->bytes - old->size + made->size;
    latest_list_free(old, pool);
}

static void latest_list__append(struct latest_list *list, struct latest_frame *made)
{
    if (list->tail == NULL) {
        list->head = made;
    } else {
        list->tail->next = made;
    }
    list->tail = made;
    list->count++;
    list->bytes += made->size;
}

/* Both tell of the same thing: the ids in their headers and their keys are equal. */
static bool latest_list__is_same(const struct latest_frame *frame, uint64_t key,
                                 const uint8_t *bytes)
{
    return frame->key == key &&
           pc_frame_get_u16(latest_frame_bytes(frame) + 2) == pc_frame_get_u16(bytes + 2);
}

enum latest_result latest_list_put(struct latest_list *list, struct buffer_pool *pool, uint64_t key,
                                   const uint8_t *bytes, uint32_t size)
{
    struct latest_frame *made = latest_list__make(pool, key, bytes, size);
    if (made == NULL) {
        return LATEST_NO_MEMORY;
    }
    struct latest_frame **place = &list->head;
    while (*place != NULL && !latest_list__is_same(*place, key, bytes)) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        latest_list__replace(list, pool, place, made);
        return LATEST_REPLACED;
    }
    bool is_full = list->count == LATEST_COUNT_MAX;
    if (is_full) {
        latest_list_free(latest_list_pop(list), pool);
    }
    latest_list__append(list, made);
    return is_full ? LATEST_EVICTED : LATEST_ADDED;
}

struct latest_frame *latest_list_pop(struct latest_list *list)
{
    struct latest_frame *frame = list->head;
    if (frame == NULL) {
        return NULL;
    }
    list->head = frame->next;
    if (list->head == NULL) {
        list->tail = NULL;
    }
    list->count--;
    list->bytes -= frame->size;
    return frame;
}

uint32_t latest_list_memory(const struct latest_list *list)
{
    uint32_t memory = 0;
    for (const struct latest_frame *frame = list->head; frame != NULL; frame = frame->next) {
        memory += frame->capacity;
    }
    return memory;
}

void latest_list_free(struct latest_frame *frame, struct buffer_pool *pool)
{
    buffer_pool_put(pool, frame, frame->capacity);
}

void latest_list_clear(struct latest_list *list, struct buffer_pool *pool)
{
    for (struct latest_frame *frame = latest_list_pop(list); frame != NULL;
         frame = latest_list_pop(list)) {
        latest_list_free(frame, pool);
    }
}
