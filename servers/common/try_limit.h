/* Limits tries that may fail, such as logins, for each of many: accounts, or addresses.
 *
 * Happy path: try_limit_begin before a try, try_limit_end after it with how it went. A failure
 * costs pause_ms of the time to come; who owes failures_max pauses waits until the first is over.
 * Failure modes: refused: too many tries under way at once, or too many failures; begin says how
 * long to wait. The table is bounded: whoever owes least gives its place to a newcomer, and when
 * all places where a newcomer may stand have tries under way, its own are not counted.
 * A key is hashed under a secret of the process, so nobody can aim at another's place.
 * Thread: any. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct try_limit_config {
    uint32_t places;       /* a power of two, at least 8 */
    uint32_t failures_max; /* at once; 0: failures are not limited */
    uint32_t pause_ms;     /* at least 1: one more after each */
    uint32_t waiting_max;  /* tries under way at once; 0: not limited */
};

struct try_limit;

struct try_limit *try_limit_create(const struct try_limit_config *config); /* NULL: no memory */
void try_limit_destroy(struct try_limit *limit);                           /* NULL is allowed */

/* The key of some bytes. */
uint64_t try_limit_key(const struct try_limit *limit, const void *bytes, size_t size);

/* 0: go on, and call try_limit_end when it is over. Else it is refused, for so many ms at least. */
uint32_t try_limit_begin(struct try_limit *limit, uint64_t key, uint64_t now_ms);
void try_limit_end(struct try_limit *limit, uint64_t key, uint64_t now_ms, bool has_failed);
