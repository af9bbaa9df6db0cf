/* The configuration keys that every server has, and the loading of all of a server's keys.
 *
 * Happy path: defaults, then the file, then each --set in order, then what single keys cannot say.
 * Failure modes: see config.h; all errors are printed.
 * Path: outside the byte path, at start only. */
#include <string.h>

#include "common/server_config.h"
#include "pc/check.h"

#define SERVER_KEYS_MAX 16u

#define CONGESTION_SYSTEM "system" /* the word for no choice */

/* In the order of enum pc_engine. */
static const char *const server_config__engines[] = {"auto", "iocp", "uring", "epoll", NULL};

/* workers stands first: a program with a fixed number is not offered it. */
static const struct config_key server_config__keys[] = {
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, workers), .section = "server",
     .name = "workers", .initial = "auto", .min = 1, .max = 64, .unit = "threads", .zero = "auto",
     .doc = "Worker threads. auto: one per processor on Linux, two per processor on Windows."},
    {CONFIG_AT(CONFIG_WORD, struct server_config, engine), .section = "server", .name = "engine",
     .initial = "auto", .words = server_config__engines,
     .doc = "Completion port engine. auto: iocp on Windows, uring on Linux, and epoll where "
            "the system withholds io_uring."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, receive_buffer_count), .section = "server",
     .name = "receive_buffers", .initial = "256", .min = 8, .max = 32768, .unit = "buffers",
     .is_power_of_two = true, .doc = "Receive buffers of each worker."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, receive_buffer_size), .section = "server",
     .name = "receive_buffer_size", .initial = "16384", .min = 512, .max = 65536, .unit = "bytes",
     .doc = "Size of one receive buffer."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, busy_poll_us), .section = "server",
     .name = "busy_poll_us", .initial = "0", .min = 0, .max = 1000000, .unit = "us",
     .doc = "Time that an idle worker looks for events before it sleeps; it keeps a processor busy "
            "for it."},
    {CONFIG_AT(CONFIG_TEXT, struct server_config, congestion), .section = "server",
     .name = "congestion", .initial = CONGESTION_SYSTEM, .min = 1,
     .doc = "Congestion control of all TCP connections, by its name on Linux, such as reno, cubic "
            "or bbr. system: the system's default."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, drain_ms), .section = "server",
     .name = "drain_ms", .initial = "5000", .min = 0, .max = 600000, .unit = "ms",
     .doc = "At shutdown: time for the sessions to send what is queued before they are cut."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, listen_retry_ms), .section = "server",
     .name = "listen_retry_ms", .initial = "200", .min = 0, .max = 60000, .unit = "ms",
     .doc = "At start: how long to try again while an address is in use. A killed server's is its "
            "own again after some 20 ms."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, send_memory_mib), .section = "server",
     .name = "send_memory_mib", .initial = "256", .min = 1, .max = 65536, .unit = "MiB",
     .doc = "What all sessions of a worker may have waiting to be sent, and incomplete frames. At "
            "80 % nobody new is accepted, at 95 % the session that holds most of it is closed."},
    {CONFIG_AT(CONFIG_WORD, struct server_config, log_level), .section = "log", .name = "level",
     .initial = "info", .words = log_level_names, .doc = "Least level that is written."},
    {CONFIG_AT(CONFIG_WORD, struct server_config, log_format), .section = "log", .name = "format",
     .initial = "text", .words = log_format_names,
     .doc = "text: one readable line per event. json: one JSON object per line."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, log_warnings_per_sec), .section = "log",
     .name = "warnings_per_sec", .initial = "100", .min = 1, .max = 1000000, .unit = "lines",
     .zero = "unlimited",
     .doc = "Lines that peers can cause by misbehaving, such as refused frames, in one second and "
            "worker; the others are counted and told by one line."},
};

/* Of servers with links to others. The node name's default is the program's. */
static const struct config_key server_config__link_keys[] = {
    {CONFIG_AT(CONFIG_TEXT, struct server_config, node), .section = "link", .name = "node",
     .initial = "", .min = 1,
     .doc = "This server's own name, shown to the other servers and in their logs."},
    {CONFIG_AT(CONFIG_PATH, struct server_config, key_file), .section = "link", .name = "key_file",
     .initial = "portcullis.key", .min = 1,
     .doc = "File with the key that all servers share; make it with --make-key FILE. Nobody but "
            "its owner may be able to read it."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, link.handshake_timeout_ms), .section = "link",
     .name = "handshake_timeout_ms", .initial = "3000", .min = 100, .max = 60000, .unit = "ms",
     .doc = "Time for a new link to prove itself."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, link.heartbeat_ms), .section = "link",
     .name = "heartbeat_ms", .initial = "1000", .min = 50, .max = 60000, .unit = "ms",
     .ceiling = "idle_timeout_ms", .ceiling_parts = 2,
     .doc = "Pause between two pings of the side that has connected."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, link.idle_timeout_ms), .section = "link",
     .name = "idle_timeout_ms", .initial = "3000", .min = 150, .max = 600000, .unit = "ms",
     .doc = "A link on which nothing arrives for so long is closed; about three heartbeats."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, link.retry_min_ms), .section = "link",
     .name = "retry_min_ms", .initial = "100", .min = 10, .max = 60000, .unit = "ms",
     .ceiling = "retry_max_ms",
     .doc = "First pause before a broken link is connected again; it doubles each time."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, link.retry_max_ms), .section = "link",
     .name = "retry_max_ms", .initial = "3000", .min = 10, .max = 600000, .unit = "ms",
     .doc = "Longest pause between two attempts to connect."},
    {CONFIG_AT(CONFIG_NUMBER, struct server_config, link.soft_timeout_ms), .section = "link",
     .name = "soft_timeout_ms", .initial = "10000", .min = 100, .max = 600000, .unit = "ms",
     .doc = "A link whose send queue is above its soft mark for so long is closed as too slow."},
};

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

