/* The life of a server process.
 *
 * Happy path and failure modes: see server_main.h. server_main is the table of contents; each step
 * below it undoes itself when a later one fails.
 * Path: outside the byte path; it starts and stops what carries it. */
#include "common/server_main.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/log_queue.h"
#include "common/server_config.h"
#include "common/server_options.h"
#include "common/server_report.h"
#include "common/server_stdin.h"
#include "pc/check.h"
#include "pc/os.h"

#define EXIT_BAD_CONFIG        2
/* Listeners, the workers' rings, the database's files; roughly, as the sessions are many more. */
#define SERVER_OWN_DESCRIPTORS 256u

#define LOG_BYTES_MAX (1u << 20) /* some thousand lines */
#define LOG_END_MS    2000u

/* Would a peer fill the log with it? */
static bool server__is_peers_doing(const struct pc_event *event)
{
    return event->kind == PC_EVENT_REFUSED || event->kind == PC_EVENT_ADDRESS_LIMIT ||
           event->kind == PC_EVENT_ACCEPT_FAILED ||
           (event->kind == PC_EVENT_CLOSED &&
            (event->reason == PC_CLOSE_SLOW_CONSUMER ||
             pc_close_reason_class(event->reason) == PC_CLASS_PROTOCOL));
}

bool server_admits_warning(struct server *server, uint32_t worker)
{
    return log_limit_admit(&server->log_limits[worker], &server->log, pc_os_monotonic_ms(),
                           server->config.log_warnings_per_sec);
}

void server_log_peer(struct pc_worker *worker, enum log_level level, pc_handle about,
                     const char *event, const struct log_field *fields)
{
    struct server *server = server_of_worker(worker);
    if (server_admits_warning(server, pc_worker_index(worker))) {
        log_write(&server->log, level, about, event, fields);
    }
}

static void server__observe(void *user, const struct pc_event *event)
{
    struct server *server = user;
    if (server__is_peers_doing(event) && !server_admits_warning(server, event->worker)) {
        return;
    }
    log_runtime_event(&server->log, event);
}

static void server__log_failure(const struct server *server, const char *event,
                                enum pc_status status)
{
    log_write(&server->log, LOG_ERROR, PC_HANDLE_NONE, event,
              LOG_FIELDS(log_text("status", pc_status_name(status))));
}

