/* Keeps peers that misbehave from filling the log.
 *
 * Happy path: a line that a peer can cause asks log_limit_admit; so many per second are written.
 * Failure modes: the others are counted, and one line log_suppressed tells how many when the second
 * is over and another one comes, or when the server stops. Nothing is lost for the counters.
 * Path: beside [1] to [6]. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

/* One worker's. Thread: the worker's. Invariant: written <= the limit; suppressed are those of the
 * second that have not been told. */
struct log_limit {
    uint64_t second; /* since some start: the one that is counted */
    uint32_t written;
    uint32_t suppressed;
    uint64_t suppressed_total;
};

/* May a line be written now? per_sec 0: always. */
bool log_limit_admit(struct log_limit *limit, const struct log *log, uint64_t now_ms,
                     uint32_t per_sec);

/* Tell what has not been told. */
void log_limit_flush(struct log_limit *limit, const struct log *log);
