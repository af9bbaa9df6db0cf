/* Seeded randomness for tests. The seed is printed, and PORTCULLIS_SEED in the environment replays
 * it. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct test_random {
    uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood, 2014). */
static inline uint64_t test_random_next(struct test_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0..bound-1 */
static inline uint32_t test_random_below(struct test_random *random, uint32_t bound)
{
    return (uint32_t)(test_random_next(random) % bound);
}

static inline struct test_random test_random_begin(const char *name, uint64_t seed_default)
{
    const char *text = getenv("PORTCULLIS_SEED");
    struct test_random random = {.state = seed_default};
    if (text != NULL) {
        random.state = strtoull(text, NULL, 0);
    }
    printf("%s: seed %llu\n", name, (unsigned long long)random.state);
    return random;
}
