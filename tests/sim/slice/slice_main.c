/* Gate, game and db in one simulation: real servers, simulated players, one thread at a time.
 *
 *     sim_slice --seeds N [--first S]  so many seeds; the first one is printed (default: random).
 *                                      What killed processes leave takes memory: 4 MB a seed
 *     sim_slice --seed S [--trace]     one seed again; with all that happened and the servers' logs
 *     and: --database FILE             where SQLite keeps the accounts (slice.db)
 *
 * Servers are killed, stopped and started again; links break, vanish and go slowly. What must hold:
 * an account whose register was answered with OK stays; a character is in the database as it was
 * last acknowledged, or newer; every stop in order gives everything back. In the end the faults
 * cease, all comes up again, every account can log in and play, and all is saved.
 * Failure: an assertion; the seed is printed last. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "slice_client.h"
#include "slice_process.h"
#include "slice_threads.h"

#define MOVES_USUAL       16000u
#define CHECK_EVERY       100u
#define CALM_MS           60000u
#define CALM_ROUNDS       4000000u
#define PASS_MS_MAX       20u
#define SLICE_WORKERS_MAX 16u
#define CALM_CHATS        3u
#define NEVER             UINT64_MAX
#define WAL_NAME_SIZE     512u

struct slice_run {
    struct sim_world *world;
    struct slice_process processes[SLICE_ROLES];
    struct slice_client clients[SLICE_CLIENTS];
    struct slice_book book;
    const char *database_path;
    uint32_t worker_count;
    uint64_t restart_ms[SLICE_ROLES]; /* when an absent one is started again; 0: not yet drawn */
    uint64_t saves_seen;
    uint64_t kills;
    uint64_t stops;
    uint32_t steadiness; /* 0..9: how seldom servers fall */
    bool only_game;      /* no other one does */
    bool traces;
    bool played[SLICE_ACCOUNTS]; /* in calm */
};

struct options {
    uint64_t first;
    uint64_t seeds;
    const char *database_path;
    bool has_first;
    bool is_one;
    bool traces;
};

struct totals {
    uint64_t seeds;
    uint64_t kills;
    uint64_t stops;
    uint64_t accounts;
    uint64_t saves;
    uint64_t checks;
};

static uint64_t seed_now;

/* Takes the place of the runtime's own: says how to see the failure again. */
void pc_check_failed(const char *expression, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    fprintf(stderr,
            "FAILED seed %" PRIu64 "; again: scripts/sim --slice --seed %" PRIu64 " --trace\n",
            seed_now, seed_now);
    fflush(stderr);
    _Exit(1);
}

static void print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
}

/* ---- beginning ---- */

static void run__remove_database(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[WAL_NAME_SIZE];
    for (uint32_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)remove(name);
    }
}

static struct sim_world *run__create_world(uint64_t seed, bool traces)
{
    static const enum sim_fault usual[] = {
        SIM_DELIVER_PARTIAL, SIM_RECEIVE_PARTIAL, SIM_RECEIVE_STARVED, SIM_SEND_PARTIAL,
        SIM_SEND_INLINE,     SIM_CANCEL_LATE,     SIM_EVENT_HELD,      SIM_EVENT_SHUFFLED,
        SIM_BATCH_SHORT,     SIM_WAKE_HELD,       SIM_WAKE_TWICE};
    static const enum sim_fault rough[] = {SIM_RESET,         SIM_VANISH,        SIM_RECEIVE_ERROR,
                                           SIM_SEND_ERROR,    SIM_CONNECT_ERROR, SIM_ACCEPT_ERROR,
                                           SIM_CONNECT_DENIED};
    struct sim_config config = {.seed = seed};
    struct sim_world *drawing = sim_world_create(&config);
    PC_ASSERT(drawing != NULL);
    for (uint32_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        config.faults[usual[i]] =
            (uint16_t)(sim_choose(drawing, 2) * sim_choose(drawing, SIM_CERTAIN / 3));
    }
    for (uint32_t i = 0; i < sizeof rough / sizeof rough[0]; i++) {
        config.faults[rough[i]] = (uint16_t)(sim_choose(drawing, 2) * sim_choose(drawing, 40));
    }
    config.faults[SIM_DELAY] = (uint16_t)(sim_choose(drawing, 2) * sim_choose(drawing, 150));
    sim_world_destroy(drawing);
    config.seed = seed ^ UINT64_C(0x51a3d07f00c0ffee);
    config.is_driven = true;
    config.trace = traces ? print_line : NULL;
    return sim_world_create(&config);
}

static void run__start(struct slice_run *run, struct slice_process *process)
{
    slice_process_start(process, run->database_path, run->worker_count,
                        run->traces ? stdout : NULL);
}

