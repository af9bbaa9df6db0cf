/* From the game down to clients: frames as they came, to one or to many.
 *
 * Happy path: the frame is checked once against what the game may send to clients (id and size;
 * its payload is not decoded), then queued: as a copy for one, by reference for many. Of frames of
 * which only the newest matters a client that reads slowly gets no older ones.
 * Failure modes: a frame that breaks the table: the game is broken or of another version; said in
 * the log and dropped. A session that has gone: counted.
 *
 * Path: [8] and [9]. */
#include "client.h"
#include "gate.h"
#include "pc/frame.h"
#include "pc/worker.h"
#include "proto/gate_dispatch.h"

/* A frame that may go down. Invariant: it has a size that its entry allows. */
struct relay_frame {
    const struct pc_accept_entry *entry;
    const uint8_t *bytes;
    uint32_t size;
};

static enum pc_status relay_down__send_latest(struct pc_session *session,
                                              const struct relay_frame *frame)
{
    uint64_t key = pc_accept_key_of(&gate_relays_game_client, frame->entry, frame->bytes);
    return pc_session_send_latest(session, key, frame->bytes, frame->size);
}

static enum pc_refusal relay_down__check(struct relay_frame *frame)
{
    if (frame->size < PC_FRAME_HEADER_SIZE || pc_frame_get_u16(frame->bytes) != frame->size) {
        return PC_REFUSED_SHORT;
    }
    const struct pc_accept_entry *entry =
        pc_accept_find(&gate_relays_game_client, pc_frame_get_u16(frame->bytes + 2));
    if (entry == NULL) {
        return PC_REFUSED_ID;
    }
    frame->entry = entry;
    bool fits = frame->size >= entry->frame_size_min && frame->size <= entry->frame_size_max;
    return fits ? PC_ACCEPTED : PC_REFUSED_SIZE;
}

static bool relay_down__take(struct pc_session *link, struct relay_frame *frame)
{
    struct gate_worker *worker = gate_worker_of(link);
    enum pc_refusal refusal = relay_down__check(frame);
    if (refusal == PC_ACCEPTED) {
        return true;
    }
    bool has_id = frame->size >= PC_FRAME_HEADER_SIZE;
    worker->counters.refused_down++;
    log_write(&worker->gate->server.log, LOG_ERROR, pc_session_handle(link), "frame_refused",
              LOG_FIELDS(log_text("reason", pc_refusal_name(refusal)),
                         log_hex("id", has_id ? pc_frame_get_u16(frame->bytes + 2) : 0),
                         log_number("size", frame->size),
                         log_text("peer", server_link_peer_node(link))));
    return false;
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

static void on_frame_down(struct pc_session *link, const struct relay_frame_down *packet)
{
    struct gate_worker *worker = gate_worker_of(link);
    struct relay_frame frame = {.bytes = packet->frame, .size = packet->frame_size};
    if (!relay_down__take(link, &frame)) {
        return;
    }
    struct pc_session *session = relay_down__find(worker, packet->session);
    if (session == NULL) {
        return;
    }
    enum pc_status status = frame.entry->latest != 0
                                ? relay_down__send_latest(session, &frame)
                                : pc_session_send(session, frame.bytes, frame.size);
    if (status == PC_OK) {
        worker->counters.frames_down++;
    }
}

/* By reference, unless the frame must wait where a newer one can take its place. */
static enum pc_status relay_down__send_shared(struct pc_session *session,
                                              const struct relay_frame *frame,
                                              struct pc_block *block)
{
    if (frame->entry->latest != 0 && pc_session_is_congested(session)) {
        return relay_down__send_latest(session, frame);
    }
    return pc_session_send_block(session, block);
}

static void on_frame_down_many(struct pc_session *link, const struct relay_frame_down_many *packet)
{
    struct gate_worker *worker = gate_worker_of(link);
    struct relay_frame frame = {.bytes = packet->frame, .size = packet->frame_size};
    if (!relay_down__take(link, &frame)) {
        return;
    }
    struct pc_block *block = pc_block_create(worker->worker, frame.bytes, frame.size);
    if (block == NULL) {
        return; /* memory is short: what this frame says is lost, as for a slow consumer */
    }
    for (uint16_t i = 0; i < packet->sessions_count; i++) {
        struct pc_session *session = relay_down__find(worker, packet->sessions[i]);
        if (session != NULL && relay_down__send_shared(session, &frame, block) == PC_OK) {
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

REGISTER_HANDLER(relay_frame_down, on_frame_down);
REGISTER_HANDLER(relay_frame_down_many, on_frame_down_many);
REGISTER_HANDLER(relay_session_entered, on_session_entered);
REGISTER_HANDLER(relay_session_left, on_session_left);
