/* What the tick asks of handlers/save.c. */
#pragma once

struct game;

/* Send what is due and may be in flight. */
void save_due(struct game *game);
