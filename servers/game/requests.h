/* What the game asks of the db, and what happens when no answer comes. */
#pragma once

#include "common/request_table.h"
#include "proto/common_types.h"

struct game;

/* Send what is due and may be in flight; handlers/save.c. */
void save_due(struct game *game);

/* The answer to a save, or that none came. */
void save_done(struct game *game, uint64_t account_id, enum common_result result);

/* The character of the account will not come; handlers/enter.c. */
void enter_load_failed(struct game *game, uint64_t account_id, enum common_result result);
