/* The gate could not serve a packet. Registration, login and entering are tried again; in play a
 * refusal is only legal while a server is away. */
#include "bots.h"
#include "proto/client_dispatch.h"

static bool on_refusal__is_of_step(const struct bot *bot, uint16_t packet_id)
{
    return (bot->step == STEP_REGISTER && packet_id == CLIENT_REGISTER_REQUEST_ID) ||
           (bot->step == STEP_LOGIN && packet_id == CLIENT_LOGIN_REQUEST_ID) ||
           (bot->step == STEP_ENTER && packet_id == CLIENT_ENTER_WORLD_ID);
}

static void on_refusal(struct pc_session *session, const struct client_refusal *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL) {
        return;
    }
    if (on_refusal__is_of_step(bot, packet->packet_id)) {
        bot_refused(bot, packet->result, packet->retry_after_ms);
        return;
    }
    bot->crew->stats.refusals++;
    reasons_add(&bot->crew->stats.reasons, "refusal", common_result_name(packet->result), 1);
    if (!bot_survives(bot)) {
        bot_fail(bot, BOT_ERROR_UNEXPECTED, "expected packet 0x%04x to be served, got %s",
                 packet->packet_id, common_result_name(packet->result));
    }
}

REGISTER_HANDLER(client_refusal, on_refusal);
