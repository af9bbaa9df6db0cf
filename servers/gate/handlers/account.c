/* Register and login: asked of the db, answered to the client.
 *
 * Happy path: request -> AUTHENTICATING, account_create or authenticate to the db -> its answer ->
 * register_reply (GREETED) or login_reply (LOBBY).
 * Failure modes: the db is away: UNAVAILABLE at once, or as soon as its link breaks; it does not
 * answer in time: TIMEOUT; too many wait here or there, or too many failed from this address: BUSY,
 * with a time to wait; too many wrong tries: closed. The login deadline does not run while the db
 * works.
 *
 * Path: [8] and [9]. */
#include <string.h>

#include "client.h"
#include "common/secret.h"
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
static bool account__begin_try(struct pc_session *session, enum account_request kind,
                               struct pc_caller *caller);
static void account__end_try(const struct pc_caller *caller, bool has_failed);
static void account__keep_name(struct pc_session *session, const char *name, uint16_t size);
static void account__asked(struct pc_session *session, enum account_request kind,
                           const struct pc_caller *caller, enum pc_status status);
static enum common_result account__result_of(enum pc_status status);
static void account__reply(struct pc_session *session, enum account_request kind,
                           enum common_result result, uint32_t retry_after_ms);
static void account__reply_and_wait(struct pc_session *session, enum account_request kind,
                                    enum common_result result, uint32_t retry_after_ms);
static uint32_t account__retry_after_ms(const struct gate_worker *worker,
                                        enum common_result result);
static void account__finish(struct pc_session *session, enum account_request kind,
                            enum common_result result);
static bool account__is_clients_fault(enum common_result result);

static void on_register_request(struct pc_session *session,
                                const struct client_register_request *packet)
{
    const struct gate_worker *worker = gate_worker_of(session);
    struct pc_caller caller;
    account__keep_name(session, packet->name, packet->name_size);
    if (!account__begin_try(session, ACCOUNT_REGISTER, &caller)) {
        return;
    }
    struct db_account_create create = {.name_size = packet->name_size,
                                       .password_size = packet->password_size};
    memcpy(create.name, packet->name, sizeof(create.name));
    memcpy(create.password, packet->password, sizeof(create.password));
    enum pc_status status = PC_CLOSED;
    if (worker->db != NULL) {
        status = gate_call_db_account_create(
            worker->db, &create, worker->gate->config.db.timeout_ms, account__on_created, &caller);
    }
    secret_wipe(create.password, sizeof(create.password));
    account__asked(session, ACCOUNT_REGISTER, &caller, status);
}

static void on_login_request(struct pc_session *session, const struct client_login_request *packet)
{
    const struct gate_worker *worker = gate_worker_of(session);
    struct pc_caller caller;
    account__keep_name(session, packet->name, packet->name_size);
    if (!account__begin_try(session, ACCOUNT_LOGIN, &caller)) {
        return;
    }
    struct db_authenticate ask = {.name_size = packet->name_size,
                                  .password_size = packet->password_size};
    memcpy(ask.name, packet->name, sizeof(ask.name));
    memcpy(ask.password, packet->password, sizeof(ask.password));
    enum pc_status status = PC_CLOSED;
    if (worker->db != NULL) {
        status = gate_call_db_authenticate(worker->db, &ask, worker->gate->config.db.timeout_ms,
                                           account__on_authenticated, &caller);
    }
    secret_wipe(ask.password, sizeof(ask.password));
    account__asked(session, ACCOUNT_LOGIN, &caller, status);
}

static void account__on_created(const struct pc_caller *caller, enum pc_status status,
                                const struct db_account_created *reply)
{
    struct pc_session *session = gate_client_find(caller->context, caller->session);
    account__end_try(caller, false); /* nothing was guessed */
    if (session != NULL) {
        account__finish(session, ACCOUNT_REGISTER,
                        status == PC_OK ? reply->result : account__result_of(status));
    }
}

