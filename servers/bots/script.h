/* What a test client does and in which order: pure decisions, no I/O.
 *
 * A session in full:  connect, hello, register, login, echo, enter, move, chat, ping, logout,
 * closing A session in load:  connect, hello, register, login, enter, gather, play, settle, logout,
 * closing From anywhere a bot may go to pause (a server was busy; the step is tried again) and
 * failed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the bot is waiting for. */
enum bot_step {
    STEP_CONNECT,  /* a connection */
    STEP_HELLO,    /* hello_reply */
    STEP_REGISTER, /* register_reply */
    STEP_LOGIN,    /* login_reply */
    STEP_ECHO,     /* the one echo_reply of the full session */
    STEP_ENTER,    /* enter_reply */
    STEP_MOVE,     /* the one move_notice of the full session */
    STEP_CHAT,     /* the one chat_notice of the full session */
    STEP_PING,     /* the one pong of the full session */
    STEP_GATHER,   /* until every bot is in the world */
    STEP_PLAY,     /* sends the mix and checks what comes, until the time is over */
    STEP_SETTLE,   /* the answers that are still out */
    STEP_LOGOUT,   /* goodbye */
    STEP_CLOSING,  /* the gate's side of the connection to finish */
    STEP_PAUSE,    /* time to pass before the step is tried again */
    STEP_DONE,     /* nothing: all was as expected */
    STEP_FAILED,   /* nothing: something was not */
    STEP_COUNT
};

const char *bot_step_name(enum bot_step step);

/* The step after one that went well. loaded: a session in load, else one in full. */
enum bot_step bot_step_next(enum bot_step step, bool loaded);

/* What is counted and timed. */
enum bot_action {
    ACTION_ECHO,
    ACTION_MOVE,
    ACTION_CHAT,
    ACTION_PING,
    ACTION_REGISTER,
    ACTION_LOGIN,
    ACTION_ENTER,
    ACTION_COUNT
};

const char *bot_action_name(enum bot_action action);

/* When the rarer actions of one bot were last done. Zeroed: never. */
struct bot_mix {
    uint64_t moved_ms;
    uint64_t chatted_ms;
    uint64_t pinged_ms;
};

/* The action of this turn: about a third moves, one in twenty chats and one in twenty pings, the
 * rest echoes; never so many that a well-behaved client would meet the protocol's rates. */
enum bot_action bot_mix_next(struct bot_mix *mix, uint64_t turn, uint64_t now_ms);

/* How many actions are due after playing for elapsed_ms. */
uint64_t bot_pace_due(uint64_t elapsed_ms, uint32_t rate_per_sec);

/* Milliseconds between two looks at what is due. */
uint32_t bot_pace_interval_ms(uint32_t rate_per_sec);

/* Text number sequence of a bot: base, the number, and padding whose length depends on both. The
 * same arguments give the same text, so that a reply can be compared without keeping the request.
 * capacity: bytes with the NUL; texts are cut to fit. Returns the text's size. */
uint32_t bot_text(char *text, size_t capacity, const char *base, uint32_t bot, uint32_t sequence);

/* One stride on a small square around the start, so that a bot never wanders off. Returns the
 * offset from the start in metres on both axes. */
struct bot_stride {
    float x;
    float y;
};
struct bot_stride bot_walk(uint32_t sequence);

/* Pause before try number attempt (1: the first repetition): what the server told, but not so short
 * that the login rate is met, growing with attempts, and spread by bot. */
uint32_t bot_pause_ms(uint32_t told_ms, uint32_t attempt, uint32_t bot);
