/* A token bucket in eight bytes: rate limits per session and per packet.
 *
 * A rate of per_sec tokens a second is per_sec thousandths a millisecond, so integers are exact:
 * nothing is rounded and nothing drifts.
 *
 * Happy path: add what the time since the last fill is worth, cap at burst, take one.
 * Failures: none; an empty bucket says false and changes nothing but its fill.
 * Path: [6] between state and decode. */
#include "base/token_bucket.h"

#include "pc/check.h"

#define TOKEN_RATE_MAX 1000000u

void token_bucket_check(const struct token_bucket *bucket, uint32_t burst)
{
    PC_ASSERT(bucket->level_milli <= burst * TOKEN_MILLI);
    PC_ASSERT(bucket->filled != 0 || bucket->level_milli == 0);
}

void token_bucket_check_rate(uint32_t per_sec, uint32_t burst)
{
    PC_ASSERT(per_sec >= 1 && per_sec <= TOKEN_RATE_MAX);
    PC_ASSERT(burst >= 1 && burst <= TOKEN_RATE_MAX);
}

uint32_t token_bucket_wait_ms(const struct token_bucket *bucket, uint32_t per_sec)
{
    if (bucket->level_milli >= TOKEN_MILLI) {
        return 0;
    }
    return (TOKEN_MILLI - bucket->level_milli + per_sec - 1) / per_sec;
}

PC_OUTLINE void token_bucket_fill(struct token_bucket *bucket, uint32_t per_sec, uint32_t burst,
                                  uint32_t stamp)
{
    token_bucket_check_rate(per_sec, burst);
    uint32_t full_milli = burst * TOKEN_MILLI;
    if (bucket->filled == 0) {
        bucket->level_milli = full_milli;
    } else {
        uint32_t elapsed_ms = stamp - bucket->filled;
        uint64_t level = bucket->level_milli + (uint64_t)elapsed_ms * per_sec;
        bucket->level_milli = level < full_milli ? (uint32_t)level : full_milli;
    }
    bucket->filled = stamp;
    PC_CHECK(token_bucket_check(bucket, burst));
}
