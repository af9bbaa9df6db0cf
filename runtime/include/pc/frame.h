/* The frame: what one packet looks like on every connection.
 *
 *     0        2        4                          size
 *     +--------+--------+---------------------------+
 *     | size   | id     | payload                   |     little-endian
 *     +--------+--------+---------------------------+
 *
 * size counts the whole frame, its own four bytes included: 4 <= size <= frame_size_max <= 65535.
 * Id 0 is never valid. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PC_FRAME_HEADER_SIZE 4u
#define PC_FRAME_SIZE_LIMIT  65535u

/* A whole frame, seen where it lies. Valid until the handler returns. */
struct pc_frame {
    const uint8_t *payload; /* the header's four bytes lie directly before it */
    uint16_t size;          /* bytes, header included */
    uint16_t id;
};

static inline uint32_t pc_frame_payload_size(const struct pc_frame *frame)
{
    return frame->size - PC_FRAME_HEADER_SIZE;
}

/* First byte of the frame, that is of its header. */
static inline const uint8_t *pc_frame_bytes(const struct pc_frame *frame)
{
    return frame->payload - PC_FRAME_HEADER_SIZE;
}

static inline uint16_t pc_frame_get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | (uint16_t)(bytes[1] << 8));
}

/* Write a frame's header. size: bytes of the whole frame. */
static inline void pc_frame_put_header(uint8_t *bytes, uint32_t size, uint16_t id)
{
    bytes[0] = (uint8_t)size;
    bytes[1] = (uint8_t)(size >> 8);
    bytes[2] = (uint8_t)id;
    bytes[3] = (uint8_t)(id >> 8);
}

/* View of the frame whose header begins at bytes; the caller has checked that all of it is there.
 */
static inline struct pc_frame pc_frame_at(const uint8_t *bytes)
{
    /* One word, or the compiler makes a vector of the two halves, whose way back is long. */
    uint32_t header = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                      (uint32_t)bytes[3] << 24;
    struct pc_frame frame; /* no designators: C++ includes this before C++20 */
    frame.payload = bytes + PC_FRAME_HEADER_SIZE;
    frame.size = (uint16_t)header;
    frame.id = (uint16_t)(header >> 16);
    return frame;
}

#ifdef __cplusplus
}
#endif
