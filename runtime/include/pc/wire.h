/* The wire form of values: what generated codecs are made of.
 *
 * Everything is little-endian; a bool is one byte 0 or 1; a float is IEEE 754 and finite; text is
 * UTF-8 without NUL.
 *
 * Happy path of a decoder: take the bytes of a run of fixed-size fields with one check
 * (pc_wire_take), load them unchecked (pc_wire_get_*), take what a length prefix announces
 * (pc_wire_take_text, pc_wire_take_bytes), and so on until pc_wire_end finds nothing left.
 * An encoder has been told its exact size before and stores without checks (pc_wire_put_*).
 *
 * Failure modes: each value that breaks the schema has its own error; nothing is read past the end.
 *
 * Path: [7] between the accept table and the handler, and [9] into the send queue. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pc/check.h"
#include "pc/wire_text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a payload is refused. */
enum pc_wire_error {
    PC_WIRE_OK,
    PC_WIRE_TRUNCATED, /* the payload ends inside a field */
    PC_WIRE_TRAILING,  /* bytes remain behind the last field */
    PC_WIRE_COUNT,     /* a size or count prefix is above its bound */
    PC_WIRE_RANGE,     /* a number is outside its range */
    PC_WIRE_ENUM,      /* no value of the enum */
    PC_WIRE_BOOL,      /* neither 0 nor 1 */
    PC_WIRE_UTF8,      /* text is not UTF-8, or holds a NUL */
    PC_WIRE_FLOAT,     /* infinite or not a number */
    PC_WIRE_FLAGS,     /* a bit that the flags do not list */
    PC_WIRE_TAG,       /* no case of the union */
    PC_WIRE_CHARSET,   /* text holds a character that its charset has not */
    PC_WIRE_ERROR_COUNT
};

/* Name in lower case, as in the log: "truncated". Never NULL. */
const char *pc_wire_error_name(enum pc_wire_error error);

/* True if the bytes are UTF-8 without NUL: no overlong form, no surrogate, nothing above U+10FFFF.
 */
bool pc_wire_utf8_is_valid(const uint8_t *bytes, uint32_t size);

/* True if valid UTF-8 holds no control character: no U+0001..1F, U+007F..9F. */
bool pc_wire_is_printable(const uint8_t *bytes, uint32_t size);

/* Fill a text field from a C string, cut nowhere: false, and the field unchanged, if source does
 * not fit. The bytes are not checked to be UTF-8.
 *
 * text_capacity  bytes of the field, its NUL included: sizeof packet.name
 * text_size      receives the bytes without the NUL */
bool pc_wire_set_text(char *text, uint32_t text_capacity, uint16_t *text_size, const char *source);

/* ---- unchecked loads and stores; compilers make one instruction of each ---- */

