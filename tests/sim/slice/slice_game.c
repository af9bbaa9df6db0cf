/* The game as a process of the simulation; see slice_process.h. It saves often. */
#include "game.h"
#include "slice_process.h"

static const char *const slice_game__settings[] = {
    "gates.listen=10.0.0.2:7100",
    "gates.links_max=8",
    "db.address=10.0.0.1:7201",
    "db.timeout_ms=400",
    "zone.players_max=16",
    "zone.size_m=100",
    "save.interval_ms=150",
    "save.unsaved_max=16",
    "save.stop_ms=3000",
    "server.receive_buffers=8",
    "server.receive_buffer_size=2048",
    "link.heartbeat_ms=100",
    "link.idle_timeout_ms=400",
    "link.handshake_timeout_ms=500",
    "link.retry_min_ms=20",
    "link.retry_max_ms=200",
    NULL,
};

const struct slice_recipe slice_game_recipe = {
    .program =
        {
            .name = "game",
            .role = COMMON_ROLE_GAME,
            .keys = game_config_keys,
            .node = "game-1",
            .has_links = true,
            .workers_fixed = 1,
            .set_up = game_set_up,
            .on_worker_start = game_start_world,
            .on_worker_stop = game_stop_world,
            .stop = game_stop,
            .tear_down = game_tear_down,
        },
    .memory_size = sizeof(struct game),
    .config_offset = offsetof(struct game, config),
    .key_count = &game_config_key_count,
    .settings = slice_game__settings,
};
