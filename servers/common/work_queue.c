/* A bounded queue of work. See work_queue.h. Path: beside [8]. */
#include "common/work_queue.h"

#include <stdlib.h>

#include "pc/check.h"
#include "pc/os.h"

/* Invariant: count is the length of the list first..last, at most count_max; under mutex. */
struct work_queue {
    struct pc_mutex *mutex;
    struct pc_condition *changed;
    struct work_item *first;
    struct work_item *last;
    uint32_t count;
    uint32_t count_max;
    bool is_closed;
};

struct work_queue *work_queue_create(uint32_t items_max)
{
    PC_ASSERT(items_max > 0);
    struct work_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL) {
        return NULL;
    }
    queue->count_max = items_max;
    queue->mutex = pc_mutex_create();
    queue->changed = pc_condition_create();
    if (queue->mutex == NULL || queue->changed == NULL) {
        work_queue_destroy(queue);
        return NULL;
    }
    return queue;
}

void work_queue_destroy(struct work_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    PC_ASSERT(queue->count == 0);
    if (queue->changed != NULL) {
        pc_condition_destroy(queue->changed);
    }
    if (queue->mutex != NULL) {
        pc_mutex_destroy(queue->mutex);
    }
    free(queue);
}

static void work_queue__append(struct work_queue *queue, struct work_item *item)
{
    item->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = item;
    } else {
        queue->first = item;
    }
    queue->last = item;
    queue->count++;
}

bool work_queue_add(struct work_queue *queue, struct work_item *item)
{
    pc_mutex_lock(queue->mutex);
    bool is_taken = !queue->is_closed && queue->count < queue->count_max;
    if (is_taken) {
        work_queue__append(queue, item);
        pc_condition_signal(queue->changed);
    }
    pc_mutex_unlock(queue->mutex);
    return is_taken;
}

/* Cut the oldest items off, at most count_max. There is one at least. Called under mutex. */
static struct work_item *work_queue__cut(struct work_queue *queue, uint32_t count_max)
{
    struct work_item *items = queue->first;
    struct work_item *end = items;
    uint32_t count = 1;
    while (end->next != NULL && count < count_max) {
        end = end->next;
        count++;
    }
    queue->first = end->next;
    queue->last = queue->first == NULL ? NULL : queue->last;
    queue->count -= count;
    end->next = NULL;
    return items;
}

struct work_item *work_queue_take(struct work_queue *queue, uint32_t count_max)
{
    struct work_item *items = NULL;
    pc_mutex_lock(queue->mutex);
    while (queue->first == NULL && !queue->is_closed) {
        pc_condition_wait(queue->changed, queue->mutex, UINT32_MAX);
    }
    if (queue->first != NULL) {
        items = work_queue__cut(queue, count_max);
    }
    pc_mutex_unlock(queue->mutex);
    return items;
}

void work_queue_close(struct work_queue *queue)
{
    pc_mutex_lock(queue->mutex);
    queue->is_closed = true;
    pc_condition_broadcast(queue->changed);
    pc_mutex_unlock(queue->mutex);
}

struct work_item *work_queue_close_and_empty(struct work_queue *queue)
{
    pc_mutex_lock(queue->mutex);
    queue->is_closed = true;
    struct work_item *items = queue->first;
    queue->first = NULL;
    queue->last = NULL;
    queue->count = 0;
    pc_condition_broadcast(queue->changed);
    pc_mutex_unlock(queue->mutex);
    return items;
}
