/* The db server: set-up and shutdown.
 *
 * Happy path: the schema is brought up to date, lanes and hash pool start, the two listeners open.
 * Failure modes: each step logs its failure; tear_down frees what there is.
 * Path: outside the byte path; the handlers are in handlers/. */
#include "db_server.h"

#include <stdlib.h>

#include "migrations.h"
#include "pc/os.h"
#include "pc/worker.h"
#include "proto/db_dispatch.h"
#include "proto/db_ids.h"

#define LINKS_AT_START 8u
#define TRY_PLACES     65536u /* account names whose tries are counted; 24 bytes each */

/* What is hashed for accounts that do not exist; nobody can log in with it. */
static const char db_server__dummy_password[] = "no account has this password";

static void db_server__log_failure(const struct db_server *db, const char *event, const char *why)
{
    log_write(&db->server.log, LOG_ERROR, PC_HANDLE_NONE, event,
              LOG_FIELDS(log_text("why", why), log_text("path", db->config.database_path)));
}

static struct store_options db_server__store_options(const struct db_server *db)
{
    return (struct store_options){
        .path = db->config.database_path,
        .synchronous = (enum store_synchronous)db->config.synchronous,
        .busy_timeout_ms = db->config.busy_timeout_ms,
        .log = &db->server.log,
    };
}

static bool db_server__migrate(struct db_server *db)
{
    struct store_options options = db_server__store_options(db);
    struct store *store = store_open(&options);
    if (store == NULL) {
        db_server__log_failure(db, "database_failed", "it cannot be opened");
        return false;
    }
    enum migrations_result result = migrations_apply(store_database(store), migration_table,
                                                     migration_table_count, &db->server.log);
    store_close(store);
    if (result == MIGRATIONS_NEWER) {
        db_server__log_failure(db, "database_failed", "a newer program has used it");
    } else if (result == MIGRATIONS_FAILED) {
        db_server__log_failure(db, "database_failed", "it cannot be brought up to date");
    }
    return result == MIGRATIONS_OK;
}

static bool db_server__start_lanes(struct db_server *db)
{
    struct lanes_config config = {
        .store = db_server__store_options(db),
        .lane_count = db->config.lane_count,
        .queue_max = db->config.lane_queue_max,
        .group_max = db->config.group_max,
        .post = job_post_to(db->server.runtime),
    };
    db->lanes = lanes_create(&config);
    if (db->lanes == NULL) {
        db_server__log_failure(db, "database_failed", "its lanes cannot be started");
    }
    return db->lanes != NULL;
}

static bool db_server__start_hash_pool(struct db_server *db)
{
    uint32_t thread_count = db->config.hash_threads;
    struct job_pool_config config = {
        .name = "hash",
        .thread_count = thread_count > 0 ? thread_count : pc_os_processor_count(),
        .queue_max = db->config.hash_queue_max,
        .post = job_post_to(db->server.runtime),
    };
    if (!password_hash(&db->config.password_cost, db_server__dummy_password,
                       sizeof(db_server__dummy_password), db->dummy_hash)) {
        db_server__log_failure(db, "password_failed", "memory is short for one hash");
        return false;
    }
    db->hash_pool = job_pool_create(&config);
    if (db->hash_pool == NULL) {
        db_server__log_failure(db, "password_failed", "the threads cannot be started");
    }
    return db->hash_pool != NULL;
}

static bool db_server__create_tables(struct db_server *db)
{
    const struct try_limit_config tries = {
        .places = TRY_PLACES,
        .failures_max = db->config.account_failures_max,
        .pause_ms = db->config.account_pause_ms,
        .waiting_max = db->config.account_failures_max, /* each may turn out to be wrong */
    };
    db->game_nodes = game_nodes_create(db->config.links_max);
    db->tries = try_limit_create(&tries);
    bool is_good = db->game_nodes != NULL && db->tries != NULL;
    if (!is_good) {
        log_write(&db->server.log, LOG_ERROR, PC_HANDLE_NONE, "no_memory", NULL);
    }
    return is_good;
}

static void db_server__on_gate_open(struct pc_session *session)
{
    server_link_open(session, &db_server_of(session)->gate_links);
}

static void db_server__on_game_open(struct pc_session *session)
{
    server_link_open(session, &db_server_of(session)->game_links);
}

static void db_server__close_older(struct pc_worker *worker, struct pc_session *session,
                                   struct pc_message *message)
{
    (void)worker;
    if (session != NULL) {
        pc_session_close(session, PC_CLOSE_KICKED);
    }
    free(message);
}

/* The older link is closed by its worker. Its game, if it lives, connects anew and supersedes in
 * its turn: two games of one name are told again and again, and neither loses a save for good. */
