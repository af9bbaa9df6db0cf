/* The play. Happy path: a turn sends what is due, the handlers take the answers out of the windows.
 * Failure modes: an answer that waits longer than the timeout fails the bot by name; when too many
 * answers are out, actions are held back and counted, so that a slow server is not flooded. */
#include "play.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "bots.h"
#include "pc/check.h"
#include "pc/os.h"
#include "proto/client_ids.h"
#include "proto/client_send.h"

#define ACTIONS_PER_TURN_MAX 256u
#define EDGE_METRES          2.0f /* the square of bot_walk is smaller than this */
#define GATHER_INTERVAL_MS   50u
#define SETTLE_INTERVAL_MS   20u

uint32_t play_text(const struct bot *bot, char *text, uint32_t capacity, uint32_t sequence)
{
    const struct options *options = bot_options(bot);
    if (bot_is_loaded(bot)) {
        return bot_text(text, capacity, options->text, bot->number, sequence);
    }
    int size = snprintf(text, capacity, "%s", options->text);
    PC_ASSERT(size >= 0 && (uint32_t)size < capacity);
    return (uint32_t)size;
}

struct common_vec2 play_position(const struct bot *bot, uint32_t sequence)
{
    struct bot_stride stride = bot_walk(sequence - bot->move_sequence_first + 1);
    struct common_vec2 position = bot->origin;
    position.x += bot->origin.x >= EDGE_METRES ? -stride.x : stride.x;
    position.y += bot->origin.y >= EDGE_METRES ? -stride.y : stride.y;
    return position;
}

/* ---- requests ---- */

void play_echo(struct bot *bot)
{
    struct client_echo_request request = {.sequence = ++bot->echo_sequence};
    request.text_size =
        (uint16_t)play_text(bot, request.text, sizeof request.text, request.sequence);
    window_add(&bot->echoes, request.sequence, pc_os_monotonic_us());
    bot->crew->stats.sent[ACTION_ECHO]++;
    (void)bot_sent(bot, client_send_client_echo_request(bot->session, &request));
}

void play_move(struct bot *bot)
{
    struct client_move request = {.sequence = ++bot->move_sequence};
    request.position = play_position(bot, request.sequence);
    window_add(&bot->moves, request.sequence, pc_os_monotonic_us());
    bot->crew->stats.sent[ACTION_MOVE]++;
    (void)bot_sent(bot, client_send_client_move(bot->session, &request));
}

void play_chat(struct bot *bot)
{
    struct client_chat request = {.sequence = ++bot->chat_sequence};
    request.text_size =
        (uint16_t)play_text(bot, request.text, sizeof request.text, request.sequence);
    window_add(&bot->chats, request.sequence, pc_os_monotonic_us());
    bot->crew->stats.sent[ACTION_CHAT]++;
    (void)bot_sent(bot, client_send_client_chat(bot->session, &request));
}

void play_ping(struct bot *bot)
{
    struct client_ping request = {.client_time_ms = pc_os_monotonic_ms()};
    window_add(&bot->pings, (uint32_t)request.client_time_ms, pc_os_monotonic_us());
    bot->crew->stats.sent[ACTION_PING]++;
    (void)bot_sent(bot, client_send_client_ping(bot->session, &request));
}

/* ---- turns ---- */

uint32_t play_delay_ms(const struct bot *bot)
{
    if (bot->step == STEP_GATHER) {
        return GATHER_INTERVAL_MS;
    }
    if (bot->step == STEP_SETTLE) {
        return SETTLE_INTERVAL_MS;
    }
    return bot_pace_interval_ms(bot_options(bot)->rate);
}

/* False if an answer is late; then the bot has failed or given its connection up. */
static bool play__check_window(struct bot *bot, const struct window *window, const char *answer)
{
    const struct window_entry *oldest = window_oldest(window);
    if (oldest == NULL) {
        return true;
    }
    uint64_t waited_ms = (pc_os_monotonic_us() - oldest->sent_us) / 1000;
    if (waited_ms <= bot_options(bot)->timeout_ms) {
        return true;
    }
    if (!bot_drops_silent(bot)) {
        bot_fail(bot, BOT_ERROR_TIMEOUT,
                 "expected %s %" PRIu32 " within %" PRIu32 " ms, got none for %" PRIu64 " ms",
                 answer, oldest->sequence, bot_options(bot)->timeout_ms, waited_ms);
    }
    return false;
}

