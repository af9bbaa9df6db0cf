/* The rules of moving. See movement.h. */
#include "world/movement.h"

#include <math.h>

#include "pc/check.h"

void movement_start(struct movement_budget *budget, const struct movement_rules *rules,
                    uint64_t now_ms)
{
    budget->allowance_m = rules->slack_m;
    budget->filled_ms = now_ms;
}

static void movement__fill(struct movement_budget *budget, const struct movement_rules *rules,
                           uint64_t now_ms)
{
    float elapsed_s = (float)(now_ms - budget->filled_ms) / 1000.0f;
    budget->allowance_m = fminf(rules->slack_m, budget->allowance_m + elapsed_s * rules->speed_max);
    budget->filled_ms = now_ms;
}

enum movement_verdict movement_judge(const struct movement_rules *rules,
                                     struct movement_budget *budget, struct common_vec2 from,
                                     struct common_vec2 to, uint64_t now_ms)
{
    PC_ASSERT(now_ms >= budget->filled_ms);
    movement__fill(budget, rules, now_ms);
    if (!zone_contains(rules->zone, to)) {
        return MOVEMENT_OUTSIDE;
    }
    float distance_m = hypotf(to.x - from.x, to.y - from.y);
    if (distance_m > budget->allowance_m + MOVEMENT_ROUNDING_M) {
        return MOVEMENT_TOO_FAST;
    }
    budget->allowance_m = fmaxf(-MOVEMENT_ROUNDING_M, budget->allowance_m - distance_m);
    return MOVEMENT_ACCEPTED;
}

const char *movement_verdict_name(enum movement_verdict verdict)
{
    switch (verdict) {
    case MOVEMENT_ACCEPTED:
        return "accepted";
    case MOVEMENT_OUTSIDE:
        return "outside";
    case MOVEMENT_TOO_FAST:
        return "too_fast";
    }
    return "?";
}
