/* A one-shot timer on a worker's wheel. Embed it; setting and cancelling never allocate. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pc_timer;
struct pc_worker;

/* Called on the worker when the time has come; the timer is unset and may be set again or freed. */
typedef void pc_timer_fn(struct pc_worker *worker, struct pc_timer *timer);

/* Invariant: next and prev are both NULL exactly when the timer is not set. */
struct pc_timer {
    struct pc_timer *next;
    struct pc_timer *prev;
    uint64_t expires_ms; /* on the worker's clock; meaningful while set */
    pc_timer_fn *fire;
};

/* Set or move a timer. delay_ms: from the worker's now; fires at or after, within one wheel tick
 * (10 ms). A zeroed struct is an unset timer. Thread: the worker's. */
void pc_timer_set(struct pc_worker *worker, struct pc_timer *timer, uint64_t delay_ms,
                  pc_timer_fn *fire);

/* Unset; does nothing if it is not set. */
void pc_timer_cancel(struct pc_worker *worker, struct pc_timer *timer);

static inline bool pc_timer_is_set(const struct pc_timer *timer)
{
    return timer->next != 0;
}

#ifdef __cplusplus
}
#endif
