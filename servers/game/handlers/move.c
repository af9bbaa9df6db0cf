/* Moving: judged and applied as it comes, told at the next tick.
 *
 * Happy path: move -> movement_judge -> the player stands there at once -> at the tick one
 * move_notice to those near, the mover included.
 * Failure modes: a place outside or too far: the player stays where it is and at the tick only the
 * mover hears so. Many moves in one tick: one notice, with the newest sequence.
 *
 * Path: [8]; move_tell_news is [9]. */
#include "move.h"
#include "fan_out.h"
#include "game.h"
#include "pc/check.h"
#include "pc/container.h"
#include "proto/client_codec.h"
#include "proto/client_ids.h"
#include "proto/game_dispatch.h"
#include "proto/game_send.h"

static void move__apply(struct game_client *client, struct common_vec2 position)
{
    struct game *game = client->game;
    game->counters.moves++;
    client->news = MOVE_NEWS_MOVED;
    zone_move(&game->zone, &client->entity, position);
    client->entry->character.position = position;
    roster_changed(&game->roster, client->entry, pc_worker_now_ms(game->worker));
}

static void on_move(struct game_client *client, const struct client_move *packet)
{
    struct game *game = client->game;
    enum movement_verdict verdict =
        movement_judge(&game->movement, &client->entry->budget, client->entity.position,
                       packet->position, pc_worker_now_ms(game->worker));
    if (client->news == MOVE_NEWS_NONE) {
        client->news = MOVE_NEWS_REFUSED;
        list_add_last(&game->news, &client->news_node);
    }
    client->news_sequence = packet->sequence;
    if (verdict == MOVEMENT_ACCEPTED) {
        move__apply(client, packet->position);
        return;
    }
    game->counters.refused_moves++;
    if (log_wants(&game->server.log, LOG_DEBUG)) {
        log_write(&game->server.log, LOG_DEBUG, client->session, "move_refused",
                  LOG_FIELDS(log_text("reason", movement_verdict_name(verdict))));
    }
}

static void move__tell(struct game *game, struct game_client *client)
{
    struct client_move_notice notice = {.entity_id = client->entry->character.character_id,
                                        .sequence = client->news_sequence,
                                        .position = client->entity.position};
    enum move_news news = client->news;
    client->news = MOVE_NEWS_NONE;
    list_remove(&client->news_node);
    if (news == MOVE_NEWS_REFUSED) {
        (void)game_send_client_move_notice(client, &notice);
        return;
    }
    uint8_t frame[CLIENT_MOVE_NOTICE_FRAME_MAX];
    client_move_notice_encode(&notice, frame);
    fan_out_near(game, notice.position, frame, client_move_notice_frame_size(&notice));
}

void move_tell_news(struct game *game)
{
    struct list_node *node;
    while ((node = list_first(&game->news)) != NULL) {
        move__tell(game, PC_CONTAINER_OF(node, struct game_client, news_node));
    }
}

REGISTER_HANDLER(client_move, on_move);
