/* Text of the wire form, copied and looked at in one go. Only pc/wire.h includes this.
 *
 * Sizes of names vary from one to the next. A branch on a size is therefore guessed wrong often,
 * and a wrong guess costs more than the copy: that is why there are so few of them here. Where it
 * is known that more bytes can be touched than are wanted, a copy is of the size of the bound; else
 * pieces lie over one another, the last of them ending where the text ends.
 *
 * Happy path: the text is ASCII without NUL, which nearly all text is; what looks different is left
 * to pc_wire_utf8_is_valid.
 *
 * Failure modes: none; the caller has compared sizes with bounds and with what remains.
 *
 * Path: [7] decode, [9] encode. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A copy of the size of a bound is a few instructions only where the bound is a constant. */
#if defined(__GNUC__)
#define PC_WIRE_INLINE static inline __attribute__((always_inline))
#else
#define PC_WIRE_INLINE static inline
#endif

#define PC_WIRE_SHORT_MIN  8u   /* bounds of text that is copied in a fixed number of words, */
#define PC_WIRE_SHORT_MAX  32u  /* both included */
#define PC_WIRE_BLOCKS_MAX 128u /* up to here in a fixed number of blocks of two words */
#define PC_WIRE_TOP_BITS   UINT64_C(0x8080808080808080)

