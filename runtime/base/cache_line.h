/* Memory on cache lines of its own, so that what one thread writes does not slow another that reads
 * what lies beside it. */
#pragma once

#include <stddef.h>

#define CACHE_LINE_SIZE 64u

/* size rounded up to whole lines. */
static inline size_t cache_line_round_up(size_t size)
{
    return (size + CACHE_LINE_SIZE - 1) / CACHE_LINE_SIZE * CACHE_LINE_SIZE;
}

/* Zeroed memory that begins a line and shares none; NULL if memory is short. The caller's until
 * cache_line_free. */
void *cache_line_allocate(size_t size);

/* memory: of cache_line_allocate, or NULL. */
void cache_line_free(void *memory);
