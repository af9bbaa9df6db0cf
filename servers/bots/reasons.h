/* Why servers said no, counted by what was refused and by the reason they gave. */
#pragma once

#include <stdint.h>

/* More than the protocol's enums have pairs. */
#define REASONS_MAX 128u

/* what: "game" or "db" (it has gone), "left_world", "refusal" (of a packet in play), "step" (of one
 * before it). Both texts are static ones. Invariant: count > 0. */
struct reason {
    const char *what;
    const char *why;
    uint64_t count;
};

/* Invariant: no two of the first count entries have the same texts. Zeroed means none. */
struct reasons {
    uint32_t count;
    struct reason entries[REASONS_MAX];
};

/* Count `times` more. The texts are kept, not copied. */
void reasons_add(struct reasons *reasons, const char *what, const char *why, uint64_t times);
void reasons_merge(struct reasons *target, const struct reasons *source);
