/* Path: [8] and [9] the calls of one worker that wait for their answers; see pc/call.h.
 *
 * A place holds one call. Those that wait are on one list, the oldest first; each has a timer of
 * its own on the worker's wheel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/timer_wheel.h"
#include "net/counters.h"
#include "pc/call.h"

struct call_place;

struct call_counters {
    struct counter begun;
    struct counter answered;
    struct counter timed_out;
    struct counter failed;
    struct counter unmatched;
    struct counter refused;
    struct counter waiting_high;
};

/* Invariant: the list first..last is waiting_count long and each of it has its timer set; the other
 * places are on the list free. A zeroed table has no places. */
struct call_table {
    struct timer_wheel *timers; /* the worker's */
    struct call_place *places;
    uint32_t place_count;
    uint32_t waiting_count;
    uint32_t first; /* 1 + index, like all links here; 0: none */
    uint32_t last;
    uint32_t free;
    struct call_counters counters;
};

/* Returns false if memory is short. The table must be zeroed. */
bool call_table_create(struct call_table *table, struct timer_wheel *timers, uint32_t calls_max);

/* No call may wait. */
void call_table_destroy(struct call_table *table);

void call_table_check(const struct call_table *table);

/* False, and counted, if all places wait. */
bool call_table_has_place(struct call_table *table);

/* There must be a place. Returns the correlation under which the call waits, never 0. link: on
 * which its answer must come. */
uint64_t call_table_begin(struct call_table *table, pc_handle link, const struct pc_call *call,
                          uint64_t now_ms);

/* End a call with PC_OK. Returns false, and counts, if none waits for that. */
bool call_table_answer(struct call_table *table, pc_handle link, uint64_t correlation,
                       uint16_t reply_id, const void *reply);

/* End the calls that wait on the link with PC_CLOSED, the oldest first. */
void call_table_fail(struct call_table *table, pc_handle link);

/* Add the table's to the counters. Thread: any. */
void call_table_count(const struct call_table *table, struct pc_call_counters *counters);
