/* Builds one log line as text or JSON in a fixed buffer. Private to log*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Invariant: size + LOG_WRITER_RESERVE <= capacity, so that the end of the line always fits. A
 * field that does not fit is undone and is_cut set; then nothing more is added. */
struct log_writer {
    char *line;
    uint32_t size; /* bytes written */
    uint32_t capacity;
    bool is_json;
    bool is_cut;
};

/* Room for `,"cut":true}`, newline and NUL. */
#define LOG_WRITER_RESERVE 16u

void log_writer_begin(struct log_writer *writer, char *line, uint32_t capacity, bool is_json);

/* In text a word without its key; in JSON as log_writer_text. For what every line begins with. */
void log_writer_word(struct log_writer *writer, const char *key, const char *word);

/* A value that may hold anything: quoted and escaped as far as it needs to be. */
void log_writer_text(struct log_writer *writer, const char *key, const char *text);

/* A value that is valid as it is: a number, true, false. */
void log_writer_bare(struct log_writer *writer, const char *key, const char *text);

/* Closes the line with a newline and a NUL; returns its size without the NUL. */
uint32_t log_writer_end(struct log_writer *writer);
