/* One codec under test: how it encodes and decodes each of the four packets. Values are the
 * generated structs of codec.yaml for all, for a game has structs of its own and pays for
 * filling a library's objects. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "proto/codec_types.h"

#define CODEC_BYTES_MAX 4096u

/* Returns the bytes written, 0 if it cannot. */
typedef uint32_t codec_encode_fn(const void *packet, uint8_t *bytes);
/* False if the bytes break the schema. */
typedef bool codec_decode_fn(const uint8_t *bytes, uint32_t size, void *packet);

enum codec_kind {
    CODEC_MOVE,
    CODEC_CHAT,
    CODEC_SPAWN_LIST,
    CODEC_LOGIN,
    CODEC_KIND_COUNT
};

struct codec_case {
    const char *name;
    uint32_t header_size; /* bytes before the payload: a frame's, which a library's message lacks */
    codec_encode_fn *encode[CODEC_KIND_COUNT];
    codec_decode_fn *decode[CODEC_KIND_COUNT];
};

extern const struct codec_case codec_capnp;
extern const struct codec_case codec_flatbuffers;
extern const struct codec_case codec_generated;
extern const struct codec_case codec_hand;
extern const struct codec_case codec_msgpack;
extern const struct codec_case codec_nanopb;
extern const struct codec_case codec_protobuf_c;
extern const struct codec_case codec_protobuf_cpp;

/* Since the start of the program. */
extern uint64_t allocation_count;

#ifdef __cplusplus
}
#endif
