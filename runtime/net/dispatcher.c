/* Path: [6] after the assembler, before the handler; see dispatcher.h and pc/dispatch.h. */
#include "net/dispatcher.h"

#include "pc/check.h"

static bool dispatcher__is_legal(const struct pc_accept_entry *entry, uint8_t state)
{
    return (entry->states >> state & 1u) != 0;
}

static const struct pc_rate *dispatcher__exceeded(const struct pc_accept_table *table,
                                                  const struct pc_accept_entry *entry,
                                                  const struct dispatch_subject *subject)
{
    const struct pc_rate *total = subject->rate;
    if (total->per_sec != 0 &&
        !token_bucket_take(subject->total, total->per_sec, total->burst, subject->now_ms)) {
        return total;
    }
    if (entry->rate == 0) {
        return NULL;
    }
    uint32_t index = entry->rate - 1u;
    const struct pc_rate *rate = &table->rates[index];
    if (!token_bucket_take(&subject->buckets[index], rate->per_sec, rate->burst, subject->now_ms)) {
        return rate;
    }
    return NULL;
}

struct dispatch_result dispatcher_admit(const struct pc_accept_table *table,
                                        const struct pc_accept_entry *entry,
                                        const struct dispatch_subject *subject)
{
    PC_ASSERT(subject->state < table->state_count);
    struct dispatch_result result = {.refusal = PC_ACCEPTED};
    if (!dispatcher__is_legal(entry, subject->state)) {
        result.refusal = PC_REFUSED_STATE;
        return result;
    }
    const struct pc_rate *exceeded = dispatcher__exceeded(table, entry, subject);
    if (exceeded != NULL) {
        result.refusal = PC_REFUSED_RATE;
        result.over = exceeded->over;
    }
    return result;
}

enum pc_refusal pc_dispatch(const struct pc_accept_table *table, void *receiver, uint8_t state,
                            const struct pc_frame *frame)
{
    PC_ASSERT(state < table->state_count);
    const struct pc_accept_entry *entry = pc_accept_find(table, frame->id);
    if (entry == NULL || entry->handle == NULL) {
        return PC_REFUSED_ID;
    }
    if (frame->size < entry->frame_size_min || frame->size > entry->frame_size_max) {
        return PC_REFUSED_SIZE;
    }
    if (!dispatcher__is_legal(entry, state)) {
        return PC_REFUSED_STATE;
    }
    return entry->handle(receiver, frame) == PC_WIRE_OK ? PC_ACCEPTED : PC_REFUSED_DECODE;
}
