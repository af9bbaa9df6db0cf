/* A multi-producer, single-consumer queue of intrusive messages: the worker's inbox.
 *
 * Push is one atomic exchange and never waits (D. Vyukov's intrusive MPSC node queue). The consumer
 * takes messages in each producer's order. A message between exchange and link is not yet visible
 * to the consumer; its producer wakes the worker afterwards, so it is never lost. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "pc/worker.h"

struct inbox {
    _Alignas(64) _Atomic(struct pc_message *) head; /* producers */
    _Alignas(64) struct pc_message *tail;           /* consumer */
    struct pc_message stub;
    atomic_bool wake_pending; /* a wake was sent and not yet seen */
};

void inbox_init(struct inbox *inbox);

/* Thread: any. True if the consumer must be woken (no wake is pending yet). */
bool inbox_push(struct inbox *inbox, struct pc_message *message);

/* The consumer has seen the wake; call before draining. */
void inbox_wake_seen(struct inbox *inbox);

/* The oldest message or NULL. Thread: the consumer. */
struct pc_message *inbox_pop(struct inbox *inbox);
