/* Counters that one worker writes and any thread may read: relaxed atomics without a locked
 * instruction, since there is one writer. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "pc/dispatch.h"
#include "pc/session.h"

struct counter {
    _Atomic uint64_t value;
};

static inline void counter_add(struct counter *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(&counter->value, memory_order_relaxed);
    atomic_store_explicit(&counter->value, value + amount, memory_order_relaxed);
}

static inline void counter_raise(struct counter *counter, uint64_t at_least)
{
    if (atomic_load_explicit(&counter->value, memory_order_relaxed) < at_least) {
        atomic_store_explicit(&counter->value, at_least, memory_order_relaxed);
    }
}

static inline uint64_t counter_read(const struct counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* What one worker counts of one session type. Those of a worker, and each packets, are allocated on
 * cache lines of their own. */
struct type_counters {
    struct counter opened;
    struct counter open_high;
    struct counter pool_size;
    struct counter closed[PC_CLOSE_REASON_COUNT];
    struct counter refused[PC_REFUSAL_COUNT];
    struct counter received_bytes;
    struct counter sent_packets;
    struct counter sent_bytes;
    struct counter sends;
    struct counter receives;
    struct counter soft_marks;
    struct counter soft_timeouts;
    struct counter hard_marks;
    struct counter memory_ends;
    struct counter replaced;
    struct counter evicted;
    struct counter pauses;
    struct counter turns_cut;
    struct counter shortages;
    struct counter accepts_failed;
    struct counter accepts_throttled;
    struct counter accepts_no_room;
    struct counter accepts_no_memory;
    struct counter accepts_given_up;
    struct counter addresses_refused;
    struct counter over_rate[PC_RATE_SCOPE_COUNT][PC_RATE_OVER_COUNT];
    struct counter *packets; /* received, one per entry of the accept table */
};
