/* Accounts: account_create and authenticate.
 *
 * Happy path: create: hash on the pool -> insert on a lane -> account_created. authenticate: find
 * on a lane -> verify on the pool -> authenticated; a hash of another cost is renewed afterwards.
 * Failure modes: NAME_INVALID, PASSWORD_INVALID, NAME_TAKEN, WRONG_CREDENTIALS, BUSY, INTERNAL. An
 * unknown name costs the same as a wrong password and gets the same answer. After too many wrong
 * passwords for a name, known or not, BUSY without a look.
 * A gate that has gone meanwhile ends the request at its next step.
 * Path: [8] of account_create and authenticate. */
#include <string.h>

#include "account_name.h"
#include "common/secret.h"
#include "db_request.h"
#include "db_server.h"
#include "proto/db_calls.h"
#include "proto/db_dispatch.h"

/* On a thread of the pool: there was no telling whether the password is right. */
static void account__tell_failed(const struct db_request *request)
{
    log_write(&request->server->server.log, LOG_ERROR, request->session, "password_failed",
              LOG_FIELDS(log_text("why", "memory is short, or the hash cannot be read"),
                         log_text("name", request->account.name)));
}

/* ---- account_create ---- */

static void account__answer_create(struct pc_session *session, uint64_t correlation,
                                   enum common_result result, uint64_t account_id)
{
    const struct db_account_created reply = {.result = result, .account_id = account_id};
    (void)db_answer_db_account_create(session, correlation, &reply); /* else it is closing */
}

static void account__end_create(struct pc_worker *worker, struct pc_session *session,
                                struct db_request *request)
{
    if (session != NULL) {
        bool is_good = request->result == COMMON_RESULT_OK;
        account__answer_create(session, request->correlation, request->result,
                               is_good ? request->account.account_id : 0);
    }
    db_request_release(worker, request);
}

/* On a thread of the pool. */
static void account__hash(struct job *job)
{
    struct db_request *request = db_request_of_job(job);
    bool is_done = password_hash(&request->server->config.password_cost, request->password,
                                 request->password_size, request->account.password_hash);
    secret_wipe(request->password, sizeof(request->password));
    request->result = is_done ? COMMON_RESULT_OK : COMMON_RESULT_INTERNAL;
    if (!is_done) {
        account__tell_failed(request);
    }
}

/* On a lane. */
static bool account__insert(struct lane_job *job, struct store *store)
{
    struct db_request *request = db_request_of_lane_job(job);
    enum store_status status = store_add_account(store, &request->account);
    request->result = status == STORE_TAKEN ? COMMON_RESULT_NAME_TAKEN : COMMON_RESULT_OK;
    if (status == STORE_FAILED) {
        request->result = COMMON_RESULT_INTERNAL;
    }
    return status == STORE_OK;
}

static void account__on_inserted(struct pc_worker *worker, struct pc_session *session,
                                 struct pc_message *message)
{
    struct db_request *request = PC_CONTAINER_OF(message, struct db_request, lane_job.done);
    if (request->lane_job.outcome == LANE_FAILED) {
        request->result = COMMON_RESULT_INTERNAL;
    }
    account__end_create(worker, session, request);
}

static void account__on_hashed(struct pc_worker *worker, struct pc_session *session,
                               struct pc_message *message)
{
    struct db_request *request = PC_CONTAINER_OF(message, struct db_request, job.done);
    if (request->job.is_cancelled) {
        request->result = COMMON_RESULT_UNAVAILABLE;
    }
    if (session == NULL || request->result != COMMON_RESULT_OK) {
        account__end_create(worker, session, request);
        return;
    }
    uint64_t key = account_name_hash(request->account.name);
    request->lane_job.writes = true;
    if (!db_request_query(request, key, account__insert, account__on_inserted)) {
        request->result = COMMON_RESULT_BUSY;
        account__end_create(worker, session, request);
    }
}

