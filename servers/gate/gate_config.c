/* The keys of gate.ini that only the gate has. */
#include "common/config.h"
#include "gate.h"

const struct config_key gate_config_keys[] = {
    {CONFIG_AT(CONFIG_ADDRESS, struct gate_config, clients.listen), .section = "clients",
     .name = "listen", .initial = "127.0.0.1:7000",
     .doc = "Where clients connect. 0.0.0.0:7000 or [::]:7000 lets other machines in."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.sessions_start), .section = "clients",
     .name = "sessions_start", .initial = "256", .min = 1, .max = 100000, .unit = "sessions",
     .doc = "Sessions made at start in each worker."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.sessions_max), .section = "clients",
     .name = "sessions_max", .initial = "10000", .min = 1, .max = 1000000, .unit = "sessions",
     .doc = "Clients at once; more wait unaccepted or are closed."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.per_address_max), .section = "clients",
     .name = "per_address_max", .initial = "2000", .min = 1, .max = 1000000, .unit = "sessions",
     .zero = "unlimited", .doc = "Clients at once from one IP address."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.login_timeout_ms), .section = "clients",
     .name = "login_timeout_ms", .initial = "15000", .min = 100, .max = 600000, .unit = "ms",
     .doc = "Time to log in; it starts anew after each try and does not run while the db works."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.idle_timeout_ms), .section = "clients",
     .name = "idle_timeout_ms", .initial = "30000", .min = 300, .max = 3600000, .unit = "ms",
     .doc = "A client that says nothing for so long is closed. It is told to ping three times as "
            "often."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.login_failures_max), .section = "clients",
     .name = "login_failures_max", .initial = "10", .min = 1, .max = 1000, .unit = "tries",
     .doc = "Wrong names or passwords after which a session is closed."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.packets_per_sec), .section = "clients",
     .name = "packets_per_sec", .initial = "25000", .min = 1, .max = 1000000, .unit = "packets",
     .doc = "Of all kinds from one client; the protocol limits single kinds besides. More is a "
            "violation and closes the session."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.packets_burst), .section = "clients",
     .name = "packets_burst", .initial = "50000", .min = 1, .max = 1000000, .unit = "packets",
     .doc = "So many may come at once after a pause."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.send_bytes_max), .section = "clients",
     .name = "send_bytes_max", .initial = "1048576", .min = 4096, .max = 1073741824,
     .unit = "bytes",
     .doc = "What may wait to be sent to one client before it is closed as too slow."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.retry_after_ms), .section = "clients",
     .name = "retry_after_ms", .initial = "1000", .min = 10, .max = 600000, .unit = "ms",
     .doc = "The pause asked of a client that was refused because a server is away or busy."},

    {CONFIG_AT(CONFIG_ADDRESS, struct gate_config, game.address), .section = "game",
     .name = "address", .initial = "127.0.0.1:7100", .doc = "The game server."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, game.send_bytes_max), .section = "game",
     .name = "send_bytes_max", .initial = "67108864", .min = 65536, .max = 1073741824,
     .unit = "bytes",
     .doc = "What may wait to be sent on one link before it is closed as too slow."},

    {CONFIG_AT(CONFIG_ADDRESS, struct gate_config, db.address), .section = "db", .name = "address",
     .initial = "127.0.0.1:7200", .doc = "The db server, where it listens for gates."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, db.send_bytes_max), .section = "db",
     .name = "send_bytes_max", .initial = "16777216", .min = 65536, .max = 1073741824,
     .unit = "bytes",
     .doc = "What may wait to be sent on one link before it is closed as too slow."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, db.timeout_ms), .section = "db",
     .name = "timeout_ms", .initial = "10000", .min = 100, .max = 600000, .unit = "ms",
     .doc = "How long a register or login waits for the db. The db hashes passwords one after "
            "another, so a crowd at its door takes a while."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, db.requests_max), .section = "db",
     .name = "requests_max", .initial = "4096", .min = 1, .max = 1000000, .unit = "requests",
     .doc = "Registers and logins of one worker that wait for the db; one more hears busy."},
};

const uint32_t gate_config_key_count = sizeof(gate_config_keys) / sizeof(gate_config_keys[0]);
