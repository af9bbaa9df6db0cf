/* A hierarchical timing wheel: four levels of 256 slots, tick 10 ms, about 497 days.
 * Set and cancel are O(1); advancing costs what expires (Varghese and Lauck, SOSP 1987, scheme 7).
 * Time is passed in, so that the simulated engine owns the clock. */
#pragma once

#include <stdint.h>

#include "pc/timer.h"

#define TIMER_TICK_MS 10u
#define TIMER_LEVELS 4u
#define TIMER_SLOTS 256u

/* Invariant: every set timer hangs in the slot of its expiry relative to now_tick; count is the
 * number of set timers. Slots are circular lists with the head embedded. */
struct timer_wheel {
    uint64_t now_tick; /* last tick that was run */
    uint64_t count;
    struct pc_timer slots[TIMER_LEVELS][TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms);

/* Set or move. expires_ms in the past fires at the next advance. */
void timer_wheel_set(struct timer_wheel *wheel, struct pc_timer *timer, uint64_t expires_ms,
                     pc_timer_fn *fire);
void timer_wheel_cancel(struct timer_wheel *wheel, struct pc_timer *timer);

/* Run every timer whose time has come, in order of expiry ticks; fire gets worker. A callback may
 * set and cancel any timer, its own included. */
void timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms, struct pc_worker *worker);

/* Milliseconds until the next timer may expire (never later than it does, perhaps earlier: a
 * cascade counts); UINT32_MAX when none is set. 0 when one is due. */
uint32_t timer_wheel_wait_ms(const struct timer_wheel *wheel, uint64_t now_ms);
