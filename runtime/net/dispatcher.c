/* Path: [6] after the assembler, before the handler; see dispatcher.h and pc/dispatch.h. */
#include "net/dispatcher.h"

#include "pc/check.h"

static bool dispatcher__is_legal(const struct pc_accept_entry *entry, uint8_t state)
{
    return (entry->states >> state & 1u) != 0;
}

/* Take a token; false and the result filled in if there is none. */
static bool dispatcher__take(struct token_bucket *bucket, const struct pc_rate *rate,
                             uint64_t now_ms, struct dispatch_result *result)
{
    if (token_bucket_take(bucket, rate->per_sec, rate->burst, now_ms)) {
        return true;
    }
    result->refusal = PC_REFUSED_RATE;
    result->over = rate->over;
    result->wait_ms = token_bucket_wait_ms(bucket, rate->per_sec);
    return false;
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
    const struct pc_rate *total = subject->rate;
    if (total->per_sec != 0 && !dispatcher__take(subject->total, total, subject->now_ms, &result)) {
        return result;
    }
    if (entry->rate != 0) {
        uint32_t index = entry->rate - 1u;
        (void)dispatcher__take(&subject->buckets[index], &table->rates[index], subject->now_ms,
                               &result);
        result.scope = PC_RATE_PACKET;
    }
    return result;
}

struct pc_accept_version pc_accept_at(const struct pc_accept_table *table,
                                      const struct pc_accept_entry *entry, uint16_t version)
{
    struct pc_accept_version found = {
        .id = entry->id,
        .frame_size_min = entry->frame_size_min,
        .frame_size_max = entry->frame_size_max,
    };
    bool is_first = true;
    for (uint32_t i = 0; i < table->version_count; i++) {
        const struct pc_accept_version *item = &table->versions[i];
        if (item->id == entry->id && (is_first || item->version <= version)) {
            found = *item;
            is_first = false;
        }
    }
    return found;
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
