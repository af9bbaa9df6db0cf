/* A hierarchical timing wheel: four levels of 256 slots, tick 10 ms, about 497 days.
 * Set and cancel are O(1); advancing costs what expires, however much time has passed (Varghese and
 * Lauck, SOSP 1987, scheme 7). Time is passed in, so that the simulated engine owns the clock.
 *
 * A timer hangs in the level of the highest byte in which its tick differs from now_tick, in the
 * slot which that byte names. So within a level only slots ahead of now are in use, and everything
 * in a level comes before anything in the next one: the first occupied slot is the next thing to
 * do. */
#pragma once

#include <stdint.h>

#include "pc/timer.h"

#define TIMER_TICK_MS 10u
#define TIMER_LEVELS  4u
#define TIMER_SLOTS   256u

/* Invariant: every set timer hangs where its tick says (see above), expires after now_tick and is
 * counted once; a bit of occupied is set exactly when its slot is not empty; next_tick, when it is
 * known, is the tick of the first occupied slot. Slots are circular lists with the head embedded.
 */
struct timer_wheel {
    uint64_t now_tick;  /* last tick that was run */
    uint64_t next_tick; /* when there is something to do; 0: to be looked for */
    uint64_t count;
    uint64_t occupied[TIMER_LEVELS][TIMER_SLOTS / 64u];
    struct pc_timer slots[TIMER_LEVELS][TIMER_SLOTS];
    struct pc_timer far; /* what lies behind the last level, 497 days at most */
};

void timer_wheel_check(const struct timer_wheel *wheel);

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms);

/* Set or move. expires_ms in the past fires at the next tick; timer->expires_ms says when. */
void timer_wheel_set(struct timer_wheel *wheel, struct pc_timer *timer, uint64_t expires_ms,
                     pc_timer_fn *fire);
void timer_wheel_cancel(struct timer_wheel *wheel, struct pc_timer *timer);

/* Run every timer whose time has come, in order of expiry ticks; fire gets worker. A callback may
 * set and cancel any timer, its own included. Does nothing if now_ms goes back. */
void timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms, struct pc_worker *worker);

/* When the next timer may expire (never later than it does, perhaps earlier: a cascade counts);
 * UINT64_MAX when none is set. Asked in every turn: it looks at a few words only when a timer was
 * set or a slot has emptied meanwhile. */
uint64_t timer_wheel_deadline_ms(struct timer_wheel *wheel);
