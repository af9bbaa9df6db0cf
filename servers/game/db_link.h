/* Callbacks of the game's session type for its link to the db; handlers/link.c. */
#pragma once

#include "pc/session.h"

void db_link_open(struct pc_session *session);
void db_link_ready(struct pc_session *session);
void db_link_down(struct pc_session *session, enum pc_close_reason reason);
