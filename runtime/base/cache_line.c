/* Aligned allocation without aligned_alloc, which Windows lacks: calloc aligns to 16 only, so the
 * address is rounded up, and what calloc gave is kept in front of it.
 *
 * Happy path: one calloc, one free.
 * Failures: NULL if memory is short.
 * Path: beside it; memory of workers, sessions and counters. */
#include "base/cache_line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *cache_line_allocate(size_t size)
{
    void *whole = calloc(1, cache_line_round_up(size) + CACHE_LINE_SIZE + sizeof(void *));
    if (whole == NULL) {
        return NULL;
    }
    uintptr_t first = (uintptr_t)whole + sizeof(void *) + CACHE_LINE_SIZE - 1;
    uint8_t *memory = (uint8_t *)(first & ~(uintptr_t)(CACHE_LINE_SIZE - 1));
    memcpy(memory - sizeof(void *), &whole, sizeof whole);
    return memory;
}

void cache_line_free(void *memory)
{
    void *whole = NULL;
    if (memory != NULL) {
        memcpy(&whole, (uint8_t *)memory - sizeof(void *), sizeof whole);
    }
    free(whole);
}
