/* The gate's main: what it is made of. The life of a process is in common/server_main.h, what a
 * gate has in gate.h, and what it does with each packet in handlers/. */
#include "common/server_main.h"
#include "gate.h"

static struct gate gate;

int main(int argc, char **argv)
{
    const struct server_program program = {
        .name = "gate",
        .doc = "The clients' door: login, echo, and the way to the game.",
        .role = COMMON_ROLE_GATE,
        .keys = gate_config_keys,
        .key_count = gate_config_key_count,
        .config = &gate.config,
        .node = "gate-1",
        .has_links = true,
        .set_up = gate_set_up,
        .on_worker_start = gate_start_worker,
        .on_worker_stop = gate_stop_worker,
        .tear_down = gate_tear_down,
    };
    return server_main(argc, argv, &gate.server, &program);
}