static void run__begin(struct slice_run *run, uint64_t seed, const struct options *options)
{
    memset(run, 0, sizeof *run);
    run->database_path = options->database_path;
    run->traces = options->traces;
    run__remove_database(run->database_path);
    run->world = run__create_world(seed, options->traces);
    PC_ASSERT(run->world != NULL);
    run->worker_count = 1 + sim_choose(run->world, 2);
    run->steadiness = sim_choose(run->world, 10);
    run->only_game = sim_choose(run->world, 3) == 0;
    run->steadiness = run->only_game ? 0 : run->steadiness;
    slice_threads_begin(run->world);
    run->book.world = run->world;
    run->book.is_disk_rough = sim_choose(run->world, 3) == 0;
    slice_book_begin(&run->book);
    for (uint32_t i = 0; i < SLICE_ACCOUNTS; i++) {
        struct slice_account *account = &run->book.accounts[i];
        (void)snprintf(account->name, sizeof account->name, "player%u", i);
    }
    for (uint32_t i = 0; i < SLICE_CLIENTS; i++) {
        run->clients[i] =
            (struct slice_client){.world = run->world, .book = &run->book, .end = SIM_END_NONE};
    }
    for (uint32_t role = 0; role < SLICE_ROLES; role++) {
        run->processes[role] =
            (struct slice_process){.world = run->world, .role = (enum slice_role)role};
        run__start(run, &run->processes[role]);
    }
}

/* ---- moving ---- */

static uint64_t worker__due_ms(struct pc_worker *worker)
{
    if (worker->resume_head != NULL) {
        return 0;
    }
    return timer_wheel_deadline_ms(&worker->timers);
}

static uint32_t run__list_workers(struct slice_run *run, struct pc_worker **workers)
{
    uint32_t count = 0;
    for (uint32_t role = 0; role < SLICE_ROLES; role++) {
        const struct slice_process *process = &run->processes[role];
        if (!slice_process_turns(process)) {
            continue;
        }
        const struct pc_runtime *runtime = process->server->runtime;
        for (uint32_t w = 0; w < runtime->worker_count; w++) {
            PC_ASSERT(count < SLICE_WORKERS_MAX);
            workers[count++] = runtime->workers[w];
        }
    }
    return count;
}

static bool run__turn(struct slice_run *run)
{
    struct pc_worker *workers[SLICE_WORKERS_MAX];
    struct pc_worker *ready[SLICE_WORKERS_MAX];
    uint32_t ready_count = 0;
    uint32_t count = run__list_workers(run, workers);
    for (uint32_t i = 0; i < count; i++) {
        if (sim_port_is_ready(workers[i]->port) ||
            worker__due_ms(workers[i]) <= sim_world_now_ms(run->world)) {
            ready[ready_count++] = workers[i];
        }
    }
    if (ready_count == 0) {
        return false;
    }
    worker_turn(ready[sim_choose(run->world, ready_count)]);
    sim_world_check(run->world);
    return true;
}

static bool run__step(struct slice_run *run)
{
    uint32_t count = sim_world_step_count(run->world);
    if (count == 0) {
        return false;
    }
    sim_world_step(run->world, sim_choose(run->world, count));
    sim_world_check(run->world);
    return true;
}

static bool run__thread(struct slice_run *run)
{
    uint32_t count = slice_threads_ready_count();
    if (count == 0) {
        return false;
    }
    slice_thread_run(sim_choose(run->world, count));
    for (uint32_t role = 0; role < SLICE_ROLES; role++) {
        slice_process_reap(&run->processes[role]);
    }
    return true;
}

/* Time passes; somebody looks after the processes and starts them again, soon or late. */
static void run__pass_time(struct slice_run *run)
{
    static const uint32_t pauses_ms[] = {1, 1, 30, 1000};
    sim_world_advance(run->world, 1 + sim_choose(run->world, PASS_MS_MAX));
    uint64_t now_ms = sim_world_now_ms(run->world);
    for (uint32_t role = 0; role < SLICE_ROLES; role++) {
        if (run->processes[role].phase != SLICE_ABSENT) {
            continue;
        }
        if (run->restart_ms[role] == 0) {
            run->restart_ms[role] = now_ms + pauses_ms[sim_choose(run->world, 4)];
        } else if (run->restart_ms[role] <= now_ms) {
            run->restart_ms[role] = 0;
            run__start(run, &run->processes[role]);
        }
    }
}

static void run__disturb(struct slice_run *run)
{
    uint32_t role = run->only_game ? SLICE_GAME : sim_choose(run->world, SLICE_ROLES);
    struct slice_process *process = &run->processes[role];
    if (slice_process_turns(process) && sim_choose(run->world, 3) != 0) {
        slice_process_kill(process);
        run->kills++;
    } else if (process->phase == SLICE_RUNNING) {
        slice_process_stop(process);
        run->stops++;
    }
}

