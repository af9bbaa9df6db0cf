/* Register and login: asked of the db, answered to the client.
 *
 * Happy path: request -> AUTHENTICATING, account_create or authenticate to the db -> its answer ->
 * register_reply (GREETED) or login_reply (LOBBY).
 * Failure modes: the db is away: UNAVAILABLE at once, or as soon as its link breaks; it does not
 * answer in time: TIMEOUT; too many wait here or there: BUSY, with a time to wait; too many wrong
 * tries: closed. The login deadline does not run while the db works.
 *
 * Path: [8] and [9]. */
#include "account.h"

#include <string.h>

#include "client.h"
#include "gate.h"
#include "pc/check.h"
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"

static uint64_t account__begin(struct pc_session *session, enum gate_request kind);
static void account__reply(struct pc_session *session, enum gate_request kind,
                           enum common_result result);
static void account__reply_and_wait(struct pc_session *session, enum gate_request kind,
                                    enum common_result result);
static uint32_t account__retry_after_ms(const struct gate_worker *worker,
                                        enum common_result result);
static struct pc_session *account__take(struct pc_session *link, uint64_t correlation);
static void account__finish(struct pc_session *session, enum gate_request kind,
                            enum common_result result);
static bool account__is_clients_fault(enum common_result result);
static void account__fail(struct pc_worker *worker, const struct request *request,
                          enum common_result result);

static void on_register_request(struct pc_session *session,
                                const struct client_register_request *packet)
{
    uint64_t correlation = account__begin(session, GATE_REQUEST_REGISTER);
    if (correlation == 0) {
        return;
    }
    struct db_account_create create = {.correlation = correlation,
                                       .name_size = packet->name_size,
                                       .password_size = packet->password_size};
    memcpy(create.name, packet->name, sizeof(create.name));
    memcpy(create.password, packet->password, sizeof(create.password));
    (void)gate_send_db_account_create(gate_worker_of(session)->db, &create);
}

static void on_login_request(struct pc_session *session, const struct client_login_request *packet)
{
    uint64_t correlation = account__begin(session, GATE_REQUEST_LOGIN);
    if (correlation == 0) {
        return;
    }
    struct db_authenticate ask = {.correlation = correlation,
                                  .name_size = packet->name_size,
                                  .password_size = packet->password_size};
    memcpy(ask.name, packet->name, sizeof(ask.name));
    memcpy(ask.password, packet->password, sizeof(ask.password));
    (void)gate_send_db_authenticate(gate_worker_of(session)->db, &ask);
}

static void on_account_created(struct pc_session *link, const struct db_account_created *packet)
{
    struct pc_session *session = account__take(link, packet->correlation);
    if (session != NULL) {
        account__finish(session, GATE_REQUEST_REGISTER, packet->result);
    }
}

static void on_authenticated(struct pc_session *link, const struct db_authenticated *packet)
{
    struct pc_session *session = account__take(link, packet->correlation);
    if (session == NULL) {
        return;
    }
    struct gate_client *client = gate_client_of(session);
    if (packet->result == COMMON_RESULT_OK) {
        client->account_id = packet->account_id;
        client->name_size = packet->name_size;
        memcpy(client->name, packet->name, sizeof(client->name));
    }
    account__finish(session, GATE_REQUEST_LOGIN, packet->result);
}

void account_request_expired(struct pc_worker *worker, const struct request *request)
{
    account__fail(worker, request, COMMON_RESULT_TIMEOUT);
}

void account_request_failed(struct pc_worker *worker, const struct request *request)
{
    account__fail(worker, request, COMMON_RESULT_UNAVAILABLE);
}

/* The correlation under which the session waits now, or 0 if it was answered at once. */
static uint64_t account__begin(struct pc_session *session, enum gate_request kind)
{
    struct gate_worker *worker = gate_worker_of(session);
    if (worker->db == NULL) {
        account__reply_and_wait(session, kind, COMMON_RESULT_UNAVAILABLE);
        return 0;
    }
    struct request request = {.session = pc_session_handle(session), .kind = kind};
    uint64_t correlation =
        request_table_add(worker->requests, &request, pc_worker_now_ms(worker->worker));
    if (correlation == 0) {
        account__reply_and_wait(session, kind, COMMON_RESULT_BUSY);
        return 0;
    }
    gate_client_set_state(session, CLIENT_SESSION_AUTHENTICATING);
    pc_session_set_deadline(session, 0, PC_CLOSE_NONE);
    return correlation;
}

static void account__reply(struct pc_session *session, enum gate_request kind,
                           enum common_result result)
{
    struct gate_worker *worker = gate_worker_of(session);
    if (kind == GATE_REQUEST_REGISTER) {
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
static void account__reply_and_wait(struct pc_session *session, enum gate_request kind,
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

/* Who waits for the db's answer, or NULL: nobody any more. */
static struct pc_session *account__take(struct pc_session *link, uint64_t correlation)
{
    struct gate_worker *worker = gate_worker_of(link);
    struct request request;
    if (!request_table_take(worker->requests, correlation, &request)) {
        return NULL;
    }
    return gate_client_find(worker, request.session);
}

static void account__finish(struct pc_session *session, enum gate_request kind,
                            enum common_result result)
{
    struct gate_worker *worker = gate_worker_of(session);
    struct gate_client *client = gate_client_of(session);
    const struct gate_config *config = &worker->gate->config;
    PC_ASSERT(gate_client_state(session) == CLIENT_SESSION_AUTHENTICATING);
    log_write(&worker->gate->server.log, LOG_INFO, pc_session_handle(session),
              kind == GATE_REQUEST_LOGIN ? "login" : "register",
              LOG_FIELDS(log_text("result", common_result_name(result)),
                         log_number("account", client->account_id)));
    if (kind == GATE_REQUEST_LOGIN && result == COMMON_RESULT_OK) {
        worker->counters.logins++;
        gate_client_set_state(session, CLIENT_SESSION_LOBBY);
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

static void account__fail(struct pc_worker *worker, const struct request *request,
                          enum common_result result)
{
    struct gate_worker *own = pc_worker_user(worker);
    struct pc_session *session = gate_client_find(own, request->session);
    if (session != NULL) {
        account__finish(session, (enum gate_request)request->kind, result);
    }
}

REGISTER_HANDLER(client_register_request, on_register_request);
REGISTER_HANDLER(client_login_request, on_login_request);
REGISTER_HANDLER(db_account_created, on_account_created);
REGISTER_HANDLER(db_authenticated, on_authenticated);
