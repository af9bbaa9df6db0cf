/* Characters: character_load and character_save.
 *
 * Happy path: load: select on the account's lane, insert at the start if there is none, answer.
 * save: update on the same lane, answer after the commit.
 * Failure modes: BUSY, INTERNAL (disk; an account or character that does not exist; a save of a
 * link that a newer one of its node has superseded, see game_nodes.h).
 * Path: [8] of character_load and character_save. */
#include <string.h>

#include "db_request.h"
#include "db_server.h"
#include "proto/db_calls.h"
#include "proto/db_dispatch.h"

/* ---- character_load ---- */

static void character__answer_load(struct pc_session *session, const struct db_request *request)
{
    struct db_character_loaded reply = {.result = request->result};
    if (request->result == COMMON_RESULT_OK) {
        reply.character = request->character;
    }
    (void)db_answer_db_character_load(session, request->correlation, &reply); /* else closing */
}

static void character__end_load(struct pc_worker *worker, struct pc_session *session,
                                struct db_request *request, enum common_result result)
{
    request->result = result;
    if (session != NULL) {
        character__answer_load(session, request);
    }
    db_request_release(worker, request);
}

/* On a lane. request->character is what a new one looks like. */
static bool character__load(struct lane_job *job, struct store *store)
{
    struct common_character *wanted = &db_request_of_lane_job(job)->character;
    struct common_character found = {0};
    enum store_status status = store_load_character(store, wanted->account_id, &found);
    if (status == STORE_MISSING) {
        return store_add_character(store, wanted) == STORE_OK;
    }
    *wanted = found;
    return status == STORE_OK;
}

static void character__on_loaded(struct pc_worker *worker, struct pc_session *session,
                                 struct pc_message *message)
{
    struct db_request *request = PC_CONTAINER_OF(message, struct db_request, lane_job.done);
    bool is_good = request->lane_job.outcome == LANE_COMMITTED;
    character__end_load(worker, session, request,
                        is_good ? COMMON_RESULT_OK : COMMON_RESULT_INTERNAL);
}

static void on_character_load(struct pc_session *session, const struct db_character_load *packet)
{
    struct db_request *request = db_request_take(session, packet->correlation);
    if (request == NULL) {
        const struct db_request busy = {.correlation = packet->correlation,
                                        .result = COMMON_RESULT_BUSY};
        character__answer_load(session, &busy);
        return;
    }
    struct common_character *character = &request->character;
    character->account_id = packet->account_id;
    character->position = packet->start;
    character->name_size = packet->name_size;
    memcpy(character->name, packet->name, sizeof(character->name));
    request->lane_job.writes = true;
    if (!db_request_query(request, packet->account_id, character__load, character__on_loaded)) {
        character__end_load(pc_session_worker(session), session, request, COMMON_RESULT_BUSY);
    }
}

/* ---- character_save ---- */

static void character__answer_save(struct pc_session *session, uint64_t correlation,
                                   enum common_result result)
{
    const struct db_character_saved reply = {.result = result};
    (void)db_answer_db_character_save(session, correlation, &reply); /* else it is closing */
}

/* On a lane. */
static bool character__save(struct lane_job *job, struct store *store)
{
    struct db_request *request = db_request_of_lane_job(job);
    const struct common_character *character = &request->character;
    if (!game_fence_is_current(&request->fence)) {
        log_write(&request->server->server.log, LOG_WARNING, request->session, "save_superseded",
                  LOG_FIELDS(log_number("account", character->account_id)));
        return false;
    }
    enum store_status status = store_save_character(store, character);
    if (status == STORE_MISSING) {
        log_write(&request->server->server.log, LOG_ERROR, request->session, "character_missing",
                  LOG_FIELDS(log_number("character", character->character_id),
                             log_number("account", character->account_id)));
    }
    return status == STORE_OK;
}

static void character__on_saved(struct pc_worker *worker, struct pc_session *session,
                                struct pc_message *message)
{
    struct db_request *request = PC_CONTAINER_OF(message, struct db_request, lane_job.done);
    bool is_good = request->lane_job.outcome == LANE_COMMITTED;
    if (session != NULL) {
        character__answer_save(session, request->correlation,
                               is_good ? COMMON_RESULT_OK : COMMON_RESULT_INTERNAL);
    }
    db_request_release(worker, request);
}

static void on_character_save(struct pc_session *session, const struct db_character_save *packet)
{
    struct db_request *request = db_request_take(session, packet->correlation);
    if (request == NULL) {
        character__answer_save(session, packet->correlation, COMMON_RESULT_BUSY);
        return;
    }
    request->character = packet->character;
    request->fence = ((const struct db_game_link *)pc_session_user(session))->fence;
    request->lane_job.writes = true;
    uint64_t key = packet->character.account_id;
    if (!db_request_query(request, key, character__save, character__on_saved)) {
        character__answer_save(session, packet->correlation, COMMON_RESULT_BUSY);
        db_request_release(pc_session_worker(session), request);
    }
}

REGISTER_HANDLER(db_character_load, on_character_load);
REGISTER_HANDLER(db_character_save, on_character_save);
