/* protobuf-c: its generated structs are filled, packed and unpacked; unpacking allocates. */
#include <string.h>

#include "bench.pb-c.h"
#include "codec_case.h"

static bool get_text(const char *source, char *text, uint16_t *text_size, size_t most)
{
    size_t size = strlen(source);
    if (size > most) {
        return false;
    }
    *text_size = (uint16_t)size;
    memcpy(text, source, size + 1);
    return true;
}

static uint32_t protobuf_c__encode_move(const void *packet, uint8_t *bytes)
{
    const struct codec_move *move = packet;
    Benchpb__Move message = BENCHPB__MOVE__INIT;
    message.id = move->id;
    message.tick = move->tick;
    message.x = move->x;
    message.y = move->y;
    message.z = move->z;
    message.heading = move->heading;
    return (uint32_t)benchpb__move__pack(&message, bytes);
}

static uint32_t protobuf_c__encode_chat(const void *packet, uint8_t *bytes)
{
    const struct codec_chat *chat = packet;
    Benchpb__Chat message = BENCHPB__CHAT__INIT;
    message.sender = chat->sender;
    message.text = (char *)(uintptr_t)chat->text;
    return (uint32_t)benchpb__chat__pack(&message, bytes);
}

static uint32_t protobuf_c__encode_spawn_list(const void *packet, uint8_t *bytes)
{
    const struct codec_spawn_list *list = packet;
    static Benchpb__Spawn entries[CODEC_ENTRIES_MAX];
    Benchpb__Spawn *pointers[CODEC_ENTRIES_MAX];
    Benchpb__SpawnList message = BENCHPB__SPAWN_LIST__INIT;
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const struct codec_spawn *spawn = &list->entries[i];
        benchpb__spawn__init(&entries[i]);
        entries[i].id = spawn->id;
        entries[i].kind = spawn->kind;
        entries[i].x = spawn->x;
        entries[i].y = spawn->y;
        entries[i].z = spawn->z;
        entries[i].name = (char *)(uintptr_t)spawn->name;
        pointers[i] = &entries[i];
    }
    message.n_entries = list->entries_count;
    message.entries = pointers;
    return (uint32_t)benchpb__spawn_list__pack(&message, bytes);
}

static uint32_t protobuf_c__encode_login(const void *packet, uint8_t *bytes)
{
    const struct codec_login *login = packet;
    Benchpb__Login message = BENCHPB__LOGIN__INIT;
    message.version = login->version;
    message.account = (char *)(uintptr_t)login->account;
    message.password = (char *)(uintptr_t)login->password;
    message.token = login->token;
    return (uint32_t)benchpb__login__pack(&message, bytes);
}

static bool protobuf_c__decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    Benchpb__Move *message = benchpb__move__unpack(NULL, size, bytes);
    if (message == NULL) {
        return false;
    }
    *(struct codec_move *)packet = (struct codec_move){
        message->id, message->tick, message->x, message->y, message->z, message->heading};
    benchpb__move__free_unpacked(message, NULL);
    return true;
}

static bool protobuf_c__decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_chat *chat = packet;
    Benchpb__Chat *message = benchpb__chat__unpack(NULL, size, bytes);
    if (message == NULL) {
        return false;
    }
    chat->sender = message->sender;
    bool is_good = get_text(message->text, chat->text, &chat->text_size, CODEC_CHAT_MAX);
    benchpb__chat__free_unpacked(message, NULL);
    return is_good;
}

static bool protobuf_c__decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_spawn_list *list = packet;
    Benchpb__SpawnList *message = benchpb__spawn_list__unpack(NULL, size, bytes);
    bool is_good = message != NULL && message->n_entries <= CODEC_ENTRIES_MAX;
    list->entries_count = is_good ? (uint16_t)message->n_entries : 0;
    for (uint32_t i = 0; is_good && i < list->entries_count; i++) {
        const Benchpb__Spawn *entry = message->entries[i];
        struct codec_spawn *spawn = &list->entries[i];
        spawn->id = entry->id;
        spawn->kind = (enum codec_spawn_kind)entry->kind;
        spawn->x = entry->x;
        spawn->y = entry->y;
        spawn->z = entry->z;
        is_good = get_text(entry->name, spawn->name, &spawn->name_size, CODEC_NAME_MAX);
    }
    benchpb__spawn_list__free_unpacked(message, NULL);
    return is_good;
}

static bool protobuf_c__decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_login *login = packet;
    Benchpb__Login *message = benchpb__login__unpack(NULL, size, bytes);
    if (message == NULL) {
        return false;
    }
    login->version = message->version;
    login->token = message->token;
    bool is_good =
        get_text(message->account, login->account, &login->account_size, CODEC_NAME_MAX) &&
        get_text(message->password, login->password, &login->password_size, CODEC_NAME_MAX);
    benchpb__login__free_unpacked(message, NULL);
    return is_good;
}

const struct codec_case codec_protobuf_c = {
    .name = "protobuf-c",
    .encode = {protobuf_c__encode_move, protobuf_c__encode_chat, protobuf_c__encode_spawn_list,
               protobuf_c__encode_login},
    .decode = {protobuf_c__decode_move, protobuf_c__decode_chat, protobuf_c__decode_spawn_list,
               protobuf_c__decode_login},
};
