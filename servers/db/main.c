/* The db server's wiring: what it is, and its hooks. */
#include "db_request.h"
#include "db_server.h"

static struct db_server db;

int main(int argc, char **argv)
{
    const struct server_program program = {
        .name = "db",
        .doc = "accounts and characters of Portcullis, in SQLite",
        .role = COMMON_ROLE_DB,
        .keys = db_config_keys,
        .key_count = db_config_key_count,
        .config = &db.config,
        .node = "db-1",
        .has_links = true,
        .set_up = db_server_set_up,
        .on_worker_start = db_requests_start,
        .on_worker_stop = db_requests_stop,
        .stop = db_server_stop,
        .tear_down = db_server_tear_down,
    };
    return server_main(argc, argv, &db.server, &program);
}
