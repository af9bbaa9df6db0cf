/* Sharing out frames. See fan_out.h. */
#include "fan_out.h"

#include "game.h"
#include "gate_link.h"
#include "pc/check.h"
#include "pc/container.h"
#include "proto/game_send.h"

/* A whole frame of a packet to clients. */
struct fan_out_frame {
    const uint8_t *bytes;
    uint16_t size;
};

static void fan_out__flush(struct gate_link *link)
{
    struct pc_session *session = gate_link_session(link);
    struct relay_frame_down_many *down = &link->down;
    if (down->sessions_count == 1) {
        struct relay_frame_down one = {
            .session = down->sessions[0], .frame_size = down->frame_size, .frame = down->frame};
        (void)game_send_relay_frame_down(session, &one);
    } else {
        (void)game_send_relay_frame_down_many(session, down);
    }
    down->sessions_count = 0;
    down->frame = NULL;
    list_remove(&link->touched_node);
}

static void fan_out__collect(struct game *game, const struct game_client *client,
                             const struct fan_out_frame *frame)
{
    struct gate_link *link = client->link;
    struct relay_frame_down_many *down = &link->down;
    if (down->sessions_count == RELAY_FAN_OUT_MAX) {
        fan_out__flush(link);
    }
    if (down->sessions_count == 0) {
        list_add_last(&game->touched, &link->touched_node);
        down->frame = frame->bytes;
        down->frame_size = frame->size;
    }
    down->sessions[down->sessions_count++] = client->session;
}

void fan_out_near(struct game *game, struct common_vec2 center, const uint8_t *frame, uint32_t size)
{
    PC_ASSERT(size <= RELAY_CLIENT_FRAME_MAX);
    uint32_t found_count =
        zone_find_near(&game->zone, center, game->near_found, game->clients.clients_max);
    const struct fan_out_frame encoded = {.bytes = frame, .size = (uint16_t)size};
    for (uint32_t i = 0; i < found_count; i++) {
        fan_out__collect(game, PC_CONTAINER_OF(game->near_found[i], struct game_client, entity),
                         &encoded);
    }
    struct list_node *node;
    while ((node = list_first(&game->touched)) != NULL) {
        fan_out__flush(PC_CONTAINER_OF(node, struct gate_link, touched_node));
    }
}

enum pc_status game_client_send_frame(struct game_client *client, const uint8_t *frame,
                                      uint32_t size)
{
    struct relay_frame_down packet = {
        .session = client->session, .frame_size = (uint16_t)size, .frame = frame};
    return game_send_relay_frame_down(gate_link_session(client->link), &packet);
}
