/* The log's queue: whole lines in order; a stream that stands or fails holds nobody up. The stream
 * is the GNU C library's fopencookie: a door that writes wait at. */
#define _GNU_SOURCE /* fopencookie */

#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "common/log_queue.h"
#include "posted.h"

#define BYTES_MAX  (4u * LOG_LINE_SIZE)
#define LINES_MANY 1000u /* more than the queue holds */
#define TEXT_SIZE  (1u << 20)
#define AT_ONCE_MS 1u
#define WAIT_MS    20000u

struct fixture {
    struct log log;
    struct door door; /* open: the stream takes what it is given */
    bool fails;
    char *text; /* what it was given */
    size_t text_size;
    size_t chunk_high;
    uint32_t added;
};

static ssize_t stream_write(void *cookie, const char *bytes, size_t size)
{
    struct fixture *fixture = cookie;
    door_pass(&fixture->door);
    if (fixture->fails) {
        return 0;
    }
    assert_true(size < TEXT_SIZE - fixture->text_size);
    assert_true(bytes[size - 1] == '\n'); /* whole lines */
    memcpy(fixture->text + fixture->text_size, bytes, size);
    fixture->text_size += size;
    fixture->chunk_high = size > fixture->chunk_high ? size : fixture->chunk_high;
    return (ssize_t)size;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->text = calloc(1, TEXT_SIZE);
    assert_non_null(fixture->text);
    door_init(&fixture->door);
    FILE *out = fopencookie(fixture, "w", (cookie_io_functions_t){.write = stream_write});
    assert_non_null(out);
    assert_int_equal(setvbuf(out, NULL, _IONBF, 0), 0); /* as stderr */
    log_init(&fixture->log, out, "db", LOG_INFO, LOG_TEXT);
    fixture->log.queue = log_queue_start(&fixture->log, BYTES_MAX);
    assert_non_null(fixture->log.queue);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fclose(fixture->log.out);
    door_free(&fixture->door);
    free(fixture->text);
    free(fixture);
    return 0;
}

static void add_lines(struct fixture *fixture, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        log_write(&fixture->log, LOG_INFO, PC_HANDLE_NONE, "counted",
                  LOG_FIELDS(log_number("number", fixture->added)));
        fixture->added++;
    }
}

static void stop(struct fixture *fixture)
{
    assert_true(log_queue_stop(fixture->log.queue, WAIT_MS));
}

static uint32_t number_after(const char *line, const char *key)
{
    const char *at = strstr(line, key);
    assert_non_null(at);
    return (uint32_t)strtoul(at + strlen(key), NULL, 10);
}

/* Each line is the next number, or says how many are missing. Returns how many are. */
static uint32_t read_lines(const struct fixture *fixture)
{
    uint32_t next = 0;
    uint32_t lost = 0;
    for (char *line = fixture->text; *line != '\0'; line = strchr(line, '\n') + 1) {
        *strchr(line, '\n') = '\0';
        if (strstr(line, "event=log_lost") != NULL) {
            next += number_after(line, " lines=");
            lost += number_after(line, " lines=");
            assert_int_equal(number_after(line, " lines_total="), lost);
        } else {
            assert_int_equal(number_after(line, "event=counted number="), next);
            next++;
        }
        line[strlen(line)] = '\n';
    }
    assert_int_equal(next, fixture->added);
    return lost;
}

static void log_queue_writes_every_line_in_order(void **state)
{
    struct fixture *fixture = *state;
    add_lines(fixture, 1);
    door_await(&fixture->door, 1); /* the others gather meanwhile */
    add_lines(fixture, 100);
    door_open(&fixture->door);
    stop(fixture);
    assert_int_equal(read_lines(fixture), 0);
    assert_true(fixture->chunk_high > LOG_QUEUE_WRITE_MAX / 2);
    assert_true(fixture->chunk_high <= LOG_QUEUE_WRITE_MAX);
}

static void log_queue_with_stream_that_stands_counts_what_is_lost(void **state)
{
    struct fixture *fixture = *state;
    add_lines(fixture, LINES_MANY); /* without the queue this would wait */
    door_open(&fixture->door);
    stop(fixture);
    assert_true(read_lines(fixture) > 0);
}

static void log_queue_stop_does_not_wait_for_stream_that_stands(void **state)
{
    struct fixture *fixture = *state;
    add_lines(fixture, 1);
    door_await(&fixture->door, 1);
    assert_false(log_queue_stop(fixture->log.queue, AT_ONCE_MS));
    door_open(&fixture->door);
    stop(fixture);
    assert_int_equal(read_lines(fixture), 0);
}

static void log_queue_goes_on_when_writes_fail(void **state)
{
    struct fixture *fixture = *state;
    fixture->fails = true;
    door_open(&fixture->door);
    add_lines(fixture, LINES_MANY);
    stop(fixture);
    assert_int_equal(fixture->text_size, 0);
}

#define QUEUE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(log_queue_writes_every_line_in_order),
        QUEUE_TEST(log_queue_with_stream_that_stands_counts_what_is_lost),
        QUEUE_TEST(log_queue_stop_does_not_wait_for_stream_that_stands),
        QUEUE_TEST(log_queue_goes_on_when_writes_fail),
    };
    return cmocka_run_group_tests_name("log_queue", tests, NULL, NULL);
}
