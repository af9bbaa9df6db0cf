/* What the game asks of the db. */
#pragma once

struct game;

/* Send what is due and may be in flight; handlers/save.c. */
void save_due(struct game *game);
