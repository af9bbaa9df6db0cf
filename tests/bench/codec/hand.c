/* The codec that somebody would write by hand with all the time in the world: the same bytes and
 * the same checks as the generated one. It counts on a little-endian machine. */
#include <stddef.h>
#include <string.h>

#include "codec_case.h"
#include "pc/wire.h"
#include "proto/codec_ids.h"

#define HEAD_SIZE 4u
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

static uint64_t hand__suspects(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word | (word - LOW_BITS);
}

/* Nearly all text is ASCII: whole words, the last of them overlapping. */
static bool hand__is_text(const uint8_t *bytes, uint32_t size)
{
    uint64_t suspects = 0;
    if (size >= 8) {
        for (uint32_t at = 0; at + 8 < size; at += 8) {
            suspects |= hand__suspects(bytes + at);
        }
        suspects |= hand__suspects(bytes + size - 8);
    } else {
        for (uint32_t at = 0; at < size; at++) {
            suspects |= (uint64_t)bytes[at] | ((uint64_t)bytes[at] - 1);
        }
    }
    return (suspects & HIGH_BITS) == 0 || pc_wire_utf8_is_valid(bytes, size);
}

/* Looked at where they lie on the wire: loads of what was just copied would wait for the stores. */
static bool hand__is_finite(const uint8_t *bytes, uint32_t count)
{
    uint32_t is_bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, bytes + i * 4, sizeof bits);
        is_bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return is_bad == 0;
}

/* Text of at most size_max bytes with its size before it; NULL if it is not right. */
static inline const uint8_t *hand__get_text(const uint8_t *at, const uint8_t *end, char *text,
                                            uint16_t *text_size, uint32_t size_max)
{
    if (at == end || *at > size_max || (size_t)(end - at) < 1u + *at) {
        return NULL;
    }
    uint32_t size = *at++;
    if (!hand__is_text(at, size)) {
        return NULL;
    }
    *text_size = (uint16_t)size;
    if (size_max == CODEC_NAME_MAX && end - at >= (ptrdiff_t)CODEC_NAME_MAX) {
        memcpy(text, at, CODEC_NAME_MAX); /* a copy of known size is three moves */
    } else {
        memcpy(text, at, size);
    }
    text[size] = '\0';
    return at + size;
}

static uint8_t *hand__put_text(uint8_t *at, const char *text, uint32_t size)
{
    *at++ = (uint8_t)size;
    memcpy(at, text, size);
    return at + size;
}

static uint32_t hand__finish(uint8_t *bytes, const uint8_t *end, uint16_t id)
{
    uint16_t head[2] = {(uint16_t)(end - bytes), id};
    memcpy(bytes, head, sizeof head);
    return head[0];
}

static uint32_t hand__encode_move(const void *packet, uint8_t *bytes)
{
    memcpy(bytes + HEAD_SIZE, packet, sizeof(struct codec_move));
    return hand__finish(bytes, bytes + HEAD_SIZE + sizeof(struct codec_move), CODEC_MOVE_ID);
}

static bool hand__decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_move *move = packet;
    if (size != HEAD_SIZE + sizeof *move || !hand__is_finite(bytes + HEAD_SIZE + 8, 4)) {
        return false;
    }
    memcpy(move, bytes + HEAD_SIZE, sizeof *move);
    return true;
}

static uint32_t hand__encode_chat(const void *packet, uint8_t *bytes)
{
    const struct codec_chat *chat = packet;
    if (chat->text_size > CODEC_CHAT_MAX) {
        return 0;
    }
    memcpy(bytes + HEAD_SIZE, &chat->sender, 4);
    return hand__finish(bytes, hand__put_text(bytes + HEAD_SIZE + 4, chat->text, chat->text_size),
                        CODEC_CHAT_ID);
}

static bool hand__decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_chat *chat = packet;
    if (size < HEAD_SIZE + 5) {
        return false;
    }
    memcpy(&chat->sender, bytes + HEAD_SIZE, 4);
    return hand__get_text(bytes + HEAD_SIZE + 4, bytes + size, chat->text, &chat->text_size,
                          CODEC_CHAT_MAX) == bytes + size;
}

static uint32_t hand__encode_spawn_list(const void *packet, uint8_t *bytes)
{
    const struct codec_spawn_list *list = packet;
    uint8_t *at = bytes + HEAD_SIZE;
    if (list->entries_count > CODEC_ENTRIES_MAX) {
        return 0;
    }
    *at++ = (uint8_t)list->entries_count;
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const struct codec_spawn *spawn = &list->entries[i];
        if (spawn->name_size > CODEC_NAME_MAX) {
            return 0;
        }
        memcpy(at, &spawn->id, 4);
        at[4] = (uint8_t)spawn->kind;
        memcpy(at + 5, &spawn->x, 12);
        at = hand__put_text(at + 17, spawn->name, spawn->name_size);
    }
    return hand__finish(bytes, at, CODEC_SPAWN_LIST_ID);
}

static const uint8_t *hand__get_spawn(const uint8_t *at, const uint8_t *end,
                                      struct codec_spawn *spawn)
{
    if (end - at < 18 || at[4] > CODEC_SPAWN_KIND_GATE || !hand__is_finite(at + 5, 3)) {
        return NULL;
    }
    memcpy(&spawn->id, at, 4);
    spawn->kind = (enum codec_spawn_kind)at[4];
    memcpy(&spawn->x, at + 5, 12);
    return hand__get_text(at + 17, end, spawn->name, &spawn->name_size, CODEC_NAME_MAX);
}

static bool hand__decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_spawn_list *list = packet;
    const uint8_t *at = bytes + HEAD_SIZE;
    const uint8_t *end = bytes + size;
    if (size < HEAD_SIZE + 1 || *at > CODEC_ENTRIES_MAX) {
        return false;
    }
    list->entries_count = *at++;
    for (uint32_t i = 0; i < list->entries_count; i++) {
        at = hand__get_spawn(at, end, &list->entries[i]);
        if (at == NULL) {
            return false;
        }
    }
    return at == end;
}

static uint32_t hand__encode_login(const void *packet, uint8_t *bytes)
{
    const struct codec_login *login = packet;
    if (login->account_size > CODEC_NAME_MAX || login->password_size > CODEC_NAME_MAX) {
        return 0;
    }
    memcpy(bytes + HEAD_SIZE, &login->version, 4);
    uint8_t *at = hand__put_text(bytes + HEAD_SIZE + 4, login->account, login->account_size);
    at = hand__put_text(at, login->password, login->password_size);
    memcpy(at, &login->token, 8);
    return hand__finish(bytes, at + 8, CODEC_LOGIN_ID);
}

static bool hand__decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_login *login = packet;
    const uint8_t *end = bytes + size;
    if (size < HEAD_SIZE + 14) {
        return false;
    }
    memcpy(&login->version, bytes + HEAD_SIZE, 4);
    const uint8_t *at = hand__get_text(bytes + HEAD_SIZE + 4, end, login->account,
                                       &login->account_size, CODEC_NAME_MAX);
    if (at != NULL) {
        at = hand__get_text(at, end, login->password, &login->password_size, CODEC_NAME_MAX);
    }
    if (at == NULL || end - at != 8) {
        return false;
    }
    memcpy(&login->token, at, 8);
    return true;
}

const struct codec_case codec_hand = {
    .name = "hand-written",
    .header_size = HEAD_SIZE,
    .encode = {hand__encode_move, hand__encode_chat, hand__encode_spawn_list, hand__encode_login},
    .decode = {hand__decode_move, hand__decode_chat, hand__decode_spawn_list, hand__decode_login},
};
