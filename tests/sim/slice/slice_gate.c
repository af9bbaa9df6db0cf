/* The gate as a process of the simulation; see slice_process.h. */
#include "gate.h"
#include "slice_process.h"

static const char *const slice_gate__settings[] = {
    "clients.listen=10.0.0.3:7000",
    "clients.sessions_start=1",
    "clients.sessions_max=32",
    "clients.login_timeout_ms=4000",
    "clients.idle_timeout_ms=3000",
    "game.address=10.0.0.2:7100",
    "db.address=10.0.0.1:7200",
    "db.timeout_ms=800",
    "db.requests_max=32",
    "server.receive_buffers=8",
    "server.receive_buffer_size=2048",
    "link.heartbeat_ms=100",
    "link.idle_timeout_ms=400",
    "link.handshake_timeout_ms=500",
    "link.retry_min_ms=20",
    "link.retry_max_ms=200",
    NULL,
};

const struct slice_recipe slice_gate_recipe = {
    .program =
        {
            .name = "gate",
            .role = COMMON_ROLE_GATE,
            .keys = gate_config_keys,
            .node = "gate-1",
            .has_links = true,
            .set_up = gate_set_up,
            .on_worker_start = gate_start_worker,
            .on_worker_stop = gate_stop_worker,
            .tear_down = gate_tear_down,
        },
    .memory_size = sizeof(struct gate),
    .config_offset = offsetof(struct gate, config),
    .key_count = &gate_config_key_count,
    .settings = slice_gate__settings,
};
