/* Coming and going of players. See game_client.h. */
#include "game_client.h"

#include "fan_out.h"
#include "game.h"
#include "gate_link.h"
#include "pc/check.h"
#include "pc/worker.h"
#include "proto/client_codec.h"
#include "proto/client_ids.h"
#include "proto/game_send.h"

static struct common_vec2 game_client__place_of(const struct game_client *client)
{
    const struct zone *zone = &client->game->zone;
    struct common_vec2 position = client->entry->character.position;
    /* The zone may have been made smaller since the character was saved. */
    return zone_contains(zone, position) ? position : zone_start_position(zone, client->account_id);
}

static void game_client__log(const struct game_client *client, const char *event,
                             const char *result)
{
    log_write(&client->game->server.log, LOG_INFO, client->session, event,
              LOG_FIELDS(log_number("account", client->account_id), log_text("name", client->name),
                         log_text("result", result)));
}

static uint16_t game_client__near_count(const struct game_client *client)
{
    struct game *game = client->game;
    uint32_t count = zone_find_near(&game->zone, client->entity.position, game->near_found,
                                    game->clients.clients_max);
    PC_ASSERT(count > 0); /* itself */
    return count - 1 < UINT16_MAX ? (uint16_t)(count - 1) : UINT16_MAX;
}

void game_client_place(struct game_client *client)
{
    struct game *game = client->game;
    struct roster_entry *entry = client->entry;
    PC_ASSERT(client->state == CLIENT_SESSION_ENTERING);
    PC_ASSERT(entry->player == client);
    entry->character.position = game_client__place_of(client);
    zone_add(&game->zone, &client->entity, entry->character.position);
    client->state = CLIENT_SESSION_WORLD;
    game->counters.entered++;
    game_client__log(client, "entered", common_result_name(COMMON_RESULT_OK));

    struct relay_session_entered entered = {.session = client->session};
    (void)game_send_relay_session_entered(gate_link_session(client->link), &entered);
    struct client_enter_reply reply = {.result = COMMON_RESULT_OK,
                                       .entity_id = entry->character.character_id,
                                       .position = client->entity.position,
                                       .near_count = game_client__near_count(client)};
    (void)game_send_client_enter_reply(client, &reply);
}

void game_client_refuse(struct game_client *client, enum common_result result)
{
    struct client_enter_reply reply = {.result = result};
    (void)game_send_client_enter_reply(client, &reply);
    client->game->counters.refused_enters++;
    game_client__log(client, "enter_refused", common_result_name(result));
    game_client_put_out(client, COMMON_LEAVE_REASON_REFUSED);
}

void game_client_put_out(struct game_client *client, enum common_leave_reason reason)
{
    struct relay_session_left left = {.session = client->session, .reason = reason};
    (void)game_send_relay_session_left(gate_link_session(client->link), &left);
    game_client_forget(client, reason);
}

static void game_client__say_leave(struct game *game, const struct game_client *client)
{
    struct client_leave_notice notice = {.entity_id = client->entry->character.character_id};
    uint8_t frame[CLIENT_LEAVE_NOTICE_FRAME_MAX];
    client_leave_notice_encode(&notice, frame);
    fan_out_near(game, client->entity.position, frame, client_leave_notice_frame_size(&notice));
}

void game_client_forget(struct game_client *client, enum common_leave_reason reason)
{
    struct game *game = client->game;
    list_remove(&client->news_node);
    list_remove(&client->link_node);
    if (client->state == CLIENT_SESSION_WORLD) {
        game_client__log(client, "left", common_leave_reason_name(reason));
        zone_remove(&game->zone, &client->entity);
        game_client__say_leave(game, client);
    }
    if (client->entry != NULL && client->entry->player == client) {
        roster_leave(&game->roster, client->entry);
    }
    client_table_remove(&game->clients, client);
}
