/* The gate's life: session types, listener, connectors, workers. See gate.h. */
#include "gate.h"

#include <stdlib.h>

#include "client.h"
#include "links.h"
#include "pc/call.h"
#include "pc/check.h"
#include "proto/db_ids.h"
#include "proto/gate_dispatch.h"
#include "proto/relay_ids.h"

#define TRY_PLACES 16384u /* addresses whose tries are counted; 24 bytes each */

static bool gate__create_tries(struct gate *gate)
{
    const struct try_limit_config config = {
        .places = TRY_PLACES,
        .failures_max = gate->config.clients.address_failures_max,
        .pause_ms = gate->config.clients.address_pause_ms,
        .waiting_max = gate->config.clients.address_waiting_max,
    };
    gate->tries = try_limit_create(&config);
    if (gate->tries == NULL) {
        log_write(&gate->server.log, LOG_ERROR, PC_HANDLE_NONE, "no_memory", NULL);
    }
    return gate->tries != NULL;
}

static bool gate__add_clients(struct gate *gate)
{
    const struct gate_config *config = &gate->config;
    const struct pc_session_type type = {
        .name = "client",
        .accepts = &gate_accepts_client,
        .user_size = sizeof(struct gate_client),
        .sessions_start = config->clients.sessions_start,
        .sessions_max = config->clients.sessions_max,
        .idle_timeout_ms = config->clients.idle_timeout_ms,
        .drain_timeout_ms = config->clients.drain_timeout_ms,
        .send_bytes_max = config->clients.send_bytes_max,
        .send_bytes_soft = config->clients.send_bytes_soft,
        .soft_timeout_ms = config->clients.soft_timeout_ms,
        .packets = {.per_sec = config->clients.packets_per_sec,
                    .burst = config->clients.packets_burst,
                    .over = (enum pc_rate_over)config->clients.packets_over},
        .on_open = gate_client_open,
        .on_relay = gate_client_relay,
        .on_close = gate_client_close,
    };
    const struct pc_listener_config listener = {
        .type = server_add_type(&gate->server, &type),
        .address = config->clients.listen,
        .accepts_posted = config->clients.accepts_posted,
        .backlog = config->clients.backlog,
        .sessions_per_address_max = config->clients.per_address_max,
        .accepts_per_sec_max = config->clients.accepts_per_sec,
        .tag = GATE_TAG_CLIENT};
    return listener.type != PC_TYPE_NONE && server_listen(&gate->server, &listener);
}

/* One link per worker; what all links have in common is filled in here. */
static bool gate__connect(struct gate *gate, const struct pc_session_type *type,
                          const struct pc_address *address, enum gate_tag tag)
{
    const struct server_config *config = &gate->server.config;
    struct pc_session_type link = *type;
    link.user_size = sizeof(struct server_link);
    /* Twice: the next connection may begin before the last one is back in its pool. */
    link.sessions_max = 2 * pc_runtime_worker_count(gate->server.runtime);
    link.idle_timeout_ms = config->link.idle_timeout_ms;
    link.drain_timeout_ms = SERVER_LINK_DRAIN_MS;
    link.soft_timeout_ms = config->link.soft_timeout_ms;
    link.on_close = server_link_close;
    const struct pc_connector_config connector = {.type = server_add_type(&gate->server, &link),
                                                  .address = *address,
                                                  .retry_min_ms = config->link.retry_min_ms,
                                                  .retry_max_ms = config->link.retry_max_ms,
                                                  .tag = tag};
    return connector.type != PC_TYPE_NONE && server_connect(&gate->server, &connector);
}

static bool gate__add_game(struct gate *gate)
{
    const struct link_payload payload = {RELAY_VERSION, RELAY_COMPAT_HASH, RELAY_SCHEMA_HASH};
    server_link_policy_init(&gate->server, &gate->game_policy, COMMON_ROLE_GAME, &payload);
    gate->game_policy.is_initiator = true;
    gate->game_policy.on_ready = game_link_ready;
    gate->game_policy.on_down = game_link_down;
    const struct pc_session_type type = {
        .name = "game",
        .accepts = &gate_accepts_game,
        .send_bytes_max = gate->config.game.send_bytes_max,
        .send_bytes_soft = gate->config.game.send_bytes_soft,
        .on_open = game_link_open,
        .on_send_room = game_link_has_room,
    };
    return gate__connect(gate, &type, &gate->config.game.address, GATE_TAG_GAME);
}

static bool gate__add_db(struct gate *gate)
{
    const struct link_payload payload = {DB_VERSION, DB_COMPAT_HASH, DB_SCHEMA_HASH};
    server_link_policy_init(&gate->server, &gate->db_policy, COMMON_ROLE_DB, &payload);
    gate->db_policy.is_initiator = true;
    gate->db_policy.on_ready = db_link_ready;
    gate->db_policy.on_down = db_link_down;
    const struct pc_session_type type = {
        .name = "db",
        .accepts = &gate_accepts_db,
        .send_bytes_max = gate->config.db.send_bytes_max,
        .on_open = db_link_open,
    };
    return gate__connect(gate, &type, &gate->config.db.address, GATE_TAG_DB);
}

bool gate_set_up(struct server *server)
{
    struct gate *gate = (struct gate *)server;
    return gate__create_tries(gate) && gate__add_clients(gate) && gate__add_game(gate) &&
           gate__add_db(gate);
}

enum pc_status gate_start_worker(struct pc_worker *worker)
{
    struct gate *gate = (struct gate *)server_of_worker(worker);
    struct gate_worker *own = calloc(1, sizeof(*own));
    if (own == NULL) {
        return PC_NO_MEMORY;
    }
    own->gate = gate;
    own->worker = worker;
    list_init(&own->clients);
    pc_worker_set_user(worker, own);
    return pc_call_make_room(worker, gate->config.db.requests_max);
}

static void gate__log_totals(const struct gate_worker *worker)
{
    const struct gate_counters *counters = &worker->counters;
    log_write(&worker->gate->server.log, LOG_INFO, PC_HANDLE_NONE, "totals",
              LOG_FIELDS(log_number("worker", pc_worker_index(worker->worker)),
                         log_number("logins", counters->logins),
                         log_number("failed_logins", counters->failed_logins),
                         log_number("frames_up", counters->frames_up),
                         log_number("frames_down", counters->frames_down),
                         log_number("stale_down", counters->stale_down),
                         log_number("refused_down", counters->refused_down),
                         log_number("refusals", counters->refusals),
                         log_number("held", counters->held)));
}

void gate_stop_worker(struct pc_worker *worker)
{
    struct gate_worker *own = pc_worker_user(worker);
    if (own == NULL) {
        return; /* it could not start */
    }
    PC_ASSERT(list_is_empty(&own->clients));
    gate__log_totals(own);
    free(own);
    pc_worker_set_user(worker, NULL);
}

void gate_tear_down(struct server *server)
{
    try_limit_destroy(((struct gate *)server)->tries);
}
