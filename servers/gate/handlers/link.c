/* The gate's links to the game and to the db, one of each per worker.
 *
 * Happy path: the handshake is servers/common/link; what is left here is what a link's coming and
 * going means for the clients of the worker.
 * Failure modes: the game goes: who was in the world is stranded; the db goes: who waits for it
 * hears UNAVAILABLE. Everybody who has been greeted hears of both, and of the return.
 *
 * Path: [3] and [8] for link.yaml. */
#include "common/link.h"

#include "client.h"
#include "gate.h"
#include "links.h"
#include "pc/container.h"
#include "proto/gate_dispatch.h"

void game_link_open(struct pc_session *session)
{
    server_link_open(session, &gate_worker_of(session)->gate->game_policy);
}

void game_link_ready(struct pc_session *session)
{
    struct gate_worker *worker = gate_worker_of(session);
    worker->game = session;
    gate_clients_tell_status(worker, COMMON_ROLE_GAME, true);
}

static void link__strand_players(struct gate_worker *worker)
{
    for (struct list_node *node = list_first(&worker->clients); node != NULL;
         node = list_next(&worker->clients, node)) {
        struct gate_client *client = PC_CONTAINER_OF(node, struct gate_client, node);
        if (gate_client_is_entered(client->session)) {
            gate_client_leave_world(client->session, COMMON_LEAVE_REASON_SERVER_LOST);
        }
    }
}

void game_link_down(struct pc_session *session, enum pc_close_reason reason)
{
    (void)reason;
    struct gate_worker *worker = gate_worker_of(session);
    worker->game = NULL;
    gate_clients_release(worker);
    gate_clients_tell_status(worker, COMMON_ROLE_GAME, false);
    link__strand_players(worker);
}

void game_link_has_room(struct pc_session *session)
{
    gate_clients_release(gate_worker_of(session));
}

void db_link_open(struct pc_session *session)
{
    server_link_open(session, &gate_worker_of(session)->gate->db_policy);
}

void db_link_ready(struct pc_session *session)
{
    struct gate_worker *worker = gate_worker_of(session);
    worker->db = session;
    gate_clients_tell_status(worker, COMMON_ROLE_DB, true);
}

void db_link_down(struct pc_session *session, enum pc_close_reason reason)
{
    (void)reason;
    struct gate_worker *worker = gate_worker_of(session);
    worker->db = NULL;
    gate_clients_tell_status(worker, COMMON_ROLE_DB, false);
}

REGISTER_HANDLER(link_challenge, server_link_on_challenge);
REGISTER_HANDLER(link_welcome, server_link_on_welcome);
REGISTER_HANDLER(link_pong, server_link_on_pong);
