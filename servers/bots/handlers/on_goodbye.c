/* The gate's last word; it closes the connection behind it. */
#include "bot.h"
#include "proto/client_dispatch.h"

static void on_goodbye(struct pc_session *session, const struct client_goodbye *packet)
{
    struct bot *bot = bot_of(session);
    (void)packet;
    if (bot == NULL || !bot_expects(bot, STEP_LOGOUT, "goodbye")) {
        return;
    }
    bot_say(bot, "logged out, goodbye");
    bot_advance(bot);
}

REGISTER_HANDLER(client_goodbye, on_goodbye);
