/* The answer to a login. */
#include <inttypes.h>

#include "bots.h"
#include "proto/client_dispatch.h"

static void on_login_reply(struct pc_session *session, const struct client_login_reply *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL || !bot_expects(bot, STEP_LOGIN, "login_reply")) {
        return;
    }
    if (packet->result != COMMON_RESULT_OK) {
        bot_refused(bot, packet->result, packet->retry_after_ms);
        return;
    }
    if (packet->account_id == 0) {
        bot_fail(bot, BOT_ERROR_CONTENT, "expected an account, got account 0");
        return;
    }
    bot->crew->stats.logins++;
    bot_answered(bot, ACTION_LOGIN);
    bot_say(bot, "logged in, account %" PRIu64, packet->account_id);
    bot_advance(bot);
}

REGISTER_HANDLER(client_login_reply, on_login_reply);
