/* The keys of gate.ini that only the gate has. */
#include "common/config.h"
#include "gate.h"

/* The protocol takes two logins and two enter_world in a second; who obeys must not break that. */
#define RETRY_AFTER_MIN_MS 500

/* In the order of enum pc_rate_over. */
static const char *const gate_config__over[] = {"kick", "drop", "delay", NULL};

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
     .doc = "Of all kinds from one client; the protocol limits single kinds besides."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.packets_burst), .section = "clients",
     .name = "packets_burst", .initial = "50000", .min = 1, .max = 1000000, .unit = "packets",
     .doc = "So many may come at once after a pause."},
    {CONFIG_AT(CONFIG_WORD, struct gate_config, clients.packets_over), .section = "clients",
     .name = "packets_over", .initial = "kick", .words = gate_config__over,
     .doc = "What happens to more. kick: a violation, the session is closed. drop: it is counted "
            "and forgotten. delay: it waits, and nothing is received meanwhile."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.send_bytes_max), .section = "clients",
     .name = "send_bytes_max", .initial = "1048576", .min = 4096, .max = 1073741824,
     .unit = "bytes",
     .doc = "What may wait to be sent to one client before it is closed as too slow."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.send_bytes_soft), .section = "clients",
     .name = "send_bytes_soft", .initial = "half", .min = 2048, .max = 1073741824, .unit = "bytes",
     .zero = "half", .ceiling = "send_bytes_max", .ceiling_parts = 2,
     .doc = "Above it, frames of which only the newest counts replace their older ones. half: of "
            "send_bytes_max."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.soft_timeout_ms), .section = "clients",
     .name = "soft_timeout_ms", .initial = "10000", .min = 100, .max = 600000, .unit = "ms",
     .doc = "A client that is above send_bytes_soft for so long is closed as too slow."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.drain_timeout_ms), .section = "clients",
     .name = "drain_timeout_ms", .initial = "5000", .min = 10, .max = 600000, .unit = "ms",
     .doc = "Time to send what is queued when a session is closed."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.accepts_per_sec), .section = "clients",
     .name = "accepts_per_sec", .initial = "unlimited", .min = 1, .max = 1000000,
     .unit = "connections", .zero = "unlimited",
     .doc = "New connections; more wait in the backlog."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.accepts_posted), .section = "clients",
     .name = "accepts_posted", .initial = "64", .min = 1, .max = 1024, .unit = "accepts",
     .doc = "Accepts kept outstanding; also the burst of accepts_per_sec if that is less."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.backlog), .section = "clients",
     .name = "backlog", .initial = "1024", .min = 1, .max = 65535, .unit = "connections",
     .doc = "Connections that the system keeps while they wait to be accepted."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.prelogin_packets), .section = "clients",
     .name = "prelogin_packets", .initial = "2000", .min = 1, .max = 1000000000, .unit = "packets",
     .zero = "unlimited",
     .doc = "What a client may send before it has logged in; more closes it with reason "
            "packet_budget."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.prelogin_bytes), .section = "clients",
     .name = "prelogin_bytes", .initial = "1048576", .min = 64, .max = 1073741824, .unit = "bytes",
     .zero = "unlimited", .doc = "The same in bytes; the reason is byte_budget."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, clients.retry_after_ms), .section = "clients",
     .name = "retry_after_ms", .initial = "1000", .min = RETRY_AFTER_MIN_MS, .max = 600000,
     .unit = "ms",
     .doc = "The pause asked of a client that was refused because a server is away or busy."},

    {CONFIG_AT(CONFIG_ADDRESS, struct gate_config, game.address), .section = "game",
     .name = "address", .initial = "127.0.0.1:7100", .doc = "The game server."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, game.send_bytes_max), .section = "game",
     .name = "send_bytes_max", .initial = "67108864", .min = 65536, .max = 1073741824,
     .unit = "bytes",
     .doc = "What may wait to be sent on one link before it is closed as too slow."},
    {CONFIG_AT(CONFIG_NUMBER, struct gate_config, game.send_bytes_soft), .section = "game",
     .name = "send_bytes_soft", .initial = "4194304", .min = 16384, .max = 1073741824,
     .unit = "bytes", .zero = "half", .ceiling = "send_bytes_max", .ceiling_parts = 2,
     .doc = "Above it, clients whose packets go to the game are paused until half of it is sent."},

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
