/* Latencies in log-linear buckets: exact below 128, then 128 buckets for every power of two, so
 * that a percentile is at most 1/128 too high. Recording never allocates and costs a few
 * instructions. */
#pragma once

#include <stdint.h>

#define HISTOGRAM_SUB_BITS  7u
#define HISTOGRAM_SUB_COUNT (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_VALUE_BITS                                                                       \
    36u /* in microseconds 19 hours; greater values count as the greatest */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1u) * HISTOGRAM_SUB_COUNT)

/* Invariant: count is the sum of buckets; max is the greatest value recorded, 0 if none. Zeroed
 * means empty. */
struct histogram {
    uint64_t count;
    uint64_t max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_record(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *target, const struct histogram *source);

/* The value that permille / 1000 of the recorded ones do not exceed, rounded up to its bucket's end
 * but never above max; 0 if nothing was recorded. permille: 0..1000. */
uint64_t histogram_percentile(const struct histogram *histogram, uint32_t permille);
