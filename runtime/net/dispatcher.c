/* Path: [6] after the assembler, before the handler; see dispatcher.h and pc/dispatch.h. */
#include "net/dispatcher.h"

#include "pc/check.h"

static struct dispatch_result dispatcher__over_rate(const struct pc_rate *rate,
                                                    const struct token_bucket *bucket,
                                                    enum pc_rate_scope scope)
{
    return (struct dispatch_result){
        .refusal = PC_REFUSED_RATE,
        .over = rate->over,
        .scope = scope,
        .wait_ms = token_bucket_wait_ms(bucket, rate->per_sec),
    };
}

/* A delayed frame is judged again, so it must not have paid. One that is dropped was a packet. */
enum dispatch_verdict dispatcher_over_packet_rate(const struct dispatch_subject *subject,
                                                  const struct pc_rate *rate)
{
    if (rate->over == PC_RATE_DELAY && subject->rate->per_sec != 0) {
        token_bucket_give_back(subject->total);
    }
    return DISPATCH_PACKET_RATE;
}

struct dispatch_result dispatcher_explain(const struct pc_accept_table *table,
                                          const struct pc_accept_entry *entry,
                                          const struct dispatch_subject *subject,
                                          enum dispatch_verdict verdict)
{
    switch (verdict) {
    case DISPATCH_ADMITTED:
        break;
    case DISPATCH_STATE:
        return (struct dispatch_result){.refusal = PC_REFUSED_STATE};
    case DISPATCH_TOTAL_RATE:
        return dispatcher__over_rate(subject->rate, subject->total, PC_RATE_SESSION);
    case DISPATCH_PACKET_RATE: {
        uint32_t index = entry->rate - 1u;
        return dispatcher__over_rate(&table->rates[index], &subject->buckets[index],
                                     PC_RATE_PACKET);
    }
    }
    return (struct dispatch_result){.refusal = PC_ACCEPTED};
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
    if (!dispatcher_is_legal(entry, state)) {
        return PC_REFUSED_STATE;
    }
    return entry->handle(receiver, frame) == PC_WIRE_OK ? PC_ACCEPTED : PC_REFUSED_DECODE;
}
