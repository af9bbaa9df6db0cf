/* Register and login: asked of the db, answered to the client.
 *
 * Happy path: request -> AUTHENTICATING, account_create or authenticate to the db -> its answer ->
 * register_reply (GREETED) or login_reply (LOBBY).
 * Failure modes: the db is away: UNAVAILABLE at once, or as soon as its link breaks; it does not
 * answer in time: TIMEOUT; too many wait here or there: BUSY, with a time to wait; too many wrong
 * tries: closed. The login deadline does not run while the db works.
 *
 * Path: [8] and [9]. */
#include <string.h>

#include "client.h"
#include "gate.h"
#include "pc/check.h"
#include "proto/gate_calls.h"
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"

/* What a client that is AUTHENTICATING waits for. */
enum account_request {
    ACCOUNT_REGISTER,
    ACCOUNT_LOGIN
};

static gate_call_db_account_create_fn account__on_created;
static gate_call_db_authenticate_fn account__on_authenticated;
static struct pc_caller account__caller(struct pc_session *session);
static void account__asked(struct pc_session *session, enum account_request kind,
                           enum pc_status status);
static enum common_result account__result_of(enum pc_status status);
static void account__reply(struct pc_session *session, enum account_request kind,
                           enum common_result result);
static void account__reply_and_wait(struct pc_session *session, enum account_request kind,
                                    enum common_result result);
static uint32_t account__retry_after_ms(const struct gate_worker *worker,
                                        enum common_result result);
static void account__finish(struct pc_session *session, enum account_request kind,
                            enum common_result result);
static bool account__is_clients_fault(enum common_result result);

static void on_register_request(struct pc_session *session,
                                const struct client_register_request *packet)
{
    const struct gate_worker *worker = gate_worker_of(session);
    const struct pc_caller caller = account__caller(session);
    struct db_account_create create = {.name_size = packet->name_size,
                                       .password_size = packet->password_size};
    memcpy(create.name, packet->name, sizeof(create.name));
    memcpy(create.password, packet->password, sizeof(create.password));
    enum pc_status status = PC_CLOSED;
    if (worker->db != NULL) {
        status = gate_call_db_account_create(
            worker->db, &create, worker->gate->config.db.timeout_ms, account__on_created, &caller);
    }
    account__asked(session, ACCOUNT_REGISTER, status);
}

static void on_login_request(struct pc_session *session, const struct client_login_request *packet)
{
    const struct gate_worker *worker = gate_worker_of(session);
    const struct pc_caller caller = account__caller(session);
    struct db_authenticate ask = {.name_size = packet->name_size,
                                  .password_size = packet->password_size};
    memcpy(ask.name, packet->name, sizeof(ask.name));
    memcpy(ask.password, packet->password, sizeof(ask.password));
    enum pc_status status = PC_CLOSED;
    if (worker->db != NULL) {
        status = gate_call_db_authenticate(worker->db, &ask, worker->gate->config.db.timeout_ms,
                                           account__on_authenticated, &caller);
    }
    account__asked(session, ACCOUNT_LOGIN, status);
}

static void account__on_created(const struct pc_caller *caller, enum pc_status status,
                                const struct db_account_created *reply)
{
    struct pc_session *session = gate_client_find(caller->context, caller->session);
    if (session != NULL) {
        account__finish(session, ACCOUNT_REGISTER,
                        status == PC_OK ? reply->result : account__result_of(status));
    }
}

static void account__on_authenticated(const struct pc_caller *caller, enum pc_status status,
                                      const struct db_authenticated *reply)
{
    struct pc_session *session = gate_client_find(caller->context, caller->session);
    if (session == NULL) {
        return;
    }
    if (status != PC_OK) {
        account__finish(session, ACCOUNT_LOGIN, account__result_of(status));
        return;
    }
    struct gate_client *client = gate_client_of(session);
    if (reply->result == COMMON_RESULT_OK) {
        client->account_id = reply->account_id;
        client->name_size = reply->name_size;
        memcpy(client->name, reply->name, sizeof(client->name));
    }
    account__finish(session, ACCOUNT_LOGIN, reply->result);
}

