/* Entering the world: from enter_world to enter_reply.
 *
 * Happy path: enter_world -> the db is called for the character -> into the zone.
 * An account that is still on the roster (its last save is not through, or another session plays
 * it) is taken from there, so that the db is not needed. The newest session wins: it gets the
 * older one's entry, and the older one is put out as REPLACED.
 * Failure modes, each answered by enter_reply and session_left{REFUSED}: the game stops or the db
 * is away: UNAVAILABLE; the roster is full of unsaved characters: BUSY; no answer: TIMEOUT; the
 * db's own results pass through.
 *
 * Path: [8]. */
#include <string.h>

#include "game.h"
#include "pc/check.h"
#include "proto/game_calls.h"
#include "proto/game_dispatch.h"
#include "proto/game_send.h"

static enum common_result enter__result_of(enum pc_status status)
{
    return status == PC_TIMEOUT ? COMMON_RESULT_TIMEOUT : COMMON_RESULT_UNAVAILABLE;
}

static void enter__on_loaded(const struct pc_caller *caller, enum pc_status status,
                             const struct db_character_loaded *reply)
{
    struct game *game = caller->context;
    struct roster_entry *entry = roster_find(&game->roster, caller->user);
    PC_ASSERT(entry != NULL); /* it stays LOADING as long as its call waits */
    struct game_client *client = entry->player;
    enum common_result result = status == PC_OK ? reply->result : enter__result_of(status);
    if (result == COMMON_RESULT_OK) {
        roster_loaded(&game->roster, entry, &reply->character);
        movement_start(&entry->budget, &game->movement, pc_worker_now_ms(game->worker));
        if (client != NULL) {
            game_client_place(client);
        }
        return;
    }
    roster_drop(&game->roster, entry);
    if (client != NULL) {
        client->entry = NULL;
        game_client_refuse(client, result);
    }
}

static enum common_result enter__load(struct game_client *client)
{
    struct game *game = client->game;
    if (game->db == NULL) {
        return COMMON_RESULT_UNAVAILABLE;
    }
    struct roster_entry *entry = roster_add(&game->roster, client->account_id);
    if (entry == NULL) {
        return COMMON_RESULT_BUSY;
    }
    const struct pc_caller caller = {.context = game, .user = client->account_id};
    struct db_character_load load = {.account_id = client->account_id,
                                     .start = zone_start_position(&game->zone, client->account_id)};
    (void)pc_wire_set_text(load.name, sizeof(load.name), &load.name_size, client->name);
    enum pc_status status = game_call_db_character_load(game->db, &load, game->config.db.timeout_ms,
                                                        enter__on_loaded, &caller);
    if (status != PC_OK) {
        roster_drop(&game->roster, entry);
        return enter__result_of(status);
    }
    entry->player = client;
    client->entry = entry;
    return COMMON_RESULT_OK;
}

/* Give the client its place on the roster; OK if its character is there or asked for. */
static enum common_result enter__attach(struct game_client *client)
{
    struct game *game = client->game;
    if (game->is_stopping) {
        return COMMON_RESULT_UNAVAILABLE;
    }
    struct roster_entry *entry = roster_find(&game->roster, client->account_id);
    if (entry == NULL) {
        return enter__load(client);
    }
    struct game_client *older = entry->player;
    entry->player = client;
    client->entry = entry;
    if (older != NULL) {
        game_client_put_out(older, COMMON_LEAVE_REASON_REPLACED);
    }
    return COMMON_RESULT_OK;
}

static void on_enter_world(struct game_client *client, const struct client_enter_world *packet)
{
    (void)packet;
    enum common_result result = enter__attach(client);
    if (result != COMMON_RESULT_OK) {
        game_client_refuse(client, result);
        return;
    }
    client->state = CLIENT_SESSION_ENTERING;
    if (client->entry->state != ROSTER_LOADING) {
        game_client_place(client);
    }
}

REGISTER_HANDLER(client_enter_world, on_enter_world);
