/* Speaking: each chat is one chat_notice to those near, the speaker included, in order, at once.
 *
 * Failure modes: none; what is too long or no text was refused before.
 *
 * Path: [8] and [9]. */
#include <string.h>

#include "fan_out.h"
#include "game.h"
#include "proto/client_codec.h"
#include "proto/client_ids.h"
#include "proto/game_dispatch.h"

static void on_chat(struct game_client *client, const struct client_chat *packet)
{
    struct game *game = client->game;
    struct common_character *character = &client->entry->character;
    character->chat_count++;
    game->counters.chats++;
    roster_changed(&game->roster, client->entry, pc_worker_now_ms(game->worker));

    struct client_chat_notice notice = {.entity_id = character->character_id,
                                        .sequence = packet->sequence,
                                        .text_size = packet->text_size};
    (void)pc_wire_set_text(notice.name, sizeof(notice.name), &notice.name_size, client->name);
    memcpy(notice.text, packet->text, (size_t)packet->text_size + 1);
    uint8_t frame[CLIENT_CHAT_NOTICE_FRAME_MAX];
    client_chat_notice_encode(&notice, frame);
    fan_out_near(game, client->entity.position, frame, client_chat_notice_frame_size(&notice));
}

REGISTER_HANDLER(client_chat, on_chat);
