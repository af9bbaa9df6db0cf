/* Log lines: both formats, escaping, the cut of long lines, the levels. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "temporary_file.h"

/* 2026-11-23T09:04:05.678Z */
#define TIME_MS UINT64_C(1795424645678)

static char line[LOG_LINE_SIZE];

static const char *format(enum log_format format, const struct log_field *fields)
{
    struct log log;
    log_init(&log, stderr, "db", LOG_INFO, format);
    const struct log_event event = {
        .time_ms = TIME_MS, .name = "happened", .fields = fields, .level = LOG_WARNING};
    uint32_t size = log_format_line(&log, &event, line);
    assert_int_equal(size, strlen(line));
    return line;
}

static const char *as_text(const struct log_field *fields)
{
    return format(LOG_TEXT, fields);
}

static const char *as_json(const struct log_field *fields)
{
    return format(LOG_JSON, fields);
}

/* Skip a JSON string; returns the place behind it. Fails the test if it is none. */
static const char *skip_string(const char *at)
{
    assert_int_equal(*at, '"');
    for (at++; *at != '"'; at++) {
        assert_true((unsigned char)*at >= 0x20);
        if (*at == '\\') {
            at++;
            assert_non_null(strchr("\"\\nu", *at));
            assert_true(*at != 'u' || strspn(at + 1, "0123456789abcdef") >= 4);
        }
    }
    return at + 1;
}

/* A flat JSON object of strings, numbers and booleans, in one line. */
static void assert_json(const char *text)
{
    char before = '{';
    do {
        assert_int_equal(*text, before);
        text = skip_string(text + 1);
        assert_int_equal(*text, ':');
        text++;
        text = *text == '"' ? skip_string(text) : text + strspn(text, "-0123456789truefalse");
        before = ',';
    } while (*text == ',');
    assert_string_equal(text, "}\n");
}

static void log_plain_fields_make_a_text_line(void **state)
{
    (void)state;
    struct pc_address address;
    assert_int_equal(pc_address_parse("127.0.0.1:7000", &address), PC_OK);
    assert_string_equal(
        as_text(LOG_FIELDS(log_address("address", &address), log_text("name", "gate-1"),
                           log_number("count", UINT64_MAX), log_signed("code", -5),
                           log_bool("up", true), log_hex("id", 0x103))),
        "2026-11-23T09:04:05.678Z warning db event=happened address=127.0.0.1:7000 name=gate-1 "
        "count=18446744073709551615 code=-5 up=true id=0x0103\n");
}

static void log_plain_fields_make_a_json_line(void **state)
{
    (void)state;
    assert_string_equal(as_json(LOG_FIELDS(log_text("name", "gate-1"), log_number("count", 3),
                                           log_bool("up", false), log_hex("id", 0x103))),
                        "{\"time\":\"2026-11-23T09:04:05.678Z\",\"level\":\"warning\","
                        "\"server\":\"db\",\"event\":\"happened\",\"name\":\"gate-1\",\"count\":3,"
                        "\"up\":false,\"id\":\"0x0103\"}\n");
    assert_json(line);
}

static void log_session_stands_before_event(void **state)
{
    (void)state;
    struct log log;
    log_init(&log, stderr, "gate", LOG_INFO, LOG_TEXT);
    const struct log_event event = {
        .time_ms = TIME_MS, .session = UINT64_C(0x100000002), .name = "x", .level = LOG_INFO};
    (void)log_format_line(&log, &event, line);
    assert_string_equal(line,
                        "2026-11-23T09:04:05.678Z info gate session=0000000100000002 event=x\n");
}

static void log_spaces_and_quotes_are_quoted(void **state)
{
    (void)state;
    as_text(LOG_FIELDS(log_text("a", "two words"), log_text("b", "\"\\"), log_text("c", ""),
                       log_text("d", "x=y")));
    assert_non_null(strstr(line, " a=\"two words\" b=\"\\\"\\\\\" c=\"\" d=\"x=y\"\n"));
}

static void log_line_breaks_cannot_forge_a_line(void **state)
{
    (void)state;
    const char *evil = "a\n2026 info db event=fake\r\t\x1b[0m\x7f";
    as_text(LOG_FIELDS(log_text("name", evil)));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_non_null(
        strstr(line, "name=\"a\\n2026 info db event=fake\\u000d\\u0009\\u001b[0m\\u007f\""));
    assert_json(as_json(LOG_FIELDS(log_text("name", evil))));
}

static void log_unicode_separators_are_escaped(void **state)
{
    (void)state;
    as_json(LOG_FIELDS(log_text("name", "\xe2\x80\xa8\xc2\x85")));
    assert_json(line);
    assert_non_null(strstr(line, "\"\\u2028\\u0085\""));
}

static void log_utf8_is_kept(void **state)
{
    (void)state;
    as_json(LOG_FIELDS(log_text("name", "\xea\xb0\x80\xf0\x9f\x98\x80")));
    assert_json(line);
    assert_non_null(strstr(line, "\"\xea\xb0\x80\xf0\x9f\x98\x80\""));
}