/* A game dies with a save on its way. */
static void run__kill_at_save(struct slice_run *run)
{
    struct slice_process *game = &run->processes[SLICE_GAME];
    bool has_sent = run->book.saves_sent != run->saves_seen;
    run->saves_seen = run->book.saves_sent;
    if (run->only_game && has_sent && game->phase == SLICE_RUNNING &&
        sim_choose(run->world, 8) == 0) {
        slice_process_kill(game);
        run->kills++;
    }
}

static void run__client(struct slice_run *run)
{
    struct slice_client *client = &run->clients[sim_choose(run->world, SLICE_CLIENTS)];
    if (sim_choose(run->world, 400) == 0) {
        slice_client_cut(client, (enum port_abort_mode)sim_choose(run->world, 2));
    } else {
        slice_client_pump(client);
        slice_client_act(client);
        slice_client_pump(client);
    }
}

/* Network and threads move much more often than time passes and servers fall. */
static void run__move(struct slice_run *run)
{
    uint32_t chosen = sim_choose(run->world, 10000);
    if (chosen < 4500) {
        (void)run__step(run);
    } else if (chosen < 7700) {
        (void)run__turn(run);
    } else if (chosen < 8900) {
        (void)run__thread(run);
    } else if (chosen < 9500) {
        run__client(run);
    } else if (chosen < 9990 + run->steadiness) {
        run__pass_time(run);
    } else {
        run__disturb(run);
    }
}

/* ---- calm ---- */

static uint64_t run__due_ms(struct slice_run *run)
{
    struct pc_worker *workers[SLICE_WORKERS_MAX];
    uint32_t count = run__list_workers(run, workers);
    uint64_t due_ms = slice_threads_due_ms();
    for (uint32_t i = 0; i < count; i++) {
        uint64_t own_ms = worker__due_ms(workers[i]);
        due_ms = own_ms < due_ms ? own_ms : due_ms;
    }
    return due_ms;
}

/* Everything that can happen without time passing, then time to the next thing. */
static void run__settle_once(struct slice_run *run)
{
    bool moves = true;
    uint32_t rounds = 0;
    while (moves) {
        moves = run__step(run);
        moves = run__turn(run) || moves;
        moves = run__thread(run) || moves;
        for (uint32_t i = 0; i < SLICE_CLIENTS; i++) {
            slice_client_pump(&run->clients[i]);
        }
        PC_ASSERT(++rounds < CALM_ROUNDS);
    }
    uint64_t now_ms = sim_world_now_ms(run->world);
    uint64_t due_ms = run__due_ms(run);
    uint64_t pass_ms = due_ms > now_ms && due_ms - now_ms < PASS_MS_MAX ? due_ms - now_ms : 10;
    sim_world_advance(run->world, (uint32_t)pass_ms);
}

/* Every account comes in once more, speaks, and goes. */
static bool run__all_played(const struct slice_run *run)
{
    bool all = true;
    for (uint32_t i = 0; i < SLICE_ACCOUNTS; i++) {
        all = all && run->played[i];
    }
    return all;
}

static void run__visit(struct slice_run *run, struct slice_client *client)
{
    if (client->stage == SLICE_GREETED && run->played[client->account]) {
        uint32_t next = 0;
        while (next + 1 < SLICE_ACCOUNTS && run->played[next]) {
            next++;
        }
        client->account = next;
    }
    if (client->stage == SLICE_PLAYING && client->chats >= CALM_CHATS) {
        run->played[client->account] = true;
        slice_client_cut(client, PORT_ABORT_GRACEFUL);
        return;
    }
    slice_client_act(client);
}

static void run__calm(struct slice_run *run)
{
    sim_world_calm(run->world);
    run->book.is_disk_rough = false;
    for (uint32_t i = 0; i < SLICE_CLIENTS; i++) {
        slice_client_cut(&run->clients[i], PORT_ABORT_GRACEFUL);
    }
    for (uint32_t role = 0; role < SLICE_ROLES; role++) {
        while (run->processes[role].phase == SLICE_STOPPING ||
               run->processes[role].phase == SLICE_ENDING) {
            run__settle_once(run);
        }
        if (run->processes[role].phase == SLICE_ABSENT) {
            run__start(run, &run->processes[role]);
        }
    }
    uint64_t until_ms = sim_world_now_ms(run->world) + CALM_MS;
    while (!run__all_played(run)) {
        run__settle_once(run);
        run__visit(run, &run->clients[0]);
        PC_ASSERT(sim_world_now_ms(run->world) < until_ms);
    }
}

