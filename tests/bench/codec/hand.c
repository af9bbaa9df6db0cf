/* The codec that somebody would write by hand with all the time in the world: the same bytes, the
 * same checks and the same promises as the generated one (nothing is read or written outside of the
 * frame), but no reason for a refusal. It counts on a little-endian machine.
 *
 * What made it fast, in this order: hardly a branch depends on the size of a text, for that would
 * be guessed wrong (a text is copied and checked in as many pieces as its bound needs; those that
 * would be too far lie at its end), checks go sixteen bytes at a time, an entry of a list needs one
 * check of what remains. */
#include <stddef.h>
#include <string.h>

#include "codec_case.h"
#include "pc/wire.h"
#include "proto/codec_ids.h"

#define HEAD_SIZE      4u
#define SPAWN_SIZE     18u /* without the name */
#define SPAWN_SIZE_MAX (SPAWN_SIZE + CODEC_NAME_MAX)
#define HIGH_BITS      UINT64_C(0x8080808080808080)
#define LOW_BITS       UINT64_C(0x0101010101010101)
#define ALWAYS_INLINE  inline __attribute__((always_inline))

/* Sixteen bytes in a register of the processor. */
typedef uint64_t hand_block __attribute__((vector_size(16)));

_Static_assert(CODEC_NAME_MAX == 24, "a name is a block and half a block");
_Static_assert(CODEC_CHAT_MAX == 128, "a chat is eight blocks");

static inline hand_block hand__load(const void *bytes)
{
    hand_block block;
    memcpy(&block, bytes, sizeof block);
    return block;
}

static inline bool hand__is_plain(hand_block suspects)
{
    return ((suspects[0] | suspects[1]) & HIGH_BITS) == 0;
}

static ALWAYS_INLINE hand_block hand__copy_masked(const uint8_t *bytes, const uint8_t *keep,
                                                  char *text)
{
    hand_block mask = hand__load(keep);
    hand_block block = hand__load(bytes) & mask;
    memcpy(text, &block, sizeof block);
    return (block | (block - LOW_BITS)) & mask;
}

/* A name of which CODEC_NAME_MAX bytes can be read, whatever its size: two blocks that overlap. */
static ALWAYS_INLINE bool hand__copy_name(const uint8_t *bytes, uint32_t size, char *text)
{
    static const uint64_t masks[6] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const uint8_t *keep = (const uint8_t *)masks + CODEC_NAME_MAX - size;
    hand_block suspects =
        hand__copy_masked(bytes, keep, text) | hand__copy_masked(bytes + 8, keep + 8, text + 8);
    text[size] = '\0';
    return hand__is_plain(suspects) || pc_wire_utf8_is_valid(bytes, size);
}

/* A name behind which eight more bytes can be read: three words, none beyond them. */
static ALWAYS_INLINE bool hand__copy_near_name(const uint8_t *bytes, uint32_t size, char *text)
{
    static const uint64_t masks[8] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const uint8_t *keep = (const uint8_t *)masks + CODEC_NAME_MAX - size;
    uint64_t suspects = 0;
    for (uint32_t step = 0; step < CODEC_NAME_MAX; step += 8) {
        uint32_t at = step < size ? step : size;
        uint64_t mask;
        uint64_t word;
        memcpy(&mask, keep + at, sizeof mask);
        memcpy(&word, bytes + at, sizeof word);
        word &= mask;
        suspects |= (word | (word - LOW_BITS)) & mask;
        memcpy(text + at, &word, sizeof word);
    }
    text[size] = '\0';
    return (suspects & HIGH_BITS) == 0 || pc_wire_utf8_is_valid(bytes, size);
}

/* Less than sixteen bytes. */
static inline bool hand__copy_little(const uint8_t *bytes, uint32_t size, char *text)
{
    uint64_t words[2] = {LOW_BITS, LOW_BITS};
    if (size >= 8) {
        memcpy(&words[0], bytes, 8);
        memcpy(&words[1], bytes + size - 8, 8);
        memcpy(text, &words[0], 8);
        memcpy(text + size - 8, &words[1], 8);
    } else {
        memcpy(words, bytes, size);
        memcpy(text, bytes, size);
    }
    text[size] = '\0';
    return ((words[0] | (words[0] - LOW_BITS) | words[1] | (words[1] - LOW_BITS)) & HIGH_BITS) ==
               0 ||
           pc_wire_utf8_is_valid(bytes, size);
}

/* At most CODEC_CHAT_MAX bytes: eight blocks, those that would be too far at the end of the text,
 * so that nothing depends on its size. */
static inline bool hand__copy_chat(const uint8_t *bytes, uint32_t size, char *text)
{
    hand_block suspects = {0};
    if (size < 16) {
        return hand__copy_little(bytes, size, text);
    }
    for (uint32_t step = 0; step < CODEC_CHAT_MAX; step += 16) {
        uint32_t at = step < size - 16 ? step : size - 16;
        hand_block block = hand__load(bytes + at);
        suspects |= block | (block - LOW_BITS);
        memcpy(text + at, &block, sizeof block);
    }
    text[size] = '\0';
    return hand__is_plain(suspects) || pc_wire_utf8_is_valid(bytes, size);
}

/* Looked at where they lie on the wire: loads of what was just copied would wait for the stores. */
static inline bool hand__is_finite(const uint8_t *bytes, uint32_t count)
{
    uint32_t is_bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, bytes + i * 4, sizeof bits);
        is_bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return is_bad == 0;
}

