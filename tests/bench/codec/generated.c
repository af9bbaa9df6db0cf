/* The generated codec, every check on: lengths, enums, UTF-8, finite floats, no trailing bytes. */
#include "codec_case.h"
#include "pc/frame.h"
#include "proto/codec_codec.h"

static uint32_t generated__encode_move(const void *packet, uint8_t *bytes)
{
    codec_move_encode(packet, bytes);
    return codec_move_frame_size(packet);
}

static bool generated__decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    return codec_move_decode(bytes + PC_FRAME_HEADER_SIZE, size - PC_FRAME_HEADER_SIZE, packet) ==
           PC_WIRE_OK;
}

static uint32_t generated__encode_chat(const void *packet, uint8_t *bytes)
{
    uint32_t size = codec_chat_frame_size(packet);
    if (size != 0) {
        codec_chat_encode(packet, bytes);
    }
    return size;
}

static bool generated__decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    return codec_chat_decode(bytes + PC_FRAME_HEADER_SIZE, size - PC_FRAME_HEADER_SIZE, packet) ==
           PC_WIRE_OK;
}

static uint32_t generated__encode_spawn_list(const void *packet, uint8_t *bytes)
{
    uint32_t size = codec_spawn_list_frame_size(packet);
    if (size != 0) {
        codec_spawn_list_encode(packet, bytes);
    }
    return size;
}

static bool generated__decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    return codec_spawn_list_decode(bytes + PC_FRAME_HEADER_SIZE, size - PC_FRAME_HEADER_SIZE,
                                   packet) == PC_WIRE_OK;
}

static uint32_t generated__encode_login(const void *packet, uint8_t *bytes)
{
    uint32_t size = codec_login_frame_size(packet);
    if (size != 0) {
        codec_login_encode(packet, bytes);
    }
    return size;
}

static bool generated__decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    return codec_login_decode(bytes + PC_FRAME_HEADER_SIZE, size - PC_FRAME_HEADER_SIZE, packet) ==
           PC_WIRE_OK;
}

const struct codec_case codec_generated = {
    .name = "generated",
    .header_size = PC_FRAME_HEADER_SIZE,
    .encode = {generated__encode_move, generated__encode_chat, generated__encode_spawn_list,
               generated__encode_login},
    .decode = {generated__decode_move, generated__decode_chat, generated__decode_spawn_list,
               generated__decode_login},
};