static void db_server__say_farewell(struct pc_session *session, pc_handle older,
                                    struct pc_message *farewell)
{
    struct db_server *db = db_server_of(session);
    log_write(&db->server.log, LOG_ERROR, pc_session_handle(session), "two_games",
              LOG_FIELDS(log_text("node", server_link_peer_node(session)),
                         log_address("address", pc_session_peer(session))));
    *farewell = (struct pc_message){.session = older, .deliver = db_server__close_older};
    pc_post(db->server.runtime, farewell);
}

/* False: no room for another node. *older: see game_nodes_supersede. */
static bool db_server__supersede(struct pc_session *session, pc_handle *older)
{
    struct db_server *db = db_server_of(session);
    struct db_game_link *link = pc_session_user(session);
    const char *node = server_link_peer_node(session);
    bool is_placed =
        game_nodes_supersede(db->game_nodes, node, pc_session_handle(session), &link->fence, older);
    if (!is_placed) {
        log_write(
            &db->server.log, LOG_WARNING, pc_session_handle(session), "too_many_nodes",
            LOG_FIELDS(log_text("node", node), log_number("links_max", db->config.links_max)));
        pc_session_close(session, PC_CLOSE_LIMIT);
    }
    return is_placed;
}

/* Before the game hears that it is welcome, and so before it asks for anything. */
static void db_server__on_game_ready(struct pc_session *session)
{
    pc_handle older = PC_HANDLE_NONE;
    struct pc_message *farewell =
        malloc(sizeof(*farewell)); /* first: it must not fail afterwards */
    if (farewell == NULL) {
        pc_session_close(session, PC_CLOSE_NO_BUFFERS);
        return;
    }
    if (db_server__supersede(session, &older) && older != PC_HANDLE_NONE) {
        db_server__say_farewell(session, older, farewell);
        return;
    }
    free(farewell);
}

static void db_server__on_game_down(struct pc_session *session, enum pc_close_reason reason)
{
    (void)reason;
    const struct db_game_link *link = pc_session_user(session);
    game_nodes_leave(db_server_of(session)->game_nodes, &link->fence);
}

static bool db_server__listen(struct db_server *db, const struct pc_session_type *type,
                              const struct pc_address *address)
{
    uint32_t number = server_add_type(&db->server, type);
    struct pc_listener_config config = {.type = number, .address = *address, .accepts_posted = 8};
    return number != PC_TYPE_NONE && server_listen(&db->server, &config);
}

static bool db_server__open_listeners(struct db_server *db)
{
    const struct link_payload payload = {DB_VERSION, DB_COMPAT_HASH, DB_SCHEMA_HASH};
    struct pc_session_type type = {
        .name = "gate",
        .accepts = &db_accepts_gate,
        .user_size = sizeof(struct server_link),
        .sessions_start = LINKS_AT_START,
        .sessions_max = db->config.links_max,
        .idle_timeout_ms = db->server.config.link.idle_timeout_ms,
        .drain_timeout_ms = SERVER_LINK_DRAIN_MS,
        .send_bytes_max = db->config.send_bytes_max,
        .soft_timeout_ms = db->server.config.link.soft_timeout_ms,
        .on_open = db_server__on_gate_open,
        .on_close = server_link_close,
    };
    server_link_policy_init(&db->server, &db->gate_links, COMMON_ROLE_GATE, &payload);
    server_link_policy_init(&db->server, &db->game_links, COMMON_ROLE_GAME, &payload);
    if (!db_server__listen(db, &type, &db->config.gates)) {
        return false;
    }
    db->game_links.on_ready = db_server__on_game_ready;
    db->game_links.on_down = db_server__on_game_down;
    type.name = "game";
    type.user_size = sizeof(struct db_game_link);
    type.accepts = &db_accepts_game;
    type.on_open = db_server__on_game_open;
    return db_server__listen(db, &type, &db->config.games);
}

bool db_server_set_up(struct server *server)
{
    struct db_server *db = (struct db_server *)server;
    return db_server__create_tables(db) && db_server__migrate(db) && db_server__start_lanes(db) &&
           db_server__start_hash_pool(db) && db_server__open_listeners(db);
}

void db_server_stop(struct server *server)
{
    struct db_server *db = (struct db_server *)server;
    struct lanes_counters counters;
    job_pool_stop(db->hash_pool);
    lanes_stop(db->lanes); /* everything that was accepted is committed */
    lanes_count(db->lanes, &counters);
    log_write(&server->log, LOG_INFO, PC_HANDLE_NONE, "lanes",
              LOG_FIELDS(log_number("jobs", counters.jobs),
                         log_number("transactions", counters.transactions),
                         log_number("group_high", counters.group_high)));
}

void db_server_tear_down(struct server *server)
{
    struct db_server *db = (struct db_server *)server;
    if (db->hash_pool != NULL) {
        job_pool_destroy(db->hash_pool);
    }
    lanes_destroy(db->lanes);
    try_limit_destroy(db->tries);
    game_nodes_destroy(db->game_nodes);
}
