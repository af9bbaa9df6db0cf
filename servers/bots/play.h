/* What a bot does in the world: echo, move, chat and ping, and the checks of their answers. */
#pragma once

#include <stdint.h>

#include "bot.h"

/* Send one request; its answer is expected from then on. */
void play_echo(struct bot *bot);
void play_move(struct bot *bot);
void play_chat(struct bot *bot);
void play_ping(struct bot *bot);

/* Milliseconds until the first look in gather, play or settle. */
uint32_t play_delay_ms(const struct bot *bot);

/* The timer of gather, play or settle has fired. */
void play_turn(struct bot *bot);

/* Text number sequence of this bot. Returns its size. */
uint32_t play_text(const struct bot *bot, char *text, uint32_t capacity, uint32_t sequence);

/* Where move number sequence leads. */
struct common_vec2 play_position(const struct bot *bot, uint32_t sequence);

/* Forget the requests that will not be answered any more. */
void play_forget_world(struct bot *bot);
void play_forget_all(struct bot *bot);
