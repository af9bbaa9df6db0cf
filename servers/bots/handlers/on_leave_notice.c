/* Somebody near has left the world; it is never ourselves. */
#include "bots.h"
#include "proto/client_dispatch.h"

static void on_leave_notice(struct pc_session *session, const struct client_leave_notice *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL) {
        return;
    }
    if (packet->entity_id == bot->entity_id) {
        bot_fail(bot, BOT_ERROR_CONTENT, "expected a leave_notice of somebody else, got our own");
        return;
    }
    bot->crew->stats.notices++;
}

REGISTER_HANDLER(client_leave_notice, on_leave_notice);
