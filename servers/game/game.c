/* The game's life: set up, tick, stop. See game.h. */
#include "game.h"

#include <stdlib.h>

#include "db_link.h"
#include "gate_link.h"
#include "move.h"
#include "pc/call.h"
#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"
#include "proto/db_ids.h"
#include "proto/game_dispatch.h"
#include "proto/relay_ids.h"
#include "save.h"

#define GAME_STOP_POLL_MS   5u
#define GAME_OVERRUN_SAY_MS 1000u

static void game__schedule_tick(struct game *game);

static bool game__create_world(struct game *game)
{
    const struct game_config *config = &game->config;
    const struct roster_config roster = {.entries_max =
                                             config->zone.players_max + config->save.unsaved_max,
                                         .saves_in_flight_max = config->save.in_flight_max,
                                         .save_interval_ms = config->save.interval_ms};
    list_init(&game->touched);
    list_init(&game->news);
    game->near_found = calloc(config->zone.players_max, sizeof(struct zone_entity *));
    if (game->near_found == NULL ||
        !zone_create(&game->zone, (float)config->zone.size_m, (float)config->zone.near_m) ||
        !roster_create(&game->roster, &roster) ||
        !client_table_create(&game->clients, config->zone.players_max)) {
        log_write(&game->server.log, LOG_ERROR, PC_HANDLE_NONE, "no_memory", NULL);
        return false;
    }
    float slack_s = (float)config->zone.move_slack_ms / 1000.0f;
    game->movement = (struct movement_rules){.zone = &game->zone,
                                             .speed_max = (float)config->zone.speed_max,
                                             .slack_m = (float)config->zone.speed_max * slack_s};
    return true;
}

static bool game__add_gates(struct game *game)
{
    const struct game_config *config = &game->config;
    const struct link_payload payload = {RELAY_VERSION, RELAY_COMPAT_HASH, RELAY_SCHEMA_HASH};
    server_link_policy_init(&game->server, &game->gate_policy, COMMON_ROLE_GATE, &payload);
    game->gate_policy.on_down = gate_link_down;
    const struct pc_session_type type = {
        .name = "gate",
        .accepts = &game_accepts_gate,
        .user_size = sizeof(struct gate_link),
        .sessions_max = config->gates.links_max,
        .idle_timeout_ms = game->server.config.link.idle_timeout_ms,
        .drain_timeout_ms = SERVER_LINK_DRAIN_MS,
        .send_bytes_max = config->gates.send_bytes_max,
        .soft_timeout_ms = game->server.config.link.soft_timeout_ms,
        .on_open = gate_link_open,
        .on_close = server_link_close,
    };
    const struct pc_listener_config listener = {.type = server_add_type(&game->server, &type),
                                                .address = config->gates.listen};
    return listener.type != PC_TYPE_NONE && server_listen(&game->server, &listener);
}

static bool game__add_db(struct game *game)
{
    const struct game_config *config = &game->config;
    const struct link_payload payload = {DB_VERSION, DB_COMPAT_HASH, DB_SCHEMA_HASH};
    server_link_policy_init(&game->server, &game->db_policy, COMMON_ROLE_DB, &payload);
    game->db_policy.is_initiator = true;
    game->db_policy.on_ready = db_link_ready;
    game->db_policy.on_down = db_link_down;
    const struct pc_session_type type = {
        .name = "db",
        .accepts = &game_accepts_db,
        .user_size = sizeof(struct server_link),
        .sessions_max = 2, /* the next may begin before the last one is back in its pool */
        .idle_timeout_ms = game->server.config.link.idle_timeout_ms,
        .drain_timeout_ms = SERVER_LINK_DRAIN_MS,
        .send_bytes_max = config->gates.send_bytes_max,
        .soft_timeout_ms = game->server.config.link.soft_timeout_ms,
        .on_open = db_link_open,
        .on_close = server_link_close,
    };
    const struct pc_connector_config connector = {
        .type = server_add_type(&game->server, &type),
        .address = config->db.address,
        .retry_min_ms = game->server.config.link.retry_min_ms,
        .retry_max_ms = game->server.config.link.retry_max_ms};
    return connector.type != PC_TYPE_NONE && server_connect(&game->server, &connector);
}

bool game_set_up(struct server *server)
{
    struct game *game = (struct game *)server;
    PC_ASSERT(pc_runtime_worker_count(server->runtime) == 1);
    return game__create_world(game) && game__add_gates(game) && game__add_db(game);
}

