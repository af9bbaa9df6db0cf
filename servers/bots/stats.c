/* Counters of the bots. Happy path: each worker counts for itself, the main thread merges. */
#include "stats.h"

#include "pc/check.h"

const char *bot_error_name(enum bot_error error)
{
    static const char *const names[BOT_ERROR_COUNT] = {
        "connect", "lost", "timeout", "result", "order", "content", "unexpected", "send",
    };
    PC_ASSERT(error < BOT_ERROR_COUNT);
    return names[error];
}

void bot_stats_merge(struct bot_stats *target, const struct bot_stats *source)
{
    target->connected += source->connected;
    target->registered += source->registered;
    target->logins += source->logins;
    target->entered += source->entered;
    target->completed += source->completed;
    target->retries += source->retries;
    target->left_world += source->left_world;
    target->servers_down += source->servers_down;
    target->servers_up += source->servers_up;
    target->connections_lost += source->connections_lost;
    target->connections_silent += source->connections_silent;
    target->refusals += source->refusals;
    target->answers_lost += source->answers_lost;
    target->moves_coalesced += source->moves_coalesced;
    target->notices += source->notices;
    target->held += source->held;
    for (uint32_t action = 0; action < ACTION_COUNT; action++) {
        target->sent[action] += source->sent[action];
        target->answered[action] += source->answered[action];
        histogram_merge(&target->latency_us[action], &source->latency_us[action]);
    }
    reasons_merge(&target->reasons, &source->reasons);
    for (uint32_t error = 0; error < BOT_ERROR_COUNT; error++) {
        target->errors[error] += source->errors[error];
    }
}

uint64_t bot_stats_error_count(const struct bot_stats *stats)
{
    uint64_t count = 0;
    for (uint32_t error = 0; error < BOT_ERROR_COUNT; error++) {
        count += stats->errors[error];
    }
    return count;
}
