/* Every packet's codec behind one signature; codec_table.c is made by make_tables.py. */
#pragma once

#include <stdint.h>

struct codec {
    const char *name;
    /* Decode; if that works encode again and assert that the bytes are the same. */
    void (*check)(const uint8_t *payload, uint32_t payload_size);
    uint16_t id;
};

extern const struct codec codecs[];
extern const uint32_t codec_count;
