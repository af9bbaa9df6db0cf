/* A multi-producer, single-consumer queue of intrusive messages: the worker's inbox.
 *
 * The queue always holds at least one node: the stub when it is empty.
 *
 *     tail -> oldest -> ... -> newest <- head          next points to the newer one
 *
 * Happy path: a producer exchanges head for its message, links the older one to it, then says
 * whether it is the one to wake the consumer. The consumer clears wake_pending first and drains
 * afterwards. Failures: none. A producer stopped between exchange and link hides what is behind it
 * until it goes on; then it wakes the consumer itself, because wake_pending was cleared before the
 * drain. Path: beside it; how other threads reach [2]. */
#include "base/inbox.h"

#include "pc/check.h"

typedef _Atomic(struct pc_message *) inbox_link;

_Static_assert(sizeof(inbox_link) == sizeof(struct pc_message *),
               "a link must be usable as an atomic");

static inbox_link *inbox__link(struct pc_message *message);
static struct pc_message *inbox__next(struct pc_message *message);
static void inbox__append(struct inbox *inbox, struct pc_message *message);

void inbox_init(struct inbox *inbox)
{
    inbox->tail = &inbox->stub;
    inbox->stub = (struct pc_message){.next = NULL};
    atomic_init(&inbox->head, &inbox->stub);
    atomic_init(&inbox->wake_pending, false);
}

bool inbox_push(struct inbox *inbox, struct pc_message *message)
{
    PC_ASSERT(message != &inbox->stub);
    inbox__append(inbox, message);
    return !atomic_exchange_explicit(&inbox->wake_pending, true, memory_order_acq_rel);
}

/* An exchange, not a store: reading the last producer's `true` is what makes its link visible. */
void inbox_wake_seen(struct inbox *inbox)
{
    (void)atomic_exchange_explicit(&inbox->wake_pending, false, memory_order_acq_rel);
}

struct pc_message *inbox_pop(struct inbox *inbox)
{
    struct pc_message *oldest = inbox->tail;
    struct pc_message *next = inbox__next(oldest);
    if (oldest == &inbox->stub) {
        if (next == NULL) {
            return NULL;
        }
        oldest = next;
        inbox->tail = oldest;
        next = inbox__next(oldest);
    }
    if (next == NULL && oldest == atomic_load_explicit(&inbox->head, memory_order_acquire)) {
        inbox__append(inbox, &inbox->stub);
        next = inbox__next(oldest);
    }
    if (next == NULL) {
        return NULL; /* a producer has not linked yet */
    }
    inbox->tail = next;
    return oldest;
}

static void inbox__append(struct inbox *inbox, struct pc_message *message)
{
    atomic_store_explicit(inbox__link(message), NULL, memory_order_relaxed);
    struct pc_message *previous =
        atomic_exchange_explicit(&inbox->head, message, memory_order_acq_rel);
    atomic_store_explicit(inbox__link(previous), message, memory_order_release);
}

static struct pc_message *inbox__next(struct pc_message *message)
{
    return atomic_load_explicit(inbox__link(message), memory_order_acquire);
}

/* The public header keeps a plain pointer, for it is read by C++ too. While a message is queued
 * only this file touches it, and only through here. */
static inbox_link *inbox__link(struct pc_message *message)
{
    return (inbox_link *)(void *)&message->next;
}
