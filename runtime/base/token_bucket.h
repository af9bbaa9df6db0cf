/* A token bucket in eight bytes: rate limits per session and per packet. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zeroed means: never used; the first take finds it full.
 * Invariant: level_milli <= burst * 1000 of the rate it is used with. */
struct token_bucket {
    uint32_t level_milli; /* thousandths of a token */
    uint32_t filled_ms;   /* low 32 bits of the time of the last fill + 1; 0: never used */
};

void token_bucket_check(const struct token_bucket *bucket, uint32_t burst);

/* Take one token if there is one. per_sec and burst: 1..1,000,000. now_ms never goes back; pauses
 * beyond 49 days may refill too little, never too much. */
bool token_bucket_take(struct token_bucket *bucket, uint32_t per_sec, uint32_t burst,
                       uint64_t now_ms);

/* Milliseconds from the last take until a token will be there; 0 if there is one. */
uint32_t token_bucket_wait_ms(const struct token_bucket *bucket, uint32_t per_sec);
