/* Latency histogram. Happy path: record -> one bucket up; percentile -> walk until enough are seen.
 * Failure modes: none; values beyond the range count in the last bucket, max stays exact. */
#include "histogram.h"

#include "pc/check.h"

static uint32_t histogram__bucket(uint64_t value)
{
    uint64_t limit = ((uint64_t)1 << HISTOGRAM_VALUE_BITS) - 1;
    uint64_t kept = value < limit ? value : limit;
    uint32_t shift = 0;
    while ((kept >> shift) >= 2 * HISTOGRAM_SUB_COUNT) {
        shift++;
    }
    if (kept < HISTOGRAM_SUB_COUNT) {
        return (uint32_t)kept;
    }
    return shift * HISTOGRAM_SUB_COUNT + (uint32_t)(kept >> shift);
}

/* The greatest value that falls into the bucket. */
static uint64_t histogram__bucket_end(uint32_t bucket)
{
    if (bucket < 2 * HISTOGRAM_SUB_COUNT) {
        return bucket;
    }
    uint32_t shift = bucket / HISTOGRAM_SUB_COUNT - 1;
    uint64_t head = bucket % HISTOGRAM_SUB_COUNT + HISTOGRAM_SUB_COUNT;
    return ((head + 1) << shift) - 1;
}

void histogram_record(struct histogram *histogram, uint64_t value)
{
    uint32_t bucket = histogram__bucket(value);
    PC_ASSERT(bucket < HISTOGRAM_BUCKETS);
    histogram->buckets[bucket]++;
    histogram->count++;
    if (value > histogram->max) {
        histogram->max = value;
    }
}

void histogram_merge(struct histogram *target, const struct histogram *source)
{
    for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        target->buckets[bucket] += source->buckets[bucket];
    }
    target->count += source->count;
    if (source->max > target->max) {
        target->max = source->max;
    }
}

uint64_t histogram_percentile(const struct histogram *histogram, uint32_t permille)
{
    PC_ASSERT(permille <= 1000);
    uint64_t wanted = (histogram->count * permille + 999) / 1000;
    uint64_t seen = 0;
    for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen >= wanted && seen > 0) {
            uint64_t end = histogram__bucket_end(bucket);
            return end < histogram->max ? end : histogram->max;
        }
    }
    return histogram->max;
}