/* On a little-endian machine numbers lie in memory as they do on the wire. Compilers that do not
 * say which machine it is know no other. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#define PC_WIRE_IS_NATIVE 0
#else
#define PC_WIRE_IS_NATIVE 1
#endif

static inline uint8_t pc_wire_get_u8(const uint8_t *bytes)
{
    return bytes[0];
}

static inline uint16_t pc_wire_get_u16(const uint8_t *bytes)
{
    if (PC_WIRE_IS_NATIVE) {
        uint16_t value;
        memcpy(&value, bytes, sizeof value);
        return value;
    }
    return (uint16_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8);
}

static inline uint32_t pc_wire_get_u32(const uint8_t *bytes)
{
    if (PC_WIRE_IS_NATIVE) {
        uint32_t value;
        memcpy(&value, bytes, sizeof value);
        return value;
    }
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static inline uint64_t pc_wire_get_u64(const uint8_t *bytes)
{
    if (PC_WIRE_IS_NATIVE) {
        uint64_t value;
        memcpy(&value, bytes, sizeof value);
        return value;
    }
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
           (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

static inline int8_t pc_wire_get_i8(const uint8_t *bytes)
{
    return (int8_t)bytes[0];
}

static inline int16_t pc_wire_get_i16(const uint8_t *bytes)
{
    return (int16_t)pc_wire_get_u16(bytes);
}

static inline int32_t pc_wire_get_i32(const uint8_t *bytes)
{
    return (int32_t)pc_wire_get_u32(bytes);
}

static inline int64_t pc_wire_get_i64(const uint8_t *bytes)
{
    return (int64_t)pc_wire_get_u64(bytes);
}

static inline float pc_wire_get_f32(const uint8_t *bytes)
{
    uint32_t bits = pc_wire_get_u32(bytes);
    float value;
    memcpy(&value, PC_WIRE_IS_NATIVE ? (const void *)bytes : &bits, sizeof value);
    return value;
}

static inline double pc_wire_get_f64(const uint8_t *bytes)
{
    uint64_t bits = pc_wire_get_u64(bytes);
    double value;
    memcpy(&value, PC_WIRE_IS_NATIVE ? (const void *)bytes : &bits, sizeof value);
    return value;
}

static inline void pc_wire_put_u8(uint8_t *bytes, uint8_t value)
{
    bytes[0] = value;
}

static inline void pc_wire_put_u16(uint8_t *bytes, uint16_t value)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(bytes, &value, sizeof value);
        return;
    }
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void pc_wire_put_u32(uint8_t *bytes, uint32_t value)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(bytes, &value, sizeof value);
        return;
    }
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
    bytes[2] = (uint8_t)(value >> 16);
    bytes[3] = (uint8_t)(value >> 24);
}

static inline void pc_wire_put_u64(uint8_t *bytes, uint64_t value)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(bytes, &value, sizeof value);
        return;
    }
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
    bytes[2] = (uint8_t)(value >> 16);
    bytes[3] = (uint8_t)(value >> 24);
    bytes[4] = (uint8_t)(value >> 32);
    bytes[5] = (uint8_t)(value >> 40);
    bytes[6] = (uint8_t)(value >> 48);
    bytes[7] = (uint8_t)(value >> 56);
}

static inline void pc_wire_put_i8(uint8_t *bytes, int8_t value)
{
    bytes[0] = (uint8_t)value;
}

static inline void pc_wire_put_i16(uint8_t *bytes, int16_t value)
{
    pc_wire_put_u16(bytes, (uint16_t)value);
}

static inline void pc_wire_put_i32(uint8_t *bytes, int32_t value)
{
    pc_wire_put_u32(bytes, (uint32_t)value);
}

static inline void pc_wire_put_i64(uint8_t *bytes, int64_t value)
{
    pc_wire_put_u64(bytes, (uint64_t)value);
}

static inline void pc_wire_put_f32(uint8_t *bytes, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    pc_wire_put_u32(bytes, bits);
}

static inline void pc_wire_put_f64(uint8_t *bytes, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    pc_wire_put_u64(bytes, bits);
}

/* Arrays of numbers of 2, 4 or 8 bytes, copied as they lie where the machine is little-endian;
 * elsewhere one by one. values: of any type of that width. */
static inline void pc_wire_load_16(void *values, const uint8_t *bytes, uint32_t count)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(values, bytes, (size_t)count * 2);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t value = pc_wire_get_u16(bytes + (size_t)i * 2);
        memcpy((uint8_t *)values + (size_t)i * 2, &value, sizeof value);
    }
}

static inline void pc_wire_load_32(void *values, const uint8_t *bytes, uint32_t count)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(values, bytes, (size_t)count * 4);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = pc_wire_get_u32(bytes + (size_t)i * 4);
        memcpy((uint8_t *)values + (size_t)i * 4, &value, sizeof value);
    }
}

static inline void pc_wire_load_64(void *values, const uint8_t *bytes, uint32_t count)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(values, bytes, (size_t)count * 8);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = pc_wire_get_u64(bytes + (size_t)i * 8);
        memcpy((uint8_t *)values + (size_t)i * 8, &value, sizeof value);
    }
}

static inline void pc_wire_store_16(uint8_t *bytes, const void *values, uint32_t count)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(bytes, values, (size_t)count * 2);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t value;
        memcpy(&value, (const uint8_t *)values + (size_t)i * 2, sizeof value);
        pc_wire_put_u16(bytes + (size_t)i * 2, value);
    }
}

static inline void pc_wire_store_32(uint8_t *bytes, const void *values, uint32_t count)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(bytes, values, (size_t)count * 4);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value;
        memcpy(&value, (const uint8_t *)values + (size_t)i * 4, sizeof value);
        pc_wire_put_u32(bytes + (size_t)i * 4, value);
    }
}

static inline void pc_wire_store_64(uint8_t *bytes, const void *values, uint32_t count)
{
    if (PC_WIRE_IS_NATIVE) {
        memcpy(bytes, values, (size_t)count * 8);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value;
        memcpy(&value, (const uint8_t *)values + (size_t)i * 8, sizeof value);
        pc_wire_put_u64(bytes + (size_t)i * 8, value);
    }
}

