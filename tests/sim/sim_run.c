/* The driver of a simulated run; see sim_run.h. */
#include "sim_run.h"

#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "sim_coverage.h"
#include "sim_table.h"

#define CALM_ROUNDS_MAX      200000u
#define CALM_STOP_MS         20000u
#define JUMP_MS_MAX          10000u
#define PROBABILITY_HALVINGS 10u
#define KEYS_USUAL           4u

/* ---- beginning ---- */

/* Each fault is absent, or as likely as not to be rare: a run shows a few of them strongly rather
 * than all of them weakly. */
static uint16_t run__draw_probability(struct sim_world *world, enum sim_fault fault)
{
    bool is_rough = fault == SIM_RECEIVE_ERROR || fault == SIM_SEND_ERROR || fault == SIM_RESET ||
                    fault == SIM_VANISH || fault == SIM_RECEIVE_DENIED || fault == SIM_SEND_DENIED;
    if (sim_choose(world, fault == SIM_CORRUPT ? 12 : 2) != 0) {
        return 0;
    }
    uint32_t halvings = sim_choose(world, PROBABILITY_HALVINGS);
    uint32_t probability = SIM_CERTAIN / 2 >> (halvings + (is_rough ? 4 : 0));
    return (uint16_t)(probability == 0 ? 1 : probability);
}

static struct sim_world *run__create_world(const struct sim_run_options *options,
                                           struct sim_run *run)
{
    struct sim_config config = {
        .seed = options->seed,
        .choose = options->choose,
        .source = options->source,
    };
    struct sim_world *drawing = sim_world_create(&config);
    static const uint32_t sizes[] = {65536, 16384, 2000, 300, 64};
    uint32_t size_count = sizeof sizes / sizeof sizes[0];
    PC_ASSERT(drawing != NULL);
    for (uint32_t fault = 0; fault < SIM_FAULT_COUNT; fault++) {
        config.faults[fault] = run__draw_probability(drawing, (enum sim_fault)fault);
    }
    config.send_buffer_size = sizes[sim_choose(drawing, size_count)];
    config.receive_buffer_size = sizes[sim_choose(drawing, size_count)];
    sim_world_destroy(drawing);
    config.seed = options->seed ^ UINT64_C(0x51a3d07f00c0ffee);
    config.is_driven = true;
    config.trace = options->trace;
    run->is_wild = config.faults[SIM_CORRUPT] != 0;
    run->is_short = config.faults[SIM_MEMORY_DENIED] != 0;
    return sim_world_create(&config);
}

static void run__draw_manners(struct sim_run *run)
{
    static const uint32_t moves_usual[MOVE_COUNT] = {
        [MOVE_STEP] = 200, [MOVE_TURN] = 120, [MOVE_TASK] = 80, [MOVE_PEER] = 20,
        [MOVE_CLOCK] = 8,  [MOVE_JUMP] = 1,   [MOVE_STOP] = 1,
    };
    for (uint32_t i = 0; i < ACTION_COUNT; i++) {
        run->weights[i] = sim_choose(run->world, 4);
    }
    run->weights[ACTION_TEXT] += 3;
    run->weights[ACTION_ILLEGAL] /= 3;
    run->weights[ACTION_KICK] /= 2;
    for (uint32_t i = 0; i < MOVE_COUNT; i++) {
        run->moves[i] = moves_usual[i] * (1 + sim_choose(run->world, 4)) / 2;
    }
    run->moves[MOVE_JUMP] = sim_choose(run->world, 4) == 0 ? 1 : 0;
    run->reaction_percent = sim_choose(run->world, 4) == 0 ? 0 : sim_choose(run->world, 60);
    run->latest_keys = sim_choose(run->world, 4) == 0 ? STREAM_KEYS_MAX : KEYS_USUAL;
    run->all_ready = sim_choose(run->world, 2) == 0;
}

static void run__begin(struct sim_run *run, const struct sim_run_options *options,
                       struct sim_totals *totals)
{
    run->totals = totals;
    run->calm_ms = options->calm_ms;
    run->world = run__create_world(options, run);
    PC_ASSERT(run->world != NULL);
    sim_memory_begin(run->world);
    run__draw_manners(run);
    for (uint32_t i = 0; i < RUN_PEERS; i++) {
        run->peers[i].end = SIM_END_NONE;
    }
    for (uint32_t i = 0; i < RUN_PROCESSES; i++) {
        struct sim_process *process = &run->processes[i];
        process->run = run;
        process->index = i;
        process->host = (uint16_t)(i + 1);
        if (i == 0 || i == RUN_SERVERS || sim_choose(run->world, 2) == 0) {
            sim_process_start(process);
        }
    }
}

