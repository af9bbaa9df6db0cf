/* JSON into a bounded buffer; see pc/json.h. Failure: what does not fit is counted only.
 * Path: beside it; for logs and tools. */
#include "pc/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/wire.h"

#define NUMBER_SIZE 40 /* bytes of the longest number, its NUL included */

static void json__put(struct pc_json *json, char character)
{
    if (json->size + 1 < json->capacity) {
        json->text[json->size] = character;
    }
    json->size++;
}

static void json__puts(struct pc_json *json, const char *characters)
{
    for (; *characters != '\0'; characters++) {
        json__put(json, *characters);
    }
}

static void json__separate(struct pc_json *json)
{
    if (json->needs_comma) {
        json__put(json, ',');
    }
    json->needs_comma = true;
}

void pc_json_open(struct pc_json *json, char bracket)
{
    json__separate(json);
    json__put(json, bracket);
    json->needs_comma = false;
}

void pc_json_close(struct pc_json *json, char bracket)
{
    json__put(json, bracket);
    json->needs_comma = true;
}

void pc_json_key(struct pc_json *json, const char *name)
{
    pc_json_word(json, name);
    json__put(json, ':');
    json->needs_comma = false;
}

void pc_json_null(struct pc_json *json)
{
    json__separate(json);
    json__puts(json, "null");
}

void pc_json_bool(struct pc_json *json, bool value)
{
    json__separate(json);
    json__puts(json, value ? "true" : "false");
}

void pc_json_unsigned(struct pc_json *json, uint64_t value)
{
    char digits[NUMBER_SIZE];
    char *at = digits + sizeof digits - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    json__separate(json);
    json__puts(json, at);
}

void pc_json_signed(struct pc_json *json, int64_t value)
{
    if (value >= 0) {
        pc_json_unsigned(json, (uint64_t)value);
        return;
    }
    json__separate(json);
    json__put(json, '-');
    json->needs_comma = false;
    pc_json_unsigned(json, 0 - (uint64_t)value);
}

/* A locale may have another decimal point. */
static void json__number(struct pc_json *json, const char *digits)
{
    json__separate(json);
    for (; *digits != '\0'; digits++) {
        json__put(json, strchr("+-0123456789e", *digits) != NULL ? *digits : '.');
    }
}

void pc_json_f32(struct pc_json *json, float value)
{
    char digits[NUMBER_SIZE];

    if (!pc_wire_is_finite((double)value)) {
        pc_json_null(json);
        return;
    }
    for (int precision = 6; precision <= 9; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value) {
            break;
        }
    }
    json__number(json, digits);
}

void pc_json_f64(struct pc_json *json, double value)
{
    char digits[NUMBER_SIZE];

    if (!pc_wire_is_finite(value)) {
        pc_json_null(json);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) {
            break;
        }
    }
    json__number(json, digits);
}

static void json__escape(struct pc_json *json, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";

    if (byte == '"' || byte == '\\') {
        json__put(json, '\\');
        json__put(json, (char)byte);
    } else if (byte < 0x20 || byte == 0x7f) {
        json__puts(json, "\\u00");
        json__put(json, hex[byte >> 4]);
        json__put(json, hex[byte & 15]);
    } else {
        json__put(json, (char)byte);
    }
}

void pc_json_string(struct pc_json *json, const char *string, uint32_t size)
{
    json__separate(json);
    json__put(json, '"');
    for (uint32_t i = 0; i < size; i++) {
        json__escape(json, (uint8_t)string[i]);
    }
    json__put(json, '"');
}

void pc_json_word(struct pc_json *json, const char *word)
{
    pc_json_string(json, word, (uint32_t)strlen(word));
}

void pc_json_name(struct pc_json *json, const char *name, int64_t value)
{
    if (strcmp(name, "?") == 0) {
        pc_json_signed(json, value);
        return;
    }
    json__separate(json);
    json__put(json, '"');
    for (; *name != '\0'; name++) {
        json__put(json, *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name);
    }
    json__put(json, '"');
}

void pc_json_flags(struct pc_json *json, uint64_t value, const struct pc_json_name *bits,
                   uint32_t count)
{
    uint64_t unnamed = value;

    for (uint32_t i = 0; i < count; i++) {
        unnamed &= ~bits[i].mask;
    }
    if (unnamed != 0) {
        pc_json_unsigned(json, value);
        return;
    }
    pc_json_open(json, '[');
    for (uint32_t i = 0; i < count; i++) {
        if ((value & bits[i].mask) != 0) {
            pc_json_word(json, bits[i].name);
        }
    }
    pc_json_close(json, ']');
}

void pc_json_hex(struct pc_json *json, const uint8_t *bytes, uint32_t size)
{
    static const char hex[] = "0123456789abcdef";

    json__separate(json);
    json__put(json, '"');
    for (uint32_t i = 0; i < size; i++) {
        json__put(json, hex[bytes[i] >> 4]);
        json__put(json, hex[bytes[i] & 15]);
    }
    json__put(json, '"');
}

void pc_json_unknown(struct pc_json *json, uint64_t tag, const uint8_t *bytes, uint32_t size)
{
    pc_json_open(json, '{');
    pc_json_key(json, "unknown");
    pc_json_open(json, '{');
    pc_json_key(json, "tag");
    pc_json_unsigned(json, tag);
    pc_json_key(json, "bytes");
    pc_json_hex(json, bytes, size);
    pc_json_close(json, '}');
    pc_json_close(json, '}');
}

uint32_t pc_json_end(struct pc_json *json)
{
    if (json->capacity > 0) {
        uint32_t last = json->capacity - 1;
        json->text[json->size < last ? json->size : last] = '\0';
    }
    return json->size;
}
