/* Somebody has spoken. Our own words come back in order, each once, under our name. */
#include <inttypes.h>
#include <string.h>

#include "bots.h"
#include "pc/os.h"
#include "play.h"
#include "proto/client_dispatch.h"

static bool on_chat_notice__check(struct bot *bot, const struct client_chat_notice *packet)
{
    char expected[COMMON_CHAT_TEXT_MAX + 1];
    uint32_t size = play_text(bot, expected, sizeof expected, packet->sequence);
    bool is_same = packet->text_size == size && memcmp(packet->text, expected, size) == 0 &&
                   strcmp(packet->name, bot->name) == 0;
    if (!is_same) {
        bot_fail(bot, BOT_ERROR_CONTENT, "expected %s to say '%.60s', got %s saying '%.60s'",
                 bot->name, expected, packet->name, packet->text);
    }
    return is_same;
}

static void on_chat_notice__own(struct bot *bot, const struct client_chat_notice *packet)
{
    uint64_t waited_us;
    if (!window_take(&bot->chats, packet->sequence, pc_os_monotonic_us(), &waited_us)) {
        const struct window_entry *oldest = window_oldest(&bot->chats);
        bot_fail(bot, BOT_ERROR_ORDER, "expected chat %" PRIu32 ", got chat %" PRIu32,
                 oldest != NULL ? oldest->sequence : 0, packet->sequence);
        return;
    }
    bot->crew->stats.answered[ACTION_CHAT]++;
    histogram_record(&bot->crew->stats.latency_us[ACTION_CHAT], waited_us);
    if (bot->step == STEP_CHAT) {
        bot_say(bot, "chat: %s said \"%s\"", packet->name, packet->text);
        bot_advance(bot);
    }
}

static void on_chat_notice(struct pc_session *session, const struct client_chat_notice *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL) {
        return;
    }
    if (packet->entity_id != bot->entity_id) {
        bot->crew->stats.notices++;
        return;
    }
    if (on_chat_notice__check(bot, packet)) {
        on_chat_notice__own(bot, packet);
    }
}

REGISTER_HANDLER(client_chat_notice, on_chat_notice);
