/* An echo: the oldest one that is out, with exactly our text. */
#include <inttypes.h>
#include <string.h>

#include "bots.h"
#include "pc/os.h"
#include "play.h"
#include "proto/client_dispatch.h"

static bool on_echo_reply__check(struct bot *bot, const struct client_echo_reply *packet)
{
    char expected[CLIENT_ECHO_TEXT_MAX + 1];
    uint32_t size = play_text(bot, expected, sizeof expected, packet->sequence);
    if (packet->text_size == size && memcmp(packet->text, expected, size) == 0) {
        return true;
    }
    bot_fail(bot, BOT_ERROR_CONTENT, "expected the echo '%.80s', got '%.80s'", expected,
             packet->text);
    return false;
}

static void on_echo_reply(struct pc_session *session, const struct client_echo_reply *packet)
{
    struct bot *bot = bot_of(session);
    uint64_t waited_us;
    if (bot == NULL || !on_echo_reply__check(bot, packet)) {
        return;
    }
    if (!window_take(&bot->echoes, packet->sequence, pc_os_monotonic_us(), &waited_us)) {
        const struct window_entry *oldest = window_oldest(&bot->echoes);
        bot_fail(bot, BOT_ERROR_ORDER, "expected echo %" PRIu32 ", got echo %" PRIu32,
                 oldest != NULL ? oldest->sequence : 0, packet->sequence);
        return;
    }
    bot->crew->stats.answered[ACTION_ECHO]++;
    histogram_record(&bot->crew->stats.latency_us[ACTION_ECHO], waited_us);
    if (bot->step == STEP_ECHO) {
        bot_say(bot, "echo: %s came back", packet->text);
        bot_advance(bot);
    }
}

REGISTER_HANDLER(client_echo_reply, on_echo_reply);
