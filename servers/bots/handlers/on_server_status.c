/* A server behind the gate has gone or come back: only legal when told to survive that. */
#include "bots.h"
#include "proto/client_dispatch.h"

static void on_server_status(struct pc_session *session, const struct client_server_status *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL) {
        return;
    }
    if (packet->up) {
        bot->crew->stats.servers_up++;
        return;
    }
    bot->crew->stats.servers_down++;
    reasons_add(&bot->crew->stats.reasons, common_role_name(packet->server),
                common_result_name(packet->reason), 1);
    if (!bot_survives(bot)) {
        bot_fail(bot, BOT_ERROR_UNEXPECTED, "expected all servers to stay up, got %s down: %s",
                 common_role_name(packet->server), common_result_name(packet->reason));
    }
}

REGISTER_HANDLER(client_server_status, on_server_status);
