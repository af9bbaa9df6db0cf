/* What gates say about their sessions: announced, gone, a frame of theirs.
 *
 * Happy path: enter_session makes the client; each frame_up is checked once more against the table
 * of what clients may send to the game, decoded and handled.
 * Failure modes: no room: ZONE_FULL and out again; a session that the game does not know (it was
 * put out while the frame was on its way): counted and forgotten; a frame that breaks the table
 * although the gate let it through, which does not decode: counted, said in the log, and the client
 * is put out as REFUSED, upon which the gate closes its session.
 *
 * Path: [8] for relay.yaml, [6] again for the frames inside. */
#include <string.h>

#include "game.h"
#include "gate_link.h"
#include "pc/frame.h"
#include "proto/client_codec.h"
#include "proto/client_ids.h"
#include "proto/game_dispatch.h"
#include "proto/game_send.h"
#include "world/client_table.h"

static void session__refuse_full(struct pc_session *link, pc_handle session)
{
    struct client_enter_reply reply = {.result = COMMON_RESULT_ZONE_FULL};
    uint8_t frame[CLIENT_ENTER_REPLY_FRAME_MAX];
    client_enter_reply_encode(&reply, frame);
    struct relay_frame_down down = {.session = session,
                                    .frame_size = (uint16_t)client_enter_reply_frame_size(&reply),
                                    .frame = frame};
    (void)game_send_relay_frame_down(link, &down);
    struct relay_session_left left = {.session = session, .reason = COMMON_LEAVE_REASON_REFUSED};
    (void)game_send_relay_session_left(link, &left);
    struct game *game = game_of(link);
    game->counters.refused_enters++;
    server_log_peer(game->worker, LOG_WARNING, session, "enter_refused",
                    LOG_FIELDS(log_text("result", common_result_name(reply.result)),
                               log_number("players_max", game->clients.clients_max)));
}

static void on_enter_session(struct pc_session *session, const struct relay_enter_session *packet)
{
    struct game *game = game_of(session);
    struct gate_link *link = pc_session_user(session);
    struct game_client *client = client_table_find(&game->clients, link, packet->session);
    if (client != NULL) {
        /* The gate announces anew what it never said goodbye to; the older one is void. */
        game_client_forget(client, COMMON_LEAVE_REASON_REPLACED);
    }
    client = client_table_add(&game->clients, link, packet->session);
    if (client == NULL) {
        session__refuse_full(session, packet->session);
        return;
    }
    client->game = game;
    client->state = CLIENT_SESSION_LOBBY;
    client->account_id = packet->account_id;
    memcpy(client->name, packet->name, sizeof(client->name));
    list_add_last(&link->clients, &client->link_node);
}

static void on_leave_session(struct pc_session *session, const struct relay_leave_session *packet)
{
    struct game *game = game_of(session);
    struct game_client *client =
        client_table_find(&game->clients, pc_session_user(session), packet->session);
    if (client != NULL) {
        game_client_forget(client, packet->reason);
    }
}

/* The client may be gone afterwards, unless the frame was refused. */
static enum pc_refusal session__dispatch(struct game_client *client,
                                         const struct relay_frame_up *packet)
{
    if (packet->frame_size < PC_FRAME_HEADER_SIZE ||
        pc_frame_get_u16(packet->frame) != packet->frame_size) {
        return PC_REFUSED_SHORT;
    }
    struct pc_frame frame = pc_frame_at(packet->frame);
    return pc_dispatch(&game_accepts_client, client, (uint8_t)client->state, &frame);
}

static void session__put_out_violator(struct game_client *client, enum pc_refusal refusal,
                                      const struct relay_frame_up *packet)
{
    uint16_t id = 0;
    if (packet->frame_size >= PC_FRAME_HEADER_SIZE) {
        id = pc_frame_get_u16(packet->frame + 2);
    }
    client->game->counters.refused_frames++;
    server_log_peer(
        client->game->worker, LOG_WARNING, client->session, "frame_refused",
        LOG_FIELDS(log_text("reason", pc_refusal_name(refusal)), log_hex("id", id),
                   log_number("size", packet->frame_size),
                   log_text("gate", server_link_peer_node(gate_link_session(client->link)))));
    game_client_put_out(client, COMMON_LEAVE_REASON_REFUSED);
}

static void on_frame_up(struct pc_session *session, const struct relay_frame_up *packet)
{
    struct game *game = game_of(session);
    struct game_client *client =
        client_table_find(&game->clients, pc_session_user(session), packet->session);
    if (client == NULL) {
        game->counters.stale_frames++;
        return;
    }
    enum pc_refusal refusal = session__dispatch(client, packet);
    if (refusal != PC_ACCEPTED) {
        session__put_out_violator(client, refusal, packet);
    }
}

REGISTER_HANDLER(relay_enter_session, on_enter_session);
REGISTER_HANDLER(relay_leave_session, on_leave_session);
REGISTER_HANDLER(relay_frame_up, on_frame_up);