/* Gate, game, db: so that nothing is cut that could be saved. */
static void run__end(struct slice_run *run)
{
    for (uint32_t i = 0; i < SLICE_CLIENTS; i++) {
        slice_client_cut(&run->clients[i], PORT_ABORT_GRACEFUL);
    }
    for (uint32_t role = SLICE_ROLES; role-- > 0;) {
        uint64_t until_ms = sim_world_now_ms(run->world) + CALM_MS;
        slice_process_stop(&run->processes[role]);
        while (run->processes[role].phase != SLICE_ABSENT || run->processes[role].has_thread) {
            run__settle_once(run);
            PC_ASSERT(sim_world_now_ms(run->world) < until_ms);
        }
    }
    slice_book_check_end(run->database_path);
    slice_book_end();
    slice_threads_end();
    sim_world_destroy(run->world);
    run__remove_database(run->database_path);
}

static uint64_t run_seed(const struct options *options, uint64_t seed, struct totals *totals)
{
    static struct slice_run run;
    seed_now = seed;
    run__begin(&run, seed, options);
    for (uint32_t i = 0; i < MOVES_USUAL; i++) {
        run__move(&run);
        run__kill_at_save(&run);
        if (i % CHECK_EVERY == 0) {
            slice_book_check(run.database_path);
        }
    }
    run__calm(&run);
    uint64_t hash = sim_world_trace_hash(run.world);
    run__end(&run);
    totals->seeds++;
    totals->kills += run.kills;
    totals->stops += run.stops;
    totals->accounts += run.book.acknowledged_accounts;
    totals->saves += run.book.acknowledged_saves;
    totals->checks += run.book.checks;
    return hash;
}

static void print_totals(const struct totals *totals)
{
    printf("%" PRIu64 " seeds, %" PRIu64 " kills, %" PRIu64 " stops in order, %" PRIu64
           " accounts and %" PRIu64 " saves acknowledged, none lost in %" PRIu64 " looks\n",
           totals->seeds, totals->kills, totals->stops, totals->accounts, totals->saves,
           totals->checks);
    printf("%" PRIu64 " logins, %" PRIu64 " enters, %" PRIu64 " chats heard\n",
           slice_client_totals.logins, slice_client_totals.enters, slice_client_totals.chats);
}

static uint64_t random_seed(void)
{
    uint64_t seed;
    randombytes_buf(&seed, sizeof seed);
    return seed >> 16; /* short enough to be typed */
}

static int run_many(const struct options *options)
{
    struct totals totals = {0};
    uint64_t first = options->has_first ? options->first : random_seed();
    printf("first seed %" PRIu64 "\n", first);
    fflush(stdout);
    while (totals.seeds < options->seeds) {
        (void)run_seed(options, first + totals.seeds, &totals);
    }
    print_totals(&totals);
    return 0;
}

/* Twice: nothing but the seed may have a say. */
static int run_one(const struct options *options)
{
    struct totals totals = {0};
    struct options quiet = *options;
    quiet.traces = false;
    uint64_t hash = run_seed(options, options->first, &totals);
    printf("trace %016" PRIx64 "\n", hash);
    if (run_seed(&quiet, options->first, &totals) != hash) {
        printf("FAILED: seed %" PRIu64 " is not deterministic\n", options->first);
        return 1;
    }
    print_totals(&totals);
    return 0;
}

static bool parse(struct options *options, int argument_count, char **arguments)
{
    for (int i = 1; i < argument_count; i++) {
        const char *name = arguments[i];
        if (strcmp(name, "--trace") == 0) {
            options->traces = true;
            continue;
        }
        if (++i == argument_count) {
            return false;
        }
        uint64_t number = strtoull(arguments[i], NULL, 0);
        if (strcmp(name, "--database") == 0) {
            options->database_path = arguments[i];
        } else if (strcmp(name, "--seeds") == 0) {
            options->seeds = number;
        } else if (strcmp(name, "--first") == 0 || strcmp(name, "--seed") == 0) {
            options->first = number;
            options->has_first = true;
            options->is_one = options->is_one || strcmp(name, "--seed") == 0;
        } else {
            return false;
        }
    }
    return options->is_one || options->seeds > 0;
}

int main(int argument_count, char **arguments)
{
    struct options options = {.database_path = "slice.db"};
    if (!parse(&options, argument_count, arguments) || sodium_init() < 0) {
        fprintf(stderr, "usage: sim_slice --seeds N [--first S] | --seed S [--trace]; and "
                        "--database FILE\n");
        return 2;
    }
    return options.is_one ? run_one(&options) : run_many(&options);
}