_Static_assert(COUNT_OF(server_config__link_keys) <= SERVER_KEYS_MAX, "room for the copy");

/* The link keys with the program's own node name; the copy must outlive the config. */
struct server_config_link_keys {
    struct config_key keys[SERVER_KEYS_MAX];
};

static void server_config__init(struct server *server, struct config *config,
                                struct server_config_link_keys *link)
{
    const struct server_program *program = server->program;
    struct config_table tables[CONFIG_TABLES_MAX];
    uint32_t table_count = 0;
    PC_ASSERT(!program->has_links || program->node != NULL);
    if (program->key_count > 0) {
        tables[table_count++] =
            (struct config_table){program->keys, program->key_count, program->config};
    }
    uint32_t skip_count = program->workers_fixed > 0 ? 1 : 0;
    server->config.workers = program->workers_fixed;
    tables[table_count++] =
        (struct config_table){server_config__keys + skip_count,
                              COUNT_OF(server_config__keys) - skip_count, &server->config};
    if (program->has_links) {
        memcpy(link->keys, server_config__link_keys, sizeof(server_config__link_keys));
        link->keys[0].initial = program->node;
        tables[table_count++] =
            (struct config_table){link->keys, COUNT_OF(server_config__link_keys), &server->config};
    }
    config_init(config, tables, table_count);
}

/* The printed keys are the same on every system; not every engine is. */
static void server_config__check_engine(const struct server *server, struct config *config)
{
    char problem[CONFIG_PATH_SIZE];
    const char *const *names = server_config__engines;
    if (pc_engine_is_built((enum pc_engine)server->config.engine)) {
        return;
    }
    int size =
        snprintf(problem, sizeof(problem),
                 "\"%s\" is an engine of other systems; allowed:", names[server->config.engine]);
    const char *comma = "";
    for (uint32_t i = 0; names[i] != NULL; i++) {
        if (pc_engine_is_built((enum pc_engine)i)) {
            size +=
                snprintf(problem + size, sizeof(problem) - (size_t)size, "%s %s", comma, names[i]);
            comma = ",";
        }
    }
    config_refuse(config, "server", "engine", problem);
}

const char *server_config_congestion(const struct server_config *config)
{
    return strcmp(config->congestion, CONGESTION_SYSTEM) == 0 ? NULL : config->congestion;
}

/* What a name is good for shows only on the system that the server runs on. */
static void server_config__check_congestion(const struct server *server, struct config *config)
{
    char names[CONFIG_PATH_SIZE];
    char problem[CONFIG_ERROR_SIZE / 2];
    const char *name = server_config_congestion(&server->config);
    enum pc_status status = name == NULL ? PC_OK : pc_congestion_check(name);
    if (status != PC_UNSUPPORTED && status != PC_DENIED) {
        return;
    }
    pc_congestion_names(names, sizeof(names));
    (void)snprintf(problem, sizeof(problem), "\"%s\" %s; allowed: %s%s%s", name,
                   status == PC_DENIED ? "is the administrator's only"
                                       : "is no congestion control of this system",
                   CONGESTION_SYSTEM, names[0] == '\0' ? "" : ", ", names);
    config_refuse(config, "server", "congestion", problem);
}

bool server_config_load(struct server *server, const struct server_options *options, int argc,
                        char **argv)
{
    struct config config;
    struct server_config_link_keys link;
    server_config__init(server, &config, &link);
    if (options->config_file != NULL) {
        (void)config_load_file(&config, options->config_file);
    }
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--set") == 0) {
            i++;
            (void)config_override(&config, argv[i]);
        }
    }
    (void)config_check(&config);
    server_config__check_engine(server, &config);
    server_config__check_congestion(server, &config);
    config_print_errors(&config, stderr);
    return config.error_count == 0;
}

void server_config_print(struct server *server, FILE *out)
{
    struct config config;
    struct server_config_link_keys link;
    server_config__init(server, &config, &link);
    fprintf(out,
            "# Configuration of the %s server, as printed by --print-config. Every key is at "
            "its default;\n# to change one, remove the semicolon before it.\n",
            server->program->name);
    config_print(&config, out);
}
