/* The log: one line per event on stderr, as text or as JSON.
 *
 *     2026-11-23T09:00:00.123Z info db session=0000000100000002 event=link_up peer=gate-1
 *
 * Happy path: log_write puts time, level, server, session, event and fields into a buffer on the
 * stack and hands it whole to the queue, which a thread writes (log_queue.h).
 * Failure modes: a line that is too long is cut and marked; a failed write is ignored; when nobody
 * reads and the queue is full, lines are lost and counted. Nobody waits for the reader.
 * Values are escaped, so that no peer can forge a line. Never hand a password, proof or key to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pc/runtime.h"
#include "pc/session.h"

#define LOG_LINE_SIZE 2048u /* bytes of one line, its newline included */

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARNING,
    LOG_ERROR
};

enum log_format {
    LOG_TEXT,
    LOG_JSON
};

/* For the config tables; NULL at the end, in the order of the enums. */
extern const char *const log_level_names[];
extern const char *const log_format_names[];

struct log_queue;

/* Constant while more than one thread uses it; therefore any may write. */
struct log {
    FILE *out;
    struct log_queue *queue; /* NULL: each line is written to the stream at once */
    const char *server;      /* "gate", "game", "db" */
    enum log_level level;
    enum log_format format;
};

enum log_field_kind {
    LOG_FIELD_END,
    LOG_FIELD_TEXT,
    LOG_FIELD_NUMBER,
    LOG_FIELD_SIGNED,
    LOG_FIELD_BOOL,
    LOG_FIELD_ADDRESS,
    LOG_FIELD_HEX
};

struct log_field {
    enum log_field_kind kind;
    const char *key; /* [a-z0-9_]+ */
    union {
        const char *text;
        uint64_t number;
        int64_t signed_number;
        bool flag;
        const struct pc_address *address;
    } value;
};

static inline struct log_field log_text(const char *key, const char *text)
{
    return (struct log_field){.kind = LOG_FIELD_TEXT, .key = key, .value.text = text};
}

static inline struct log_field log_number(const char *key, uint64_t number)
{
    return (struct log_field){.kind = LOG_FIELD_NUMBER, .key = key, .value.number = number};
}

static inline struct log_field log_signed(const char *key, int64_t number)
{
    return (struct log_field){.kind = LOG_FIELD_SIGNED, .key = key, .value.signed_number = number};
}

static inline struct log_field log_bool(const char *key, bool flag)
{
    return (struct log_field){.kind = LOG_FIELD_BOOL, .key = key, .value.flag = flag};
}

static inline struct log_field log_address(const char *key, const struct pc_address *address)
{
    return (struct log_field){.kind = LOG_FIELD_ADDRESS, .key = key, .value.address = address};
}

/* 0x0103 for packet ids, or 16 digits of a hash. In JSON it is a string. */
static inline struct log_field log_hex(const char *key, uint64_t number)
{
    return (struct log_field){.kind = LOG_FIELD_HEX, .key = key, .value.number = number};
}

/* The last argument of log_write: LOG_FIELDS(log_text("peer", node), log_number("count", 3)). */
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {.kind = LOG_FIELD_END}})

/* out: stderr but in tests; not owned. */
void log_init(struct log *log, FILE *out, const char *server, enum log_level level,
              enum log_format format);

/* Write one event.
 *
 * session  whom it is about; PC_HANDLE_NONE leaves it out
 * event    a word in lower case: "link_up"
 * fields   LOG_FIELDS(...) or NULL
 * Thread   any */
void log_write(const struct log *log, enum log_level level, pc_handle session, const char *event,
               const struct log_field *fields);

static inline bool log_wants(const struct log *log, enum log_level level)
{
    return level >= log->level;
}

/* The line of what happened in the runtime: listening, accepted, refused, closed, ... */
void log_runtime_event(const struct log *log, const struct pc_event *event);

/* Format without writing; for tests. line has LOG_LINE_SIZE bytes. Returns its size with the
 * newline; NUL follows. time_ms: since 1970 UTC. */
struct log_event {
    uint64_t time_ms;
    pc_handle session;
    const char *name;
    const struct log_field *fields;
    enum log_level level;
};
uint32_t log_format_line(const struct log *log, const struct log_event *event, char *line);
