/* Path: [6] the accept table's policy and [7] decode, in this order: state, rate, decode. Id and
 * size were judged by the assembler before the frame was complete. */
#pragma once

#include <stdint.h>

#include "base/token_bucket.h"
#include "pc/dispatch.h"

/* What the checks need to know of the session that received the frame. */
struct dispatch_subject {
    const struct pc_rate *rate;   /* of all packets together; per_sec 0: none */
    struct token_bucket *total;   /* for rate */
    struct token_bucket *buckets; /* one per rate of the table */
    uint64_t now_ms;
    uint8_t state; /* protocol state */
};

struct dispatch_result {
    enum pc_refusal refusal;
    enum pc_wire_error wire_error; /* when refusal is PC_REFUSED_DECODE */
    enum pc_rate_over over;        /* when refusal is PC_REFUSED_RATE: what the policy wants */
    enum pc_rate_scope scope;      /* likewise: whose rate it was */
    uint32_t wait_ms;              /* likewise: until the packet may come */
};

/* Judge a frame by state and rates. PC_ACCEPTED: it may be decoded or relayed. */
struct dispatch_result dispatcher_admit(const struct pc_accept_table *table,
                                        const struct pc_accept_entry *entry,
                                        const struct dispatch_subject *subject);