static inline uint64_t pc_wire_load_word(const void *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline void pc_wire_store_word(void *bytes, uint64_t word)
{
    memcpy(bytes, &word, sizeof word);
}

/* A byte of 1..127 is the only kind that keeps its top bit clear both as it is and less one; others
 * set the top bit of a byte of the result. A borrow comes only from a NUL, which is caught already.
 */
static inline uint64_t pc_wire_suspects(uint64_t word)
{
    return word | (word - UINT64_C(0x0101010101010101));
}

static inline bool pc_wire_is_plain(uint64_t suspects)
{
    return (suspects & PC_WIRE_TOP_BITS) == 0;
}

/* Two words, which a compiler keeps in one register where it knows how. */
#if defined(__GNUC__)
struct pc_wire_block {
    uint64_t words __attribute__((vector_size(16)));
};

static inline struct pc_wire_block pc_wire_block_suspects(struct pc_wire_block block)
{
    struct pc_wire_block result = {block.words | (block.words - UINT64_C(0x0101010101010101))};
    return result;
}

static inline struct pc_wire_block pc_wire_block_and(struct pc_wire_block a, struct pc_wire_block b)
{
    struct pc_wire_block result = {a.words & b.words};
    return result;
}

static inline struct pc_wire_block pc_wire_block_or(struct pc_wire_block a, struct pc_wire_block b)
{
    struct pc_wire_block result = {a.words | b.words};
    return result;
}
#else
struct pc_wire_block {
    uint64_t words[2];
};

static inline struct pc_wire_block pc_wire_block_suspects(struct pc_wire_block block)
{
    struct pc_wire_block result = {
        {pc_wire_suspects(block.words[0]), pc_wire_suspects(block.words[1])}};
    return result;
}

static inline struct pc_wire_block pc_wire_block_and(struct pc_wire_block a, struct pc_wire_block b)
{
    struct pc_wire_block result = {{a.words[0] & b.words[0], a.words[1] & b.words[1]}};
    return result;
}

static inline struct pc_wire_block pc_wire_block_or(struct pc_wire_block a, struct pc_wire_block b)
{
    struct pc_wire_block result = {{a.words[0] | b.words[0], a.words[1] | b.words[1]}};
    return result;
}
#endif

static inline uint64_t pc_wire_block_fold(struct pc_wire_block block)
{
    return block.words[0] | block.words[1];
}

static inline struct pc_wire_block pc_wire_load_block(const void *bytes)
{
    struct pc_wire_block block;
    memcpy(&block, bytes, sizeof block);
    return block;
}

static inline void pc_wire_store_block(void *bytes, struct pc_wire_block block)
{
    memcpy(bytes, &block, sizeof block);
}

/* True if the bytes are ASCII without NUL; eight bytes a step. */
static inline bool pc_wire_is_plain_ascii(const uint8_t *bytes, uint32_t size)
{
    uint64_t suspects = 0;
    uint32_t at = 0;
    for (; size - at >= 8; at += 8) {
        suspects |= pc_wire_suspects(pc_wire_load_word(bytes + at));
    }
    for (; at < size; at++) {
        suspects |= (uint64_t)bytes[at] | ((uint64_t)bytes[at] - 1u);
    }
    return pc_wire_is_plain(suspects);
}

/* ---- copies; all but the last return the suspects of what they copied ---- */

/* At most seven bytes. */
static inline uint64_t pc_wire_copy_tiny(uint8_t *to, const uint8_t *from, uint32_t size)
{
    uint64_t word = 0;
    if (size >= 4) {
        uint32_t parts[2];
        memcpy(&parts[0], from, 4);
        memcpy(&parts[1], from + size - 4, 4);
        memcpy(to, &parts[0], 4);
        memcpy(to + size - 4, &parts[1], 4);
        return pc_wire_suspects((uint64_t)parts[0] << 32 | parts[1]);
    }
    for (uint32_t i = 0; i < size; i++) {
        to[i] = from[i];
        word |= (uint64_t)from[i] | ((uint64_t)from[i] - 1u);
    }
    return word;
}

/* At least sixteen bytes: blocks, the last ones where the text ends. */
PC_WIRE_INLINE uint64_t pc_wire_copy_blocks(uint8_t *to, const uint8_t *from, uint32_t size,
                                            uint32_t size_max)
{
    uint32_t limit = size_max <= PC_WIRE_BLOCKS_MAX ? size_max : size;
    struct pc_wire_block suspects = {{0}};
    for (uint32_t at = 0; at < limit; at += 64) {
        for (uint32_t step = at; step < at + 64 && step < size_max; step += 16) {
            uint32_t place = step < size - 16 ? step : size - 16;
            struct pc_wire_block block = pc_wire_load_block(from + place);
            suspects = pc_wire_block_or(suspects, pc_wire_block_suspects(block));
            pc_wire_store_block(to + place, block);
        }
    }
    return pc_wire_block_fold(suspects);
}

/* Exactly size bytes, at most size_max. */
PC_WIRE_INLINE uint64_t pc_wire_copy_exact(void *target, const void *source, uint32_t size,
                                           uint32_t size_max)
{
    uint8_t *to = (uint8_t *)target;
    const uint8_t *from = (const uint8_t *)source;
    if (size >= 16) {
        return pc_wire_copy_blocks(to, from, size, size_max);
    }
    if (size >= 8) {
        uint64_t words[2] = {pc_wire_load_word(from), pc_wire_load_word(from + size - 8)};
        pc_wire_store_word(to, words[0]);
        pc_wire_store_word(to + size - 8, words[1]);
        return pc_wire_suspects(words[0]) | pc_wire_suspects(words[1]);
    }
    return pc_wire_copy_tiny(to, from, size);
}

/* From PC_WIRE_SHORT_MAX - size on: as many bytes of ones as there is text, then zeros. */
PC_WIRE_INLINE const uint8_t *pc_wire_masks(uint32_t size)
{
    static const uint64_t masks[9] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    return (const uint8_t *)masks + PC_WIRE_SHORT_MAX - size;
}

static inline struct pc_wire_block pc_wire_copy_masked(char *text, const uint8_t *bytes,
                                                       const uint8_t *masks)
{
    struct pc_wire_block mask = pc_wire_load_block(masks);
    struct pc_wire_block block = pc_wire_block_and(pc_wire_load_block(bytes), mask);
    pc_wire_store_block(text, block);
    return pc_wire_block_and(pc_wire_block_suspects(block), mask);
}

/* The text, and zeros up to its bound: size_max bytes can be read and written. */
PC_WIRE_INLINE uint64_t pc_wire_copy_padded(char *text, const uint8_t *bytes, uint32_t size,
                                            uint32_t size_max)
{
    const uint8_t *masks = pc_wire_masks(size);
    uint32_t second = size_max - (size_max >= 16 ? 16 : 8);
    if (size_max >= 16) {
        return pc_wire_block_fold(
            pc_wire_block_or(pc_wire_copy_masked(text, bytes, masks),
                             pc_wire_copy_masked(text + second, bytes + second, masks + second)));
    }
    uint64_t mask[2] = {pc_wire_load_word(masks), pc_wire_load_word(masks + second)};
    uint64_t words[2] = {pc_wire_load_word(bytes) & mask[0],
                         pc_wire_load_word(bytes + second) & mask[1]};
    pc_wire_store_word(text, words[0]);
    pc_wire_store_word(text + second, words[1]);
    return (pc_wire_suspects(words[0]) & mask[0]) | (pc_wire_suspects(words[1]) & mask[1]);
}

/* The same where eight bytes can be read behind the text, and zeros come only so far. */
PC_WIRE_INLINE uint64_t pc_wire_copy_near(char *text, const uint8_t *bytes, uint32_t size,
                                          uint32_t size_max)
{
    const uint8_t *masks = pc_wire_masks(size);
    uint64_t suspects = 0;
    for (uint32_t step = 0; step < size_max; step += 8) {
        uint32_t at = step + 7 <= size_max ? step : size_max - 7;
        at = at < size ? at : size;
        uint64_t mask = pc_wire_load_word(masks + at);
        uint64_t word = pc_wire_load_word(bytes + at) & mask;
        suspects |= pc_wire_suspects(word) & mask;
        pc_wire_store_word(text + at, word);
    }
    return suspects;
}

/* Store text; returns the place behind it.
 *
 * size_max  the bound of the schema; text holds size_max + 1 bytes, whatever they are
 * room      bytes that are certainly written behind the text; until then they hold anything */
PC_WIRE_INLINE uint8_t *pc_wire_put_text(uint8_t *at, const char *text, uint32_t size,
                                         uint32_t size_max, uint32_t room)
{
    bool is_short = size_max >= PC_WIRE_SHORT_MIN && size_max <= PC_WIRE_SHORT_MAX;
    if (is_short && room >= size_max) {
        memcpy(at, text, size_max);
    } else if (is_short && room >= 8) {
        for (uint32_t step = 0; step < size_max; step += 8) {
            uint32_t from = step + 7 <= size_max ? step : size_max - 7;
            from = from < size ? from : size;
            pc_wire_store_word(at + from, pc_wire_load_word(text + from));
        }
    } else {
        (void)pc_wire_copy_exact(at, text, size, size_max);
    }
    return at + size;
}
