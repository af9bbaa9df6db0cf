/* What the generated table of test vectors is made of: one case for each packet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pc/wire.h"

/* A good payload and the struct that stands for it. */
struct codec_sample {
    const char *name;
    const void *packet;
    const uint8_t *payload;
    uint32_t payload_size;
    const uint32_t *ends; /* sizes where older bytes may end, rising; the last is payload_size */
};

/* A payload with one thing wrong. */
struct codec_broken {
    const char *what;
    const uint8_t *payload;
    uint32_t payload_size;
    enum pc_wire_error error;
};

/* A packet's codec behind one signature, and its vectors. */
struct codec_case {
    const char *name;
    uint16_t id;
    uint32_t frame_min;
    uint32_t frame_max;
    size_t packet_size; /* sizeof the struct */
    bool is_canonical;  /* what decodes has one form only: nothing in it grows */
    enum pc_wire_error (*decode)(const uint8_t *payload, uint32_t payload_size, void *packet);
    uint32_t (*frame_size)(const void *packet);
    void (*encode)(const void *packet, uint8_t *frame);
    const struct codec_sample *samples;
    size_t sample_count;
    const struct codec_broken *broken;
    size_t broken_count;
};

extern const struct codec_case codec_cases[];
extern const size_t codec_case_count;