static bool play__check_windows(struct bot *bot)
{
    return play__check_window(bot, &bot->echoes, "echo_reply") &&
           play__check_window(bot, &bot->moves, "move_notice") &&
           play__check_window(bot, &bot->chats, "chat_notice") &&
           play__check_window(bot, &bot->pings, "pong");
}

/* Say something often enough for the gate not to think that the bot is gone. */
static void play__keep_alive(struct bot *bot, uint64_t now_ms)
{
    if (now_ms - bot->spoke_ms >= bot->heartbeat_ms / 2 && bot->pings.count == 0) {
        play_ping(bot);
    }
}

static void play__act(struct bot *bot, enum bot_action action)
{
    struct window *windows[] = {&bot->echoes, &bot->moves, &bot->chats, &bot->pings};
    void (*const acts[])(struct bot *) = {play_echo, play_move, play_chat, play_ping};
    PC_ASSERT(action <= ACTION_PING);
    if (window_is_full(windows[action])) {
        bot->crew->stats.held++;
        return;
    }
    acts[action](bot);
}

static void play__do_what_is_due(struct bot *bot, uint64_t now_ms)
{
    uint64_t due = bot_pace_due(now_ms - bot->play_began_ms, bot_options(bot)->rate);
    for (uint32_t done = 0; bot->turns < due && done < ACTIONS_PER_TURN_MAX; done++) {
        uint64_t turn = bot->turns++;
        play__act(bot, bot_mix_next(&bot->mix, turn + bot->number, now_ms));
        if (bot->step != STEP_PLAY) {
            return;
        }
    }
}

/* The bots' turns are spread evenly: a crowd that acts in step would measure its own bursts. */
static uint32_t play__phase_ms(const struct bot *bot)
{
    uint64_t interval_ms = bot_pace_interval_ms(bot_options(bot)->rate);
    return (uint32_t)(interval_ms * bot->number / bot->crew->bots->bot_count);
}

static void play__gather_turn(struct bot *bot, uint64_t now_ms)
{
    if (atomic_load(&bot->crew->bots->play_began_ms) != 0) {
        bot->play_began_ms = now_ms;
        bot->turns = 0;
        bot_advance(bot);
        bot_set_timer(bot, play__phase_ms(bot));
        return;
    }
    play__keep_alive(bot, now_ms);
}

static void play__settle_turn(struct bot *bot)
{
    bool is_settled = bot->echoes.count == 0 && bot->moves.count == 0 && bot->chats.count == 0 &&
                      bot->pings.count == 0;
    if (is_settled) {
        bot_advance(bot);
    }
}

static void play__play_turn(struct bot *bot, uint64_t now_ms)
{
    struct bots *bots = bot->crew->bots;
    uint64_t ends_ms = atomic_load(&bots->play_began_ms) + bots->options.seconds * (uint64_t)1000;
    if (now_ms >= ends_ms) {
        atomic_store(&bots->play_ended_ms, now_ms);
        bot_advance(bot);
        return;
    }
    play__do_what_is_due(bot, now_ms);
    if (bot->step == STEP_PLAY) {
        play__keep_alive(bot, now_ms);
    }
}

void play_turn(struct bot *bot)
{
    uint64_t now_ms = pc_os_monotonic_ms();
    if (!play__check_windows(bot)) {
        return;
    }
    if (bot->step == STEP_GATHER) {
        play__gather_turn(bot, now_ms);
    } else if (bot->step == STEP_PLAY) {
        play__play_turn(bot, now_ms);
    } else if (bot->step == STEP_SETTLE) {
        play__settle_turn(bot);
    }
}

/* ---- losses ---- */

void play_forget_world(struct bot *bot)
{
    struct bot_stats *stats = &bot->crew->stats;
    stats->answers_lost += window_clear(&bot->moves);
    stats->answers_lost += window_clear(&bot->chats);
}

void play_forget_all(struct bot *bot)
{
    struct bot_stats *stats = &bot->crew->stats;
    play_forget_world(bot);
    stats->answers_lost += window_clear(&bot->echoes);
    stats->answers_lost += window_clear(&bot->pings);
}
