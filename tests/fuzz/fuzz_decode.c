/* Fuzzes every decoder: what it accepts must encode to the same bytes again.
 *
 * Input: a packet id (two bytes, little-endian), then the payload. An id that no packet has picks
 * one by remainder. The payload is a heap block of its exact size, so that reading past it is
 * seen; so is the frame that the encoder fills. */
#include <stdlib.h>
#include <string.h>

#include "codec_table.h"
#include "pc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct codec *fuzz__pick(uint16_t id)
{
    for (uint32_t i = 0; i < codec_count; i++) {
        if (codecs[i].id == id) {
            return &codecs[i];
        }
    }
    return &codecs[id % codec_count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > PC_FRAME_SIZE_LIMIT) {
        return 0;
    }
    uint32_t payload_size = (uint32_t)size - 2;
    uint8_t *payload = malloc(payload_size + (payload_size == 0));
    if (payload == NULL) {
        return 0;
    }
    memcpy(payload, data + 2, payload_size);
    fuzz__pick(pc_frame_get_u16(data))->check(payload, payload_size);
    free(payload);
    return 0;
}
