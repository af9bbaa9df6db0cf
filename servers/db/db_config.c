/* The keys of db.ini that only the db has. */
#include "db_server.h"

const struct config_key db_config_keys[] = {
    {CONFIG_AT(CONFIG_ADDRESS, struct db_config, gates), .section = "listen", .name = "gates",
     .initial = "127.0.0.1:7200", .doc = "Where gates connect. Keep it on a private network."},
    {CONFIG_AT(CONFIG_ADDRESS, struct db_config, games), .section = "listen", .name = "games",
     .initial = "127.0.0.1:7201",
     .doc = "Where games connect; not where gates do, because they may ask other things."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, links_max), .section = "listen",
     .name = "links_max", .initial = "1024", .min = 1, .max = 65536, .unit = "links",
     .doc = "Links of gates, and likewise of games, at once; each worker of a gate has its own."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, send_bytes_max), .section = "listen",
     .name = "send_bytes_max", .initial = "16777216", .min = 65536, .max = 1073741824,
     .unit = "bytes",
     .doc = "What may wait to be sent on one link before it is closed as too slow."},

    {CONFIG_AT(CONFIG_PATH, struct db_config, database_path), .section = "database", .name = "path",
     .initial = "portcullis.db", .min = 1,
     .doc = "The SQLite database; made if it is not there, brought up to date at start."},
    {CONFIG_AT(CONFIG_WORD, struct db_config, synchronous), .section = "database",
     .name = "synchronous", .initial = "full", .words = store_synchronous_names,
     .doc = "full: an acknowledged write survives a power failure. normal: it survives a crash of "
            "the process, but a power failure may take the last ones."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, busy_timeout_ms), .section = "database",
     .name = "busy_timeout_ms", .initial = "5000", .min = 0, .max = 60000, .unit = "ms",
     .doc = "How long to wait while another program holds the database."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, lane_count), .section = "database", .name = "lanes",
     .initial = "2", .min = 1, .max = 64, .unit = "threads",
     .doc = "Database threads, each with its own connection. What is asked about one account name, "
            "and likewise about the character of one account, goes through the same one, in "
            "order."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, lane_queue_max), .section = "database",
     .name = "lane_queue", .initial = "4096", .min = 1, .max = 1000000, .unit = "jobs",
     .doc = "Requests that may wait for one lane; more are answered with BUSY."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, group_max), .section = "database",
     .name = "group_max", .initial = "256", .min = 1, .max = 65536, .unit = "jobs",
     .doc = "Requests that share one commit at most."},

    {CONFIG_AT(CONFIG_NUMBER, struct db_config, hash_threads), .section = "password",
     .name = "threads", .initial = "auto", .min = 1, .max = 64, .unit = "threads", .zero = "auto",
     .doc = "Threads that hash and verify passwords. auto: one per processor."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, hash_queue_max), .section = "password",
     .name = "queue", .initial = "256", .min = 1, .max = 1000000, .unit = "jobs",
     .doc = "Passwords that may wait for a thread; more logins are answered with BUSY."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, password_cost.opslimit), .section = "password",
     .name = "opslimit", .initial = "2", .min = 1, .max = 64, .unit = "passes",
     .doc = "Argon2id's time cost for new hashes. Older hashes are renewed at login; until then a "
            "wrong password for them is answered in their own time, by which they can be told "
            "from names that do not exist."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, password_cost.memory_kib), .section = "password",
     .name = "memory_kib", .initial = "19456", .min = 8, .max = 4194304, .unit = "KiB",
     .doc = "Argon2id's memory for one hash. Lower it in tests only."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, account_failures_max), .section = "password",
     .name = "failures_max", .initial = "10", .min = 1, .max = 1000000, .unit = "tries",
     .zero = "unlimited",
     .doc = "Wrong passwords for one account name, known or not, after which logins to it are "
            "answered with BUSY, unread; also tries at one time. Some ten thousand names are "
            "remembered."},
    {CONFIG_AT(CONFIG_NUMBER, struct db_config, account_pause_ms), .section = "password",
     .name = "failure_pause_ms", .initial = "6000", .min = 1, .max = 3600000, .unit = "ms",
     .doc = "After each such pause one wrong password is forgotten."},

    {CONFIG_AT(CONFIG_NUMBER, struct db_config, requests_max), .section = "limits",
     .name = "requests", .initial = "4096", .min = 1, .max = 1000000, .unit = "requests",
     .doc = "Requests that one worker may have under way; more are answered with BUSY."},
};

const uint32_t db_config_key_count = sizeof(db_config_keys) / sizeof(db_config_keys[0]);
