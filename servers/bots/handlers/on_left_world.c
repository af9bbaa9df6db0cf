/* We are out of the world without having asked: only legal when the game went away and we were told
 * to survive that. */
#include "bots.h"
#include "proto/client_dispatch.h"

static void on_left_world(struct pc_session *session, const struct client_left_world *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL) {
        return;
    }
    bot->crew->stats.left_world++;
    reasons_add(&bot->crew->stats.reasons, "left_world", common_leave_reason_name(packet->reason),
                1);
    if (!bot_survives(bot)) {
        bot_fail(bot, BOT_ERROR_UNEXPECTED, "expected to stay in the world, left it: %s",
                 common_leave_reason_name(packet->reason));
        return;
    }
    if (packet->reason != COMMON_LEAVE_REASON_SERVER_LOST &&
        packet->reason != COMMON_LEAVE_REASON_SHUTDOWN) {
        bot_fail(bot, BOT_ERROR_CONTENT, "expected the reason server_lost or shutdown, got %s",
                 common_leave_reason_name(packet->reason));
        return;
    }
    bot_resume_world(bot);
}

REGISTER_HANDLER(client_left_world, on_left_world);