static struct pc_caller account__caller(struct pc_session *session)
{
    return (struct pc_caller){.context = gate_worker_of(session),
                              .session = pc_session_handle(session)};
}

/* The db has been asked, or could not be. */
static void account__asked(struct pc_session *session, enum account_request kind,
                           enum pc_status status)
{
    if (status != PC_OK) {
        account__reply_and_wait(session, kind, account__result_of(status));
        return;
    }
    gate_client_set_state(session, CLIENT_SESSION_AUTHENTICATING);
    pc_session_set_deadline(session, 0, PC_CLOSE_NONE);
}

/* What the client hears when there is no answer. */
static enum common_result account__result_of(enum pc_status status)
{
    if (status == PC_TIMEOUT) {
        return COMMON_RESULT_TIMEOUT;
    }
    return status == PC_FULL ? COMMON_RESULT_BUSY : COMMON_RESULT_UNAVAILABLE;
}

static void account__reply(struct pc_session *session, enum account_request kind,
                           enum common_result result)
{
    struct gate_worker *worker = gate_worker_of(session);
    if (kind == ACCOUNT_REGISTER) {
        struct client_register_reply reply = {.result = result};
        (void)gate_send_client_register_reply(session, &reply);
        return;
    }
    struct client_login_reply reply = {.result = result,
                                       .account_id = gate_client_of(session)->account_id,
                                       .retry_after_ms = account__retry_after_ms(worker, result)};
    (void)gate_send_client_login_reply(session, &reply);
}

/* Answer without a login; the client gets the whole time for its next try. */
static void account__reply_and_wait(struct pc_session *session, enum account_request kind,
                                    enum common_result result)
{
    const struct gate_config *config = &gate_worker_of(session)->gate->config;
    account__reply(session, kind, result);
    pc_session_set_deadline(session, config->clients.login_timeout_ms, PC_CLOSE_DEADLINE);
}

static uint32_t account__retry_after_ms(const struct gate_worker *worker, enum common_result result)
{
    bool is_passing = result == COMMON_RESULT_BUSY || result == COMMON_RESULT_UNAVAILABLE ||
                      result == COMMON_RESULT_TIMEOUT;
    return is_passing ? worker->gate->config.clients.retry_after_ms : 0;
}

static void account__finish(struct pc_session *session, enum account_request kind,
                            enum common_result result)
{
    struct gate_worker *worker = gate_worker_of(session);
    struct gate_client *client = gate_client_of(session);
    const struct gate_config *config = &worker->gate->config;
    PC_ASSERT(gate_client_state(session) == CLIENT_SESSION_AUTHENTICATING);
    log_write(&worker->gate->server.log, LOG_INFO, pc_session_handle(session),
              kind == ACCOUNT_LOGIN ? "login" : "register",
              LOG_FIELDS(log_text("result", common_result_name(result)),
                         log_number("account", client->account_id)));
    if (kind == ACCOUNT_LOGIN && result == COMMON_RESULT_OK) {
        worker->counters.logins++;
        gate_client_set_state(session, CLIENT_SESSION_LOBBY);
        pc_session_set_budget(session, 0, 0);
        account__reply(session, kind, result);
        return;
    }
    gate_client_set_state(session, CLIENT_SESSION_GREETED);
    account__reply_and_wait(session, kind, result);
    if (account__is_clients_fault(result)) {
        worker->counters.failed_logins++;
        client->login_failures++;
    }
    if (client->login_failures >= config->clients.login_failures_max) {
        pc_session_close(session, PC_CLOSE_AUTH);
    }
}

static bool account__is_clients_fault(enum common_result result)
{
    return result == COMMON_RESULT_NAME_TAKEN || result == COMMON_RESULT_NAME_INVALID ||
           result == COMMON_RESULT_PASSWORD_INVALID || result == COMMON_RESULT_WRONG_CREDENTIALS;
}

REGISTER_HANDLER(client_register_request, on_register_request);
REGISTER_HANDLER(client_login_request, on_login_request);
