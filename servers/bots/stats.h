/* What the bots of one worker have counted; merged when all workers have stopped. */
#pragma once

#include <stdint.h>

#include "histogram.h"
#include "reasons.h"
#include "script.h"

/* What went wrong, by kind. */
enum bot_error {
    BOT_ERROR_CONNECT,    /* no connection */
    BOT_ERROR_LOST,       /* the connection ended before the bot had said goodbye */
    BOT_ERROR_TIMEOUT,    /* a step or an answer took too long */
    BOT_ERROR_RESULT,     /* a server said no */
    BOT_ERROR_ORDER,      /* an answer out of order, twice, or never asked for */
    BOT_ERROR_CONTENT,    /* an answer with the wrong content */
    BOT_ERROR_UNEXPECTED, /* a packet that does not belong to the step */
    BOT_ERROR_SEND,       /* a packet could not be queued */
    BOT_ERROR_COUNT
};

const char *bot_error_name(enum bot_error error);

/* Invariant: zeroed means nothing has happened. */
struct bot_stats {
    uint64_t connected;
    uint64_t registered;
    uint64_t logins;
    uint64_t entered;
    uint64_t completed;    /* bots that have done all their steps */
    uint64_t retries;      /* steps tried again because a server was busy or away */
    uint64_t left_world;   /* left_world received */
    uint64_t servers_down; /* server_status received, down */
    uint64_t servers_up;   /* and up */
    uint64_t connections_lost;
    uint64_t connections_silent; /* of those: nobody had said that they ended */
    uint64_t refusals;           /* refusal received while playing */
    uint64_t answers_lost;       /* requests forgotten because a server or the connection went */
    uint64_t moves_coalesced;    /* moves that a later notice stood for */
    uint64_t notices;            /* about others */
    uint64_t held;               /* actions not done because too many answers were out */
    uint64_t sent[ACTION_COUNT];
    uint64_t answered[ACTION_COUNT];
    uint64_t errors[BOT_ERROR_COUNT];
    struct histogram latency_us[ACTION_COUNT];
    struct reasons reasons; /* that servers gave */
};

void bot_stats_merge(struct bot_stats *target, const struct bot_stats *source);
uint64_t bot_stats_error_count(const struct bot_stats *stats);