/* How many steps a quantised number lies above the least; what is outside is drawn to the nearest
 * end, a NaN to the least. inverse: 1 / step. */
static inline uint32_t pc_wire_steps(double value, double least, double inverse, uint32_t steps_max)
{
    double steps = (value - least) * inverse;
    steps = steps + 0.5; /* apart: compilers may fuse within an expression, and round otherwise */
    if (!(steps >= 1.0)) {
        return 0;
    }
    return steps >= (double)steps_max ? steps_max : (uint32_t)steps;
}

/* The value that lies that many steps above the least. */
static inline double pc_wire_value_of(uint32_t steps, double least, double step)
{
    double above = (double)steps * step;
    return least + above;
}

/* Store size bytes (source may be NULL if there are none); returns the place behind them. Few are
 * copied here: the library's memcpy, when its code is not in the cache and the wide registers that
 * it takes are asleep, takes 80 ns for the 64 bytes of a lone packet. */
static inline uint8_t *pc_wire_put_bytes(uint8_t *bytes, const void *source, uint32_t size)
{
    if (size > PC_WIRE_BLOCKS_MAX) {
        memcpy(bytes, source, size);
    } else {
        (void)pc_wire_copy_exact(bytes, source, size, UINT32_MAX);
    }
    return bytes + size;
}

/* ---- checks on bytes that are known to be there ---- */

/* An infinite value and a NaN have all exponent bits set. */
static inline bool pc_wire_f32_is_finite(const uint8_t *bytes)
{
    return (pc_wire_get_u32(bytes) & 0x7f800000u) != 0x7f800000u;
}

static inline bool pc_wire_f64_is_finite(const uint8_t *bytes)
{
    return (pc_wire_get_u64(bytes) & UINT64_C(0x7ff0000000000000)) != UINT64_C(0x7ff0000000000000);
}

static inline bool pc_wire_f32s_are_finite(const uint8_t *bytes, uint32_t count)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        bad |= (uint32_t)!pc_wire_f32_is_finite(bytes + (size_t)i * 4);
    }
    return bad == 0;
}

static inline bool pc_wire_f64s_are_finite(const uint8_t *bytes, uint32_t count)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < count; i++) {
        bad |= (uint32_t)!pc_wire_f64_is_finite(bytes + (size_t)i * 8);
    }
    return bad == 0;
}

/* ---- reading a payload ---- */

/* Invariant: at <= end; the bytes between them are still to be read. */
struct pc_wire_reader {
    const uint8_t *at;
    const uint8_t *end;
};

/* The next size bytes, or NULL if fewer remain; then nothing is taken. */
static inline const uint8_t *pc_wire_take(struct pc_wire_reader *reader, uint32_t size)
{
    const uint8_t *bytes = reader->at;
    if ((size_t)(reader->end - bytes) < size) {
        return NULL;
    }
    reader->at = bytes + size;
    return bytes;
}

/* Copy text that a size prefix announced, and end it with a NUL.
 *
 * size_max  the bound of the schema; text has room for size_max + 1 bytes, and what is behind the
 *           NUL is not specified
 * room      bytes that a whole payload has behind the text, at least: a hint for speed only */
PC_WIRE_INLINE enum pc_wire_error pc_wire_take_text(struct pc_wire_reader *reader, uint32_t size,
                                                    uint32_t size_max, uint32_t room, char *text)
{
    const uint8_t *bytes = reader->at;
    size_t remaining = (size_t)(reader->end - bytes);
    bool is_short = size_max >= PC_WIRE_SHORT_MIN && size_max <= PC_WIRE_SHORT_MAX;
    uint64_t suspects;
    if (size > size_max) {
        return PC_WIRE_COUNT;
    }
    if (is_short && room >= 8 && remaining >= (size_t)size + 8) {
        suspects = pc_wire_copy_near(text, bytes, size, size_max);
    } else if (is_short && room < 8 && remaining >= size_max) {
        suspects = pc_wire_copy_padded(text, bytes, size, size_max);
    } else if (remaining >= size) {
        suspects = pc_wire_copy_exact(text, bytes, size, size_max);
    } else {
        return PC_WIRE_TRUNCATED;
    }
    text[size] = '\0';
    reader->at = bytes + size;
    if (pc_wire_is_plain(suspects)) {
        return PC_WIRE_OK;
    }
    return pc_wire_utf8_is_valid(bytes, size) ? PC_WIRE_OK : PC_WIRE_UTF8;
}

