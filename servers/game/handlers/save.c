/* Saving characters: from the roster to the db and back.
 *
 * Happy path: each tick save_due sends what the roster gives out; character_saved acknowledges.
 * Failure modes: the db refuses, is slow or away: the roster keeps the state and gives it out
 * again.
 *
 * Path: [8] and [9]. */
#include "game.h"
#include "pc/check.h"
#include "proto/game_dispatch.h"
#include "proto/game_send.h"
#include "requests.h"

void save_due(struct game *game)
{
    uint64_t now_ms = pc_worker_now_ms(game->worker);
    struct roster_entry *entry;
    while (game->db != NULL && (entry = roster_next_save(&game->roster, now_ms)) != NULL) {
        struct request request = {.user = entry->account_id, .kind = GAME_REQUEST_SAVE};
        struct db_character_save save = {.correlation =
                                             request_table_add(game->requests, &request, now_ms),
                                         .character = entry->character};
        PC_ASSERT(save.correlation != 0); /* one request per roster entry at most */
        roster_sent(&game->roster, entry);
        (void)game_send_db_character_save(game->db, &save); /* a failure closes the link */
    }
}

void save_done(struct game *game, uint64_t account_id, enum common_result result)
{
    struct roster_entry *entry = roster_find(&game->roster, account_id);
    PC_ASSERT(entry != NULL); /* it stays SAVING as long as its request waits */
    bool is_saved = result == COMMON_RESULT_OK;
    if (is_saved) {
        game->counters.saves++;
    } else {
        game->counters.failed_saves++;
        log_write(&game->server.log, LOG_WARNING, PC_HANDLE_NONE, "save_failed",
                  LOG_FIELDS(log_number("account", account_id),
                             log_text("result", common_result_name(result))));
    }
    roster_saved(&game->roster, entry, is_saved, pc_worker_now_ms(game->worker));
}

static void on_character_saved(struct pc_session *session, const struct db_character_saved *packet)
{
    struct game *game = game_of(session);
    struct request request;
    if (request_table_take(game->requests, packet->correlation, &request)) {
        save_done(game, request.user, packet->result);
    }
}

REGISTER_HANDLER(db_character_saved, on_character_saved);
