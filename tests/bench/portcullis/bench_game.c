/* The game of the relay scenario: takes clients' frames from bench_gate and answers each. */
#include "pc/dispatch.h"
#include "pc/worker.h"
#include "proto/bench_codec.h"
#include "proto/bench_ids.h"
#include "proto/game_dispatch.h"
#include "proto/game_send.h"
#include "server.h"

/* The client of the frame in hand. The real game finds it in its table by gate and session. */
struct game_client {
    struct pc_session *link;
    pc_handle session; /* the gate's */
};

enum pc_status game_client_send_frame(struct game_client *client, const uint8_t *frame,
                                      uint32_t size)
{
    const struct bench_link_frame_down packet = {
        .session = client->session, .frame_size = (uint16_t)size, .frame = frame};
    return game_send_bench_link_frame_down(client->link, &packet);
}

static void on_far_echo(struct game_client *client, const struct bench_far_echo *packet)
{
    const struct bench_far_echo_reply reply = {
        .sequence = packet->sequence,
        .channel = packet->channel,
        .urgent = packet->urgent,
        .body_size = packet->body_size,
        .body = packet->body,
    };
    (void)game_send_bench_far_echo_reply(client, &reply);
}

static void on_frame_up(struct pc_session *link, const struct bench_link_frame_up *packet)
{
    struct game_client client = {.link = link, .session = packet->session};
    if (packet->frame_size < PC_FRAME_HEADER_SIZE) {
        return;
    }
    struct pc_frame frame = pc_frame_at(packet->frame);
    if (frame.size != packet->frame_size ||
        pc_dispatch(&game_accepts_client, &client, BENCH_SESSION_READY, &frame) != PC_ACCEPTED) {
        pc_session_abort(link, PC_CLOSE_VIOLATION);
    }
}

REGISTER_HANDLER(bench_far_echo, on_far_echo);
REGISTER_HANDLER(bench_link_frame_up, on_frame_up);

int main(int argument_count, char **arguments)
{
    struct server_options options = server_parse(argument_count, arguments);
    const struct pc_session_type gate = {
        .name = "gate",
        .accepts = &game_accepts_gate,
        .sessions_start = 1,
        .sessions_max = 64,
        .send_bytes_max = 16u << 20,
    };
    return server_run(&options, &gate, NULL, NULL);
}
