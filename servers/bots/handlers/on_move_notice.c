/* Somebody has moved. Our own move comes back with our sequence and position; one notice may stand
 * for several moves, and they never come out of order. */
#include <inttypes.h>

#include "bots.h"
#include "pc/os.h"
#include "play.h"
#include "proto/client_dispatch.h"

static bool on_move_notice__check(struct bot *bot, const struct client_move_notice *packet)
{
    struct common_vec2 expected = play_position(bot, packet->sequence);
    bool is_same = packet->position.x == expected.x && packet->position.y == expected.y;
    if (!is_same) {
        bot_fail(bot, BOT_ERROR_CONTENT,
                 "expected move %" PRIu32 " to lead to (%.3f, %.3f), got (%.3f, %.3f)",
                 packet->sequence, (double)expected.x, (double)expected.y,
                 (double)packet->position.x, (double)packet->position.y);
    }
    return is_same;
}

static void on_move_notice__own(struct bot *bot, const struct client_move_notice *packet)
{
    struct bot_stats *stats = &bot->crew->stats;
    uint32_t waiting = bot->moves.count;
    uint64_t waited_us;
    if (!window_take_through(&bot->moves, packet->sequence, pc_os_monotonic_us(), &waited_us)) {
        const struct window_entry *oldest = window_oldest(&bot->moves);
        bot_fail(bot, BOT_ERROR_ORDER, "expected move %" PRIu32 " or later, got move %" PRIu32,
                 oldest != NULL ? oldest->sequence : 0, packet->sequence);
        return;
    }
    stats->answered[ACTION_MOVE]++;
    stats->moves_coalesced += waiting - bot->moves.count - 1;
    histogram_record(&stats->latency_us[ACTION_MOVE], waited_us);
    if (bot->step == STEP_MOVE) {
        bot_say(bot, "moved to (%.1f, %.1f), seen by the server", (double)packet->position.x,
                (double)packet->position.y);
        bot_advance(bot);
    }
}

static void on_move_notice(struct pc_session *session, const struct client_move_notice *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL) {
        return;
    }
    if (packet->entity_id != bot->entity_id) {
        bot->crew->stats.notices++;
        return;
    }
    if (on_move_notice__check(bot, packet)) {
        on_move_notice__own(bot, packet);
    }
}

REGISTER_HANDLER(client_move_notice, on_move_notice);
