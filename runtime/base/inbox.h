/* A multi-producer, single-consumer queue of intrusive messages: the worker's inbox.
 *
 * Push is one atomic exchange and never waits (D. Vyukov's intrusive MPSC node queue). The consumer
 * takes messages in each producer's order. A message between exchange and link is not yet visible
 * to the consumer; its producer wakes the worker afterwards, so it is never lost. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cache_line.h"
#include "pc/worker.h"

/* Invariant: from tail the next pointers lead to every message, but for one whose producer has not
 * linked it yet; the stub is in the queue exactly when head or tail would have nothing else. */
struct inbox {
    /* A line that producers write. */
    _Alignas(CACHE_LINE_SIZE) _Atomic(struct pc_message *) head; /* the newest */
    atomic_bool wake_pending; /* a wake was asked for and not yet seen */

    /* A line of the consumer's. */
    _Alignas(CACHE_LINE_SIZE) struct pc_message *tail; /* the oldest */
    struct pc_message stub;
};

_Static_assert(sizeof(struct inbox) == 2 * CACHE_LINE_SIZE, "what follows begins a line");

void inbox_init(struct inbox *inbox);

/* Thread: any. True if the consumer must be woken (no wake is pending yet): of all producers
 * between two drains one makes the call that wakes. An engine may put wakes together once more, for
 * callers that are not behind an inbox; nothing here relies on it. */
bool inbox_push(struct inbox *inbox, struct pc_message *message);

/* The consumer has seen the wake; call before draining. */
void inbox_wake_seen(struct inbox *inbox);

/* The oldest message or NULL. Thread: the consumer. */
struct pc_message *inbox_pop(struct inbox *inbox);
