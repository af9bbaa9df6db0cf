/* Builds one log line as text or JSON in a fixed buffer.
 *
 * Happy path: begin, fields, end. In text a value of plain characters stands as it is and any other
 * in quotes; in JSON texts always stand in quotes. The escapes are those of JSON in both.
 * Failure modes: see log_writer.h.
 * Path: beside all of it. */
#include "common/log_writer.h"

#include <stdio.h>
#include <string.h>

#include "pc/check.h"

/* One character of a text. size 0: the bytes are no UTF-8. */
struct log_rune {
    uint32_t code;
    uint32_t size;
};

void log_writer_begin(struct log_writer *writer, char *line, uint32_t capacity, bool is_json)
{
    PC_ASSERT(capacity > LOG_WRITER_RESERVE);
    writer->line = line;
    writer->size = 0;
    writer->capacity = capacity;
    writer->is_json = is_json;
    writer->is_cut = false;
}

static void writer__put(struct log_writer *writer, const char *bytes, size_t count)
{
    if (writer->is_cut || count > writer->capacity - LOG_WRITER_RESERVE - writer->size) {
        writer->is_cut = true;
        return;
    }
    memcpy(writer->line + writer->size, bytes, count);
    writer->size += (uint32_t)count;
}

static void writer__put_string(struct log_writer *writer, const char *text)
{
    writer__put(writer, text, strlen(text));
}

/* Length of the sequence that a first byte announces, 0 if it announces none. */
static uint32_t writer__rune_size(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* The character at text, which is NUL-terminated. */
static struct log_rune writer__rune_at(const char *text)
{
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t size = writer__rune_size((uint8_t)text[0]);
    struct log_rune rune = {.code = (uint8_t)text[0] & masks[size], .size = size};
    for (uint32_t i = 1; i < size; i++) {
        uint8_t byte = (uint8_t)text[i];
        if ((byte & 0xc0) != 0x80) {
            return (struct log_rune){.size = 0};
        }
        rune.code = rune.code << 6 | (byte & 0x3fu);
    }
    bool is_surrogate = rune.code >= 0xd800 && rune.code <= 0xdfff;
    if (size == 0 || rune.code < least[size] || is_surrogate || rune.code > 0x10ffff) {
        return (struct log_rune){.size = 0};
    }
    return rune;
}

/* Characters that end a line or steer a terminal somewhere. */
static bool writer__is_control(uint32_t code)
{
    bool is_separator = code == 0x2028 || code == 0x2029;
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || is_separator;
}

static void writer__put_rune(struct log_writer *writer, const char *text, struct log_rune rune)
{
    char escape[8];
    if (rune.code == '"' || rune.code == '\\') {
        snprintf(escape, sizeof(escape), "\\%c", text[0]);
        writer__put_string(writer, escape);
    } else if (rune.code == '\n') {
        writer__put_string(writer, "\\n");
    } else if (writer__is_control(rune.code)) {
        snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(rune.code & 0xffffu));
        writer__put_string(writer, escape);
    } else {
        writer__put(writer, text, rune.size);
    }
}

static void writer__put_quoted(struct log_writer *writer, const char *text)
{
    writer__put_string(writer, "\"");
    while (*text != '\0' && !writer->is_cut) {
        struct log_rune rune = writer__rune_at(text);
        if (rune.size == 0) {
            writer__put_string(writer, "\\ufffd");
            text++;
        } else {
            writer__put_rune(writer, text, rune);
            text += rune.size;
        }
    }
    writer__put_string(writer, "\"");
}

/* True if the text can stand without quotes. */
static bool writer__is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_.:/@+-[]%,";
    return text[0] != '\0' && text[strspn(text, plain)] == '\0';
}

static void writer__put_key(struct log_writer *writer, const char *key)
{
    if (writer->is_json) {
        writer__put_string(writer, writer->size == 0 ? "{\"" : ",\"");
        writer__put_string(writer, key);
        writer__put_string(writer, "\":");
    } else {
        writer__put_string(writer, writer->size == 0 ? "" : " ");
        writer__put_string(writer, key);
        writer__put_string(writer, "=");
    }
}

void log_writer_word(struct log_writer *writer, const char *key, const char *word)
{
    if (writer->is_json) {
        log_writer_text(writer, key, word);
        return;
    }
    writer__put_string(writer, writer->size == 0 ? "" : " ");
    writer__put_string(writer, word);
}

void log_writer_text(struct log_writer *writer, const char *key, const char *text)
{
    uint32_t size_before = writer->size;
    writer__put_key(writer, key);
    if (!writer->is_json && writer__is_plain(text)) {
        writer__put_string(writer, text);
    } else {
        writer__put_quoted(writer, text);
    }
    if (writer->is_cut) {
        writer->size = size_before;
    }
}

void log_writer_bare(struct log_writer *writer, const char *key, const char *text)
{
    uint32_t size_before = writer->size;
    writer__put_key(writer, key);
    writer__put_string(writer, text);
    if (writer->is_cut) {
        writer->size = size_before;
    }
}

uint32_t log_writer_end(struct log_writer *writer)
{
    const char *cut = writer->is_json ? ",\"cut\":true" : " cut=true";
    const char *end = writer->is_json ? "}\n" : "\n";
    int size = snprintf(writer->line + writer->size, writer->capacity - writer->size, "%s%s",
                        writer->is_cut ? cut : "", end);
    PC_ASSERT(size > 0 && (uint32_t)size < LOG_WRITER_RESERVE);
    return writer->size + (uint32_t)size;
}
