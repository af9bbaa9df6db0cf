/* The replies of one read, for one send: by reference while they are in one piece, which they are
 * but when the read began inside of a frame. Plain C11 that is also C++. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "frames.h"

#define BATCH_READ_MAX (64u * 1024) /* of one read */

/* Invariant: bytes points at size bytes, in the read or in copies; they end with the read's turn.
 */
struct batch {
    uint8_t *bytes;
    uint32_t size;
    uint8_t copies[BATCH_READ_MAX + FRAMES_SIZE_MAX];
};

/* stays: the bytes lie where they are until the batch is sent. Those of a frames_tail do not. */
static inline void batch_add(struct batch *batch, uint8_t *bytes, uint32_t size, bool stays)
{
    if (batch->size == 0 && stays) {
        batch->bytes = bytes;
        batch->size = size;
        return;
    }
    if (batch->size > 0 && batch->bytes != batch->copies) {
        memcpy(batch->copies, batch->bytes, batch->size);
    }
    batch->bytes = batch->copies;
    memcpy(batch->copies + batch->size, bytes, size);
    batch->size += size;
}
