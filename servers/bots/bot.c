/* The state machine of one bot. See bot.h.
 *
 * All of it runs on the worker of the bot's crew. A step has one timer: the deadline of its answer,
 * the length of a pause, or the next turn of the play. */
#include "bot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "bots.h"
#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"
#include "pc/worker.h"
#include "play.h"
#include "proto/client_ids.h"
#include "proto/client_send.h"

#define ERRORS_SHOWN_MAX 20u /* per worker */
#define ERROR_TEXT_SIZE  256u
#define DROPS_MAX        3u /* of one bot: a gate that never answers is not survived */

static void bot__on_timer(struct pc_worker *worker, struct pc_timer *timer);

void bot_set_timer(struct bot *bot, uint32_t delay_ms)
{
    pc_timer_set(bot->crew->worker, &bot->timer, delay_ms, bot__on_timer);
}

const struct options *bot_options(const struct bot *bot)
{
    return &bot->crew->bots->options;
}

bool bot_is_loaded(const struct bot *bot)
{
    return bot_options(bot)->clients > 0;
}

bool bot_survives(const struct bot *bot)
{
    return bot_options(bot)->survive;
}

struct bot *bot_of(struct pc_session *session)
{
    struct bot **seat = pc_session_user(session);
    return *seat;
}

void bot_say(const struct bot *bot, const char *what, ...)
{
    if (bot_is_loaded(bot)) {
        return;
    }
    va_list arguments;
    va_start(arguments, what);
    vprintf(what, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

/* ---- ends ---- */

static void bot__end(struct bot *bot, enum bot_step step)
{
    bot->step = step;
    pc_timer_cancel(bot->crew->worker, &bot->timer);
    if (!bot->is_gathered) {
        bot->is_gathered = true;
        bots_gather(bot->crew->bots);
    }
    if (!bot->is_finished) {
        bot->is_finished = true;
        bots_finish(bot->crew->bots);
    }
}

void bot_fail(struct bot *bot, enum bot_error error, const char *what, ...)
{
    if (bot->step == STEP_FAILED || bot->step == STEP_DONE) {
        return;
    }
    struct crew *crew = bot->crew;
    crew->stats.errors[error]++;
    if (crew->errors_shown < ERRORS_SHOWN_MAX) {
        char text[ERROR_TEXT_SIZE];
        va_list arguments;
        va_start(arguments, what);
        vsnprintf(text, sizeof text, what, arguments);
        va_end(arguments);
        crew->errors_shown++;
        fprintf(stderr, "%s: at step %s: %s\n", bot->name, bot_step_name(bot->step), text);
    }
    bot__end(bot, STEP_FAILED);
    if (bot->session != NULL) {
        pc_session_abort(bot->session, PC_CLOSE_KICKED);
    }
}

bool bot_drops_silent(struct bot *bot)
{
    if (!bot_survives(bot) || bot->session == NULL || bot->drops == DROPS_MAX) {
        return false;
    }
    bot->drops++;
    bot->crew->stats.connections_silent++;
    pc_timer_cancel(bot->crew->worker, &bot->timer); /* until on_close has come */
    pc_session_abort(bot->session, PC_CLOSE_IDLE);
    return true;
}

/* ---- steps ---- */

static void bot__send_hello(struct bot *bot)
{
    struct client_hello hello = {.version = CLIENT_VERSION,
                                 .compat_hash = CLIENT_COMPAT_HASH,
                                 .schema_hash = CLIENT_SCHEMA_HASH};
    bool fits =
        pc_wire_set_text(hello.protocol, sizeof hello.protocol, &hello.protocol_size, CLIENT_NAME);
    PC_ASSERT(fits);
    (void)bot_sent(bot, client_send_client_hello(bot->session, &hello));
}

static void bot__send_register(struct bot *bot)
{
    struct client_register_request request = {0};
    bool fits =
        pc_wire_set_text(request.name, sizeof request.name, &request.name_size, bot->name) &&
        pc_wire_set_text(request.password, sizeof request.password, &request.password_size,
                         bot->password);
    PC_ASSERT(fits);
    bot->crew->stats.sent[ACTION_REGISTER]++;
    (void)bot_sent(bot, client_send_client_register_request(bot->session, &request));
}

static void bot__send_login(struct bot *bot)
{
    struct client_login_request request = {0};
    bool fits =
        pc_wire_set_text(request.name, sizeof request.name, &request.name_size, bot->name) &&
        pc_wire_set_text(request.password, sizeof request.password, &request.password_size,
                         bot->password);
    PC_ASSERT(fits);
    bot->crew->stats.sent[ACTION_LOGIN]++;
    (void)bot_sent(bot, client_send_client_login_request(bot->session, &request));
}

static void bot__send_enter(struct bot *bot)
{
    struct client_enter_world request = {0};
    bot->crew->stats.sent[ACTION_ENTER]++;
    (void)bot_sent(bot, client_send_client_enter_world(bot->session, &request));
}

static void bot__send_logout(struct bot *bot)
{
    struct client_logout request = {0};
    (void)bot_sent(bot, client_send_client_logout(bot->session, &request));
}

static void bot__enter_gather(struct bot *bot)
{
    if (!bot->is_gathered) {
        bot->is_gathered = true;
        bots_gather(bot->crew->bots);
    }
}

/* What a step begins with; its timer is set already. */
static void bot__act(struct bot *bot)
{
    switch (bot->step) {
    case STEP_HELLO:
        bot__send_hello(bot);
        break;
    case STEP_REGISTER:
        bot__send_register(bot);
        break;
    case STEP_LOGIN:
        bot__send_login(bot);
        break;
    case STEP_ECHO:
        play_echo(bot);
        break;
    case STEP_ENTER:
        bot__send_enter(bot);
        break;
    case STEP_MOVE:
        play_move(bot);
        break;
    case STEP_CHAT:
        play_chat(bot);
        break;
    case STEP_PING:
        play_ping(bot);
        break;
    case STEP_GATHER:
        bot__enter_gather(bot);
        break;
    case STEP_LOGOUT:
        bot__send_logout(bot);
        break;
    case STEP_CONNECT: /* the connector connects, the gate closes, the play has its turns */
    case STEP_CLOSING:
    case STEP_PLAY:
    case STEP_SETTLE:
    case STEP_PAUSE:
    case STEP_DONE:
    case STEP_FAILED:
    case STEP_COUNT:
        break;
    }
}

static uint32_t bot__step_timeout_ms(const struct bot *bot)
{
    switch (bot->step) {
    case STEP_GATHER:
    case STEP_PLAY:
    case STEP_SETTLE:
        return play_delay_ms(bot);
    case STEP_CONNECT:
        return bot_survives(bot) ? bot_options(bot)->patience_ms : bot_options(bot)->timeout_ms;
    case STEP_HELLO:
    case STEP_REGISTER:
    case STEP_LOGIN:
    case STEP_ECHO:
    case STEP_ENTER:
    case STEP_MOVE:
    case STEP_CHAT:
    case STEP_PING:
    case STEP_LOGOUT:
    case STEP_CLOSING:
    case STEP_PAUSE:
    case STEP_DONE:
    case STEP_FAILED:
    case STEP_COUNT:
        break;
    }
    return bot_options(bot)->timeout_ms;
}

static void bot__try(struct bot *bot, enum bot_step step)
{
    bot->step = step;
    bot->step_began_us = pc_os_monotonic_us();
    bot_set_timer(bot, bot__step_timeout_ms(bot));
    bot__act(bot);
}

void bot_begin(struct bot *bot, enum bot_step step)
{
    if (step == STEP_DONE) {
        bot->crew->stats.completed++;
        bot__end(bot, STEP_DONE);
        return;
    }
    bot->attempt = 0;
    bot->patience_until_ms = pc_os_monotonic_ms() + bot_options(bot)->patience_ms;
    bot__try(bot, step);
}

void bot_advance(struct bot *bot)
{
    enum bot_step next = bot_step_next(bot->step, bot_is_loaded(bot));
    if (next == STEP_REGISTER && bot->is_registered) {
        next = STEP_LOGIN;
    }
    bot_begin(bot, next);
}

static void bot__on_timer(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)worker;
    struct bot *bot = PC_CONTAINER_OF(timer, struct bot, timer);
    if (bot->step == STEP_PAUSE) {
        bot__try(bot, bot->resume);
        return;
    }
    if (bot->step == STEP_GATHER || bot->step == STEP_PLAY || bot->step == STEP_SETTLE) {
        bot_set_timer(bot, bot__step_timeout_ms(bot));
        play_turn(bot);
        return;
    }
    if (!bot_drops_silent(bot)) {
        bot_fail(bot, bot->step == STEP_CONNECT ? BOT_ERROR_CONNECT : BOT_ERROR_TIMEOUT,
                 "expected an answer within %" PRIu32 " ms, got none", bot__step_timeout_ms(bot));
    }
}

/* ---- connections ---- */

void bot_wait_for_connection(struct bot *bot)
{
    bot_begin(bot, STEP_CONNECT);
}

void bot_connected(struct bot *bot, struct pc_session *session)
{
    char address[PC_ADDRESS_TEXT_SIZE];
    PC_ASSERT(bot->step == STEP_CONNECT);
    bot->session = session;
    bot->crew->stats.connected++;
    bot_say(bot, "connected to %s", pc_address_format(pc_session_peer(session), address));
    bot_advance(bot);
}

void bot_disconnected(struct bot *bot, enum pc_close_reason reason)
{
    bot->session = NULL;
    if (bot->step == STEP_DONE || bot->step == STEP_FAILED) {
        return;
    }
    if (bot->step == STEP_CLOSING && reason == PC_CLOSE_PEER) {
        bot_advance(bot);
        return;
    }
    if (!bot_survives(bot)) {
        bot_fail(bot, BOT_ERROR_LOST, "expected the connection to stay open, it was closed: %s",
                 pc_close_reason_name(reason));
        return;
    }
    bot->crew->stats.connections_lost++;
    play_forget_all(bot);
    if (bot->step == STEP_LOGOUT || bot->step == STEP_CLOSING) {
        bot_begin(bot, STEP_DONE);
        return;
    }
    bot_begin(bot, STEP_CONNECT);
}

/* ---- answers ---- */

bool bot_sent(struct bot *bot, enum pc_status status)
{
    if (status == PC_OK) {
        bot->spoke_ms = pc_os_monotonic_ms();
        return true;
    }
    if (status != PC_CLOSED) { /* closed: on_close follows and says why */
        bot_fail(bot, BOT_ERROR_SEND, "expected the packet to be queued, got %s",
                 pc_status_name(status));
    }
    return false;
}

bool bot_expects(struct bot *bot, enum bot_step step, const char *packet)
{
    if (bot->step == step) {
        return true;
    }
    bot_fail(bot, BOT_ERROR_UNEXPECTED, "expected no %s here, got one", packet);
    return false;
}

void bot_answered(struct bot *bot, enum bot_action action)
{
    struct bot_stats *stats = &bot->crew->stats;
    stats->answered[action]++;
    histogram_record(&stats->latency_us[action], pc_os_monotonic_us() - bot->step_began_us);
}

static bool bot__may_help_to_repeat(const struct bot *bot, enum common_result result)
{
    if (result == COMMON_RESULT_BUSY || result == COMMON_RESULT_UNAVAILABLE) {
        return true;
    }
    return bot_survives(bot) &&
           (result == COMMON_RESULT_TIMEOUT || result == COMMON_RESULT_INTERNAL);
}

static void bot__pause(struct bot *bot, uint32_t told_ms)
{
    bot->attempt++;
    bot->resume = bot->step;
    bot->step = STEP_PAUSE;
    bot->crew->stats.retries++;
    uint32_t pause_ms = bot_pause_ms(told_ms, bot->attempt, bot->number);
    bot_say(bot, "%s has to wait, trying again in %" PRIu32 " ms", bot_step_name(bot->resume),
            pause_ms);
    bot_set_timer(bot, pause_ms);
}

static void bot__try_again(struct bot *bot, enum common_result result, uint32_t told_ms)
{
    if (!bot__may_help_to_repeat(bot, result)) {
        bot_fail(bot, BOT_ERROR_RESULT, "expected ok, got %s", common_result_name(result));
        return;
    }
    if (pc_os_monotonic_ms() >= bot->patience_until_ms) {
        bot_fail(bot, BOT_ERROR_RESULT,
                 "expected ok within %" PRIu32 " ms, got %s %" PRIu32 " times",
                 bot_options(bot)->patience_ms, common_result_name(result), bot->attempt + 1);
        return;
    }
    bot__pause(bot, told_ms);
}

void bot_refused(struct bot *bot, enum common_result result, uint32_t told_ms)
{
    reasons_add(&bot->crew->stats.reasons, "step", common_result_name(result), 1);
    bot__try_again(bot, result, told_ms);
}

void bot_resume_world(struct bot *bot)
{
    play_forget_world(bot);
    if (bot->step == STEP_ENTER) {
        bot__try_again(bot, COMMON_RESULT_UNAVAILABLE, 0);
    } else if (bot->step == STEP_GATHER || bot->step == STEP_PLAY || bot->step == STEP_SETTLE) {
        bot_begin(bot, STEP_ENTER);
    }
}
