/* msgpack-c: arrays without names, into a buffer of our own; decoding into its objects in a zone
 * that is kept, then into our structs. It checks neither UTF-8 nor floats. */
#include <msgpack.h>
#include <string.h>

#include "codec_case.h"

struct span {
    uint8_t *bytes;
    uint32_t size;
};

static int span_write(void *data, const char *bytes, size_t size)
{
    struct span *span = data;
    memcpy(span->bytes + span->size, bytes, size);
    span->size += (uint32_t)size;
    return 0;
}

static void put_text(msgpack_packer *packer, const char *text, uint16_t size)
{
    (void)msgpack_pack_str(packer, size);
    (void)msgpack_pack_str_body(packer, text, size);
}

static uint32_t msgpack__encode_move(const void *packet, uint8_t *bytes)
{
    const struct codec_move *move = packet;
    struct span span = {bytes, 0};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &span, span_write);
    (void)msgpack_pack_array(&packer, 6);
    (void)msgpack_pack_uint32(&packer, move->id);
    (void)msgpack_pack_uint32(&packer, move->tick);
    (void)msgpack_pack_float(&packer, move->x);
    (void)msgpack_pack_float(&packer, move->y);
    (void)msgpack_pack_float(&packer, move->z);
    (void)msgpack_pack_float(&packer, move->heading);
    return span.size;
}

static uint32_t msgpack__encode_chat(const void *packet, uint8_t *bytes)
{
    const struct codec_chat *chat = packet;
    struct span span = {bytes, 0};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &span, span_write);
    (void)msgpack_pack_array(&packer, 2);
    (void)msgpack_pack_uint32(&packer, chat->sender);
    put_text(&packer, chat->text, chat->text_size);
    return span.size;
}

static uint32_t msgpack__encode_spawn_list(const void *packet, uint8_t *bytes)
{
    const struct codec_spawn_list *list = packet;
    struct span span = {bytes, 0};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &span, span_write);
    (void)msgpack_pack_array(&packer, list->entries_count);
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const struct codec_spawn *spawn = &list->entries[i];
        (void)msgpack_pack_array(&packer, 6);
        (void)msgpack_pack_uint32(&packer, spawn->id);
        (void)msgpack_pack_uint8(&packer, (uint8_t)spawn->kind);
        (void)msgpack_pack_float(&packer, spawn->x);
        (void)msgpack_pack_float(&packer, spawn->y);
        (void)msgpack_pack_float(&packer, spawn->z);
        put_text(&packer, spawn->name, spawn->name_size);
    }
    return span.size;
}

static uint32_t msgpack__encode_login(const void *packet, uint8_t *bytes)
{
    const struct codec_login *login = packet;
    struct span span = {bytes, 0};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &span, span_write);
    (void)msgpack_pack_array(&packer, 4);
    (void)msgpack_pack_uint32(&packer, login->version);
    put_text(&packer, login->account, login->account_size);
    put_text(&packer, login->password, login->password_size);
    (void)msgpack_pack_uint64(&packer, login->token);
    return span.size;
}

/* The fields of an array of the right length, or NULL. */
static const msgpack_object *unpack(const uint8_t *bytes, uint32_t size, uint32_t *count)
{
    static msgpack_zone zone;
    static msgpack_object object;
    static bool is_made;
    size_t at = 0;
    if (!is_made) {
        is_made = msgpack_zone_init(&zone, 65536);
    }
    msgpack_zone_clear(&zone);
    if (msgpack_unpack((const char *)bytes, size, &at, &zone, &object) != MSGPACK_UNPACK_SUCCESS ||
        object.type != MSGPACK_OBJECT_ARRAY || (*count != 0 && object.via.array.size != *count)) {
        return NULL;
    }
    *count = object.via.array.size;
    return object.via.array.ptr;
}

static bool get_text(const msgpack_object *object, char *text, uint16_t *text_size, uint32_t most)
{
    if (object->type != MSGPACK_OBJECT_STR || object->via.str.size > most) {
        return false;
    }
    *text_size = (uint16_t)object->via.str.size;
    memcpy(text, object->via.str.ptr, *text_size);
    text[*text_size] = '\0';
    return true;
}

static bool msgpack__decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_move *move = packet;
    uint32_t count = 6;
    const msgpack_object *fields = unpack(bytes, size, &count);
    if (fields == NULL) {
        return false;
    }
    move->id = (uint32_t)fields[0].via.u64;
    move->tick = (uint32_t)fields[1].via.u64;
    move->x = (float)fields[2].via.f64;
    move->y = (float)fields[3].via.f64;
    move->z = (float)fields[4].via.f64;
    move->heading = (float)fields[5].via.f64;
    return true;
}

static bool msgpack__decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_chat *chat = packet;
    uint32_t count = 2;
    const msgpack_object *fields = unpack(bytes, size, &count);
    if (fields == NULL) {
        return false;
    }
    chat->sender = (uint32_t)fields[0].via.u64;
    return get_text(&fields[1], chat->text, &chat->text_size, CODEC_CHAT_MAX);
}

static bool msgpack__decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_spawn_list *list = packet;
    uint32_t count = 0;
    const msgpack_object *entries = unpack(bytes, size, &count);
    if (entries == NULL || count > CODEC_ENTRIES_MAX) {
        return false;
    }
    list->entries_count = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++) {
        struct codec_spawn *spawn = &list->entries[i];
        const msgpack_object *fields = entries[i].via.array.ptr;
        if (entries[i].type != MSGPACK_OBJECT_ARRAY || entries[i].via.array.size != 6) {
            return false;
        }
        spawn->id = (uint32_t)fields[0].via.u64;
        spawn->kind = (enum codec_spawn_kind)fields[1].via.u64;
        spawn->x = (float)fields[2].via.f64;
        spawn->y = (float)fields[3].via.f64;
        spawn->z = (float)fields[4].via.f64;
        if (!get_text(&fields[5], spawn->name, &spawn->name_size, CODEC_NAME_MAX)) {
            return false;
        }
    }
    return true;
}

static bool msgpack__decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_login *login = packet;
    uint32_t count = 4;
    const msgpack_object *fields = unpack(bytes, size, &count);
    if (fields == NULL) {
        return false;
    }
    login->version = (uint32_t)fields[0].via.u64;
    login->token = fields[3].via.u64;
    return get_text(&fields[1], login->account, &login->account_size, CODEC_NAME_MAX) &&
           get_text(&fields[2], login->password, &login->password_size, CODEC_NAME_MAX);
}

const struct codec_case codec_msgpack = {
    .name = "msgpack-c",
    .encode = {msgpack__encode_move, msgpack__encode_chat, msgpack__encode_spawn_list,
               msgpack__encode_login},
    .decode = {msgpack__decode_move, msgpack__decode_chat, msgpack__decode_spawn_list,
               msgpack__decode_login},
};