static void game__say_overrun(struct game *game, uint64_t now_ms)
{
    if (now_ms - game->overrun_said_ms < GAME_OVERRUN_SAY_MS) {
        return;
    }
    log_write(&game->server.log, LOG_WARNING, PC_HANDLE_NONE, "tick_overrun",
              LOG_FIELDS(log_number("skipped", game->overrun_unsaid),
                         log_number("tick_ms", game->config.zone.tick_ms),
                         log_number("players", game->zone.count)));
    game->overrun_said_ms = now_ms;
    game->overrun_unsaid = 0;
}

static void game__tick(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)timer;
    struct game *game = game_of_worker(worker);
    game->counters.ticks++;
    move_tell_news(game);
    save_due(game);
    if (game->is_stopping && roster_unsaved_count(&game->roster) == 0) {
        atomic_store(&game->is_saved, true);
    }
    game__schedule_tick(game);
}

/* The next multiple of the tick from the start of the world, so that lateness does not add up. */
static void game__schedule_tick(struct game *game)
{
    uint64_t now_ms = pc_worker_now_ms(game->worker);
    uint32_t tick_ms = game->config.zone.tick_ms;
    game->tick_due_ms += tick_ms;
    if (game->tick_due_ms <= now_ms) {
        uint64_t skipped = (now_ms - game->tick_due_ms) / tick_ms + 1;
        game->tick_due_ms += skipped * tick_ms;
        game->counters.skipped_ticks += skipped;
        game->overrun_unsaid += skipped;
        game__say_overrun(game, now_ms);
    }
    pc_timer_set(game->worker, &game->tick_timer, game->tick_due_ms - now_ms, game__tick);
}

enum pc_status game_start_world(struct pc_worker *worker)
{
    struct game *game = game_of_worker(worker);
    game->worker = worker;
    game->tick_due_ms = pc_worker_now_ms(worker);
    game__schedule_tick(game);
    return pc_call_make_room(worker, game->roster.config.entries_max);
}

void game_stop_world(struct pc_worker *worker)
{
    struct game *game = game_of_worker(worker);
    pc_timer_cancel(worker, &game->tick_timer);
}

static void game__put_everybody_out(struct game *game)
{
    for (uint32_t i = 0; i < game->clients.clients_max; i++) {
        struct game_client *client = &game->clients.clients[i];
        if (client->game != NULL) {
            game_client_put_out(client, COMMON_LEAVE_REASON_SHUTDOWN);
        }
    }
}

static void game__begin_stop(struct pc_worker *worker, struct pc_session *session,
                             struct pc_message *message)
{
    (void)session;
    (void)message;
    struct game *game = game_of_worker(worker);
    game->is_stopping = true;
    roster_flush(&game->roster);
    game__put_everybody_out(game);
    save_due(game);
    log_write(&game->server.log, LOG_INFO, PC_HANDLE_NONE, "last_saves",
              LOG_FIELDS(log_number("unsaved", roster_unsaved_count(&game->roster))));
}

void game_stop(struct server *server)
{
    struct game *game = (struct game *)server;
    uint64_t give_up_ms = pc_os_monotonic_ms() + game->config.save.stop_ms;
    game->stop_message = (struct pc_message){.worker = 0, .deliver = game__begin_stop};
    pc_post(server->runtime, &game->stop_message);
    while (!atomic_load(&game->is_saved) && pc_os_monotonic_ms() < give_up_ms) {
        pc_os_sleep_ms(GAME_STOP_POLL_MS);
    }
}

static void game__log_totals(struct game *game)
{
    const struct game_counters *counters = &game->counters;
    log_write(&game->server.log, LOG_INFO, PC_HANDLE_NONE, "totals",
              LOG_FIELDS(log_number("entered", counters->entered),
                         log_number("refused_enters", counters->refused_enters),
                         log_number("players_high", game->clients.count_high),
                         log_number("moves", counters->moves),
                         log_number("refused_moves", counters->refused_moves),
                         log_number("chats", counters->chats),
                         log_number("refused_frames", counters->refused_frames),
                         log_number("stale_frames", counters->stale_frames),
                         log_number("saves", counters->saves),
                         log_number("failed_saves", counters->failed_saves),
                         log_number("ticks", counters->ticks),
                         log_number("skipped_ticks", counters->skipped_ticks)));
    uint32_t unsaved_count = roster_unsaved_count(&game->roster);
    game->server.has_lost_data = unsaved_count > 0;
    if (unsaved_count > 0) {
        log_write(&game->server.log, LOG_ERROR, PC_HANDLE_NONE, "not_saved",
                  LOG_FIELDS(log_number("characters", unsaved_count)));
    }
}

void game_tear_down(struct server *server)
{
    struct game *game = (struct game *)server;
    if (game->clients.clients == NULL) {
        return; /* set_up did not get far */
    }
    game__log_totals(game);
    roster_destroy(&game->roster);
    client_table_destroy(&game->clients);
    zone_destroy(&game->zone);
    free(game->near_found);
}
