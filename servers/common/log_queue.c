/* The log's lines on their way to the stream. See log_queue.h.
 *
 * Two buffers take turns: one is filled while the other is written. Path: beside all of it. */
#include "common/log_queue.h"

#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "pc/os.h"

struct log_batch {
    char *lines;
    uint32_t size;
    uint64_t lost; /* lines that came when it was full */
};

/* Invariant: filled is added to, under mutex; written is the thread's. Lost lines are younger than
 * all of their batch. */
struct log_queue {
    const struct log *log;
    struct pc_mutex *mutex;
    struct pc_condition *changed;
    struct pc_thread *thread;
    struct log_batch filled;
    struct log_batch written;
    uint32_t bytes_max;
    uint64_t lost_total;
    bool is_stopping;
    bool has_ended;
};

static void log_queue__free(struct log_queue *queue)
{
    if (queue->changed != NULL) {
        pc_condition_destroy(queue->changed);
    }
    if (queue->mutex != NULL) {
        pc_mutex_destroy(queue->mutex);
    }
    free(queue->filled.lines);
    free(queue->written.lines);
    free(queue);
}

/* Wait for lines and exchange the buffers. False: it stops, and all is written. */
static bool log_queue__take(struct log_queue *queue)
{
    pc_mutex_lock(queue->mutex);
    while (queue->filled.size == 0 && !queue->is_stopping) {
        pc_condition_wait(queue->changed, queue->mutex, UINT32_MAX);
    }
    struct log_batch taken = queue->filled;
    queue->filled = (struct log_batch){.lines = queue->written.lines};
    queue->written = taken;
    queue->has_ended = taken.size == 0;
    if (queue->has_ended) {
        pc_condition_broadcast(queue->changed);
    }
    pc_mutex_unlock(queue->mutex);
    return taken.size > 0;
}

/* How much is written at once: whole lines, one at least. */
static uint32_t log_queue__chunk_size(const char *lines, uint32_t size)
{
    if (size <= LOG_QUEUE_WRITE_MAX) {
        return size;
    }
    size = LOG_QUEUE_WRITE_MAX;
    while (lines[size - 1] != '\n') {
        size--;
    }
    return size;
}

static void log_queue__write(const struct log_queue *queue, const char *lines, uint32_t size)
{
    FILE *out = queue->log->out;
    for (uint32_t done = 0; done < size;) {
        uint32_t chunk_size = log_queue__chunk_size(lines + done, size - done);
        fwrite(lines + done, 1, chunk_size, out);
        fflush(out);
        done += chunk_size;
    }
}

static void log_queue__tell_lost(struct log_queue *queue, uint64_t lost)
{
    char line[LOG_LINE_SIZE];
    queue->lost_total += lost;
    const struct log_event event = {
        .time_ms = pc_os_wall_ms(),
        .name = "log_lost",
        .fields =
            LOG_FIELDS(log_number("lines", lost), log_number("lines_total", queue->lost_total)),
        .level = LOG_WARNING};
    log_queue__write(queue, line, log_format_line(queue->log, &event, line));
}

static void log_queue__run(void *argument)
{
    struct log_queue *queue = argument;
    while (log_queue__take(queue)) {
        log_queue__write(queue, queue->written.lines, queue->written.size);
        if (queue->written.lost > 0) {
            log_queue__tell_lost(queue, queue->written.lost);
        }
    }
}

struct log_queue *log_queue_start(const struct log *log, uint32_t bytes_max)
{
    PC_ASSERT(bytes_max >= LOG_LINE_SIZE);
    struct log_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL) {
        return NULL;
    }
    queue->log = log;
    queue->bytes_max = bytes_max;
    queue->mutex = pc_mutex_create();
    queue->changed = pc_condition_create();
    queue->filled.lines = malloc(bytes_max);
    queue->written.lines = malloc(bytes_max);
    if (queue->mutex != NULL && queue->changed != NULL && queue->filled.lines != NULL &&
        queue->written.lines != NULL) {
        queue->thread = pc_thread_start("log", log_queue__run, queue);
    }
    if (queue->thread == NULL) {
        log_queue__free(queue);
        return NULL;
    }
    return queue;
}

void log_queue_add(struct log_queue *queue, const char *line, uint32_t size)
{
    PC_ASSERT(size > 0 && size <= LOG_LINE_SIZE);
    pc_mutex_lock(queue->mutex);
    struct log_batch *batch = &queue->filled;
    /* After a lost line no shorter one slips in: the rest of the batch would not be in order. */
    if (batch->lost > 0 || size > queue->bytes_max - batch->size) {
        batch->lost++;
    } else {
        memcpy(batch->lines + batch->size, line, size);
        batch->size += size;
    }
    if (batch->size == size) {
        pc_condition_broadcast(queue->changed);
    }
    pc_mutex_unlock(queue->mutex);
}

static bool log_queue__await_end(struct log_queue *queue, uint32_t timeout_ms)
{
    uint64_t deadline_ms = pc_os_monotonic_ms() + timeout_ms;
    pc_mutex_lock(queue->mutex);
    queue->is_stopping = true;
    pc_condition_broadcast(queue->changed);
    uint64_t now_ms = pc_os_monotonic_ms();
    while (!queue->has_ended && now_ms < deadline_ms) {
        (void)pc_condition_wait(queue->changed, queue->mutex, (uint32_t)(deadline_ms - now_ms));
        now_ms = pc_os_monotonic_ms();
    }
    bool has_ended = queue->has_ended;
    pc_mutex_unlock(queue->mutex);
    return has_ended;
}

bool log_queue_stop(struct log_queue *queue, uint32_t timeout_ms)
{
    if (!log_queue__await_end(queue, timeout_ms)) {
        return false;
    }
    pc_thread_join(queue->thread);
    log_queue__free(queue);
    return true;
}