static void account__on_authenticated(const struct pc_caller *caller, enum pc_status status,
                                      const struct db_authenticated *reply)
{
    struct pc_session *session = gate_client_find(caller->context, caller->session);
    account__end_try(caller, status == PC_OK && reply->result == COMMON_RESULT_WRONG_CREDENTIALS);
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
        account__keep_name(session, reply->name, reply->name_size);
    }
    account__finish(session, ACCOUNT_LOGIN, reply->result);
}

/* Whose tries are counted together: an IPv4 address, or the 64 bits that a site has of IPv6. */
static uint64_t account__try_key(const struct gate *gate, const struct pc_address *address)
{
    size_t size = address->family == PC_FAMILY_IPV4 ? 4 : 8;
    return try_limit_key(gate->tries, address->ip, size);
}

/* False: too many from this address; it has been answered. */
static bool account__begin_try(struct pc_session *session, enum account_request kind,
                               struct pc_caller *caller)
{
    struct gate_worker *worker = gate_worker_of(session);
    const struct gate *gate = worker->gate;
    const struct pc_address *address = pc_session_peer(session);
    *caller = (struct pc_caller){.context = worker,
                                 .session = pc_session_handle(session),
                                 .user = account__try_key(gate, address)};
    uint32_t wait_ms = try_limit_begin(gate->tries, caller->user, pc_worker_now_ms(worker->worker));
    if (wait_ms == 0) {
        return true;
    }
    uint32_t retry_after_ms = account__retry_after_ms(worker, COMMON_RESULT_BUSY);
    retry_after_ms = wait_ms > retry_after_ms ? wait_ms : retry_after_ms;
    server_log_peer(worker->worker, LOG_WARNING, pc_session_handle(session), "login_limited",
                    LOG_FIELDS(log_text("name", gate_client_of(session)->name),
                               log_address("address", address),
                               log_number("retry_after_ms", retry_after_ms)));
    account__reply_and_wait(session, kind, COMMON_RESULT_BUSY, retry_after_ms);
    return false;
}

static void account__end_try(const struct pc_caller *caller, bool has_failed)
{
    const struct gate_worker *worker = caller->context;
    try_limit_end(worker->gate->tries, caller->user, pc_worker_now_ms(worker->worker), has_failed);
}

static void account__keep_name(struct pc_session *session, const char *name, uint16_t size)
{
    struct gate_client *client = gate_client_of(session);
    client->name_size = size;
    memcpy(client->name, name, sizeof(client->name));
}

/* The db has been asked, or could not be. */
static void account__asked(struct pc_session *session, enum account_request kind,
                           const struct pc_caller *caller, enum pc_status status)
{
    if (status != PC_OK) {
        enum common_result result = account__result_of(status);
        account__end_try(caller, false);
        account__reply_and_wait(session, kind, result,
                                account__retry_after_ms(caller->context, result));
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
                           enum common_result result, uint32_t retry_after_ms)
{
    if (kind == ACCOUNT_REGISTER) {
        struct client_register_reply reply = {.result = result};
        (void)gate_send_client_register_reply(session, &reply);
        return;
    }
    struct client_login_reply reply = {.result = result,
                                       .account_id = gate_client_of(session)->account_id,
                                       .retry_after_ms = retry_after_ms};
    (void)gate_send_client_login_reply(session, &reply);
}

/* Answer without a login; the client gets the whole time for its next try. */
static void account__reply_and_wait(struct pc_session *session, enum account_request kind,
                                    enum common_result result, uint32_t retry_after_ms)
{
    const struct gate_config *config = &gate_worker_of(session)->gate->config;
    account__reply(session, kind, result, retry_after_ms);
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
                         log_number("account", client->account_id), log_text("name", client->name),
                         log_address("address", pc_session_peer(session))));
    if (kind == ACCOUNT_LOGIN && result == COMMON_RESULT_OK) {
        worker->counters.logins++;
        gate_client_set_state(session, CLIENT_SESSION_LOBBY);
        pc_session_set_budget(session, 0, 0);
        account__reply(session, kind, result, 0);
        return;
    }
    gate_client_set_state(session, CLIENT_SESSION_GREETED);
    account__reply_and_wait(session, kind, result, account__retry_after_ms(worker, result));
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
