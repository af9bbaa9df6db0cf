/* nanopb: plain structs with bounds, as ours, filled and read field by field. It checks bounds, but
 * neither UTF-8 nor floats. */
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "codec_case.h"
#include "nanopb/bench.pb.h"
#include "proto/codec_ids.h"

static uint32_t finish(const pb_msgdesc_t *fields, const void *message, uint8_t *bytes)
{
    pb_ostream_t stream = pb_ostream_from_buffer(bytes, CODEC_BYTES_MAX);
    return pb_encode(&stream, fields, message) ? (uint32_t)stream.bytes_written : 0;
}

static bool parse(const pb_msgdesc_t *fields, void *message, const uint8_t *bytes, uint32_t size)
{
    pb_istream_t stream = pb_istream_from_buffer(bytes, size);
    return pb_decode(&stream, fields, message);
}

static void get_text(const char *source, char *text, uint16_t *text_size)
{
    size_t size = strlen(source);
    *text_size = (uint16_t)size;
    memcpy(text, source, size + 1);
}

static uint32_t nanopb__encode_move(const void *packet, uint8_t *bytes)
{
    const struct codec_move *move = packet;
    benchpb_Move message = {move->id, move->tick, move->x, move->y, move->z, move->heading};
    return finish(benchpb_Move_fields, &message, bytes);
}

static uint32_t nanopb__encode_chat(const void *packet, uint8_t *bytes)
{
    const struct codec_chat *chat = packet;
    benchpb_Chat message;
    message.sender = chat->sender;
    memcpy(message.text, chat->text, chat->text_size + 1u);
    return finish(benchpb_Chat_fields, &message, bytes);
}

static uint32_t nanopb__encode_spawn_list(const void *packet, uint8_t *bytes)
{
    static benchpb_SpawnList message;
    const struct codec_spawn_list *list = packet;
    message.entries_count = list->entries_count;
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const struct codec_spawn *spawn = &list->entries[i];
        benchpb_Spawn *entry = &message.entries[i];
        entry->id = spawn->id;
        entry->kind = (uint32_t)spawn->kind;
        entry->x = spawn->x;
        entry->y = spawn->y;
        entry->z = spawn->z;
        memcpy(entry->name, spawn->name, spawn->name_size + 1u);
    }
    return finish(benchpb_SpawnList_fields, &message, bytes);
}

static uint32_t nanopb__encode_login(const void *packet, uint8_t *bytes)
{
    const struct codec_login *login = packet;
    benchpb_Login message;
    message.version = login->version;
    message.token = login->token;
    memcpy(message.account, login->account, login->account_size + 1u);
    memcpy(message.password, login->password, login->password_size + 1u);
    return finish(benchpb_Login_fields, &message, bytes);
}

static bool nanopb__decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    benchpb_Move message;
    if (!parse(benchpb_Move_fields, &message, bytes, size)) {
        return false;
    }
    *(struct codec_move *)packet = (struct codec_move){message.id, message.tick, message.x,
                                                       message.y,  message.z,    message.heading};
    return true;
}

static bool nanopb__decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_chat *chat = packet;
    benchpb_Chat message;
    if (!parse(benchpb_Chat_fields, &message, bytes, size)) {
        return false;
    }
    chat->sender = message.sender;
    get_text(message.text, chat->text, &chat->text_size);
    return true;
}

static bool nanopb__decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    static benchpb_SpawnList message;
    struct codec_spawn_list *list = packet;
    if (!parse(benchpb_SpawnList_fields, &message, bytes, size)) {
        return false;
    }
    list->entries_count = (uint16_t)message.entries_count;
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const benchpb_Spawn *entry = &message.entries[i];
        struct codec_spawn *spawn = &list->entries[i];
        spawn->id = entry->id;
        spawn->kind = (enum codec_spawn_kind)entry->kind;
        spawn->x = entry->x;
        spawn->y = entry->y;
        spawn->z = entry->z;
        get_text(entry->name, spawn->name, &spawn->name_size);
    }
    return true;
}

static bool nanopb__decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_login *login = packet;
    benchpb_Login message;
    if (!parse(benchpb_Login_fields, &message, bytes, size)) {
        return false;
    }
    login->version = message.version;
    login->token = message.token;
    get_text(message.account, login->account, &login->account_size);
    get_text(message.password, login->password, &login->password_size);
    return true;
}

const struct codec_case codec_nanopb = {
    .name = "nanopb",
    .encode = {nanopb__encode_move, nanopb__encode_chat, nanopb__encode_spawn_list,
               nanopb__encode_login},
    .decode = {nanopb__decode_move, nanopb__decode_chat, nanopb__decode_spawn_list,
               nanopb__decode_login},
};
