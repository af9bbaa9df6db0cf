/* What the mains of all servers share: options, configuration, log, runtime, signals, shutdown.
 *
 * Happy path: server_main reads options and ini file, loads the key, creates the runtime, calls
 * program->set_up (types, listeners, connectors), starts, waits for SIGINT or SIGTERM, calls
 * program->stop (background work ends), stops the runtime, calls program->tear_down, logs the
 * final counters and returns 0.
 * Failure modes: exit status 2 for a bad option or configuration (all errors listed), 1 when
 * starting failed (busy port, no key file, ... said in the log) a session was not given back, or
 * data was lost.
 *
 * Options: --config FILE, --set section.key=value (repeatable), --print-config, --make-key FILE,
 * --stop-on-stdin-close, --help.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"
#include "common/link.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "pc/runtime.h"
#include "pc/worker.h"

#define SERVER_TYPES_MAX   8u
#define SERVER_WORKERS_MAX 64u

#define SERVER_CONGESTION_SIZE 16u /* as Linux' TCP_CA_NAME_MAX */

/* Keys that every server has: [server], [log] and, if program->has_links, [link]. */
struct server_config {
    uint32_t workers; /* 0: auto */
    uint32_t busy_poll_us;
    uint32_t engine; /* enum pc_engine */
    uint32_t receive_buffer_count;
    uint32_t receive_buffer_size;
    uint32_t drain_ms;
    uint32_t listen_retry_ms;
    uint32_t send_memory_mib;
    uint32_t log_level;
    uint32_t log_format;
    uint32_t log_warnings_per_sec;
    char congestion[SERVER_CONGESTION_SIZE]; /* see server_config_congestion */
    char node[COMMON_NODE_NAME_MAX + 1];
    char key_file[CONFIG_PATH_SIZE];
    struct {
        uint32_t handshake_timeout_ms;
        uint32_t heartbeat_ms;
        uint32_t idle_timeout_ms; /* a link that says nothing for so long is closed */
        uint32_t retry_min_ms;    /* pauses between attempts to connect */
        uint32_t retry_max_ms;
        uint32_t soft_timeout_ms;
    } link;
};

struct server;

/* What makes one server different from the others. Constant. */
struct server_program {
    const char *name; /* "db" */
    const char *doc;  /* one line for --help */
    enum common_role role;
    const struct config_key *keys; /* the server's own, filled into config */
    uint32_t key_count;
    void *config;
    const char *node;       /* default node name, e.g. "db-1" */
    bool has_links;         /* needs node name, key file and [link] */
    uint32_t workers_fixed; /* not 0: it always has so many; [server] workers is not offered */

    /* Register types, listen, connect, open files. False: said in the log; exit status 1. */
    bool (*set_up)(struct server *server);
    enum pc_status (*on_worker_start)(struct pc_worker *worker); /* or NULL */
    void (*on_worker_stop)(struct pc_worker *worker);            /* or NULL */
    /* The runtime runs: end background threads, which may still post; say goodbye. Or NULL. */
    void (*stop)(struct server *server);
    /* The runtime has stopped (or set_up failed): free everything. Or NULL. */
    void (*tear_down)(struct server *server);
};

/* What every server process has. It is the FIRST member of struct gate, game, db_server, and
 * pc_runtime_user gives it back. */
struct server {
    const struct server_program *program;
    struct server_config config;
    struct log log;
    struct log_limit log_limits[SERVER_WORKERS_MAX];
    struct link_identity identity; /* filled if program->has_links */
    struct pc_runtime *runtime;
    struct pc_session_type types[SERVER_TYPES_MAX]; /* for the counters at the end */
    uint32_t type_count;
    bool has_lost_data; /* set by the program when it stops: exit status 1 */
};

static inline struct server *server_of_worker(const struct pc_worker *worker)
{
    return pc_runtime_user(pc_worker_runtime(worker));
}

static inline struct server *server_of(const struct pc_session *session)
{
    return server_of_worker(pc_session_worker(session));
}

/* Run the whole life of the process; returns its exit status. server is zeroed by the caller. */
int server_main(int argc, char **argv, struct server *server, const struct server_program *program);

/* pc_runtime_add_type, and remember it for the counters. Returns the number or PC_TYPE_NONE. */
uint32_t server_add_type(struct server *server, const struct pc_session_type *type);

/* pc_runtime_listen, pc_runtime_connect; a failure is said in the log and returns false. */
bool server_listen(struct server *server, const struct pc_listener_config *config);
bool server_connect(struct server *server, const struct pc_connector_config *config);

/* May a line that a peer can cause be written now ([log] warnings_per_sec)? If not it is counted.
 * Thread: the worker's. */
bool server_admits_warning(struct server *server, uint32_t worker);

/* As log_write, for a line that a peer can cause by itself. about: whom, as log_write's session.
 * Thread: the worker's. */
void server_log_peer(struct pc_worker *worker, enum log_level level, pc_handle about,
                     const char *event, const struct log_field *fields);

/* Fill a zeroed policy, for links that are accepted; is_initiator and the callbacks are left. */
void server_link_policy_init(struct server *server, struct link_policy *policy,
                             enum common_role peer_role, const struct link_payload *payload);
