/* From the client up to the game: frames as they came.
 *
 * Happy path: the accept table has checked id, size, state and rate; enter_world first announces
 * the session; the frame goes up undecoded.
 * Failure modes: no link to the game, or the session is not in the world (it was put out while the
 * packet was on its way): refusal UNAVAILABLE, the session goes on; the link is above its soft
 * mark: who feeds it is paused until it has room.
 *
 * Path: [8] and [9]. */
#include <string.h>

#include "client.h"
#include "gate.h"
#include "proto/gate_send.h"

static bool relay_up__is_possible(const struct gate_worker *worker,
                                  const struct pc_session *session, uint16_t packet_id)
{
    if (worker->game == NULL) {
        return false;
    }
    return gate_client_is_entered(session) || packet_id == CLIENT_ENTER_WORLD_ID;
}

static void relay_up__refuse(struct pc_session *session, uint16_t packet_id)
{
    struct gate_worker *worker = gate_worker_of(session);
    struct client_refusal reply = {.packet_id = packet_id,
                                   .result = COMMON_RESULT_UNAVAILABLE,
                                   .retry_after_ms = worker->gate->config.clients.retry_after_ms};
    (void)gate_send_client_refusal(session, &reply);
    worker->counters.refusals++;
}

static void relay_up__announce(struct pc_session *session)
{
    const struct gate_client *client = gate_client_of(session);
    struct relay_enter_session packet = {.session = pc_session_handle(session),
                                         .account_id = client->account_id,
                                         .name_size = client->name_size};
    memcpy(packet.name, client->name, sizeof(packet.name));
    (void)gate_send_relay_enter_session(gate_worker_of(session)->game, &packet);
    gate_client_set_state(session, CLIENT_SESSION_ENTERING);
}

void gate_client_relay(struct pc_session *session, const struct pc_accept_entry *entry,
                       const struct pc_frame *frame)
{
    struct gate_worker *worker = gate_worker_of(session);
    if (!relay_up__is_possible(worker, session, entry->id)) {
        relay_up__refuse(session, entry->id);
        return;
    }
    if (entry->id == CLIENT_ENTER_WORLD_ID) {
        relay_up__announce(session);
    }
    struct relay_frame_up packet = {.session = pc_session_handle(session),
                                    .frame_size = frame->size,
                                    .frame = pc_frame_bytes(frame)};
    (void)gate_send_relay_frame_up(worker->game, &packet);
    worker->counters.frames_up++;
    if (worker->game != NULL && pc_session_is_congested(worker->game)) {
        gate_client_hold(session);
    }
}
