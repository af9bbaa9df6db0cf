/* The places of a worker's calls; see call_table.h. Failure modes: no place is free; a correlation
 * that names no call. */
#include "net/call_table.h"

#include <stdlib.h>

#include "pc/check.h"
#include "pc/container.h"

/* Invariant: is_waiting exactly while the place is on the list of those that wait; otherwise next
 * links the free places. generation is never 0. */
struct call_place {
    struct pc_call call;
    struct pc_timer timer;
    struct call_table *table;
    pc_handle link;
    uint32_t generation;
    uint32_t next;
    uint32_t previous;
    bool is_waiting;
};

static struct call_place *call_table__at(const struct call_table *table, uint32_t number)
{
    PC_ASSERT(number > 0 && number <= table->place_count);
    return &table->places[number - 1];
}

bool call_table_create(struct call_table *table, struct timer_wheel *timers, uint32_t calls_max)
{
    PC_ASSERT(table->places == NULL);
    PC_ASSERT(calls_max > 0 && calls_max < UINT32_MAX);
    table->places = calloc(calls_max, sizeof *table->places);
    if (table->places == NULL) {
        return false;
    }
    table->timers = timers;
    table->place_count = calls_max;
    table->free = 1;
    for (uint32_t i = 0; i < calls_max; i++) {
        table->places[i].table = table;
        table->places[i].generation = 1;
        table->places[i].next = i + 1 < calls_max ? i + 2 : 0;
    }
    return true;
}

void call_table_destroy(struct call_table *table)
{
    PC_ASSERT(table->waiting_count == 0);
    free(table->places);
    table->places = NULL;
    table->place_count = 0;
    table->free = 0;
}

void call_table_check(const struct call_table *table)
{
    uint32_t waiting_count = 0;
    uint32_t previous = 0;
    for (uint32_t at = table->first; at != 0; at = call_table__at(table, at)->next) {
        const struct call_place *place = call_table__at(table, at);
        PC_ASSERT(place->is_waiting && place->previous == previous);
        PC_ASSERT(pc_timer_is_set(&place->timer));
        previous = at;
        waiting_count++;
    }
    PC_ASSERT(table->last == previous);
    PC_ASSERT(table->waiting_count == waiting_count);
    for (uint32_t at = table->free; at != 0; at = call_table__at(table, at)->next) {
        PC_ASSERT(!call_table__at(table, at)->is_waiting);
        waiting_count++;
    }
    PC_ASSERT(waiting_count == table->place_count);
}

static void call_table__append(struct call_table *table, uint32_t number)
{
    struct call_place *place = call_table__at(table, number);
    place->next = 0;
    place->previous = table->last;
    place->is_waiting = true;
    if (table->last == 0) {
        table->first = number;
    } else {
        call_table__at(table, table->last)->next = number;
    }
    table->last = number;
    table->waiting_count++;
    counter_raise(&table->counters.waiting_high, table->waiting_count);
}

/* Take a place off the list and make it free; its correlation is void from now on. */
static struct pc_call call_table__remove(struct call_table *table, uint32_t number)
{
    struct call_place *place = call_table__at(table, number);
    PC_ASSERT(place->is_waiting);
    timer_wheel_cancel(table->timers, &place->timer);
    if (place->previous == 0) {
        table->first = place->next;
    } else {
        call_table__at(table, place->previous)->next = place->next;
    }
    if (place->next == 0) {
        table->last = place->previous;
    } else {
        call_table__at(table, place->next)->previous = place->previous;
    }
    place->is_waiting = false;
    place->generation = place->generation == UINT32_MAX ? 1 : place->generation + 1;
    place->next = table->free;
    table->free = number;
    table->waiting_count--;
    return place->call;
}

static uint32_t call_table__number(const struct call_table *table, const struct call_place *place)
{
    return (uint32_t)(place - table->places) + 1;
}

static void call_table__on_timer(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)worker;
    struct call_place *place = PC_CONTAINER_OF(timer, struct call_place, timer);
    struct call_table *table = place->table;
    struct pc_call call = call_table__remove(table, call_table__number(table, place));
    counter_add(&table->counters.timed_out, 1);
    call.end(&call, PC_TIMEOUT, NULL);
}

bool call_table_has_place(struct call_table *table)
{
    if (table->free == 0) {
        counter_add(&table->counters.refused, 1);
    }
    return table->free != 0;
}

uint64_t call_table_begin(struct call_table *table, pc_handle link, const struct pc_call *call,
                          uint64_t now_ms)
{
    uint32_t number = table->free;
    struct call_place *place = call_table__at(table, number);
    PC_ASSERT(!place->is_waiting);
    PC_ASSERT(call->timeout_ms > 0);
    table->free = place->next;
    place->call = *call;
    place->link = link;
    call_table__append(table, number);
    timer_wheel_set(table->timers, &place->timer, now_ms + call->timeout_ms, call_table__on_timer);
    counter_add(&table->counters.begun, 1);
    return (uint64_t)place->generation << 32 | number;
}

/* The number of the place that waits under a correlation, or 0. */
static uint32_t call_table__find(const struct call_table *table, uint64_t correlation)
{
    uint32_t number = (uint32_t)correlation;
    if (number == 0 || number > table->place_count) {
        return 0;
    }
    const struct call_place *place = call_table__at(table, number);
    bool is_it = place->is_waiting && place->generation == (uint32_t)(correlation >> 32);
    return is_it ? number : 0;
}

bool call_table_answer(struct call_table *table, pc_handle link, uint64_t correlation,
                       uint16_t reply_id, const void *reply)
{
    uint32_t number = call_table__find(table, correlation);
    if (number == 0 || call_table__at(table, number)->link != link ||
        call_table__at(table, number)->call.reply_id != reply_id) {
        counter_add(&table->counters.unmatched, 1);
        return false;
    }
    struct pc_call call = call_table__remove(table, number);
    counter_add(&table->counters.answered, 1);
    call.end(&call, PC_OK, reply);
    return true;
}

/* What an end begins is appended, on other links: it is passed over, and the loop ends. */
void call_table_fail(struct call_table *table, pc_handle link)
{
    uint32_t number = table->first;
    while (number != 0) {
        struct call_place *place = call_table__at(table, number);
        uint32_t next = place->next;
        if (place->link == link) {
            struct pc_call call = call_table__remove(table, number);
            counter_add(&table->counters.failed, 1);
            call.end(&call, PC_CLOSED, NULL);
        }
        number = next;
    }
}

void call_table_count(const struct call_table *table, struct pc_call_counters *counters)
{
    const struct call_counters *own = &table->counters;
    uint64_t begun = counter_read(&own->begun);
    uint64_t answered = counter_read(&own->answered);
    uint64_t timed_out = counter_read(&own->timed_out);
    uint64_t failed = counter_read(&own->failed);
    counters->begun += begun;
    counters->answered += answered;
    counters->timed_out += timed_out;
    counters->failed += failed;
    counters->unmatched += counter_read(&own->unmatched);
    counters->refused += counter_read(&own->refused);
    counters->waiting_high += counter_read(&own->waiting_high);
    /* Read at slightly different times while the worker runs. */
    uint64_t ended = answered + timed_out + failed;
    counters->waiting += begun > ended ? begun - ended : 0;
}
