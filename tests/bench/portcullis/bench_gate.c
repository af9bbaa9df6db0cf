/* The Portcullis server of the comparison: echo, broadcast, and relay to bench_game.
 *
 * It is the runtime as every server uses it: generated accept table, whitelist, sizes, states,
 * rates, decode, typed handlers and senders, counters and idle timers. */
#include <stdlib.h>

#include "pc/dispatch.h"
#include "pc/worker.h"
#include "proto/bench_codec.h"
#include "proto/bench_ids.h"
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"
#include "server.h"

#define WORKERS_MAX   64u
#define MEMBERS_FIRST 1024u
#define NOT_A_MEMBER  UINT32_MAX

/* What one worker knows: its sessions, for broadcasts, and its link to the game.
 * Invariant: members[0..member_count) are the open sessions; each knows its place. */
struct gate_worker {
    struct pc_session **members;
    uint32_t member_count;
    uint32_t member_room;
    struct pc_session *game; /* NULL while there is no link */
    uint64_t notices;
    uint64_t frames_down;
};

/* The user area of a client's session. */
struct gate_member {
    uint32_t place; /* in the worker's members */
};

static struct gate_worker gate__workers[WORKERS_MAX];

static struct gate_worker *gate__worker_of(const struct pc_session *session)
{
    return &gate__workers[pc_worker_index(pc_session_worker(session))];
}

static bool gate__make_room(struct gate_worker *worker)
{
    if (worker->member_count < worker->member_room) {
        return true;
    }
    uint32_t room = worker->member_room == 0 ? MEMBERS_FIRST : worker->member_room * 2;
    struct pc_session **members = realloc(worker->members, room * sizeof *members);
    if (members == NULL) {
        return false;
    }
    worker->members = members;
    worker->member_room = room;
    return true;
}

static void gate__on_open(struct pc_session *session)
{
    struct gate_worker *worker = gate__worker_of(session);
    struct gate_member *member = pc_session_user(session);
    member->place = NOT_A_MEMBER;
    if (!gate__make_room(worker)) {
        pc_session_abort(session, PC_CLOSE_NO_BUFFERS);
        return;
    }
    member->place = worker->member_count;
    worker->members[worker->member_count++] = session;
    pc_session_set_protocol_state(session, BENCH_SESSION_READY);
}

static void gate__on_close(struct pc_session *session, enum pc_close_reason reason)
{
    (void)reason;
    struct gate_worker *worker = gate__worker_of(session);
    const struct gate_member *member = pc_session_user(session);
    if (member->place == NOT_A_MEMBER) {
        return;
    }
    struct pc_session *last = worker->members[--worker->member_count];
    struct gate_member *last_member = pc_session_user(last);
    last_member->place = member->place;
    worker->members[member->place] = last;
}

static void on_echo(struct pc_session *session, const struct bench_echo *packet)
{
    const struct bench_echo_reply reply = {
        .sequence = packet->sequence,
        .channel = packet->channel,
        .urgent = packet->urgent,
        .body_size = packet->body_size,
        .body = packet->body,
    };
    (void)gate_send_bench_echo_reply(session, &reply);
}

static void on_shout(struct pc_session *session, const struct bench_shout *packet)
{
    const struct bench_shout_notice notice = {
        .sequence = packet->sequence,
        .channel = packet->channel,
        .urgent = packet->urgent,
        .body_size = packet->body_size,
        .body = packet->body,
    };
    struct gate_worker *worker = gate__worker_of(session);
    uint8_t frame[BENCH_SHOUT_NOTICE_FRAME_MAX];
    bench_shout_notice_encode(&notice, frame);
    struct pc_block *block =
        pc_block_create(pc_session_worker(session), frame, bench_shout_notice_frame_size(&notice));
    if (block == NULL) {
        return;
    }
    for (uint32_t i = worker->member_count; i > 0; i--) {
        if (pc_session_send_block(worker->members[i - 1], block) == PC_OK) {
            worker->notices++;
        }
    }
    pc_block_release(block);
}

REGISTER_HANDLER(bench_echo, on_echo);
REGISTER_HANDLER(bench_shout, on_shout);

static void gate__on_relay(struct pc_session *session, const struct pc_accept_entry *entry,
                           const struct pc_frame *frame)
{
    (void)entry;
    struct pc_session *game = gate__worker_of(session)->game;
    const struct bench_link_frame_up packet = {
        .session = pc_session_handle(session),
        .frame_size = frame->size,
        .frame = pc_frame_bytes(frame),
    };
    if (game != NULL) {
        (void)gate_send_bench_link_frame_up(game, &packet);
    }
}

/* As the gate does: id and size are checked, the payload is the client's business. */
static bool gate__may_pass(const struct bench_link_frame_down *packet)
{
    if (packet->frame_size < PC_FRAME_HEADER_SIZE ||
        pc_frame_get_u16(packet->frame) != packet->frame_size) {
        return false;
    }
    const struct pc_accept_entry *entry =
        pc_accept_find(&gate_relays_game_client, pc_frame_get_u16(packet->frame + 2));
    return entry != NULL && packet->frame_size >= entry->frame_size_min &&
           packet->frame_size <= entry->frame_size_max;
}

static void on_frame_down(struct pc_session *link, const struct bench_link_frame_down *packet)
{
    struct pc_session *session = pc_worker_find(pc_session_worker(link), packet->session);
    if (session != NULL && gate__may_pass(packet) &&
        pc_session_send(session, packet->frame, packet->frame_size) == PC_OK) {
        gate__worker_of(link)->frames_down++;
    }
}

REGISTER_HANDLER(bench_link_frame_down, on_frame_down);

static void gate__on_link_open(struct pc_session *session)
{
    gate__worker_of(session)->game = session;
}

static void gate__on_link_close(struct pc_session *session, enum pc_close_reason reason)
{
    (void)reason;
    gate__worker_of(session)->game = NULL;
}

int main(int argument_count, char **arguments)
{
    struct server_options options = server_parse(argument_count, arguments);
    const struct pc_session_type client = {
        .name = "client",
        .accepts = &gate_accepts_client,
        .user_size = sizeof(struct gate_member),
        .sessions_start = 64,
        .sessions_max = 65536,
        .idle_timeout_ms = 600000, /* longer than any run: who hears broadcasts says nothing */
        .packets = {SERVER_RATE_MAX, SERVER_RATE_MAX, PC_RATE_KICK},
        .on_open = gate__on_open,
        .on_relay = gate__on_relay,
        .on_close = gate__on_close,
    };
    const struct pc_session_type link = {
        .name = "game",
        .accepts = &gate_accepts_game,
        .sessions_start = 1,
        .sessions_max = WORKERS_MAX,
        .send_bytes_max = 16u << 20,
        .on_open = gate__on_link_open,
        .on_close = gate__on_link_close,
    };
    return server_run(&options, &client, &link, NULL);
}