/* ---- moving ---- */

static uint64_t run__due_ms(struct pc_worker *worker)
{
    if (worker->resume_head != NULL) {
        return 0;
    }
    return timer_wheel_deadline_ms(&worker->timers);
}

bool sim_run_may_turn(const struct sim_run *run, struct pc_worker *worker)
{
    return sim_port_is_ready(worker->port) || run__due_ms(worker) <= sim_world_now_ms(run->world);
}

void sim_run_turn(struct sim_process *process, struct pc_worker *worker)
{
    struct sim_run *run = process->run;
    sim_note(run->world, "worker %u of process %u: turn", worker->index, process->index, 0);
    worker_turn(worker);
    run->totals->turns++;
    sim_world_check(run->world);
    sim_check_worker(process, worker);
    sim_check_process(process);
    if (process->phase == PROCESS_STOPPING) {
        PC_ASSERT(sim_world_now_ms(run->world) <= process->stop_by_ms || !run->is_calm);
        if (runtime_is_stopped(process->runtime)) {
            sim_process_end(process);
        }
    }
}

/* Let one of the workers that have something to do turn; false if none has. */
static bool run__move_turn(struct sim_run *run)
{
    struct sim_process *processes[RUN_PROCESSES * RUN_WORKERS_MAX];
    struct pc_worker *workers[RUN_PROCESSES * RUN_WORKERS_MAX];
    uint32_t count = 0;
    for (uint32_t p = 0; p < RUN_PROCESSES; p++) {
        struct sim_process *process = &run->processes[p];
        uint32_t worker_count =
            process->phase == PROCESS_ABSENT ? 0 : process->runtime->worker_count;
        for (uint32_t w = 0; w < worker_count; w++) {
            if (sim_run_may_turn(run, process->runtime->workers[w])) {
                processes[count] = process;
                workers[count++] = process->runtime->workers[w];
            }
        }
    }
    if (count == 0) {
        return false;
    }
    uint32_t chosen = sim_choose(run->world, count);
    sim_run_turn(processes[chosen], workers[chosen]);
    return true;
}

static bool run__move_step(struct sim_run *run)
{
    uint32_t count = sim_world_step_count(run->world);
    if (count == 0) {
        return false;
    }
    sim_world_step(run->world, sim_choose(run->world, count));
    sim_world_check(run->world);
    return true;
}

static void run__move_stop(struct sim_run *run)
{
    struct sim_process *process = &run->processes[sim_choose(run->world, RUN_PROCESSES)];
    if (process->phase == PROCESS_RUNNING) {
        sim_process_begin_stop(process);
    } else if (process->phase == PROCESS_ABSENT) {
        sim_process_start(process);
    }
}

static void run__move(struct sim_run *run, enum run_move move)
{
    switch (move) {
    case MOVE_STEP:
        (void)run__move_step(run);
        break;
    case MOVE_TURN:
        (void)run__move_turn(run);
        break;
    case MOVE_TASK:
        sim_app_post(run, &run->processes[sim_choose(run->world, RUN_PROCESSES)]);
        break;
    case MOVE_PEER:
        sim_peer_act(run, &run->peers[sim_choose(run->world, RUN_PEERS)]);
        break;
    case MOVE_CLOCK:
        sim_world_advance(run->world, 1 + sim_choose(run->world, 20));
        break;
    case MOVE_JUMP:
        sim_world_advance(run->world, 1 + sim_choose(run->world, JUMP_MS_MAX));
        break;
    case MOVE_STOP:
        run__move_stop(run);
        break;
    case MOVE_COUNT:
        break;
    }
}

static void run__live(struct sim_run *run, const struct sim_run_options *options)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < MOVE_COUNT; i++) {
        total += run->moves[i];
    }
    for (uint32_t n = 0; n < options->move_count; n++) {
        if (options->goes_on != NULL && !options->goes_on(options->source)) {
            break;
        }
        uint32_t chosen = sim_choose(run->world, total);
        uint32_t move = 0;
        while (chosen >= run->moves[move]) {
            chosen -= run->moves[move];
            move++;
        }
        run__move(run, (enum run_move)move);
        run->totals->moves++;
    }
}

