/* A bounded queue of work between those who ask and the threads that do it.
 *
 * Happy path: add appends, take waits for something and gets the oldest.
 * Failure modes: it is full or closed: add returns false. A closed queue still gives what waits;
 * then take returns NULL, by which threads know that they end.
 * Thread: any. None waits longer than for the lock, but for take. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Embed it in the work. From add until taken it belongs to the queue. */
struct work_item {
    struct work_item *next;
};

struct work_queue;

struct work_queue *work_queue_create(uint32_t items_max); /* NULL if memory is short */
void work_queue_destroy(struct work_queue *queue);        /* empty; NULL is allowed */

bool work_queue_add(struct work_queue *queue, struct work_item *item);

/* Wait for items. Returns the oldest ones in their order, at most count_max; NULL: it is closed and
 * nothing is left. */
struct work_item *work_queue_take(struct work_queue *queue, uint32_t count_max);

/* Accept no more; what waits is still taken. */
void work_queue_close(struct work_queue *queue);

/* Accept no more, and give what waits to the caller in place of those who take. */
struct work_item *work_queue_close_and_empty(struct work_queue *queue);
