/* Bit scans that C11 lacks. */
#pragma once

#include <stdint.h>

/* Index of the lowest set bit; word is not 0. */
static inline uint32_t bits_lowest(uint64_t word)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(word);
#else
    uint32_t index = 0;
    while ((word & 1u) == 0) {
        word >>= 1;
        index++;
    }
    return index;
#endif
}

/* Index of the highest set bit; word is not 0. */
static inline uint32_t bits_highest(uint64_t word)
{
#if defined(__GNUC__)
    return 63u - (uint32_t)__builtin_clzll(word);
#else
    uint32_t index = 0;
    while ((word >>= 1) != 0) {
        index++;
    }
    return index;
#endif
}
