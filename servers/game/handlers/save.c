/* Saving characters: from the roster to the db and back.
 *
 * Happy path: each tick save_due calls the db with what the roster gives out; the answer
 * acknowledges.
 * Failure modes: the db refuses, is slow or away: the roster keeps the state and gives it out
 * again.
 *
 * Path: [8] and [9]. */
#include "save.h"
#include "game.h"
#include "pc/check.h"
#include "proto/game_calls.h"

static void save__done(struct game *game, uint64_t account_id, enum common_result result)
{
    struct roster_entry *entry = roster_find(&game->roster, account_id);
    PC_ASSERT(entry != NULL); /* it stays SAVING as long as its call waits */
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

static void save__on_saved(const struct pc_caller *caller, enum pc_status status,
                           const struct db_character_saved *reply)
{
    if (status == PC_CLOSED) {
        return; /* db_link_down has put it back among what is to be saved */
    }
    save__done(caller->context, caller->user,
               status == PC_OK ? reply->result : COMMON_RESULT_TIMEOUT);
}

void save_due(struct game *game)
{
    uint64_t now_ms = pc_worker_now_ms(game->worker);
    struct roster_entry *entry;
    while (game->db != NULL && (entry = roster_next_save(&game->roster, now_ms)) != NULL) {
        const struct pc_caller caller = {.context = game, .user = entry->account_id};
        const struct db_character_save save = {.character = entry->character};
        if (game_call_db_character_save(game->db, &save, game->config.db.timeout_ms, save__on_saved,
                                        &caller) != PC_OK) {
            return; /* the link is closing; the entry is offered again when it is back */
        }
        roster_sent(&game->roster, entry);
    }
}
