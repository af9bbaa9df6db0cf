/* A token bucket in eight bytes: rate limits per session and per packet. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/check.h"

#define TOKEN_MILLI 1000u /* parts of a token */

/* Zeroed means: never used; the first take finds it full.
 * Invariant: level_milli <= burst * 1000 of the rate it is used with. */
struct token_bucket {
    uint32_t level_milli; /* thousandths of a token */
    uint32_t filled;      /* stamp of the last fill; 0: never used */
};

void token_bucket_check(const struct token_bucket *bucket, uint32_t burst);

/* Asserts that a bucket can keep such a rate. */
void token_bucket_check_rate(uint32_t per_sec, uint32_t burst);

/* A time as buckets keep it: never 0, which says that a bucket was not used. Once in 49 days two
 * milliseconds have the same stamp. */
static inline uint32_t token_bucket_stamp(uint64_t now_ms)
{
    uint32_t stamp = (uint32_t)now_ms + 1u;
    return stamp == 0 ? UINT32_MAX : stamp;
}

/* Add what the time until stamp is worth. */
void token_bucket_fill(struct token_bucket *bucket, uint32_t per_sec, uint32_t burst,
                       uint32_t stamp);

/* Take one token if there is one. per_sec and burst: 1..1,000,000. stamp: of a time that never goes
 * back; pauses beyond 49 days may refill too little, never too much. */
static inline bool token_bucket_take(struct token_bucket *bucket, uint32_t per_sec, uint32_t burst,
                                     uint32_t stamp)
{
    /* Packets of a burst come in one millisecond, which adds nothing after the first. */
    if (PC_UNLIKELY(bucket->filled != stamp)) {
        token_bucket_fill(bucket, per_sec, burst, stamp);
    }
    if (PC_UNLIKELY(bucket->level_milli < TOKEN_MILLI)) {
        return false;
    }
    bucket->level_milli -= TOKEN_MILLI;
    return true;
}

/* Undo a take, before the bucket is used again. */
static inline void token_bucket_give_back(struct token_bucket *bucket)
{
    bucket->level_milli += TOKEN_MILLI;
}

/* Milliseconds from the last take until a token will be there; 0 if there is one. */
uint32_t token_bucket_wait_ms(const struct token_bucket *bucket, uint32_t per_sec);
