/* Handlers of the test protocol's game, and its way to clients behind the gate. */
#include <string.h>

#include "generated/demo_parts.h"
#include "proto/game_dispatch.h"
#include "proto/game_send.h"

struct demo_sent demo_sent;

static void on_blobs(struct game_client *client, const struct demo_blobs *packet)
{
    demo_seen = (struct demo_seen){"game blobs", client, packet->large_size};
}
REGISTER_HANDLER(demo_blobs, on_blobs);

static void on_arrays(struct game_client *client, const struct demo_arrays *packet)
{
    demo_seen = (struct demo_seen){"game arrays", client, packet->some_words_count};
}
REGISTER_HANDLER(demo_arrays, on_arrays);

static void on_frame_up(struct pc_session *session, const struct inner_frame_up *packet)
{
    demo_seen = (struct demo_seen){"game frame_up", session, packet->session};
}
REGISTER_HANDLER(inner_frame_up, on_frame_up);

static void on_echo(struct pc_session *session, const struct inner_echo *packet)
{
    demo_seen = (struct demo_seen){"game echo", session, (uint64_t)packet->point.x};
}
REGISTER_HANDLER(inner_echo, on_echo);

void (*demo_on_count)(struct pc_session *session, const struct inner_count *packet);

static void on_count(struct pc_session *session, const struct inner_count *packet)
{
    demo_seen = (struct demo_seen){"game count", session, packet->first};
    if (demo_on_count != NULL) {
        demo_on_count(session, packet);
    }
}
REGISTER_HANDLER(inner_count, on_count);

enum pc_status game_client_send_frame(struct game_client *client, const uint8_t *frame,
                                      uint32_t size)
{
    if (size > sizeof demo_sent.frame) {
        return PC_FULL;
    }
    demo_sent.client = client;
    demo_sent.size = size;
    memcpy(demo_sent.frame, frame, size);
    return PC_OK;
}