static void log_bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    static const char *const broken[] = {"\xff",     "\xc0\x80",         "\xed\xa0\x80",
                                         "\xe2\x82", "\xf4\x90\x80\x80", "\x80"};
    for (uint32_t i = 0; i < COUNT_OF(broken); i++) {
        as_json(LOG_FIELDS(log_text("name", broken[i])));
        assert_json(line);
        assert_non_null(strstr(line, "\\ufffd"));
        for (const char *at = line; *at != '\0'; at++) {
            assert_true((unsigned char)*at < 0x80);
        }
    }
}

static void log_long_line_is_cut_and_stays_valid(void **state)
{
    (void)state;
    static char text[LOG_LINE_SIZE * 2];
    for (uint32_t size = 1800; size < 2100; size++) {
        memset(text, 'x', size);
        text[size] = '\0';
        as_json(LOG_FIELDS(log_number("first", 1), log_text("name", text), log_number("last", 2)));
        assert_json(line);
        assert_true(strlen(line) < LOG_LINE_SIZE);
        bool is_cut = strstr(line, ",\"cut\":true}") != NULL;
        bool is_whole = strstr(line, "\"last\":2}") != NULL;
        assert_int_equal(is_cut, !is_whole);
        assert_non_null(strstr(line, "\"first\":1"));
    }
    as_text(LOG_FIELDS(log_text("name", text), log_number("last", 2)));
    assert_non_null(strstr(line, "event=happened cut=true\n"));
}

static void log_times_are_those_of_the_calendar(void **state)
{
    (void)state;
    static const struct {
        uint64_t time_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {UINT64_C(951782399999), "2000-02-28T23:59:59.999Z"},
        {UINT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {UINT64_C(1709251199000), "2024-02-29T23:59:59.000Z"},
        {UINT64_C(1709251200000), "2024-03-01T00:00:00.000Z"},
        {UINT64_C(4107542399000), "2100-02-28T23:59:59.000Z"},
        {UINT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
    };
    struct log log;
    log_init(&log, stderr, "db", LOG_INFO, LOG_TEXT);
    for (uint32_t i = 0; i < COUNT_OF(cases); i++) {
        const struct log_event event = {.time_ms = cases[i].time_ms, .name = "x"};
        (void)log_format_line(&log, &event, line);
        assert_memory_equal(line, cases[i].text, strlen(cases[i].text));
    }
}

/* What log_write leaves in a file. */
static void log_lower_levels_are_not_written(void **state)
{
    (void)state;
    struct log log;
    char path[TEMPORARY_PATH_SIZE];
    char text[LOG_LINE_SIZE] = "";
    temporary_path(path, ".log");
    FILE *file = fopen(path, "w+b");
    assert_non_null(file);
    log_init(&log, file, "db", LOG_WARNING, LOG_TEXT);
    log_write(&log, LOG_INFO, PC_HANDLE_NONE, "quiet", NULL);
    log_write(&log, LOG_ERROR, PC_HANDLE_NONE, "loud", NULL);
    rewind(file);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    remove(path);
    assert_true(size > 0);
    assert_null(strstr(text, "quiet"));
    assert_non_null(strstr(text, "Z error db event=loud\n"));
}

static void log_runtime_events_have_their_fields(void **state)
{
    (void)state;
    struct log log;
    char path[TEMPORARY_PATH_SIZE];
    char text[LOG_LINE_SIZE * 4] = "";
    struct pc_event event = {.kind = PC_EVENT_LISTENING, .type = "client"};
    assert_int_equal(pc_address_parse("127.0.0.1:1234", &event.address), PC_OK);
    temporary_path(path, ".log");
    FILE *file = fopen(path, "w+b");
    assert_non_null(file);
    log_init(&log, file, "gate", LOG_DEBUG, LOG_TEXT);
    for (int kind = PC_EVENT_LISTENING; kind <= PC_EVENT_CLOSED; kind++) {
        event.kind = (enum pc_event_kind)kind;
        event.refusal = PC_REFUSED_DECODE;
        event.wire_error = PC_WIRE_UTF8;
        event.reason = PC_CLOSE_VIOLATION;
        event.packet_id = 0x103;
        event.packet_size = 77;
        log_runtime_event(&log, &event);
    }
    rewind(file);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    remove(path);
    assert_true(size > 0);
    assert_non_null(strstr(text, "event=listening address=127.0.0.1:1234 type=client\n"));
    assert_non_null(strstr(text, "event=refused type=client address=127.0.0.1:1234 "
                                 "reason=refused_decode id=0x0103 size=77 wire_error=utf8\n"));
    assert_non_null(strstr(text, "warning gate event=closed type=client address=127.0.0.1:1234 "
                                 "reason=violation class=protocol "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_plain_fields_make_a_text_line),
        cmocka_unit_test(log_plain_fields_make_a_json_line),
        cmocka_unit_test(log_session_stands_before_event),
        cmocka_unit_test(log_spaces_and_quotes_are_quoted),
        cmocka_unit_test(log_line_breaks_cannot_forge_a_line),
        cmocka_unit_test(log_unicode_separators_are_escaped),
        cmocka_unit_test(log_utf8_is_kept),
        cmocka_unit_test(log_bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(log_long_line_is_cut_and_stays_valid),
        cmocka_unit_test(log_times_are_those_of_the_calendar),
        cmocka_unit_test(log_lower_levels_are_not_written),
        cmocka_unit_test(log_runtime_events_have_their_fields),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
