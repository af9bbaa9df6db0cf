/* The requests of one worker that wait for another server's answer.
 *
 * Happy path: add takes a free slot and appends it to the list of those that wait, take unlinks it.
 * The list is in order of time because all requests live equally long; so expire looks at its head.
 * Failure modes: see request_table.h.
 * Path: [8], on both sides of a request to another server. */
#include "common/request_table.h"

#include <stdlib.h>

#include "pc/check.h"
#include "pc/container.h"

#define REQUEST_NONE    UINT32_MAX
#define REQUEST_POLL_MS 20u /* later than the deadline at most by this, and by the wheel's tick */

/* Invariant: is_waiting is true exactly while the slot is on the list of those that wait; otherwise
 * next links the free slots. generation is never 0. */
struct request_slot {
    struct request request;
    uint32_t generation;
    uint32_t next;
    uint32_t previous;
    bool is_waiting;
};

/* Invariant: waiting_count is the length of the list oldest..newest; the remaining slots are on the
 * list free. */
struct request_table {
    struct pc_timer timer;
    request_expired_fn *on_expired; /* of the watch; NULL: nobody watches */
    uint32_t slot_count;
    uint32_t timeout_ms;
    uint32_t waiting_count;
    uint32_t oldest;
    uint32_t newest;
    uint32_t free;
    struct request_slot slots[];
};

struct request_table *request_table_create(uint32_t requests_max, uint32_t timeout_ms)
{
    PC_ASSERT(requests_max > 0 && requests_max < REQUEST_NONE);
    PC_ASSERT(timeout_ms > 0);
    struct request_table *table =
        calloc(1, sizeof(*table) + (size_t)requests_max * sizeof(struct request_slot));
    if (table == NULL) {
        return NULL;
    }
    table->slot_count = requests_max;
    table->timeout_ms = timeout_ms;
    table->oldest = REQUEST_NONE;
    table->newest = REQUEST_NONE;
    table->free = 0;
    for (uint32_t i = 0; i < requests_max; i++) {
        table->slots[i].generation = 1;
        table->slots[i].next = i + 1 < requests_max ? i + 1 : REQUEST_NONE;
    }
    return table;
}

void request_table_destroy(struct request_table *table)
{
    free(table);
}

static void request_table__append(struct request_table *table, uint32_t index)
{
    struct request_slot *slot = &table->slots[index];
    slot->next = REQUEST_NONE;
    slot->previous = table->newest;
    slot->is_waiting = true;
    if (table->newest != REQUEST_NONE) {
        table->slots[table->newest].next = index;
    } else {
        table->oldest = index;
    }
    table->newest = index;
    table->waiting_count++;
}

/* Take a slot off the list and make it free; its correlation is void from now on. */
static void request_table__remove(struct request_table *table, uint32_t index)
{
    struct request_slot *slot = &table->slots[index];
    PC_ASSERT(slot->is_waiting);
    if (slot->previous != REQUEST_NONE) {
        table->slots[slot->previous].next = slot->next;
    } else {
        table->oldest = slot->next;
    }
    if (slot->next != REQUEST_NONE) {
        table->slots[slot->next].previous = slot->previous;
    } else {
        table->newest = slot->previous;
    }
    slot->is_waiting = false;
    slot->generation = slot->generation == UINT32_MAX ? 1 : slot->generation + 1;
    slot->next = table->free;
    table->free = index;
    table->waiting_count--;
}

uint64_t request_table_add(struct request_table *table, const struct request *request,
                           uint64_t now_ms)
{
    uint32_t index = table->free;
    if (index == REQUEST_NONE) {
        return 0;
    }
    struct request_slot *slot = &table->slots[index];
    PC_ASSERT(!slot->is_waiting);
    table->free = slot->next;
    slot->request = *request;
    slot->request.added_ms = now_ms;
    request_table__append(table, index);
    return (uint64_t)slot->generation << 32 | index;
}

bool request_table_take(struct request_table *table, uint64_t correlation, struct request *request)
{
    uint32_t index = (uint32_t)correlation;
    uint32_t generation = (uint32_t)(correlation >> 32);
    if (index >= table->slot_count) {
        return false;
    }
    struct request_slot *slot = &table->slots[index];
    if (!slot->is_waiting || slot->generation != generation) {
        return false;
    }
    *request = slot->request;
    request_table__remove(table, index);
    return true;
}

static void request_table__report_oldest(struct request_table *table, struct pc_worker *worker,
                                         request_expired_fn *report)
{
    struct request request = table->slots[table->oldest].request;
    request_table__remove(table, table->oldest);
    report(worker, &request);
}

uint32_t request_table_expire(struct request_table *table, struct pc_worker *worker,
                              uint64_t now_ms, request_expired_fn *on_expired)
{
    uint32_t count = 0;
    /* Bounded, should a report add a request that has expired already. */
    while (table->oldest != REQUEST_NONE && count < table->slot_count) {
        const struct request *oldest = &table->slots[table->oldest].request;
        if (now_ms < oldest->added_ms + table->timeout_ms) {
            return count;
        }
        request_table__report_oldest(table, worker, on_expired);
        count++;
    }
    return count;
}

static void request_table__on_timer(struct pc_worker *worker, struct pc_timer *timer)
{
    struct request_table *table = PC_CONTAINER_OF(timer, struct request_table, timer);
    request_table_expire(table, worker, pc_worker_now_ms(worker), table->on_expired);
    pc_timer_set(worker, timer, REQUEST_POLL_MS, request_table__on_timer);
}

void request_table_watch(struct request_table *table, struct pc_worker *worker,
                         request_expired_fn *on_expired)
{
    table->on_expired = on_expired;
    pc_timer_set(worker, &table->timer, REQUEST_POLL_MS, request_table__on_timer);
}

void request_table_unwatch(struct request_table *table, struct pc_worker *worker)
{
    table->on_expired = NULL;
    pc_timer_cancel(worker, &table->timer);
}

void request_table_fail_all(struct request_table *table, struct pc_worker *worker,
                            request_expired_fn *on_failed)
{
    uint32_t count = table->waiting_count; /* those that a report adds are not meant */
    while (count > 0 && table->oldest != REQUEST_NONE) {
        request_table__report_oldest(table, worker, on_failed);
        count--;
    }
}

uint32_t request_table_count(const struct request_table *table)
{
    return table->waiting_count;
}
