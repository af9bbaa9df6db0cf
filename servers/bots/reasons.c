/* Reasons by their texts. Happy path: a handler adds what a packet gave as its reason, the summary
 * prints the counts. No failure modes: there are fewer pairs of texts than places. */
#include "reasons.h"

#include <string.h>

#include "pc/check.h"

void reasons_add(struct reasons *reasons, const char *what, const char *why, uint64_t times)
{
    for (uint32_t i = 0; i < reasons->count; i++) {
        struct reason *entry = &reasons->entries[i];
        if (strcmp(entry->what, what) == 0 && strcmp(entry->why, why) == 0) {
            entry->count += times;
            return;
        }
    }
    PC_ASSERT(reasons->count < REASONS_MAX);
    reasons->entries[reasons->count++] = (struct reason){.what = what, .why = why, .count = times};
}

void reasons_merge(struct reasons *target, const struct reasons *source)
{
    for (uint32_t i = 0; i < source->count; i++) {
        const struct reason *entry = &source->entries[i];
        reasons_add(target, entry->what, entry->why, entry->count);
    }
}
