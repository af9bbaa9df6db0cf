/* What ends a sleep when nothing else does: one timer of the system for each port, moved as seldom
 * as can be.
 *
 * A sleep with a time limit makes the kernel set a timer and take it back each time, 2 % of a
 * message where a server sleeps after every few. Here the engines sleep without a limit, and the
 * timer is only moved when it would come too late. A worker's next deadline moves away as time goes
 * on, far more often than it comes nearer, so the timer mostly comes early, ends a sleep for
 * nothing, and is set again: once in an idle time-out instead of at every sleep. */
#pragma once

#include <stdint.h>

/* Invariant: fires_us is when the descriptor becomes readable, 0 if it will not. */
struct sleep_timer {
    uint64_t fires_us;
    int descriptor;
};

/* The clock of the deadlines: monotonic microseconds. The precise one: it costs 17 ns; the coarse
 * one is 1 to 10 ms behind. */
uint64_t sleep_timer_now_us(void);

/* port_wait's deadline_ms on that clock: 0 at once, UINT64_MAX never. */
uint64_t sleep_timer_deadline_us(uint64_t deadline_ms);

/* Returns 0 or -errno. */
int sleep_timer_open(struct sleep_timer *timer);
void sleep_timer_close(struct sleep_timer *timer); /* descriptor -1: it was never opened */

/* See to it that the descriptor is readable at deadline_us, or earlier. UINT64_MAX: no need. */
void sleep_timer_cover(struct sleep_timer *timer, uint64_t deadline_us);

/* The descriptor was readable. */
void sleep_timer_fired(struct sleep_timer *timer);
