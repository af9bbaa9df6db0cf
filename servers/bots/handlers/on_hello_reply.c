/* The gate's answer to hello: which version it speaks and how often it wants to hear from us. */
#include <inttypes.h>

#include "bot.h"
#include "proto/client_dispatch.h"

static void on_hello_reply(struct pc_session *session, const struct client_hello_reply *packet)
{
    struct bot *bot = bot_of(session);
    if (bot == NULL || !bot_expects(bot, STEP_HELLO, "hello_reply")) {
        return;
    }
    if (packet->result != COMMON_RESULT_OK) {
        bot_fail(bot, BOT_ERROR_RESULT,
                 "expected ok, got %s: we speak version %u with hash %016" PRIx64
                 ", the gate %u with %016" PRIx64,
                 common_result_name(packet->result), CLIENT_VERSION, (uint64_t)CLIENT_COMPAT_HASH,
                 packet->version, packet->compat_hash);
        return;
    }
    if (packet->version != CLIENT_VERSION || packet->compat_hash != CLIENT_COMPAT_HASH) {
        bot_fail(bot, BOT_ERROR_CONTENT,
                 "expected version %u and hash %016" PRIx64 ", got %u and %016" PRIx64,
                 CLIENT_VERSION, (uint64_t)CLIENT_COMPAT_HASH, packet->version,
                 packet->compat_hash);
        return;
    }
    bot->heartbeat_ms = packet->heartbeat_ms;
    bot_say(bot, "hello ok, version %u%s", packet->version,
            packet->schema_hash == CLIENT_SCHEMA_HASH ? "" : ", of another schema");
    bot_advance(bot);
}

REGISTER_HANDLER(client_hello_reply, on_hello_reply);
