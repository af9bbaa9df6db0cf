/* The game server's main: what it is made of. The life of a process is in common/server_main.h,
 * the world in game.h, and what it does with each packet in handlers/. */
#include "common/server_main.h"
#include "game.h"

static struct game game;

int main(int argc, char **argv)
{
    const struct server_program program = {
        .name = "game",
        .doc = "The world: one zone, movement and chat.",
        .role = COMMON_ROLE_GAME,
        .keys = game_config_keys,
        .key_count = game_config_key_count,
        .config = &game.config,
        .node = "game-1",
        .has_links = true,
        .workers_fixed = 1, /* the world has one owner; see game.h */
        .set_up = game_set_up,
        .on_worker_start = game_start_world,
        .on_worker_stop = game_stop_world,
        .stop = game_stop,
        .tear_down = game_tear_down,
    };
    return server_main(argc, argv, &game.server, &program);
}
