/* Callbacks of the gate's session types for its links to game and db; handlers/link.c. */
#pragma once

#include "pc/session.h"

void game_link_open(struct pc_session *session);
void game_link_ready(struct pc_session *session);
void game_link_down(struct pc_session *session, enum pc_close_reason reason);
void game_link_has_room(struct pc_session *session);

void db_link_open(struct pc_session *session);
void db_link_ready(struct pc_session *session);
void db_link_down(struct pc_session *session, enum pc_close_reason reason);
