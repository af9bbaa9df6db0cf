/* JSON into a bounded buffer: what generated packets are printed with.
 *
 * Happy path: open, then key and value alternately, close, end. Commas come by themselves.
 * Failure modes: what does not fit is counted but not written; the text ends with a NUL always. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Invariant: size is what has been said so far; the first capacity - 1 bytes of it are in text. */
struct pc_json {
    char *text;
    uint32_t capacity; /* bytes of text, the NUL included; may be 0 */
    uint32_t size;
    bool needs_comma; /* something stands before what comes next */
};

/* A named bit of flags. */
struct pc_json_name {
    const char *name;
    uint64_t mask;
};

void pc_json_open(struct pc_json *json, char bracket);
void pc_json_close(struct pc_json *json, char bracket);
void pc_json_key(struct pc_json *json, const char *name);
void pc_json_null(struct pc_json *json);
void pc_json_bool(struct pc_json *json, bool value);
void pc_json_unsigned(struct pc_json *json, uint64_t value);
void pc_json_signed(struct pc_json *json, int64_t value);

/* The shortest digits that read back as the same value; null for what is not finite. */
void pc_json_f32(struct pc_json *json, float value);
void pc_json_f64(struct pc_json *json, double value);

/* size: bytes of string, which is UTF-8. */
void pc_json_string(struct pc_json *json, const char *string, uint32_t size);

/* A C string that needs no escapes. */
void pc_json_word(struct pc_json *json, const char *word);

/* An enum's value: its name in upper case; the number if the name is "?". */
void pc_json_name(struct pc_json *json, const char *name, int64_t value);

/* The names of the bits that are set; the number if one has none. */
void pc_json_flags(struct pc_json *json, uint64_t value, const struct pc_json_name *bits,
                   uint32_t count);

/* Bytes in hexadecimal. */
void pc_json_hex(struct pc_json *json, const uint8_t *bytes, uint32_t size);

/* The case of an open union that we do not know. */
void pc_json_unknown(struct pc_json *json, uint64_t tag, const uint8_t *bytes, uint32_t size);

/* Put the NUL. Returns the bytes of the whole, without it. */
uint32_t pc_json_end(struct pc_json *json);

#ifdef __cplusplus
}
#endif
