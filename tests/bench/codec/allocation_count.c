/* Counts what is allocated from the heap, by us or by a library: the program's own malloc comes
 * before the C library's. For glibc, whose functions do the work under their inner names. A
 * sanitizer has its own malloc: then nothing is counted. */
#include <stddef.h>
#include <stdint.h>

#include "codec_case.h"

uint64_t allocation_count;

#ifdef BENCH_COUNTS_ALLOCATIONS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    allocation_count++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocation_count++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocation_count++;
    return __libc_realloc(memory, size);
}
#endif
