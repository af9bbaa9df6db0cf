/* A client's coming, its greeting, its heartbeat and its going.
 *
 * Happy path: open -> hello is answered with hello_reply OK -> ... -> logout is answered with
 * goodbye, then the session closes after its queue is sent.
 * Failure modes: another protocol, version or hash: VERSION_MISMATCH, one log line with both
 * sides', closed; another schema hash is only logged; no login within login_timeout_ms: closed with
 * DEADLINE; silence: IDLE.
 *
 * Path: [3] and [8]. */
#include <string.h>

#include "client.h"
#include "gate.h"
#include "pc/os.h"
#include "pc/worker.h"
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"

/* What it may cost before it has logged in; 0 is no limit. */
static void session__set_budget(struct pc_session *session, const struct gate *gate)
{
    uint32_t packets = gate->config.clients.prelogin_packets;
    uint32_t bytes = gate->config.clients.prelogin_bytes;
    pc_session_set_budget(session, packets == 0 ? UINT32_MAX : packets,
                          bytes == 0 ? UINT32_MAX : bytes);
}

void gate_client_open(struct pc_session *session)
{
    struct gate_worker *worker = gate_worker_of(session);
    struct gate_client *client = gate_client_of(session);
    client->session = session;
    list_add_last(&worker->clients, &client->node);
    pc_session_set_deadline(session, worker->gate->config.clients.login_timeout_ms,
                            PC_CLOSE_DEADLINE);
    session__set_budget(session, worker->gate);
}

void gate_client_close(struct pc_session *session, enum pc_close_reason reason)
{
    struct gate_worker *worker = gate_worker_of(session);
    list_remove(&gate_client_of(session)->node);
    if (worker->game == NULL || !gate_client_is_entered(session)) {
        return;
    }
    struct relay_leave_session packet = {.session = pc_session_handle(session),
                                         .reason = reason == PC_CLOSE_LOGOUT
                                                       ? COMMON_LEAVE_REASON_LOGOUT
                                                       : COMMON_LEAVE_REASON_CONNECTION_LOST};
    (void)gate_send_relay_leave_session(worker->game, &packet);
}

static void session__refuse_version(struct pc_session *session, const struct client_hello *packet)
{
    server_log_peer(
        pc_session_worker(session), LOG_WARNING, pc_session_handle(session), "hello_refused",
        LOG_FIELDS(log_text("protocol", packet->protocol), log_number("version", packet->version),
                   log_hex("hash", packet->compat_hash), log_number("own_version", CLIENT_VERSION),
                   log_hex("own_hash", CLIENT_COMPAT_HASH)));
    pc_session_close(session, PC_CLOSE_KICKED);
}

/* The same on the wire, but names or policy were edited on one side. */
static void session__tell_schema(struct pc_session *session, const struct client_hello *packet)
{
    server_log_peer(
        pc_session_worker(session), LOG_INFO, pc_session_handle(session), "schema_differs",
        LOG_FIELDS(log_number("version", packet->version), log_hex("hash", packet->compat_hash),
                   log_hex("schema_hash", packet->schema_hash),
                   log_hex("own_schema_hash", CLIENT_SCHEMA_HASH)));
}

static void on_hello(struct pc_session *session, const struct client_hello *packet)
{
    bool is_same = strcmp(packet->protocol, CLIENT_NAME) == 0 &&
                   packet->version == CLIENT_VERSION && packet->compat_hash == CLIENT_COMPAT_HASH;
    struct client_hello_reply reply = {
        .result = is_same ? COMMON_RESULT_OK : COMMON_RESULT_VERSION_MISMATCH,
        .version = CLIENT_VERSION,
        .compat_hash = CLIENT_COMPAT_HASH,
        .schema_hash = CLIENT_SCHEMA_HASH,
        /* Three chances before silence closes the session. */
        .heartbeat_ms = gate_worker_of(session)->gate->config.clients.idle_timeout_ms / 3};
    (void)gate_send_client_hello_reply(session, &reply);
    if (!is_same) {
        session__refuse_version(session, packet);
        return;
    }
    if (packet->schema_hash != CLIENT_SCHEMA_HASH) {
        session__tell_schema(session, packet);
    }
    gate_client_set_state(session, CLIENT_SESSION_GREETED);
}

static void on_ping(struct pc_session *session, const struct client_ping *packet)
{
    struct client_pong reply = {.client_time_ms = packet->client_time_ms,
                                .server_time_ms = pc_os_wall_ms()};
    (void)gate_send_client_pong(session, &reply);
}

static void on_logout(struct pc_session *session, const struct client_logout *packet)
{
    (void)packet;
    struct client_goodbye reply = {0};
    (void)gate_send_client_goodbye(session, &reply);
    pc_session_close(session, PC_CLOSE_LOGOUT);
}

REGISTER_HANDLER(client_hello, on_hello);
REGISTER_HANDLER(client_ping, on_ping);
REGISTER_HANDLER(client_logout, on_logout);
