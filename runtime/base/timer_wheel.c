/* A hierarchical timing wheel.
 *
 * Happy path: set links the timer into the slot of its tick; advance jumps from one occupied slot
 * to the next, spreads a slot of an upper level over the lower ones, and fires a slot of level 0.
 * Failures: none. A timer further away than the wheel reaches waits on the far list, which is
 * looked at when the highest level has gone round. Path: [2] the worker's loop, after its batch of
 * completions. */
#include "base/timer_wheel.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "pc/check.h"

#define TIMER_LEVEL_BITS 8u
#define TIMER_WORD_BITS  64u
#define TIMER_WORDS      (TIMER_SLOTS / TIMER_WORD_BITS)
#define TIMER_RANGE_BITS (TIMER_LEVELS * TIMER_LEVEL_BITS)
#define TIMER_NO_TICK    UINT64_MAX

static uint64_t timer_wheel__check_slot(const struct timer_wheel *wheel, uint32_t level,
                                        uint32_t slot);
static uint64_t timer_wheel__tick_of(uint64_t expires_ms);
static struct pc_timer *timer_wheel__place(struct timer_wheel *wheel, uint64_t tick);
static void timer_wheel__link(struct timer_wheel *wheel, struct pc_timer *timer);
static void timer_wheel__unlink(struct timer_wheel *wheel, struct pc_timer *timer);
static void timer_wheel__mark(struct timer_wheel *wheel, const struct pc_timer *head,
                              bool is_occupied);
static PC_OUTLINE uint64_t timer_wheel__find_next(const struct timer_wheel *wheel);
static uint64_t timer_wheel__next_tick(struct timer_wheel *wheel);
static struct pc_timer *timer_wheel__reached(struct timer_wheel *wheel, uint64_t tick);
static void timer_wheel__cascade(struct timer_wheel *wheel, struct pc_timer *head);
static void timer_wheel__run(struct timer_wheel *wheel, struct pc_worker *worker);
static void list__init(struct pc_timer *head);
static bool list__is_empty(const struct pc_timer *head);

void timer_wheel_check(const struct timer_wheel *wheel)
{
    uint64_t count = 0;
    for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
        for (uint32_t slot = 0; slot < TIMER_SLOTS; slot++) {
            count += timer_wheel__check_slot(wheel, level, slot);
        }
    }
    for (const struct pc_timer *timer = wheel->far.next; timer != &wheel->far;
         timer = timer->next) {
        uint64_t tick = timer_wheel__tick_of(timer->expires_ms);
        PC_ASSERT(tick >> TIMER_RANGE_BITS > wheel->now_tick >> TIMER_RANGE_BITS);
        count++;
    }
    PC_ASSERT(count == wheel->count);
    PC_ASSERT(wheel->next_tick == 0 || wheel->next_tick == timer_wheel__find_next(wheel));
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms)
{
    memset(wheel, 0, sizeof *wheel);
    wheel->now_tick = now_ms / TIMER_TICK_MS;
    for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
        for (uint32_t slot = 0; slot < TIMER_SLOTS; slot++) {
            list__init(&wheel->slots[level][slot]);
        }
    }
    list__init(&wheel->far);
}

void timer_wheel_set(struct timer_wheel *wheel, struct pc_timer *timer, uint64_t expires_ms,
                     pc_timer_fn *fire)
{
    PC_ASSERT(fire != NULL);
    timer_wheel_cancel(wheel, timer);
    uint64_t next_ms = (wheel->now_tick + 1) * TIMER_TICK_MS;
    timer->expires_ms = expires_ms < next_ms ? next_ms : expires_ms;
    timer->fire = fire;
    wheel->count++;
    timer_wheel__link(wheel, timer);
}

void timer_wheel_cancel(struct timer_wheel *wheel, struct pc_timer *timer)
{
    if (!pc_timer_is_set(timer)) {
        return;
    }
    PC_ASSERT(wheel->count > 0);
    timer_wheel__unlink(wheel, timer);
    wheel->count--;
}

static PC_OUTLINE void timer_wheel__advance_to(struct timer_wheel *wheel, uint64_t target,
                                               struct pc_worker *worker)
{
    while (wheel->now_tick < target) {
        uint64_t next = timer_wheel__next_tick(wheel);
        if (next > target) {
            wheel->now_tick = target;
            return;
        }
        struct pc_timer *upper = timer_wheel__reached(wheel, next);
        wheel->now_tick = next;
        if (upper != NULL) {
            timer_wheel__cascade(wheel, upper);
        }
        timer_wheel__run(wheel, worker);
        PC_CHECK(timer_wheel_check(wheel));
    }
}

void timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms, struct pc_worker *worker)
{
    uint64_t target = now_ms / TIMER_TICK_MS;
    if (wheel->now_tick < target) {
        timer_wheel__advance_to(wheel, target, worker);
    }
}

uint64_t timer_wheel_deadline_ms(struct timer_wheel *wheel)
{
    uint64_t tick = timer_wheel__next_tick(wheel);
    return PC_LIKELY(tick < UINT64_MAX / TIMER_TICK_MS) ? tick * TIMER_TICK_MS : UINT64_MAX;
}

