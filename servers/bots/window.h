/* Requests of one kind that wait for their answer: who must come next, and since when.
 *
 * Answers come in the order of the requests. window_take is for answers that each belong to one
 * request; window_take_through for answers that may stand for several requests at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_CAPACITY 64u /* a power of two */

struct window_entry {
    uint64_t sent_us;
    uint32_t sequence;
};

/* Invariant: count <= WINDOW_CAPACITY; the entries from first on have growing sequences. Zeroed
 * means empty. */
struct window {
    struct window_entry entries[WINDOW_CAPACITY];
    uint32_t first; /* index of the oldest */
    uint32_t count;
};

static inline bool window_is_full(const struct window *window)
{
    return window->count == WINDOW_CAPACITY;
}

/* Note a request; the window must not be full and sequence must be above the newest. */
void window_add(struct window *window, uint32_t sequence, uint64_t now_us);

/* The oldest request, or NULL. */
const struct window_entry *window_oldest(const struct window *window);

/* The answer to sequence has come. False if that is not the oldest request: order is broken, a
 * reply was lost, or it came twice. waited_us receives how long the answer took. */
bool window_take(struct window *window, uint32_t sequence, uint64_t now_us, uint64_t *waited_us);

/* As window_take, but older requests may be skipped: they are forgotten. False if sequence does not
 * wait at all. */
bool window_take_through(struct window *window, uint32_t sequence, uint64_t now_us,
                         uint64_t *waited_us);

/* Forget all; returns how many waited. */
uint32_t window_clear(struct window *window);