static int server__make_key(const char *path)
{
    enum node_key_result result = node_key_make(path);
    if (result != NODE_KEY_OK) {
        fprintf(stderr, "%s: %s\n", path, node_key_result_text(result));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static bool server__load_identity(struct server *server)
{
    struct link_identity *identity = &server->identity;
    identity->role = server->program->role;
    if (!server->program->has_links) {
        return true;
    }
    memcpy(identity->node, server->config.node, sizeof(identity->node));
    enum node_key_result result = node_key_load(server->config.key_file, &identity->key);
    if (result != NODE_KEY_OK) {
        log_write(&server->log, LOG_ERROR, PC_HANDLE_NONE, "key_refused",
                  LOG_FIELDS(log_text("path", server->config.key_file),
                             log_text("why", node_key_result_text(result))));
    }
    return result == NODE_KEY_OK;
}

static bool server__create_runtime(struct server *server)
{
    const struct server_config *config = &server->config;
    struct pc_runtime_config runtime = {
        .engine = (enum pc_engine)config->engine,
        .worker_count = config->workers,
        .busy_poll_us = config->busy_poll_us,
        .congestion = server_config_congestion(config),
        .send_bytes_max = (uint64_t)config->send_memory_mib << 20,
        .receive_buffer_count = config->receive_buffer_count,
        .receive_buffer_size = config->receive_buffer_size,
        .observe = server__observe,
        .user = server,
        .on_worker_start = server->program->on_worker_start,
        .on_worker_stop = server->program->on_worker_stop,
    };
    enum pc_status status = pc_runtime_create(&runtime, &server->runtime);
    if (status != PC_OK) {
        server->runtime = NULL;
        server__log_failure(server, "runtime_failed", status);
    }
    return status == PC_OK;
}

static void server__log_started(const struct server *server)
{
    log_write(
        &server->log, LOG_INFO, PC_HANDLE_NONE, "started",
        LOG_FIELDS(log_text("engine", pc_runtime_engine_name(server->runtime)),
                   log_number("workers", pc_runtime_worker_count(server->runtime)),
                   log_text("node", server->program->has_links ? server->identity.node : "")));
}

/* Can every session that the configuration allows have a descriptor? */
static void server__check_descriptors(const struct server *server, uint32_t allowed)
{
    uint64_t needed = SERVER_OWN_DESCRIPTORS;
    for (uint32_t i = 0; i < server->type_count; i++) {
        needed += server->types[i].sessions_max;
    }
    if (allowed < needed) {
        log_write(&server->log, LOG_WARNING, PC_HANDLE_NONE, "descriptors_low",
                  LOG_FIELDS(log_number("allowed", allowed), log_number("needed", needed)));
    }
}

/* From the started runtime to the stopped one. */
static bool server__serve(struct server *server)
{
    enum pc_status status = pc_runtime_start(server->runtime);
    if (status != PC_OK) {
        server__log_failure(server, "start_failed", status);
        return false;
    }
    server__log_started(server);
    pc_runtime_serve(server->runtime);
    log_write(&server->log, LOG_INFO, PC_HANDLE_NONE, "stopping", NULL);
    if (server->program->stop != NULL) {
        server->program->stop(server);
    }
    bool is_whole = pc_runtime_stop(server->runtime, server->config.drain_ms);
    for (uint32_t i = 0; i < SERVER_WORKERS_MAX; i++) {
        log_limit_flush(&server->log_limits[i], &server->log);
    }
    server_report_counters(server);
    log_write(&server->log, is_whole ? LOG_INFO : LOG_ERROR, PC_HANDLE_NONE, "stopped",
              LOG_FIELDS(log_bool("pools_whole", is_whole)));
    return is_whole;
}

static int server__run(struct server *server, const struct server_options *options)
{
    const struct server_program *program = server->program;
    bool is_good = false;
    uint32_t descriptors_max = pc_os_descriptors_raise();
    pc_os_stop_signal_install();
    if (options->stops_on_stdin_close && !server_stop_on_stdin_close()) {
        server__log_failure(server, "stdin_failed", PC_NO_MEMORY);
        return EXIT_FAILURE;
    }
    if (!server__load_identity(server) || !server__create_runtime(server)) {
        return EXIT_FAILURE;
    }
    if (program->set_up(server)) {
        server__check_descriptors(server, descriptors_max);
        is_good = server__serve(server);
    }
    if (program->tear_down != NULL) {
        program->tear_down(server);
    }
    pc_runtime_destroy(server->runtime);
    node_key_forget(&server->identity.key);
    return is_good && !server->has_lost_data ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* From here on no thread waits for whoever reads the log. */
static int server__run_with_log(struct server *server, const struct server_options *options)
{
    struct log *log = &server->log;
    log_init(log, stderr, server->program->name, (enum log_level)server->config.log_level,
             (enum log_format)server->config.log_format);
    log->queue = log_queue_start(log, LOG_BYTES_MAX);
    if (log->queue == NULL) {
        server__log_failure(server, "log_failed", PC_NO_MEMORY);
        return EXIT_FAILURE;
    }
    int status = server__run(server, options);
    struct log_queue *queue = log->queue;
    log->queue = NULL;
    if (!log_queue_stop(queue, LOG_END_MS)) {
        _Exit(status); /* an ordinary exit would wait for the stream, which the thread holds */
    }
    return status;
}

int server_main(int argc, char **argv, struct server *server, const struct server_program *program)
{
    argv = pc_os_arguments(&argc, argv);
    struct server_options options = server_options_parse(argc, argv, program);
    server->program = program;
    if (sodium_init() < 0) {
        fprintf(stderr, "%s: libsodium cannot be initialised\n", program->name);
        return EXIT_FAILURE;
    }
    switch (options.action) {
    case SERVER_BAD_OPTION:
        return EXIT_BAD_CONFIG;
    case SERVER_HELP:
        server_options_print_help(program, stdout);
        return EXIT_SUCCESS;
    case SERVER_PRINT_CONFIG:
        server_config_print(server, stdout);
        return EXIT_SUCCESS;
    case SERVER_MAKE_KEY:
        return server__make_key(options.key_file);
    case SERVER_RUN:
        break;
    }
    if (!server_config_load(server, &options, argc, argv)) {
        return EXIT_BAD_CONFIG;
    }
    return server__run_with_log(server, &options);
}

uint32_t server_add_type(struct server *server, const struct pc_session_type *type)
{
    PC_ASSERT(server->type_count < SERVER_TYPES_MAX);
    uint32_t number = pc_runtime_add_type(server->runtime, type);
    if (number == PC_TYPE_NONE) {
        server__log_failure(server, "type_failed", PC_NO_MEMORY);
        return number;
    }
    PC_ASSERT(number == server->type_count);
    server->types[server->type_count] = *type;
    server->type_count++;
    return number;
}

bool server_listen(struct server *server, const struct pc_listener_config *config)
{
    struct pc_listener_config listener = *config;
    listener.listen_retry_ms = server->config.listen_retry_ms;
    /* The observer has logged a failure, with the address. */
    return pc_runtime_listen(server->runtime, &listener, NULL) == PC_OK;
}

bool server_connect(struct server *server, const struct pc_connector_config *config)
{
    enum pc_status status = pc_runtime_connect(server->runtime, config);
    if (status != PC_OK) {
        server__log_failure(server, "connector_failed", status);
    }
    return status == PC_OK;
}

void server_link_policy_init(struct server *server, struct link_policy *policy,
                             enum common_role peer_role, const struct link_payload *payload)
{
    policy->peer_role = peer_role;
    policy->payload = *payload;
    policy->self = &server->identity;
    policy->log = &server->log;
    policy->handshake_timeout_ms = server->config.link.handshake_timeout_ms;
    policy->heartbeat_ms = server->config.link.heartbeat_ms;
}
