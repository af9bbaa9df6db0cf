/* From the game down to clients: frames as they came, to one or to many.
 *
 * Happy path: the frame is checked once against what the game may send to clients (id and size;
 * its payload is not decoded), then queued: as a copy for one, by reference for many.
 * Failure modes: a frame that breaks the table: the game is broken or of another version; said in
 * the log and dropped. A session that has gone: counted.
 *
 * Path: [8] and [9]. */
#include "client.h"
#include "gate.h"
#include "pc/frame.h"
#include "pc/worker.h"
#include "proto/gate_dispatch.h"

static bool relay_down__is_allowed(struct pc_session *link, const uint8_t *frame, uint32_t size);
static enum pc_refusal relay_down__check(const uint8_t *frame, uint32_t size);
static struct pc_session *relay_down__find(struct gate_worker *worker, pc_handle handle);

static void on_frame_down(struct pc_session *link, const struct relay_frame_down *packet)
{
    struct gate_worker *worker = gate_worker_of(link);
    if (!relay_down__is_allowed(link, packet->frame, packet->frame_size)) {
        return;
    }
    struct pc_session *session = relay_down__find(worker, packet->session);
    if (session != NULL && pc_session_send(session, packet->frame, packet->frame_size) == PC_OK) {
        worker->counters.frames_down++;
    }
}

static void on_frame_down_many(struct pc_session *link, const struct relay_frame_down_many *packet)
{
    struct gate_worker *worker = gate_worker_of(link);
    if (!relay_down__is_allowed(link, packet->frame, packet->frame_size)) {
        return;
    }
    struct pc_block *block = pc_block_create(worker->worker, packet->frame, packet->frame_size);
    if (block == NULL) {
        return; /* memory is short: what this frame says is lost, as for a slow consumer */
    }
    for (uint16_t i = 0; i < packet->sessions_count; i++) {
        struct pc_session *session = relay_down__find(worker, packet->sessions[i]);
        if (session != NULL && pc_session_send_block(session, block) == PC_OK) {
            worker->counters.frames_down++;
        }
    }
    pc_block_release(block);
}

static void on_session_entered(struct pc_session *link, const struct relay_session_entered *packet)
{
    struct pc_session *session = relay_down__find(gate_worker_of(link), packet->session);
    if (session != NULL) {
        gate_client_set_state(session, CLIENT_SESSION_WORLD);
    }
}

static void on_session_left(struct pc_session *link, const struct relay_session_left *packet)
{
    struct pc_session *session = relay_down__find(gate_worker_of(link), packet->session);
    if (session != NULL) {
        gate_client_leave_world(session, packet->reason);
    }
}

static bool relay_down__is_allowed(struct pc_session *link, const uint8_t *frame, uint32_t size)
{
    struct gate_worker *worker = gate_worker_of(link);
    enum pc_refusal refusal = relay_down__check(frame, size);
    if (refusal == PC_ACCEPTED) {
        return true;
    }
    worker->counters.refused_down++;
    log_write(
        &worker->gate->server.log, LOG_ERROR, pc_session_handle(link), "frame_refused",
        LOG_FIELDS(log_text("reason", pc_refusal_name(refusal)),
                   log_hex("id", size >= PC_FRAME_HEADER_SIZE ? pc_frame_get_u16(frame + 2) : 0),
                   log_number("size", size), log_text("peer", server_link_peer_node(link))));
    return false;
}

static enum pc_refusal relay_down__check(const uint8_t *frame, uint32_t size)
{
    if (size < PC_FRAME_HEADER_SIZE || pc_frame_get_u16(frame) != size) {
        return PC_REFUSED_SHORT;
    }
    const struct pc_accept_entry *entry =
        pc_accept_find(&gate_relays_game_client, pc_frame_get_u16(frame + 2));
    if (entry == NULL) {
        return PC_REFUSED_ID;
    }
    bool fits = size >= entry->frame_size_min && size <= entry->frame_size_max;
    return fits ? PC_ACCEPTED : PC_REFUSED_SIZE;
}

/* The session if the game still may speak to it. */
static struct pc_session *relay_down__find(struct gate_worker *worker, pc_handle handle)
{
    struct pc_session *session = gate_client_find(worker, handle);
    if (session == NULL || !gate_client_is_entered(session)) {
        worker->counters.stale_down++;
        return NULL;
    }
    return session;
}

REGISTER_HANDLER(relay_frame_down, on_frame_down);
REGISTER_HANDLER(relay_frame_down_many, on_frame_down_many);
REGISTER_HANDLER(relay_session_entered, on_session_entered);
REGISTER_HANDLER(relay_session_left, on_session_left);