static uint64_t timer_wheel__check_slot(const struct timer_wheel *wheel, uint32_t level,
                                        uint32_t slot)
{
    const struct pc_timer *head = &wheel->slots[level][slot];
    uint64_t count = 0;
    for (const struct pc_timer *timer = head->next; timer != head; timer = timer->next) {
        uint64_t tick = timer_wheel__tick_of(timer->expires_ms);
        PC_ASSERT(tick >= wheel->now_tick);
        PC_ASSERT(timer->next->prev == timer);
        PC_ASSERT((tick ^ wheel->now_tick) >> (level * TIMER_LEVEL_BITS) < TIMER_SLOTS);
        PC_ASSERT((tick >> (level * TIMER_LEVEL_BITS)) % TIMER_SLOTS == slot);
        count++;
    }
    uint64_t word = wheel->occupied[level][slot / TIMER_WORD_BITS];
    PC_ASSERT((word >> (slot % TIMER_WORD_BITS) & 1u) == (count > 0));
    return count;
}

/* The first tick at which all of the time has passed: a timer never fires early. */
static uint64_t timer_wheel__tick_of(uint64_t expires_ms)
{
    return expires_ms / TIMER_TICK_MS + (expires_ms % TIMER_TICK_MS != 0);
}

static struct pc_timer *timer_wheel__place(struct timer_wheel *wheel, uint64_t tick)
{
    uint64_t difference = tick ^ wheel->now_tick;
    for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
        uint32_t shift = level * TIMER_LEVEL_BITS;
        if (difference >> shift < TIMER_SLOTS) {
            return &wheel->slots[level][(tick >> shift) % TIMER_SLOTS];
        }
    }
    return &wheel->far;
}

static void timer_wheel__link(struct timer_wheel *wheel, struct pc_timer *timer)
{
    struct pc_timer *head = timer_wheel__place(wheel, timer_wheel__tick_of(timer->expires_ms));
    timer->next = head;
    timer->prev = head->prev;
    head->prev->next = timer;
    head->prev = timer;
    timer_wheel__mark(wheel, head, true);
}

static void timer_wheel__unlink(struct timer_wheel *wheel, struct pc_timer *timer)
{
    struct pc_timer *next = timer->next;
    next->prev = timer->prev;
    timer->prev->next = next;
    timer->next = NULL;
    timer->prev = NULL;
    if (list__is_empty(next)) {
        timer_wheel__mark(wheel, next, false); /* alone in its ring: the head */
    }
}

/* head: of a slot, or the far list, which has no bit. */
static void timer_wheel__mark(struct timer_wheel *wheel, const struct pc_timer *head,
                              bool is_occupied)
{
    wheel->next_tick = 0;
    if (head == &wheel->far) {
        return;
    }
    uint32_t place = (uint32_t)(head - &wheel->slots[0][0]);
    uint32_t slot = place % TIMER_SLOTS;
    uint64_t bit = UINT64_C(1) << (slot % TIMER_WORD_BITS);
    uint64_t *word = &wheel->occupied[place / TIMER_SLOTS][slot / TIMER_WORD_BITS];
    *word = is_occupied ? *word | bit : *word & ~bit;
}

/* When the first occupied slot is reached; TIMER_NO_TICK if no timer is set. */
static uint64_t timer_wheel__find_next(const struct timer_wheel *wheel)
{
    for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
        for (uint32_t word = 0; word < TIMER_WORDS; word++) {
            if (wheel->occupied[level][word] == 0) {
                continue;
            }
            uint32_t bit = bits_lowest(wheel->occupied[level][word]);
            uint32_t shift = level * TIMER_LEVEL_BITS;
            uint64_t round = wheel->now_tick >> (shift + TIMER_LEVEL_BITS);
            uint64_t slot = word * TIMER_WORD_BITS + bit;
            return (round << TIMER_LEVEL_BITS | slot) << shift;
        }
    }
    if (list__is_empty(&wheel->far)) {
        return TIMER_NO_TICK;
    }
    return ((wheel->now_tick >> TIMER_RANGE_BITS) + 1) << TIMER_RANGE_BITS;
}

/* The same, asked for often. It stays what it is while nothing is linked or emptied, also as
 * now_tick comes nearer. */
static uint64_t timer_wheel__next_tick(struct timer_wheel *wheel)
{
    if (PC_UNLIKELY(wheel->next_tick == 0)) {
        wheel->next_tick = timer_wheel__find_next(wheel);
    }
    return wheel->next_tick;
}

/* The list of an upper level whose first tick this is. It is at most one, for within the levels
 * below nothing was left. */
static struct pc_timer *timer_wheel__reached(struct timer_wheel *wheel, uint64_t tick)
{
    struct pc_timer *head = timer_wheel__place(wheel, tick);
    bool is_level_0 = head >= &wheel->slots[0][0] && head <= &wheel->slots[0][TIMER_SLOTS - 1];
    return is_level_0 ? NULL : head;
}

/* Link each timer of the list anew; from the far list some may go back to it. */
static void timer_wheel__cascade(struct timer_wheel *wheel, struct pc_timer *head)
{
    PC_ASSERT(!list__is_empty(head));
    struct pc_timer moved = *head;
    moved.next->prev = &moved;
    moved.prev->next = &moved;
    list__init(head);
    timer_wheel__mark(wheel, head, false);
    struct pc_timer *timer = moved.next;
    while (timer != &moved) {
        struct pc_timer *next = timer->next;
        timer_wheel__link(wheel, timer);
        timer = next;
    }
}

/* Fire what is due at now_tick. What a callback sets is due later, so this ends. */
static void timer_wheel__run(struct timer_wheel *wheel, struct pc_worker *worker)
{
    struct pc_timer *head = &wheel->slots[0][wheel->now_tick % TIMER_SLOTS];
    while (!list__is_empty(head)) {
        struct pc_timer *timer = head->next;
        timer_wheel_cancel(wheel, timer);
        timer->fire(worker, timer);
    }
}

static void list__init(struct pc_timer *head)
{
    head->next = head;
    head->prev = head;
}

static bool list__is_empty(const struct pc_timer *head)
{
    return head->next == head;
}