static void account__set_password(struct db_request *request, const char *password, uint16_t size)
{
    memcpy(request->password, password, size);
    request->password_size = size;
}

static void on_account_create(struct pc_session *session, const struct db_account_create *packet)
{
    if (!account_name_is_valid(packet->name)) {
        account__answer_create(session, packet->correlation, COMMON_RESULT_NAME_INVALID, 0);
        return;
    }
    if (packet->password_size < PASSWORD_MIN) {
        account__answer_create(session, packet->correlation, COMMON_RESULT_PASSWORD_INVALID, 0);
        return;
    }
    struct db_request *request = db_request_take(session, packet->correlation);
    if (request == NULL) {
        account__answer_create(session, packet->correlation, COMMON_RESULT_BUSY, 0);
        return;
    }
    memcpy(request->account.name, packet->name, sizeof(request->account.name));
    account__set_password(request, packet->password, packet->password_size);
    if (!db_request_hash(request, account__hash, account__on_hashed)) {
        request->result = COMMON_RESULT_BUSY;
        account__end_create(pc_session_worker(session), session, request);
    }
}

/* ---- authenticate ---- */

/* As the name is written, so that nobody learns from it whether there is such an account. */
static uint64_t account__try_key(const struct try_limit *tries, const char *name)
{
    uint64_t hash = account_name_hash(name); /* without regard to case */
    return try_limit_key(tries, &hash, sizeof(hash));
}

static void account__answer_authenticate(struct pc_session *session,
                                         const struct db_request *request)
{
    struct db_authenticated reply = {.result = request->result};
    if (request->result == COMMON_RESULT_OK) {
        reply.account_id = request->account.account_id;
        memcpy(reply.name, request->account.name, sizeof(reply.name));
        reply.name_size = (uint16_t)strlen(reply.name);
    }
    (void)db_answer_db_authenticate(session, request->correlation, &reply); /* else closing */
}

/* A try to guess a password is over; result is how it ended. */
static void account__end_try(struct pc_worker *worker, const struct db_request *request)
{
    struct try_limit *tries = request->server->tries;
    uint64_t key = account__try_key(tries, request->account.name);
    try_limit_end(tries, key, pc_worker_now_ms(worker),
                  request->result == COMMON_RESULT_WRONG_CREDENTIALS);
}

static void account__end_authenticate(struct pc_worker *worker, struct pc_session *session,
                                      struct db_request *request, enum common_result result)
{
    request->result = result;
    account__end_try(worker, request);
    if (session != NULL) {
        account__answer_authenticate(session, request);
    }
    db_request_release(worker, request);
}

/* On a lane. */
static bool account__find(struct lane_job *job, struct store *store)
{
    struct db_request *request = db_request_of_lane_job(job);
    char name[COMMON_ACCOUNT_NAME_MAX + 1]; /* the account's own is written over */
    memcpy(name, request->account.name, sizeof(name));
    enum store_status status = store_find_account(store, name, &request->account);
    request->is_account_known = status == STORE_OK;
    return status == STORE_OK || status == STORE_MISSING;
}

/* On a lane: store the renewed hash. */
static bool account__renew(struct lane_job *job, struct store *store)
{
    struct db_request *request = db_request_of_lane_job(job);
    const struct store_account *account = &request->account;
    return store_set_password_hash(store, account->account_id, account->password_hash) == STORE_OK;
}

static void account__on_renewed(struct pc_worker *worker, struct pc_session *session,
                                struct pc_message *message)
{
    (void)session; /* it has been answered */
    db_request_release(worker, PC_CONTAINER_OF(message, struct db_request, lane_job.done));
}

