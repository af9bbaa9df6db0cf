/* The accept table of the simulated sessions: one packet of each kind that the runtime tells apart.
 *
 *     id  frame size  legal in    rate             what for
 *     1   4..1024     all states  -                strict: arrives, in order
 *     2   8           ready       -                strict, or refused by state
 *     3   4..8        all states  burst 4, kick    refused by rate
 *     4   4..64       all states  burst 2, drop    may vanish
 *     5   -           -           -                not in the table
 *     6   4..64       all states  -                strict, relayed
 *     7   4..20000    all states  -                strict, longer than a receive buffer
 *     8   4..64       all states  burst 2, delay   strict, but late
 *     9   16          all states  -                only the newest of its key matters */
#pragma once

#include "pc/dispatch.h"

#define SIM_ID_TEXT     1u
#define SIM_ID_NUMBER   2u
#define SIM_ID_KICK     3u
#define SIM_ID_DROP     4u
#define SIM_ID_HOLE     5u
#define SIM_ID_RELAY    6u
#define SIM_ID_LARGE    7u
#define SIM_ID_DELAY    8u
#define SIM_ID_LATEST   9u
#define SIM_TEXT_MAX    1024u
#define SIM_LARGE_MAX   20000u
#define SIM_LATEST      16u
#define SIM_SMALL_MAX   64u
#define SIM_STATE_NEW   0u
#define SIM_STATE_READY 1u

/* A payload that begins with this byte does not decode, if its packet is a text. */
#define SIM_BAD_BYTE 0xffu
#define SIM_BAD_SIZE 8u

extern const struct pc_accept_table sim_table;

/* Called for every frame that decodes; sim_app.c has it. */
void sim_app_on_frame(void *receiver, const struct pc_frame *frame);