/* As pc_wire_take_text, for text of ASCII. */
PC_WIRE_INLINE enum pc_wire_error pc_wire_take_ascii(struct pc_wire_reader *reader, uint32_t size,
                                                     uint32_t size_max, uint32_t room, char *text)
{
    enum pc_wire_error error = pc_wire_take_text(reader, size, size_max, room, text);
    if (error == PC_WIRE_OK && !pc_wire_is_plain_ascii((const uint8_t *)text, size)) {
        return PC_WIRE_CHARSET;
    }
    return error;
}

/* As pc_wire_take_text, for text without control characters. */
PC_WIRE_INLINE enum pc_wire_error pc_wire_take_printable(struct pc_wire_reader *reader,
                                                         uint32_t size, uint32_t size_max,
                                                         uint32_t room, char *text)
{
    enum pc_wire_error error = pc_wire_take_text(reader, size, size_max, room, text);
    if (error == PC_WIRE_OK && !pc_wire_is_printable((const uint8_t *)text, size)) {
        return PC_WIRE_CHARSET;
    }
    return error;
}

/* What lies behind a u16 with its length: an extensible struct, the value of an open union's case.
 * size_min: 1 where a length of 0 is malformed. */
static inline enum pc_wire_error
pc_wire_take_inside(struct pc_wire_reader *reader, uint32_t size_min, struct pc_wire_reader *inside)
{
    const uint8_t *length = pc_wire_take(reader, 2);
    if (length == NULL) {
        return PC_WIRE_TRUNCATED;
    }
    if (pc_wire_get_u16(length) < size_min) {
        return PC_WIRE_COUNT;
    }
    inside->at = pc_wire_take(reader, pc_wire_get_u16(length));
    if (inside->at == NULL) {
        return PC_WIRE_TRUNCATED;
    }
    inside->end = reader->at;
    return PC_WIRE_OK;
}

/* Borrow bytes that a size prefix announced: they stay where they lie in the payload. */
static inline enum pc_wire_error pc_wire_take_bytes(struct pc_wire_reader *reader, uint32_t size,
                                                    uint32_t size_max, const uint8_t **bytes)
{
    if (size > size_max) {
        return PC_WIRE_COUNT;
    }
    *bytes = pc_wire_take(reader, size);
    return *bytes == NULL ? PC_WIRE_TRUNCATED : PC_WIRE_OK;
}

/* Last check of a decoder: everything has been read. */
static inline enum pc_wire_error pc_wire_end(const struct pc_wire_reader *reader)
{
    return reader->at == reader->end ? PC_WIRE_OK : PC_WIRE_TRAILING;
}

/* Check of a payload that has only one possible size. */
static inline enum pc_wire_error pc_wire_exact(uint32_t size, uint32_t size_expected)
{
    if (PC_LIKELY(size == size_expected)) {
        return PC_WIRE_OK;
    }
    return size < size_expected ? PC_WIRE_TRUNCATED : PC_WIRE_TRAILING;
}

/* ---- checks of values in memory ---- */

static inline bool pc_wire_is_finite(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits & UINT64_C(0x7ff0000000000000)) != UINT64_C(0x7ff0000000000000);
}

/* True for no bytes too, wherever they are said to lie. */
static inline bool pc_wire_same_bytes(const void *a, const void *b, uint32_t size)
{
    return size == 0 || memcmp(a, b, size) == 0;
}

static inline enum pc_wire_error pc_wire_check_text(const char *text, uint32_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;
    if (pc_wire_is_plain_ascii(bytes, size) || pc_wire_utf8_is_valid(bytes, size)) {
        return PC_WIRE_OK;
    }
    return PC_WIRE_UTF8;
}

static inline enum pc_wire_error pc_wire_check_ascii(const char *text, uint32_t size)
{
    if (pc_wire_is_plain_ascii((const uint8_t *)text, size)) {
        return PC_WIRE_OK;
    }
    return pc_wire_utf8_is_valid((const uint8_t *)text, size) ? PC_WIRE_CHARSET : PC_WIRE_UTF8;
}

static inline enum pc_wire_error pc_wire_check_printable(const char *text, uint32_t size)
{
    enum pc_wire_error error = pc_wire_check_text(text, size);
    if (error == PC_WIRE_OK && !pc_wire_is_printable((const uint8_t *)text, size)) {
        return PC_WIRE_CHARSET;
    }
    return error;
}

#ifdef __cplusplus
}
#endif