/* On a thread of the pool. */
static void account__verify(struct job *job)
{
    struct db_request *request = db_request_of_job(job);
    struct store_account *account = &request->account;
    const struct password_cost *cost = &request->server->config.password_cost;
    bool is_known = request->is_account_known;
    const char *hash = is_known ? account->password_hash : request->server->dummy_hash;
    enum password_answer answer = password_verify(hash, request->password, request->password_size);
    bool is_right = answer == PASSWORD_RIGHT && is_known;
    if (is_right && password_needs_rehash(cost, hash)) {
        request->is_rehashed =
            password_hash(cost, request->password, request->password_size, account->password_hash);
    }
    secret_wipe(request->password, sizeof(request->password));
    request->result = is_right ? COMMON_RESULT_OK : COMMON_RESULT_WRONG_CREDENTIALS;
    if (answer == PASSWORD_FAILED) {
        account__tell_failed(request);
        request->result = COMMON_RESULT_INTERNAL;
    }
}

static void account__on_verified(struct pc_worker *worker, struct pc_session *session,
                                 struct pc_message *message)
{
    struct db_request *request = PC_CONTAINER_OF(message, struct db_request, job.done);
    if (request->job.is_cancelled) {
        account__end_authenticate(worker, session, request, COMMON_RESULT_UNAVAILABLE);
        return;
    }
    uint64_t key = account_name_hash(request->account.name);
    request->lane_job.writes = true;
    if (request->is_rehashed && session != NULL &&
        db_request_query(request, key, account__renew, account__on_renewed)) {
        /* The lane does not touch what the answer is made of. */
        account__end_try(worker, request);
        account__answer_authenticate(session, request);
        return;
    }
    account__end_authenticate(worker, session, request, request->result);
}

static void account__on_found(struct pc_worker *worker, struct pc_session *session,
                              struct pc_message *message)
{
    struct db_request *request = PC_CONTAINER_OF(message, struct db_request, lane_job.done);
    bool is_found = request->lane_job.outcome == LANE_COMMITTED;
    if (!is_found || session == NULL) {
        account__end_authenticate(worker, session, request, COMMON_RESULT_INTERNAL);
    } else if (!db_request_hash(request, account__verify, account__on_verified)) {
        account__end_authenticate(worker, session, request, COMMON_RESULT_BUSY);
    }
}

/* False: too many wrong passwords for this name. */
static bool account__begin_try(struct pc_session *session, const char *name)
{
    struct pc_worker *worker = pc_session_worker(session);
    struct try_limit *tries = db_server_of(session)->tries;
    uint64_t key = account__try_key(tries, name);
    uint32_t wait_ms = try_limit_begin(tries, key, pc_worker_now_ms(worker));
    if (wait_ms > 0) {
        server_log_peer(worker, LOG_WARNING, pc_session_handle(session), "account_limited",
                        LOG_FIELDS(log_text("name", name), log_number("wait_ms", wait_ms)));
    }
    return wait_ms == 0;
}

static void account__answer_busy(struct pc_session *session, uint64_t correlation)
{
    const struct db_request busy = {.correlation = correlation, .result = COMMON_RESULT_BUSY};
    account__answer_authenticate(session, &busy);
}

static void on_authenticate(struct pc_session *session, const struct db_authenticate *packet)
{
    struct db_request *request = db_request_take(session, packet->correlation);
    if (request == NULL) {
        account__answer_busy(session, packet->correlation);
        return;
    }
    if (!account__begin_try(session, packet->name)) {
        account__answer_busy(session, packet->correlation);
        db_request_release(pc_session_worker(session), request);
        return;
    }
    memcpy(request->account.name, packet->name, sizeof(request->account.name));
    account__set_password(request, packet->password, packet->password_size);
    uint64_t key = account_name_hash(packet->name);
    if (!db_request_query(request, key, account__find, account__on_found)) {
        account__end_authenticate(pc_session_worker(session), session, request, COMMON_RESULT_BUSY);
    }
}

REGISTER_HANDLER(db_account_create, on_account_create);
REGISTER_HANDLER(db_authenticate, on_authenticate);
