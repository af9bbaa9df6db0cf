/* The game's links: gates connect to it, it connects to the db.
 *
 * Happy path: the handshake is servers/common/link; what is left here is what a link's coming and
 * going means for the world.
 * Failure modes: a gate's link goes: its players leave and are saved; the db's link goes: entering
 * fails, saves wait; when it is back the saves go out.
 *
 * Path: [3] and [8] for link.yaml. */
#include "common/link.h"

#include "db_link.h"
#include "game.h"
#include "gate_link.h"
#include "pc/container.h"
#include "proto/game_dispatch.h"
#include "save.h"

void gate_link_open(struct pc_session *session)
{
    struct gate_link *link = pc_session_user(session);
    list_init(&link->clients);
    server_link_open(session, &game_of(session)->gate_policy);
}

void gate_link_down(struct pc_session *session, enum pc_close_reason reason)
{
    struct gate_link *link = pc_session_user(session);
    enum common_leave_reason why = reason == PC_CLOSE_SHUTDOWN ? COMMON_LEAVE_REASON_SHUTDOWN
                                                               : COMMON_LEAVE_REASON_SERVER_LOST;
    struct list_node *node;
    while ((node = list_first(&link->clients)) != NULL) {
        game_client_forget(PC_CONTAINER_OF(node, struct game_client, link_node), why);
    }
}

void db_link_open(struct pc_session *session)
{
    server_link_open(session, &game_of(session)->db_policy);
}

void db_link_ready(struct pc_session *session)
{
    struct game *game = game_of(session);
    game->db = session;
    save_due(game);
}

void db_link_down(struct pc_session *session, enum pc_close_reason reason)
{
    struct game *game = game_of(session);
    game->db = NULL;
    roster_link_lost(&game->roster);
    if (reason != PC_CLOSE_SHUTDOWN) {
        log_write(&game->server.log, LOG_WARNING, PC_HANDLE_NONE, "saves_wait",
                  LOG_FIELDS(log_number("unsaved", roster_unsaved_count(&game->roster))));
    }
}

REGISTER_HANDLER(link_hello, server_link_on_hello);
REGISTER_HANDLER(link_proof, server_link_on_proof);
REGISTER_HANDLER(link_ping, server_link_on_ping);
REGISTER_HANDLER(link_challenge, server_link_on_challenge);
REGISTER_HANDLER(link_welcome, server_link_on_welcome);
REGISTER_HANDLER(link_pong, server_link_on_pong);