/* A name with its size before it; NULL if it is not right. behind: what the frame has behind it. */
static ALWAYS_INLINE const uint8_t *hand__get_name(const uint8_t *at, const uint8_t *end,
                                                   uint32_t behind, char *text, uint16_t *text_size)
{
    if (at == end) {
        return NULL;
    }
    uint32_t size = *at++;
    ptrdiff_t remaining = end - at;
    if (size > CODEC_NAME_MAX || remaining < (ptrdiff_t)(size + behind)) {
        return NULL;
    }
    *text_size = (uint16_t)size;
    if (behind >= 8) {
        return hand__copy_near_name(at, size, text) ? at + size : NULL;
    }
    if (remaining >= (ptrdiff_t)CODEC_NAME_MAX) {
        return hand__copy_name(at, size, text) ? at + size : NULL;
    }
    return hand__copy_chat(at, size, text) ? at + size : NULL;
}

/* behind: bytes of the frame that are written later. */
static ALWAYS_INLINE uint8_t *hand__put_name(uint8_t *at, const char *text, uint32_t size,
                                             uint32_t behind)
{
    *at++ = (uint8_t)size;
    if (behind >= CODEC_NAME_MAX) {
        memcpy(at, text, CODEC_NAME_MAX);
    } else if (behind >= 8) {
        for (uint32_t step = 0; step < CODEC_NAME_MAX; step += 8) {
            uint32_t from = step < size ? step : size;
            memcpy(at + from, text + from, 8);
        }
    } else {
        memcpy(at, text, size);
    }
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

static inline void hand__put_chat(uint8_t *at, const char *text, uint32_t size)
{
    if (size < 16) {
        memcpy(at, text, size);
        return;
    }
    for (uint32_t step = 0; step < CODEC_CHAT_MAX; step += 16) {
        uint32_t from = step < size - 16 ? step : size - 16;
        memcpy(at + from, text + from, 16);
    }
}

static uint32_t hand__encode_chat(const void *packet, uint8_t *bytes)
{
    const struct codec_chat *chat = packet;
    if (chat->text_size > CODEC_CHAT_MAX) {
        return 0;
    }
    memcpy(bytes + HEAD_SIZE, &chat->sender, 4);
    bytes[HEAD_SIZE + 4] = (uint8_t)chat->text_size;
    hand__put_chat(bytes + HEAD_SIZE + 5, chat->text, chat->text_size);
    return hand__finish(bytes, bytes + HEAD_SIZE + 5 + chat->text_size, CODEC_CHAT_ID);
}

static bool hand__decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_chat *chat = packet;
    if (size < HEAD_SIZE + 5 || bytes[HEAD_SIZE + 4] > CODEC_CHAT_MAX ||
        size != HEAD_SIZE + 5 + bytes[HEAD_SIZE + 4]) {
        return false;
    }
    memcpy(&chat->sender, bytes + HEAD_SIZE, 4);
    chat->text_size = bytes[HEAD_SIZE + 4];
    return hand__copy_chat(bytes + HEAD_SIZE + 5, chat->text_size, chat->text);
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
        at = hand__put_name(at + 17, spawn->name, spawn->name_size,
                            (list->entries_count - 1 - i) * SPAWN_SIZE);
    }
    return hand__finish(bytes, at, CODEC_SPAWN_LIST_ID);
}

/* An entry of which every byte it could have is there. */
static ALWAYS_INLINE const uint8_t *hand__get_spawn(const uint8_t *at, struct codec_spawn *spawn)
{
    uint32_t size = at[17];
    if (at[4] > CODEC_SPAWN_KIND_GATE || size > CODEC_NAME_MAX || !hand__is_finite(at + 5, 3)) {
        return NULL;
    }
    memcpy(&spawn->id, at, 4);
    spawn->kind = (enum codec_spawn_kind)at[4];
    memcpy(&spawn->x, at + 5, 12);
    spawn->name_size = (uint16_t)size;
    return hand__copy_name(at + SPAWN_SIZE, size, spawn->name) ? at + SPAWN_SIZE + size : NULL;
}

/* One near the end. */
static const uint8_t *hand__get_last_spawn(const uint8_t *at, const uint8_t *end,
                                           struct codec_spawn *spawn)
{
    if (end - at < (ptrdiff_t)SPAWN_SIZE || at[4] > CODEC_SPAWN_KIND_GATE ||
        !hand__is_finite(at + 5, 3)) {
        return NULL;
    }
    memcpy(&spawn->id, at, 4);
    spawn->kind = (enum codec_spawn_kind)at[4];
    memcpy(&spawn->x, at + 5, 12);
    return hand__get_name(at + 17, end, 0, spawn->name, &spawn->name_size);
}

static bool hand__decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    struct codec_spawn_list *list = packet;
    const uint8_t *at = bytes + HEAD_SIZE;
    const uint8_t *end = bytes + size;
    if (size < HEAD_SIZE + 1 || *at > CODEC_ENTRIES_MAX) {
        return false;
    }
    uint32_t count = *at++;
    list->entries_count = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++) {
        at = end - at >= (ptrdiff_t)SPAWN_SIZE_MAX
                 ? hand__get_spawn(at, &list->entries[i])
                 : hand__get_last_spawn(at, end, &list->entries[i]);
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
    uint8_t *at = hand__put_name(bytes + HEAD_SIZE + 4, login->account, login->account_size, 9);
    at = hand__put_name(at, login->password, login->password_size, 8);
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
    const uint8_t *at =
        hand__get_name(bytes + HEAD_SIZE + 4, end, 9, login->account, &login->account_size);
    if (at != NULL) {
        at = hand__get_name(at, end, 8, login->password, &login->password_size);
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
