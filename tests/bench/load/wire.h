/* The frames of protocol/bench.yaml as the load generator makes and checks them, by hand: a fault
 * of the generated codec must not hide in its own mirror. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WIRE_ECHO     0x0100u
#define WIRE_SHOUT    0x0101u
#define WIRE_FAR_ECHO 0x0180u
#define WIRE_REPLY    0x0100u /* added to a request's id */

#define WIRE_HEAD_SIZE 12u /* header, sequence, channel, urgent, size of the body */
#define WIRE_BODY_MAX  2048u
#define WIRE_FRAME_MAX (WIRE_HEAD_SIZE + WIRE_BODY_MAX)

/* Which frame: its body and all fields follow from these. */
struct wire_frame {
    uint32_t client; /* bodies of different clients differ */
    uint32_t sequence;
    uint16_t id;
    uint16_t body_size;
};

/* Fill the table that bodies are cut from. */
void wire_init(void);

/* Writes WIRE_HEAD_SIZE + body_size bytes. */
void wire_put(const struct wire_frame *frame, uint8_t *bytes);

/* True if the bytes are exactly this frame. */
bool wire_is(const struct wire_frame *frame, const uint8_t *bytes);

static inline uint32_t wire_size(const struct wire_frame *frame)
{
    return WIRE_HEAD_SIZE + frame->body_size;
}
