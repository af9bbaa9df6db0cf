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

#include "pc/worker.h"

/* Invariant: from tail the next pointers lead to every message, but for one whose producer has not
 * linked it yet; the stub is in the queue exactly when head or tail would have nothing else. */
struct inbox {
    _Atomic(struct pc_message *) head; /* producers: the newest */
    atomic_bool wake_pending;          /* a wake was sent and not yet seen */
    uint8_t apart[64];                 /* keeps the consumer off the producers' cache line */
    struct pc_message *tail;           /* consumer: the oldest */
    struct pc_message stub;
};

void inbox_init(struct inbox *inbox);

/* Thread: any. True if the consumer must be woken (no wake is pending yet). */
bool inbox_push(struct inbox *inbox, struct pc_message *message);

/* The consumer has seen the wake; call before draining. */
void inbox_wake_seen(struct inbox *inbox);

/* The oldest message or NULL. Thread: the consumer. */
struct pc_message *inbox_pop(struct inbox *inbox);
