/* Path: [6] the accept table's policy and [7] decode, in this order: state, rate, decode. Id and
 * size were judged by the assembler before the frame was complete. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/token_bucket.h"
#include "pc/check.h"
#include "pc/dispatch.h"

/* What the checks need to know of the session that received the frame. */
struct dispatch_subject {
    const struct pc_rate *rate;   /* of all packets together; per_sec 0: none */
    struct token_bucket *total;   /* for rate */
    struct token_bucket *buckets; /* one per rate of the table */
    uint32_t stamp;               /* the time, as buckets keep it */
    uint8_t state;                /* protocol state */
};

struct dispatch_result {
    enum pc_refusal refusal;
    enum pc_wire_error wire_error; /* when refusal is PC_REFUSED_DECODE */
    enum pc_rate_over over;        /* when refusal is PC_REFUSED_RATE: what the policy wants */
    enum pc_rate_scope scope;      /* likewise: whose rate it was */
    uint32_t wait_ms;              /* likewise: until the packet may come */
};

/* What is said of a frame by the first check that refuses it. */
enum dispatch_verdict {
    DISPATCH_ADMITTED, /* it may be decoded or relayed */
    DISPATCH_STATE,
    DISPATCH_TOTAL_RATE,
    DISPATCH_PACKET_RATE
};

static inline bool dispatcher_is_legal(const struct pc_accept_entry *entry, uint8_t state)
{
    return (entry->states >> state & 1u) != 0;
}

static inline bool dispatcher_take(struct token_bucket *bucket, const struct pc_rate *rate,
                                   uint32_t stamp)
{
    return token_bucket_take(bucket, rate->per_sec, rate->burst, stamp);
}

/* The packet's own rate refuses it: what follows for the token of the rate of all packets. Apart
 * from the judgement, which is compiled into its caller. */
enum dispatch_verdict dispatcher_over_packet_rate(const struct dispatch_subject *subject,
                                                  const struct pc_rate *rate);

/* Judge a frame by state and rates; takes the tokens that it costs. Apart from the explanation,
 * because nearly every frame is admitted: 9 % of the instructions of an echo less. */
static inline enum dispatch_verdict dispatcher_judge(const struct pc_accept_table *table,
                                                     const struct pc_accept_entry *entry,
                                                     const struct dispatch_subject *subject)
{
    PC_ASSERT(subject->state < table->state_count);
    const struct pc_rate *total = subject->rate;
    if (PC_UNLIKELY(!dispatcher_is_legal(entry, subject->state))) {
        return DISPATCH_STATE;
    }
    if (PC_LIKELY(total->per_sec != 0) && !dispatcher_take(subject->total, total, subject->stamp)) {
        return DISPATCH_TOTAL_RATE;
    }
    uint32_t index = entry->rate - 1u;
    if (entry->rate != 0 &&
        !dispatcher_take(&subject->buckets[index], &table->rates[index], subject->stamp)) {
        return dispatcher_over_packet_rate(subject, &table->rates[index]);
    }
    return DISPATCH_ADMITTED;
}

/* What follows from the verdict on that frame, directly after it. */
struct dispatch_result dispatcher_explain(const struct pc_accept_table *table,
                                          const struct pc_accept_entry *entry,
                                          const struct dispatch_subject *subject,
                                          enum dispatch_verdict verdict);
