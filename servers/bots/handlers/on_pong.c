/* The answer to a ping, with our own time in it. */
#include <inttypes.h>

#include "bots.h"
#include "pc/os.h"
#include "proto/client_dispatch.h"

static void on_pong(struct pc_session *session, const struct client_pong *packet)
{
    struct bot *bot = bot_of(session);
    uint64_t waited_us;
    if (bot == NULL) {
        return;
    }
    if (!window_take(&bot->pings, (uint32_t)packet->client_time_ms, pc_os_monotonic_us(),
                     &waited_us)) {
        bot_fail(bot, BOT_ERROR_ORDER, "expected our oldest ping back, got time %" PRIu64,
                 packet->client_time_ms);
        return;
    }
    bot->crew->stats.answered[ACTION_PING]++;
    histogram_record(&bot->crew->stats.latency_us[ACTION_PING], waited_us);
    if (bot->step == STEP_PING) {
        bot_say(bot, "ping %.3f ms", (double)waited_us / 1000.0);
        bot_advance(bot);
    }
}

REGISTER_HANDLER(client_pong, on_pong);
