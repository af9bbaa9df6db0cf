/* We are in the world, or the game says why not. */
#include <inttypes.h>

#include "bots.h"
#include "proto/client_dispatch.h"

static void on_enter_reply(struct pc_session *session, const struct client_enter_reply *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL || !bot_expects(bot, STEP_ENTER, "enter_reply")) {
        return;
    }
    if (packet->result != COMMON_RESULT_OK) {
        bot_refused(bot, packet->result, 0);
        return;
    }
    if (packet->entity_id == 0) {
        bot_fail(bot, BOT_ERROR_CONTENT, "expected an entity, got entity 0");
        return;
    }
    bot->entity_id = packet->entity_id;
    bot->origin = packet->position;
    bot->move_sequence_first = bot->move_sequence + 1;
    bot->crew->stats.entered++;
    bot_answered(bot, ACTION_ENTER);
    bot_say(bot, "entered the world at (%.1f, %.1f), %u near", (double)packet->position.x,
            (double)packet->position.y, packet->near_count);
    bot_advance(bot);
}

REGISTER_HANDLER(client_enter_reply, on_enter_reply);
