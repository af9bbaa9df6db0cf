/* Frames of the load generator; see wire.h. A body is a window on one table of random bytes, at a
 * place that client and sequence decide, so that checking it costs one memcmp. */
#include "wire.h"

#include <string.h>

#define TABLE_SIZE 4096u

static uint8_t wire__table[TABLE_SIZE + WIRE_BODY_MAX];

void wire_init(void)
{
    uint32_t x = 2463534242u;
    for (uint32_t i = 0; i < sizeof wire__table; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        wire__table[i] = (uint8_t)(x >> 11);
    }
}

static const uint8_t *wire__body(const struct wire_frame *frame)
{
    return wire__table + (frame->client * 131u + frame->sequence * 17u) % TABLE_SIZE;
}

static void wire__put_head(const struct wire_frame *frame, uint8_t *bytes)
{
    uint32_t size = wire_size(frame);
    bytes[0] = (uint8_t)size;
    bytes[1] = (uint8_t)(size >> 8);
    bytes[2] = (uint8_t)frame->id;
    bytes[3] = (uint8_t)(frame->id >> 8);
    for (uint32_t i = 0; i < 4; i++) {
        bytes[4 + i] = (uint8_t)(frame->sequence >> (8 * i));
    }
    bytes[8] = (uint8_t)(frame->sequence % 3);
    bytes[9] = (uint8_t)(frame->sequence & 1);
    bytes[10] = (uint8_t)frame->body_size;
    bytes[11] = (uint8_t)(frame->body_size >> 8);
}

void wire_put(const struct wire_frame *frame, uint8_t *bytes)
{
    wire__put_head(frame, bytes);
    memcpy(bytes + WIRE_HEAD_SIZE, wire__body(frame), frame->body_size);
}

bool wire_is(const struct wire_frame *frame, const uint8_t *bytes)
{
    uint8_t head[WIRE_HEAD_SIZE];
    wire__put_head(frame, head);
    return memcmp(bytes, head, sizeof head) == 0 &&
           memcmp(bytes + WIRE_HEAD_SIZE, wire__body(frame), frame->body_size) == 0;
}
