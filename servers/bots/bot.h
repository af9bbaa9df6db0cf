/* One bot: a player that follows the script and checks every answer.
 *
 * Happy path: seated on a connection -> bot_begin(HELLO) -> each handler checks, acts and calls
 * bot_advance -> DONE. Failure modes: anything not expected calls bot_fail once; the first failure
 * is kept, said and counted, and the connection is aborted. With --survive a lost connection or a
 * lost world is counted and the bot goes back to the step from which it can resume. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/session.h"
#include "pc/timer.h"
#include "proto/client_types.h"
#include "script.h"
#include "stats.h"
#include "window.h"

/* Lets the compiler check format strings; at and first are the arguments' positions. */
#if defined(__MINGW_PRINTF_FORMAT)
#define BOT_FORMAT(at, first) __attribute__((format(__MINGW_PRINTF_FORMAT, at, first)))
#elif defined(__GNUC__)
#define BOT_FORMAT(at, first) __attribute__((format(printf, at, first)))
#else
#define BOT_FORMAT(at, first)
#endif

struct crew;

/* Invariant: session is set exactly while a connection is open; the timer is set in every step but
 * DONE and FAILED; the windows hold only requests of this connection, moves and chats only those of
 * this stay in the world. */
struct bot {
    struct crew *crew;
    struct pc_session *session;
    struct pc_timer timer;
    enum bot_step step;
    enum bot_step resume; /* PAUSE: the step to try again */
    uint32_t number;
    uint32_t attempt;           /* repetitions of this step so far */
    uint32_t drops;             /* connections given up: bot_drops_silent */
    uint32_t heartbeat_ms;      /* the gate wants to hear something this often */
    uint64_t patience_until_ms; /* of this step, its repetitions included */
    uint64_t step_began_us;
    uint64_t spoke_ms; /* last time something was sent in gather or play */
    uint64_t play_began_ms;
    uint64_t turns; /* actions of the play, done or held back */
    uint64_t entity_id;
    struct common_vec2 origin; /* where this stay in the world began */
    struct bot_mix mix;
    struct window echoes;
    struct window moves;
    struct window chats;
    struct window pings;
    uint32_t echo_sequence;
    uint32_t move_sequence;
    uint32_t move_sequence_first; /* of this stay */
    uint32_t chat_sequence;
    bool is_registered; /* the account exists: after a loss the bot only logs in */
    bool is_gathered;   /* counted by bots_gather */
    bool is_finished;   /* counted by bots_finish */
    char name[COMMON_ACCOUNT_NAME_MAX + 1];
    char password[COMMON_PASSWORD_MAX + 1];
};

/* The bot that plays on a connection; NULL when it is one too many and nobody does. */
struct bot *bot_of(struct pc_session *session);

/* The worker's thread has started: wait for a connection. */
void bot_wait_for_connection(struct bot *bot);

void bot_connected(struct bot *bot, struct pc_session *session);
void bot_disconnected(struct bot *bot, enum pc_close_reason reason);

/* Enter a step: send what it begins with and set its timer. */
void bot_begin(struct bot *bot, enum bot_step step);

/* Move the step's timer. */
void bot_set_timer(struct bot *bot, uint32_t delay_ms);

/* This step went well; begin the next one. */
void bot_advance(struct bot *bot);

/* True if the bot is at the step; otherwise fails it: a packet came that does not belong here. */
bool bot_expects(struct bot *bot, enum bot_step step, const char *packet);

/* Count and time an answer to the request that began the step. */
void bot_answered(struct bot *bot, enum bot_action action);

/* A request failed: try the step again after a pause if that helps, else fail. told_ms: the pause
 * that the server asked for, or 0. */
void bot_refused(struct bot *bot, enum common_result result, uint32_t told_ms);

/* The player is out of the world: forget what it waits for there and enter again. */
void bot_resume_world(struct bot *bot);

/* Something was not as expected; what: "expected this, got that". */
void bot_fail(struct bot *bot, enum bot_error error, const char *what, ...) BOT_FORMAT(3, 4);

/* An answer is late. True: the bot survives that, for it takes its connection for one that has
 * ended without a word, as when the gate's machine has lost its power; it gives a few of them up.
 * False: it is a failure. */
bool bot_drops_silent(struct bot *bot);

/* Print a step in words, in the session in full; load says nothing. */
void bot_say(const struct bot *bot, const char *what, ...) BOT_FORMAT(2, 3);

/* False: a packet could not be queued, and the bot has failed unless the connection just ended. */
bool bot_sent(struct bot *bot, enum pc_status status);

bool bot_is_loaded(const struct bot *bot);
bool bot_survives(const struct bot *bot);
const struct options *bot_options(const struct bot *bot);
