/* What the tick asks of handlers/move.c. */
#pragma once

struct game;

/* Tell everybody's moves since the last tick, each to those near. */
void move_tell_news(struct game *game);
