/* The rules of moving: where one may stand and how far one gets.
 *
 * A player saves up metres at the greatest speed while it stands and spends them by moving, up to
 * a slack: so packets that the network held back and delivered together are still legal, and over
 * any longer time nobody is faster than the speed.
 *
 * Pure: time is passed in. */
#pragma once

#include <stdint.h>

#include "proto/common_types.h"
#include "world/zone.h"

struct movement_rules {
    const struct zone *zone;
    float speed_max; /* metres per second */
    float slack_m;   /* metres that can be saved up */
};

/* Positions travel as floats; their rounding must not make a legal way too long. */
#define MOVEMENT_ROUNDING_M 0.01f

/* Invariant: -MOVEMENT_ROUNDING_M <= allowance_m <= slack_m of the rules it is used with. */
struct movement_budget {
    float allowance_m;  /* below 0: what rounding was granted is owed */
    uint64_t filled_ms; /* when allowance_m was last filled up */
};

enum movement_verdict {
    MOVEMENT_ACCEPTED,
    MOVEMENT_OUTSIDE, /* not a place in the zone, or not a number */
    MOVEMENT_TOO_FAST
};

/* A player that has just arrived may use all of the slack. */
void movement_start(struct movement_budget *budget, const struct movement_rules *rules,
                    uint64_t now_ms);

/* May a player go from one place in the zone to another now? If so the way is taken off the
 * budget; otherwise nothing but the time changes. now_ms never goes back. */
enum movement_verdict movement_judge(const struct movement_rules *rules,
                                     struct movement_budget *budget, struct common_vec2 from,
                                     struct common_vec2 to, uint64_t now_ms);

/* In lower case, for the log: "too_fast". */
const char *movement_verdict_name(enum movement_verdict verdict);
