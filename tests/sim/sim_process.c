/* Processes of a simulated run: a runtime with drawn limits, listeners and connectors each. Servers
 * listen at fixed addresses, so that a connector finds them again after a restart. See sim_run.h.
 */
#include <string.h>

#include "pc/check.h"
#include "sim_run.h"
#include "sim_table.h"

#define LISTEN_PORT_FIRST 7000u
#define STOP_SLACK_MS     20000u

/* One of the values, listed from the usual to the rare. */
#define PICK(world, ...)                                                                           \
    (((const uint32_t[]){__VA_ARGS__})[sim_choose(                                                 \
        (world), (uint32_t)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)))])

struct pc_address sim_server_address(uint32_t server, uint32_t listener)
{
    struct pc_address address = {
        .family = PC_FAMILY_IPV4,
        .port = (uint16_t)(LISTEN_PORT_FIRST + listener),
    };
    memcpy(address.ip, (uint8_t[4]){10, 0, 0, (uint8_t)(server + 1)}, 4);
    return address;
}

static void process__add_type(struct sim_process *process, const char *name)
{
    struct sim_world *world = process->run->world;
    struct pc_session_type type = {
        .name = name,
        .accepts = &sim_table,
        .user_size = sizeof(struct sim_user),
        .sessions_start = PICK(world, 0, 1, 8),
        .sessions_max = PICK(world, 64, 64, 8, 4, 2, 1),
        .idle_timeout_ms = PICK(world, 0, 0, 2000, 2000, 300, 50),
        .drain_timeout_ms = PICK(world, 0, 1000, 200, 20),
        .send_bytes_max = PICK(world, 0, 65536, 65536, 20000, 3000, 500),
        .send_bytes_soft = PICK(world, 0, 4000, 200, 50),
        .soft_timeout_ms = PICK(world, 0, 500, 50),
        .on_open = sim_app_on_open,
        .on_relay = sim_app_on_relay,
        .on_send_room = sim_app_on_send_room,
        .on_close = sim_app_on_close,
    };
    type.packets.per_sec = PICK(world, 0, 0, 0, 100);
    type.packets.burst = PICK(world, 20, 5);
    type.packets.over = (enum pc_rate_over)sim_choose(world, 3);
    if (type.packets.per_sec != 0 && type.packets.over == PC_RATE_DROP) {
        process->is_lossy = true;
    }
    PC_ASSERT(pc_runtime_add_type(process->runtime, &type) != PC_TYPE_NONE);
}

static void process__listen(struct sim_process *process, uint32_t index)
{
    struct sim_world *world = process->run->world;
    const struct pc_listener_config config = {
        .type = sim_choose(world, RUN_TYPES),
        .address = sim_server_address(process->index, index),
        .accepts_posted = PICK(world, 4, 1, 2, 8),
        .backlog = PICK(world, 16, 4, 1),
        .sessions_per_address_max = PICK(world, 0, 0, 0, 0, 3, 1),
        .accepts_per_sec_max = PICK(world, 0, 0, 100, 20),
        .tag = index,
    };
    struct pc_address bound;
    enum pc_status status = pc_runtime_listen(process->runtime, &config, &bound);
    PC_ASSERT(status == PC_OK);
    PC_ASSERT(memcmp(bound.ip, config.address.ip, 4) == 0 && bound.port == config.address.port);
}

static void process__connect(struct sim_process *process)
{
    struct sim_world *world = process->run->world;
    const struct pc_connector_config config = {
        .type = sim_choose(world, RUN_TYPES),
        .address = sim_server_address(sim_choose(world, RUN_SERVERS),
                                      sim_choose(world, RUN_LISTENERS_MAX)),
        .connect_timeout_ms = PICK(world, 1000, 200, 50),
        .retry_min_ms = PICK(world, 50, 10, 100, 1),
        .retry_max_ms = PICK(world, 200, 1000, 20),
        .connections = 1 + sim_choose(world, 4),
        .once = sim_choose(world, 8) == 0,
        .tag = 100,
    };
    enum pc_status status = pc_runtime_connect(process->runtime, &config);
    PC_ASSERT(status == PC_OK);
}

static void process__create(struct sim_process *process)
{
    struct sim_world *world = process->run->world;
    static const uint64_t budgets[] = {0,          0,         0,         1u << 20,
                                       256u << 10, 64u << 10, 64u << 10, 64u << 10};
    struct pc_runtime_config config = {
        .engine = PC_ENGINE_SIM,
        .simulation = world,
        .jitter_seed = 1 + sim_choose(world, 1u << 16),
        .worker_count = 1 + sim_choose(world, RUN_WORKERS_MAX),
        .receive_buffer_count = 8,
        .receive_buffer_size = PICK(world, 4096, 512, 1024),
        .send_bytes_max = budgets[sim_choose(world, sizeof budgets / sizeof budgets[0])],
        .observe = sim_app_observe,
        .user = process,
    };
    process->is_lossy = false;
    process->is_roomy = config.send_bytes_max == 0 && !process->run->is_short;
    sim_world_set_host(world, process->host);
    enum pc_status status = pc_runtime_create(&config, &process->runtime);
    PC_ASSERT(status == PC_OK);
}

void sim_process_start(struct sim_process *process)
{
    struct sim_run *run = process->run;
    bool is_server = process->index < RUN_SERVERS;
    PC_ASSERT(process->phase == PROCESS_ABSENT);
    process__create(process);
    process__add_type(process, "first");
    process__add_type(process, "second");
    uint32_t listener_count = is_server ? 1 + sim_choose(run->world, RUN_LISTENERS_MAX) : 0;
    for (uint32_t i = 0; i < listener_count; i++) {
        process__listen(process, i);
    }
    uint32_t connector_count =
        is_server ? sim_choose(run->world, 2) : 1 + sim_choose(run->world, 2);
    for (uint32_t i = 0; i < connector_count; i++) {
        process__connect(process);
    }
    memset(process->generations, 0, sizeof process->generations);
    memset(process->opened, 0, sizeof process->opened);
    memset(process->accepts, 0, sizeof process->accepts);
    memset(process->is_short, 0, sizeof process->is_short);
    memset(process->hogged_ms, 0, sizeof process->hogged_ms);
    sim_note(run->world, "process %u: start, %u workers", process->index,
             process->runtime->worker_count, 0);
    enum pc_status status = pc_runtime_start(process->runtime);
    PC_ASSERT(status == PC_OK);
    process->phase = PROCESS_RUNNING;
    run->totals->starts++;
}

void sim_process_begin_stop(struct sim_process *process)
{
    struct sim_world *world = process->run->world;
    uint32_t drain_ms = PICK(world, 500, 50, 0);
    PC_ASSERT(process->phase == PROCESS_RUNNING);
    sim_note(world, "process %u: stop within %u ms", process->index, drain_ms, 0);
    runtime_begin_stop(process->runtime, drain_ms);
    process->phase = PROCESS_STOPPING;
    process->stop_by_ms = sim_world_now_ms(world) + drain_ms + STOP_SLACK_MS;
}

void sim_process_end(struct sim_process *process)
{
    PC_ASSERT(process->phase == PROCESS_STOPPING);
    sim_check_empty(process);
    bool is_whole = runtime_end_stop(process->runtime);
    PC_ASSERT(is_whole);
    pc_runtime_destroy(process->runtime);
    process->runtime = NULL;
    process->phase = PROCESS_ABSENT;
    sim_note(process->run->world, "process %u: ended", process->index, 0, 0);
}
