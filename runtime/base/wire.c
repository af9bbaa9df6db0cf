/* The parts of the wire form that are not worth inlining: names, full UTF-8, filling text.
 *
 * Happy path: text is ASCII and never comes here (pc/wire_text.h).
 * Failure modes: none; the answers are booleans.
 * Path: [7] decode. */
#include "pc/wire.h"

const char *pc_wire_error_name(enum pc_wire_error error)
{
    switch (error) {
    case PC_WIRE_OK:
        return "ok";
    case PC_WIRE_TRUNCATED:
        return "truncated";
    case PC_WIRE_TRAILING:
        return "trailing";
    case PC_WIRE_COUNT:
        return "count";
    case PC_WIRE_RANGE:
        return "range";
    case PC_WIRE_ENUM:
        return "enum";
    case PC_WIRE_BOOL:
        return "bool";
    case PC_WIRE_UTF8:
        return "utf8";
    case PC_WIRE_FLOAT:
        return "float";
    case PC_WIRE_FLAGS:
        return "flags";
    case PC_WIRE_TAG:
        return "tag";
    case PC_WIRE_CHARSET:
        return "charset";
    case PC_WIRE_ERROR_COUNT:
        break;
    }
    return "?";
}

/* What a lead byte asks for. The second byte's bounds exclude overlong forms, surrogates and code
 * points above U+10FFFF (Unicode 15, table 3-7); size 0: no lead byte. */
struct utf8_shape {
    uint32_t size;
    uint8_t second_min;
    uint8_t second_max;
};

static struct utf8_shape utf8__shape(uint8_t lead)
{
    struct utf8_shape shape = {0, 0x80, 0xbf};
    if (lead >= 0x01 && lead <= 0x7f) {
        shape.size = 1;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
        shape.size = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        shape.size = 3;
        shape.second_min = lead == 0xe0 ? 0xa0 : 0x80;
        shape.second_max = lead == 0xed ? 0x9f : 0xbf;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        shape.size = 4;
        shape.second_min = lead == 0xf0 ? 0x90 : 0x80;
        shape.second_max = lead == 0xf4 ? 0x8f : 0xbf;
    }
    return shape;
}

static bool utf8__tail_is_valid(const uint8_t *bytes, struct utf8_shape shape)
{
    if (shape.size < 2) {
        return true;
    }
    if (bytes[1] < shape.second_min || bytes[1] > shape.second_max) {
        return false;
    }
    for (uint32_t i = 2; i < shape.size; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return false;
        }
    }
    return true;
}

bool pc_wire_utf8_is_valid(const uint8_t *bytes, uint32_t size)
{
    uint32_t at = 0;
    while (at < size) {
        struct utf8_shape shape = utf8__shape(bytes[at]);
        if (shape.size == 0 || shape.size > size - at || !utf8__tail_is_valid(bytes + at, shape)) {
            return false;
        }
        at += shape.size;
    }
    return true;
}

bool pc_wire_is_printable(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        bool is_c1 = bytes[i] == 0xc2 && i + 1 < size && bytes[i + 1] < 0xa0;
        if (bytes[i] < 0x20 || bytes[i] == 0x7f || is_c1) {
            return false;
        }
    }
    return true;
}

bool pc_wire_set_text(char *text, uint32_t text_capacity, uint16_t *text_size, const char *source)
{
    size_t size = strlen(source);
    if (size >= text_capacity || size > UINT16_MAX) {
        return false;
    }
    memcpy(text, source, size + 1);
    *text_size = (uint16_t)size;
    return true;
}
