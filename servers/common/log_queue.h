/* The log's lines on their way to the stream: a bounded queue and the thread that writes it.
 * Whoever reads the stream may stop reading or go; no server waits for it.
 *
 * Happy path: add copies a line to the queue; the thread writes what has gathered, whole lines of
 * at most LOG_QUEUE_WRITE_MAX bytes at once, so that lines of several processes do not mix.
 * Failure modes: the queue is full because the stream stands: the line is counted, and when the
 * stream goes on a line `log_lost` says how many; a write that fails is ignored.
 * Price: what was added last is lost when the process is killed or crashes.
 * Thread: add on any. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

#define LOG_QUEUE_WRITE_MAX 4096u /* what a pipe takes at once or not at all */

struct log_queue;

/* log: of the lines about lost lines; its stream is written to. bytes_max: that may wait, at least
 * LOG_LINE_SIZE; so many again may be under way. NULL: no memory or no thread. */
struct log_queue *log_queue_start(const struct log *log, uint32_t bytes_max);

/* line: with its newline, at most LOG_LINE_SIZE bytes. Never waits for the stream. */
void log_queue_add(struct log_queue *queue, const char *line, uint32_t size);

/* Write what waits, and free. Nobody may add any more. False: it is not all written after
 * timeout_ms, and the queue stays. Then the thread hangs in the stream: stop again, or end the
 * process without touching that. */
bool log_queue_stop(struct log_queue *queue, uint32_t timeout_ms);
