/* Path: beside [9], frames of which only the newest matters, while the send queue is long.
 *
 * At most one frame per packet id and key, in the order in which they first came. Bounded: when it
 * is full the oldest gives way, since all of them are states that a newer packet will tell again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer_pool.h"

#define LATEST_COUNT_MAX 64u /* keys per session; searched one by one */

struct latest_frame;

/* Invariant: count frames hang between head and tail, no two with the same id and key; bytes is the
 * sum of their sizes. */
struct latest_list {
    struct latest_frame *head;
    struct latest_frame *tail;
    uint32_t count;
    uint32_t bytes;
};

enum latest_result {
    LATEST_ADDED,
    LATEST_REPLACED, /* the older frame of the same id and key was dropped */
    LATEST_EVICTED,  /* the list was full: the oldest frame was dropped, of another id or key */
    LATEST_NO_MEMORY /* nothing was changed */
};

/* A frame taken out of the list; its bytes follow. */
struct latest_frame {
    struct latest_frame *next;
    uint64_t key;
    uint32_t size;     /* bytes of the frame */
    uint32_t capacity; /* of the whole buffer, as the pool knows it */
};

void latest_list_check(const struct latest_list *list);

enum latest_result latest_list_put(struct latest_list *list, struct buffer_pool *pool, uint64_t key,
                                   const uint8_t *frame, uint32_t size);

/* Bytes of the pool that the list holds. It is counted, which is for rare looks. */
uint32_t latest_list_memory(const struct latest_list *list);

/* The oldest, or NULL; give it back with latest_list_free. */
struct latest_frame *latest_list_pop(struct latest_list *list);
void latest_list_free(struct latest_frame *frame, struct buffer_pool *pool);

static inline const uint8_t *latest_frame_bytes(const struct latest_frame *frame)
{
    return (const uint8_t *)(frame + 1);
}

void latest_list_clear(struct latest_list *list, struct buffer_pool *pool);
