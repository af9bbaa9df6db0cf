/* Requests that wait. Happy path: add, add, take, take. Failure modes: an answer out of order,
 * twice or never asked for makes take return false and leaves the window as it was. */
#include "window.h"

#include "pc/check.h"

static struct window_entry *window__at(struct window *window, uint32_t position)
{
    return &window->entries[(window->first + position) % WINDOW_CAPACITY];
}

static void window__drop(struct window *window, uint32_t count)
{
    PC_ASSERT(count <= window->count);
    window->first = (window->first + count) % WINDOW_CAPACITY;
    window->count -= count;
}

void window_add(struct window *window, uint32_t sequence, uint64_t now_us)
{
    PC_ASSERT(!window_is_full(window));
    PC_ASSERT(window->count == 0 || window__at(window, window->count - 1)->sequence < sequence);
    struct window_entry *entry = window__at(window, window->count);
    entry->sequence = sequence;
    entry->sent_us = now_us;
    window->count++;
}

const struct window_entry *window_oldest(const struct window *window)
{
    return window->count > 0 ? &window->entries[window->first] : 0;
}

bool window_take(struct window *window, uint32_t sequence, uint64_t now_us, uint64_t *waited_us)
{
    const struct window_entry *oldest = window_oldest(window);
    if (oldest == 0 || oldest->sequence != sequence) {
        return false;
    }
    *waited_us = now_us - oldest->sent_us;
    window__drop(window, 1);
    return true;
}

bool window_take_through(struct window *window, uint32_t sequence, uint64_t now_us,
                         uint64_t *waited_us)
{
    for (uint32_t position = 0; position < window->count; position++) {
        const struct window_entry *entry = window__at(window, position);
        if (entry->sequence == sequence) {
            *waited_us = now_us - entry->sent_us;
            window__drop(window, position + 1);
            return true;
        }
    }
    return false;
}

uint32_t window_clear(struct window *window)
{
    uint32_t count = window->count;
    window__drop(window, count);
    return count;
}
