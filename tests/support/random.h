/* Seeded random numbers for model tests. The seed is printed; PC_SEED=<number> replays it. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct random_source {
    uint64_t state;
};

/* what: the test's name, for the line that is printed. */
static inline struct random_source random_begin(const char *what)
{
    const char *wanted = getenv("PC_SEED");
    uint64_t seed = wanted != NULL ? strtoull(wanted, NULL, 0) : (uint64_t)time(NULL);
    printf("%s: PC_SEED=%llu\n", what, (unsigned long long)seed);
    fflush(stdout);
    return (struct random_source){.state = seed};
}

/* splitmix64 */
static inline uint64_t random_u64(struct random_source *source)
{
    source->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = source->state;
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* 0..bound-1; bound is not 0. */
static inline uint32_t random_below(struct random_source *source, uint32_t bound)
{
    return (uint32_t)(random_u64(source) % bound);
}
