/* The log: one line per event.
 *
 *     2026-11-23T09:00:00.123Z info db session=0000000100000002 event=link_up peer=gate-1
 *     {"time":"2026-11-23T09:00:00.123Z","level":"info","server":"db",
 *      "session":"0000000100000002","event":"link_up","peer":"gate-1"}       (one line)
 *
 * Happy path: the line is built in a buffer on the stack, then handed to the queue, or to the
 * stream in one call where there is no queue. Failure modes: a field that does not fit is left out
 * with all that follow it and `cut` is added, so that a JSON line stays whole; bytes that are no
 * UTF-8 become U+FFFD, control characters are escaped. Path: beside all of it. */
#include "common/log.h"

#include <inttypes.h>
#include <string.h>

#include "common/log_queue.h"
#include "common/log_writer.h"
#include "pc/check.h"
#include "pc/os.h"

#define LOG_TIME_SIZE 40u

const char *const log_level_names[] = {"debug", "info", "warning", "error", NULL};
const char *const log_format_names[] = {"text", "json", NULL};

void log_init(struct log *log, FILE *out, const char *server, enum log_level level,
              enum log_format format)
{
    log->out = out;
    log->queue = NULL;
    log->server = server;
    log->level = level;
    log->format = format;
}

/* Days since 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that the
 * leap day is a year's last. */
static void log__date(uint64_t days, uint32_t *year, uint32_t *month, uint32_t *day)
{
    uint64_t shifted = days + 719468u; /* since 0000-03-01 */
    uint64_t era = shifted / 146097u;  /* of 400 years */
    uint64_t day_of_era = shifted % 146097u;
    uint64_t year_of_era =
        (day_of_era - day_of_era / 1460u + day_of_era / 36524u - day_of_era / 146096u) / 365u;
    uint64_t day_of_year =
        day_of_era - (365u * year_of_era + year_of_era / 4u - year_of_era / 100u);
    uint64_t month_from_march = (5u * day_of_year + 2u) / 153u;
    *day = (uint32_t)(day_of_year - (153u * month_from_march + 2u) / 5u + 1u);
    *month = (uint32_t)(month_from_march < 10u ? month_from_march + 3u : month_from_march - 9u);
    *year = (uint32_t)(year_of_era + era * 400u + (*month <= 2u ? 1u : 0u));
}

static void log__format_time(uint64_t time_ms, char text[LOG_TIME_SIZE])
{
    uint32_t year;
    uint32_t month;
    uint32_t day;
    uint32_t ms = (uint32_t)(time_ms % 1000u);
    uint32_t second = (uint32_t)(time_ms / 1000u % 86400u);
    log__date(time_ms / 86400000u, &year, &month, &day);
    snprintf(text, LOG_TIME_SIZE, "%04" PRIu32 "-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month, day,
             second / 3600u, second / 60u % 60u, second % 60u, ms);
}

static void log__format_session(pc_handle session, char text[LOG_TIME_SIZE])
{
    snprintf(text, LOG_TIME_SIZE, "%08" PRIx32 "%08" PRIx32, (uint32_t)(session >> 32),
             (uint32_t)session);
}

static void log__put_field(struct log_writer *writer, const struct log_field *field)
{
    char text[PC_ADDRESS_TEXT_SIZE];
    switch (field->kind) {
    case LOG_FIELD_END:
        return;
    case LOG_FIELD_TEXT:
        log_writer_text(writer, field->key, field->value.text);
        return;
    case LOG_FIELD_NUMBER:
        snprintf(text, sizeof(text), "%" PRIu64, field->value.number);
        log_writer_bare(writer, field->key, text);
        return;
    case LOG_FIELD_SIGNED:
        snprintf(text, sizeof(text), "%" PRId64, field->value.signed_number);
        log_writer_bare(writer, field->key, text);
        return;
    case LOG_FIELD_BOOL:
        log_writer_bare(writer, field->key, field->value.flag ? "true" : "false");
        return;
    case LOG_FIELD_ADDRESS:
        log_writer_text(writer, field->key, pc_address_format(field->value.address, text));
        return;
    case LOG_FIELD_HEX:
        snprintf(text, sizeof(text), "0x%04" PRIx64, field->value.number);
        log_writer_text(writer, field->key, text);
        return;
    }
    PC_ASSERT(false);
}

uint32_t log_format_line(const struct log *log, const struct log_event *event, char *line)
{
    struct log_writer writer;
    char time[LOG_TIME_SIZE];
    char session[LOG_TIME_SIZE];
    log__format_time(event->time_ms, time);
    log_writer_begin(&writer, line, LOG_LINE_SIZE, log->format == LOG_JSON);
    log_writer_word(&writer, "time", time);
    log_writer_word(&writer, "level", log_level_names[event->level]);
    log_writer_word(&writer, "server", log->server);
    if (event->session != PC_HANDLE_NONE) {
        log__format_session(event->session, session);
        log_writer_text(&writer, "session", session);
    }
    log_writer_text(&writer, "event", event->name);
    const struct log_field *field = event->fields;
    while (field != NULL && field->kind != LOG_FIELD_END) {
        log__put_field(&writer, field);
        field++;
    }
    return log_writer_end(&writer);
}

void log_write(const struct log *log, enum log_level level, pc_handle session, const char *event,
               const struct log_field *fields)
{
    char line[LOG_LINE_SIZE];
    if (!log_wants(log, level)) {
        return;
    }
    struct log_event what = {.time_ms = pc_os_wall_ms(),
                             .session = session,
                             .name = event,
                             .fields = fields,
                             .level = level};
    uint32_t size = log_format_line(log, &what, line);
    if (log->queue != NULL) {
        log_queue_add(log->queue, line, size);
        return;
    }
    fwrite(line, 1, size, log->out);
    fflush(log->out);
}
