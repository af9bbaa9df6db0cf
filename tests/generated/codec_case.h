/* What the generated table of test vectors is made of: one case for each packet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pc/wire.h"

/* A good payload and the struct that stands for it. */
struct codec_accept {
    const char *name;
    const void *packet;
    const uint8_t *payload;
    uint32_t payload_size;
    const uint8_t *encoded; /* what the newest version makes of the struct; mostly the payload */
    uint32_t encoded_size;
    uint16_t version;     /* of an older sender that makes the payload; 0: none */
    bool has_cuts;        /* at every size but cuts the payload is truncated */
    const uint32_t *cuts; /* sizes where older bytes may end, rising; the last is payload_size */
};

/* A struct that is not exactly what its payload says, such as a number between two steps. */
struct codec_encode {
    const char *name;
    const void *packet;
    const uint8_t *payload;
    uint32_t payload_size;
};

/* A payload with one thing wrong. */
struct codec_reject {
    const char *name;
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
    uint32_t (*frame_size_at)(const void *packet, uint16_t version); /* NULL: did not grow */
    void (*encode_at)(const void *packet, uint16_t version, uint8_t *frame);
    const struct codec_accept *accepts; /* the least of everything comes first */
    size_t accept_count;
    const struct codec_encode *encodes;
    size_t encode_count;
    const struct codec_reject *rejects;
    size_t reject_count;
};

extern const struct codec_case codec_cases[];
extern const size_t codec_case_count;
