/* The script. Happy path: the caller asks bot_step_next after each step that went well. No failure
 * modes: everything here is total. */
#include "script.h"

#include <stdio.h>
#include <string.h>

#include "pc/check.h"

#define MOVE_PAUSE_MS    40u /* the protocol allows 60 moves and 10 chats per second */
#define CHAT_PAUSE_MS    200u
#define PING_PAUSE_MS    200u
#define INTERVAL_MIN_MS  10u /* one tick of the timer wheel */
#define INTERVAL_MAX_MS  500u
#define RETRY_MIN_MS     600u /* two logins per second are allowed */
#define RETRY_MAX_MS     3000u
#define STRIDE_METRES    0.1f
#define STRIDES_PER_SIDE 10u
#define PADDING_MAX      48u

const char *bot_step_name(enum bot_step step)
{
    static const char *const names[STEP_COUNT] = {
        "connect", "hello", "register", "login",  "echo",    "enter", "move", "chat",   "ping",
        "gather",  "play",  "settle",   "logout", "closing", "pause", "done", "failed",
    };
    PC_ASSERT(step < STEP_COUNT);
    return names[step];
}

const char *bot_action_name(enum bot_action action)
{
    static const char *const names[ACTION_COUNT] = {"echo",     "move",  "chat", "ping",
                                                    "register", "login", "enter"};
    PC_ASSERT(action < ACTION_COUNT);
    return names[action];
}

enum bot_step bot_step_next(enum bot_step step, bool loaded)
{
    switch (step) {
    case STEP_CONNECT:
        return STEP_HELLO;
    case STEP_HELLO:
        return STEP_REGISTER;
    case STEP_REGISTER:
        return STEP_LOGIN;
    case STEP_LOGIN:
        return loaded ? STEP_ENTER : STEP_ECHO;
    case STEP_ECHO:
        return STEP_ENTER;
    case STEP_ENTER:
        return loaded ? STEP_GATHER : STEP_MOVE;
    case STEP_MOVE:
        return STEP_CHAT;
    case STEP_CHAT:
        return STEP_PING;
    case STEP_PING:
        return STEP_LOGOUT;
    case STEP_GATHER:
        return STEP_PLAY;
    case STEP_PLAY:
        return STEP_SETTLE;
    case STEP_SETTLE:
        return STEP_LOGOUT;
    case STEP_LOGOUT:
        return STEP_CLOSING;
    case STEP_CLOSING:
        return STEP_DONE;
    case STEP_PAUSE:
    case STEP_DONE:
    case STEP_FAILED:
    case STEP_COUNT:
        break; /* nothing follows: a pause remembers its own step */
    }
    return STEP_FAILED;
}

enum bot_action bot_mix_next(struct bot_mix *mix, uint64_t turn, uint64_t now_ms)
{
    if (turn % 20 == 7 && now_ms - mix->chatted_ms >= CHAT_PAUSE_MS) {
        mix->chatted_ms = now_ms;
        return ACTION_CHAT;
    }
    if (turn % 20 == 17 && now_ms - mix->pinged_ms >= PING_PAUSE_MS) {
        mix->pinged_ms = now_ms;
        return ACTION_PING;
    }
    if (turn % 3 == 1 && now_ms - mix->moved_ms >= MOVE_PAUSE_MS) {
        mix->moved_ms = now_ms;
        return ACTION_MOVE;
    }
    return ACTION_ECHO;
}

uint64_t bot_pace_due(uint64_t elapsed_ms, uint32_t rate_per_sec)
{
    return elapsed_ms * rate_per_sec / 1000;
}

uint32_t bot_pace_interval_ms(uint32_t rate_per_sec)
{
    PC_ASSERT(rate_per_sec > 0);
    uint32_t interval_ms = 1000 / rate_per_sec;
    if (interval_ms < INTERVAL_MIN_MS) {
        return INTERVAL_MIN_MS;
    }
    return interval_ms < INTERVAL_MAX_MS ? interval_ms : INTERVAL_MAX_MS;
}

uint32_t bot_text(char *text, size_t capacity, const char *base, uint32_t bot, uint32_t sequence)
{
    static const char padding[PADDING_MAX + 1] = "the quick brown fox jumps over the lazy dog 0123";
    int padding_size = (int)((bot * 31u + sequence * 7u) % PADDING_MAX);
    int written = snprintf(text, capacity, "%s %lu/%lu %.*s", base, (unsigned long)bot,
                           (unsigned long)sequence, padding_size, padding);
    PC_ASSERT(written > 0);
    return (uint32_t)strlen(text);
}

struct bot_stride bot_walk(uint32_t sequence)
{
    uint32_t along = sequence % STRIDES_PER_SIDE;
    uint32_t side = sequence / STRIDES_PER_SIDE % 4;
    float near = STRIDE_METRES * (float)along;
    float far = STRIDE_METRES * (float)STRIDES_PER_SIDE;
    struct bot_stride strides[4] = {{near, 0}, {far, near}, {far - near, far}, {0, far - near}};
    return strides[side];
}

uint32_t bot_pause_ms(uint32_t told_ms, uint32_t attempt, uint32_t bot)
{
    uint32_t doublings = attempt < 4 ? attempt : 4;
    uint32_t pause_ms = (RETRY_MIN_MS / 2) << doublings;
    if (pause_ms > RETRY_MAX_MS) {
        pause_ms = RETRY_MAX_MS;
    }
    if (pause_ms < told_ms) {
        pause_ms = told_ms;
    }
    return pause_ms + bot * 37u % (pause_ms / 2);
}
