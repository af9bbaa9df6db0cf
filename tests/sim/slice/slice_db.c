/* The db as a process of the simulation; see slice_process.h. Passwords cost next to nothing. */
#include "db_request.h"
#include "db_server.h"
#include "slice_process.h"

static const char *const slice_db__settings[] = {
    "listen.gates=10.0.0.1:7200",
    "listen.games=10.0.0.1:7201",
    "listen.links_max=16",
    "limits.requests=64",
    "database.lane_queue=64",
    "password.opslimit=1",
    "password.memory_kib=8",
    "password.threads=2",
    "database.lanes=2",
    "database.group_max=8",
    "database.synchronous=normal", /* no power failure is simulated */
    "server.receive_buffers=8",
    "server.receive_buffer_size=2048",
    "link.heartbeat_ms=100",
    "link.idle_timeout_ms=3000",
    "link.handshake_timeout_ms=500",
    NULL,
};

const struct slice_recipe slice_db_recipe = {
    .program =
        {
            .name = "db",
            .role = COMMON_ROLE_DB,
            .keys = db_config_keys,
            .node = "db-1",
            .has_links = true,
            .set_up = db_server_set_up,
            .on_worker_start = db_requests_start,
            .on_worker_stop = db_requests_stop,
            .stop = db_server_stop,
            .tear_down = db_server_tear_down,
        },
    .memory_size = sizeof(struct db_server),
    .config_offset = offsetof(struct db_server, config),
    .key_count = &db_config_key_count,
    .settings = slice_db__settings,
};
