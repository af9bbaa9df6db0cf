/* The answer to a registration. */
#include "bots.h"
#include "proto/client_dispatch.h"

/* When an earlier answer was lost with a server, the account may exist already. */
static bool on_register_reply__is_ok(const struct bot *bot, enum common_result result)
{
    return result == COMMON_RESULT_OK || (result == COMMON_RESULT_NAME_TAKEN && bot_survives(bot));
}

static void on_register_reply(struct pc_session *session,
                              const struct client_register_reply *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL || !bot_expects(bot, STEP_REGISTER, "register_reply")) {
        return;
    }
    if (!on_register_reply__is_ok(bot, packet->result)) {
        bot_refused(bot, packet->result, 0);
        return;
    }
    bot->is_registered = true;
    bot->crew->stats.registered++;
    bot_answered(bot, ACTION_REGISTER);
    bot_say(bot, "registered %s", bot->name);
    bot_advance(bot);
}

REGISTER_HANDLER(client_register_reply, on_register_reply);
