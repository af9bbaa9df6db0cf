/* Client sessions of one worker. See client.h. */
#include "client.h"

#include "gate.h"
#include "pc/check.h"
#include "pc/container.h"
#include "pc/worker.h"
#include "proto/client_codec.h"
#include "proto/gate_send.h"

struct pc_session *gate_client_find(struct gate_worker *worker, pc_handle handle)
{
    struct pc_session *session = pc_worker_find(worker->worker, handle);
    if (session == NULL || pc_session_tag(session) != GATE_TAG_CLIENT) {
        return NULL;
    }
    return session;
}

/* The game refused it: its entering, or, from the world, a frame that breaks the protocol. */
static void gate_client__leave_refused(struct pc_session *session)
{
    if (gate_client_state(session) == CLIENT_SESSION_ENTERING) {
        gate_client_set_state(session, CLIENT_SESSION_LOBBY);
        return; /* the enter_reply before it has said why */
    }
    gate_client_set_state(session, CLIENT_SESSION_STRANDED);
    pc_session_abort(session, PC_CLOSE_VIOLATION);
}

void gate_client_leave_world(struct pc_session *session, enum common_leave_reason reason)
{
    PC_ASSERT(gate_client_is_entered(session));
    if (reason == COMMON_LEAVE_REASON_REFUSED) {
        gate_client__leave_refused(session);
        return;
    }
    bool was_in_world = gate_client_state(session) == CLIENT_SESSION_WORLD;
    bool is_lost = reason == COMMON_LEAVE_REASON_SERVER_LOST;
    gate_client_set_state(session,
                          was_in_world || is_lost ? CLIENT_SESSION_STRANDED : CLIENT_SESSION_LOBBY);
    struct client_left_world packet = {.reason = reason};
    (void)gate_send_client_left_world(session, &packet);
}

void gate_client_hold(struct pc_session *session)
{
    struct gate_client *client = gate_client_of(session);
    if (!client->is_held) {
        client->is_held = true;
        gate_worker_of(session)->counters.held++;
        pc_session_pause(session);
    }
}

void gate_clients_release(struct gate_worker *worker)
{
    for (struct list_node *node = list_first(&worker->clients); node != NULL;
         node = list_next(&worker->clients, node)) {
        struct gate_client *client = PC_CONTAINER_OF(node, struct gate_client, node);
        if (client->is_held) {
            client->is_held = false;
            pc_session_resume(client->session);
        }
    }
}

void gate_clients_tell_status(struct gate_worker *worker, enum common_role server, bool is_up)
{
    struct client_server_status packet = {.server = server,
                                          .up = is_up,
                                          .reason =
                                              is_up ? COMMON_RESULT_OK : COMMON_RESULT_UNAVAILABLE};
    uint8_t frame[CLIENT_SERVER_STATUS_FRAME_MAX];
    client_server_status_encode(&packet, frame);
    struct pc_block *block =
        pc_block_create(worker->worker, frame, client_server_status_frame_size(&packet));
    if (block == NULL) {
        return; /* memory is short; the clients will meet refusals instead */
    }
    for (struct list_node *node = list_first(&worker->clients); node != NULL;
         node = list_next(&worker->clients, node)) {
        struct gate_client *client = PC_CONTAINER_OF(node, struct gate_client, node);
        if (gate_client_state(client->session) != CLIENT_SESSION_CONNECTED &&
            pc_session_send_block(client->session, block) != PC_OK) {
            continue; /* its session is closing; its own line says why */
        }
    }
    pc_block_release(block);
}
