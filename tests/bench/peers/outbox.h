/* Bytes on their way out of a peer's connection. Grown when needed and kept. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Invariant: sent <= size <= capacity. */
struct outbox {
    uint8_t *bytes;
    uint32_t size;
    uint32_t sent;
    uint32_t capacity;
};

static inline void outbox_append(struct outbox *box, const uint8_t *bytes, uint32_t size)
{
    if (box->capacity - box->size < size) {
        uint32_t capacity = box->capacity == 0 ? 128 : box->capacity;
        while (capacity - box->size < size) {
            capacity *= 2;
        }
        box->bytes = (uint8_t *)realloc(box->bytes, capacity);
        box->capacity = capacity;
    }
    memcpy(box->bytes + box->size, bytes, size);
    box->size += size;
}