/* ---- coming to rest ---- */

void sim_run_settle(struct sim_run *run)
{
    uint32_t rounds = 0;
    bool moves = true;
    while (moves) {
        moves = run__move_step(run);
        moves = run__move_turn(run) || moves;
        sim_peers_calm(run, false);
        PC_ASSERT(++rounds < CALM_ROUNDS_MAX);
    }
}

static uint64_t run__next_due_ms(const struct sim_run *run)
{
    uint64_t next_ms = UINT64_MAX;
    for (uint32_t p = 0; p < RUN_PROCESSES; p++) {
        const struct sim_process *process = &run->processes[p];
        uint32_t worker_count =
            process->phase == PROCESS_ABSENT ? 0 : process->runtime->worker_count;
        for (uint32_t w = 0; w < worker_count; w++) {
            uint64_t due_ms = run__due_ms(process->runtime->workers[w]);
            next_ms = due_ms < next_ms ? due_ms : next_ms;
        }
    }
    return next_ms;
}

/* Let time pass to the next thing that it brings, at most until until_ms; false there. */
static bool run__sleep(struct sim_run *run, uint64_t until_ms)
{
    uint64_t now_ms = sim_world_now_ms(run->world);
    uint64_t next_ms = run__next_due_ms(run);
    if (next_ms > until_ms || next_ms == UINT64_MAX) {
        return false;
    }
    if (next_ms > now_ms) {
        sim_world_advance(run->world, (uint32_t)(next_ms - now_ms));
    }
    return true;
}

static void run__resume_all(struct sim_run *run)
{
    for (uint32_t p = 0; p < RUN_PROCESSES; p++) {
        struct sim_process *process = &run->processes[p];
        uint32_t worker_count =
            process->phase == PROCESS_ABSENT ? 0 : process->runtime->worker_count;
        for (uint32_t w = 0; w < worker_count; w++) {
            sim_app_post_to(run, process, w);
        }
    }
}

/* Without faults every stop under way ends in time, counted from now: while there were faults the
 * clock may have leapt before a worker got its turn. */
static void run__expect_stops(struct sim_run *run)
{
    for (uint32_t p = 0; p < RUN_PROCESSES; p++) {
        struct sim_process *process = &run->processes[p];
        if (process->phase == PROCESS_STOPPING) {
            process->stop_by_ms = sim_world_now_ms(run->world) + CALM_STOP_MS;
        }
    }
}

void sim_run_calm(struct sim_run *run)
{
    run->is_calm = true;
    sim_world_calm(run->world);
    run__expect_stops(run);
    sim_run_settle(run);
    run__resume_all(run);
    sim_run_settle(run);
    sim_check_rest(run);
    uint64_t until_ms = sim_world_now_ms(run->world) + run->calm_ms;
    while (run__sleep(run, until_ms)) {
        sim_run_settle(run);
        sim_check_rest(run);
    }
}

void sim_run_stop_all(struct sim_run *run)
{
    for (uint32_t p = 0; p < RUN_PROCESSES; p++) {
        struct sim_process *process = &run->processes[p];
        if (process->phase == PROCESS_RUNNING) {
            sim_process_begin_stop(process);
        }
    }
    run__expect_stops(run);
    do {
        sim_run_settle(run);
    } while (run__sleep(run, UINT64_MAX));
    for (uint32_t p = 0; p < RUN_PROCESSES; p++) {
        PC_ASSERT(run->processes[p].phase == PROCESS_ABSENT);
    }
    sim_peers_calm(run, true);
}

void sim_run_free(struct sim_run *run)
{
    sim_memory_end();
    coverage_add_faults(run->world);
    sim_world_destroy(run->world);
    stream_table_free(&run->streams);
    for (uint32_t i = 0; i < RUN_PEERS; i++) {
        free(run->peers[i].received);
    }
    free(run);
}

uint64_t sim_run(const struct sim_run_options *options, struct sim_totals *totals)
{
    struct sim_run *run = calloc(1, sizeof *run);
    PC_ASSERT(run != NULL);
    run__begin(run, options, totals);
    run__live(run, options);
    sim_run_calm(run);
    sim_run_stop_all(run);
    uint64_t hash = sim_world_trace_hash(run->world);
    sim_run_free(run);
    return hash;
}
