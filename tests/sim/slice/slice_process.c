/* See slice_process.h. */
#include "slice_process.h"

#include <stdlib.h>
#include <string.h>

#include "common/server_config.h"
#include "pc/check.h"
#include "slice_store.h"
#include "slice_threads.h"

#define ARGUMENTS_MAX  64
#define STOP_POLL_MS   5u
#define DRAIN_MS       300u
#define HOST_FIRST     1u
#define PATH_ARGUMENT  256u
#define WORKERS_FORMAT "server.workers=%u"

static const struct slice_recipe *process__recipe(enum slice_role role)
{
    static const struct slice_recipe *const recipes[SLICE_ROLES] = {
        [SLICE_DB] = &slice_db_recipe,
        [SLICE_GAME] = &slice_game_recipe,
        [SLICE_GATE] = &slice_gate_recipe,
    };
    return recipes[role];
}

/* What killed processes had in memory: nobody frees it, and it is not lost either. */
static struct server **graves;
static uint32_t grave_count;

static void process__observe(void *user, const struct pc_event *event)
{
    const struct server *server = user;
    log_runtime_event(&server->log, event);
}

/* The servers' own way from defaults and --set to a configuration. */
static void process__configure(struct slice_process *process, const char *database_path,
                               uint32_t worker_count)
{
    const struct slice_recipe *recipe = process__recipe(process->role);
    struct server_options options = {.action = SERVER_RUN};
    char *arguments[ARGUMENTS_MAX] = {(char *)(uintptr_t)recipe->program.name};
    char workers[sizeof WORKERS_FORMAT + 10];
    char path[PATH_ARGUMENT];
    int count = 1;
    for (const char *const *setting = recipe->settings; *setting != NULL; setting++) {
        arguments[count++] = (char *)(uintptr_t) "--set";
        arguments[count++] = (char *)(uintptr_t)*setting;
    }
    if (recipe->program.workers_fixed == 0) {
        (void)snprintf(workers, sizeof workers, WORKERS_FORMAT, worker_count);
        arguments[count++] = (char *)(uintptr_t) "--set";
        arguments[count++] = workers;
    }
    if (process->role == SLICE_DB) {
        (void)snprintf(path, sizeof path, "database.path=%s", database_path);
        arguments[count++] = (char *)(uintptr_t) "--set";
        arguments[count++] = path;
    }
    PC_ASSERT(count < ARGUMENTS_MAX);
    bool is_good = server_config_load(process->server, &options, count, arguments);
    PC_ASSERT(is_good);
}

static void process__create_runtime(struct slice_process *process)
{
    struct server *server = process->server;
    const struct server_config *config = &server->config;
    uint32_t fixed = process->program.workers_fixed;
    const struct pc_runtime_config runtime = {
        .engine = PC_ENGINE_SIM,
        .simulation = process->world,
        .jitter_seed = 1 + sim_choose(process->world, 1u << 16),
        .worker_count = fixed != 0 ? fixed : config->workers,
        .receive_buffer_count = config->receive_buffer_count,
        .receive_buffer_size = config->receive_buffer_size,
        .observe = process__observe,
        .user = server,
        .on_worker_start = process->program.on_worker_start,
        .on_worker_stop = process->program.on_worker_stop,
    };
    sim_world_set_host(process->world, (uint16_t)(HOST_FIRST + process->role));
    enum pc_status status = pc_runtime_create(&runtime, &server->runtime);
    PC_ASSERT(status == PC_OK);
}

void slice_process_start(struct slice_process *process, const char *database_path,
                         uint32_t worker_count, FILE *log)
{
    const struct slice_recipe *recipe = process__recipe(process->role);
    PC_ASSERT(process->phase == SLICE_ABSENT);
    sim_note(process->world, "process %u: start, %u workers", process->role, worker_count, 0);
    slice_threads_set_owner(process->role);
    struct server *server = calloc(1, recipe->memory_size);
    PC_ASSERT(server != NULL);
    process->server = server;
    process->program = recipe->program;
    process->program.config = (uint8_t *)server + recipe->config_offset;
    process->program.key_count = *recipe->key_count;
    server->program = &process->program;
    process__configure(process, database_path, worker_count);
    if (process->role == SLICE_GAME) {
        slice_book_forget_unsaved();
    }
    log_init(&server->log, log, recipe->program.name,
             log == NULL ? (enum log_level)(LOG_ERROR + 1) : LOG_DEBUG, LOG_TEXT);
    server->identity.role = recipe->program.role;
    memcpy(server->identity.node, server->config.node, sizeof server->identity.node);
    memset(&server->identity.key, 'k', sizeof server->identity.key);
    process__create_runtime(process);
    bool is_up = recipe->program.set_up(server);
    PC_ASSERT(is_up);
    enum pc_status status = pc_runtime_start(server->runtime);
    PC_ASSERT(status == PC_OK);
    process->phase = SLICE_RUNNING;
}

/* What server_main does after a stop signal; on a thread, because the servers wait in it. */
static void process__run_stop(void *argument)
{
    struct slice_process *process = argument;
    struct server *server = process->server;
    if (process->program.stop != NULL) {
        process->program.stop(server);
    }
    runtime_begin_stop(server->runtime, DRAIN_MS);
    while (!runtime_is_stopped(server->runtime)) {
        pc_os_sleep_ms(STOP_POLL_MS);
    }
    process->phase = SLICE_ENDING;
    bool is_whole = runtime_end_stop(server->runtime);
    PC_ASSERT(is_whole);
    if (process->program.tear_down != NULL) {
        process->program.tear_down(server);
    }
    pc_runtime_destroy(server->runtime);
    free(server);
    process->server = NULL;
    process->phase = SLICE_ABSENT;
}

void slice_process_stop(struct slice_process *process)
{
    PC_ASSERT(process->phase == SLICE_RUNNING);
    sim_note(process->world, "process %u: stop", process->role, 0, 0);
    slice_threads_set_owner(process->role);
    process->phase = SLICE_STOPPING;
    process->main_thread = pc_thread_start("main", process__run_stop, process);
    process->has_thread = true;
}

void slice_process_reap(struct slice_process *process)
{
    if (process->phase == SLICE_ABSENT && process->has_thread) {
        pc_thread_join(process->main_thread);
        process->has_thread = false;
    }
}

void slice_process_kill(struct slice_process *process)
{
    PC_ASSERT(slice_process_turns(process));
    sim_note(process->world, "process %u: killed", process->role, 0, 0);
    slice_threads_kill(process->role);
    process->has_thread = false;
    slice_stores_close(process->role);
    struct pc_runtime *runtime = process->server->runtime;
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        sim_port_crash(runtime->workers[i]->port);
    }
    graves = realloc(graves, (grave_count + 1) * sizeof graves[0]);
    PC_ASSERT(graves != NULL);
    graves[grave_count++] = process->server;
    process->server = NULL;
    process->phase = SLICE_ABSENT;
}

bool slice_process_turns(const struct slice_process *process)
{
    return process->phase == SLICE_RUNNING || process->phase == SLICE_STOPPING;
}
