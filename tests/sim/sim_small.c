/* See sim_small.h.
 *
 * Every choice that a sequence of operations makes is kept in a path: which operation, and where
 * the world branches (a send partial or whole, a cancelled operation late or not, two events one
 * way round or the other). The next sequence is the same path with its last choice moved on.
 *
 * Operations of different connections commute unless a worker turns between them, so of two such
 * neighbours only one order is run; the order of their events in a batch is a branch of its own.
 * The connections are alike, so the second one does nothing before the first one has. */
#include "sim_small.h"

#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "sim_run.h"
#include "sim_table.h"

#define SMALL_PATH_MAX   64u
#define SMALL_OPS_MAX    64u
#define SMALL_PEERS      2u
#define SMALL_PAUSE_MS   250u
#define SMALL_DRAIN_MS   200u
#define SMALL_CALM_MS    3000u
#define SMALL_FRAME_SIZE 12u
#define SMALL_HALF_SIZE  3u
#define SMALL_NOBODY     UINT32_MAX

enum small_kind {
    SMALL_STEP,  /* index: of the world's steps */
    SMALL_TURN,  /* the worker */
    SMALL_TIME,  /* passes */
    SMALL_FRAME, /* the peer sends one, or the rest of it */
    SMALL_HALF,  /* the peer sends less than a header */
    SMALL_FINISH,
    SMALL_RESET,
    SMALL_SEND, /* the application, in a turn of its own */
    SMALL_CLOSE,
    SMALL_ABORT,
    SMALL_PAUSE,
};

struct small_op {
    enum small_kind kind;
    uint32_t index;
    uint32_t connection; /* whom it concerns alone, or SMALL_NOBODY */
};

struct small_choice {
    uint32_t chosen;
    uint32_t bound;
};

/* One exploration. Invariant: choices[0..depth) were made in the sequence that runs now. */
static struct {
    struct small_choice choices[SMALL_PATH_MAX];
    uint32_t count; /* choices that the path prescribes */
    uint32_t depth;
    uint32_t operation_count;
    bool is_open; /* the world branches, too; otherwise it takes the first of everything */
} path;

static struct sim_totals totals;

static uint32_t path__choose(uint32_t bound)
{
    PC_ASSERT(path.depth < SMALL_PATH_MAX);
    struct small_choice *choice = &path.choices[path.depth++];
    if (path.depth > path.count) {
        choice->chosen = 0;
        path.count = path.depth;
    }
    choice->bound = bound;
    PC_ASSERT(choice->chosen < bound);
    return choice->chosen;
}

static uint32_t small__choose_for_world(void *source, uint32_t bound)
{
    (void)source;
    return path.is_open && bound == 2 ? path__choose(bound) : 0;
}

/* Move on to the next path; false behind the last one. */
static bool path__advance(void)
{
    path.count = path.depth;
    while (path.count > 0) {
        struct small_choice *last = &path.choices[path.count - 1];
        if (last->chosen + 1 < last->bound) {
            last->chosen++;
            return true;
        }
        path.count--;
    }
    return false;
}

void small_print_path(FILE *stream)
{
    fprintf(stream, "FAILED; again: scripts/sim --small %u --path ", path.operation_count);
    for (uint32_t i = 0; i < path.depth; i++) {
        fprintf(stream, "%s%u", i == 0 ? "" : ",", path.choices[i].chosen);
    }
    fprintf(stream, "\n");
}

/* ---- the world ---- */

static void small__start_server(struct sim_run *run)
{
    struct sim_process *process = &run->processes[0];
    const struct pc_runtime_config config = {
        .engine = PC_ENGINE_SIM,
        .simulation = run->world,
        .jitter_seed = 1,
        .worker_count = 1,
        .receive_buffer_count = 8,
        .receive_buffer_size = 512,
        .observe = sim_app_observe,
        .user = process,
    };
    const struct pc_session_type type = {
        .name = "small",
        .accepts = &sim_table,
        .user_size = sizeof(struct sim_user),
        .sessions_max = SMALL_PEERS,
        .drain_timeout_ms = SMALL_DRAIN_MS,
        .send_bytes_max = 60,
        .send_bytes_soft = 20,
        .on_open = sim_app_on_open,
        .on_relay = sim_app_on_relay,
        .on_send_room = sim_app_on_send_room,
        .on_close = sim_app_on_close,
    };
    const struct pc_listener_config listener = {
        .address = sim_server_address(0, 0),
        .accepts_posted = SMALL_PEERS,
        .sessions_per_address_max = SMALL_PEERS,
    };
    enum pc_status status = pc_runtime_create(&config, &process->runtime);
    PC_ASSERT(status == PC_OK);
    PC_ASSERT(pc_runtime_add_type(process->runtime, &type) == 0);
    PC_ASSERT(pc_runtime_add_type(process->runtime, &type) == 1);
    status = pc_runtime_listen(process->runtime, &listener, NULL);
    PC_ASSERT(status == PC_OK);
    status = pc_runtime_start(process->runtime);
    PC_ASSERT(status == PC_OK);
    process->phase = PROCESS_RUNNING;
    process->is_roomy = true;
}

static struct sim_run *small__begin(void (*trace)(void *trace_user, const char *line))
{
    const struct sim_config config = {
        .choose = small__choose_for_world,
        .trace = trace,
        .send_buffer_size = 24,
        .receive_buffer_size = 24,
        .faults = {[SIM_SEND_PARTIAL] = SIM_BRANCH,
                   [SIM_CANCEL_LATE] = SIM_BRANCH,
                   [SIM_EVENT_SHUFFLED] = SIM_BRANCH},
        .is_driven = true,
    };
    struct sim_run *run = calloc(1, sizeof *run);
    PC_ASSERT(run != NULL);
    path.is_open = false;
    run->totals = &totals;
    run->calm_ms = SMALL_CALM_MS;
    run->world = sim_world_create(&config);
    PC_ASSERT(run->world != NULL);
    for (uint32_t i = 0; i < RUN_PROCESSES; i++) {
        run->processes[i].run = run;
        run->processes[i].index = i;
    }
    small__start_server(run);
    const struct pc_address address = sim_server_address(0, 0);
    for (uint32_t i = 0; i < RUN_PEERS; i++) {
        run->peers[i].end = SIM_END_NONE;
    }
    for (uint32_t i = 0; i < SMALL_PEERS; i++) {
        sim_peer_begin(run, &run->peers[i], &address);
    }
    sim_run_settle(run);
    PC_ASSERT(run->handle_count == SMALL_PEERS);
    return run;
}

/* ---- operations ---- */

static struct pc_worker *small__worker(const struct sim_run *run)
{
    return run->processes[0].runtime->workers[0];
}

static struct pc_session *small__session(const struct sim_run *run, uint32_t index)
{
    return pc_worker_find(small__worker(run), run->handles[index]);
}

struct small_ops {
    struct small_op ops[SMALL_OPS_MAX];
    uint32_t count;
};

static void small__add(struct small_ops *ops, enum small_kind kind, uint32_t index,
                       uint32_t connection)
{
    PC_ASSERT(ops->count < SMALL_OPS_MAX);
    ops->ops[ops->count++] =
        (struct small_op){.kind = kind, .index = index, .connection = connection};
}

static void small__add_peer(const struct sim_run *run, struct small_ops *ops, uint32_t index)
{
    const struct sim_peer *peer = &run->peers[index];
    if (peer->end == SIM_END_NONE) {
        return;
    }
    if (!peer->is_finished && sim_peer_look(run->world, peer->end).is_established) {
        small__add(ops, SMALL_FRAME, index, index);
        if (peer->pending_size == 0) {
            small__add(ops, SMALL_HALF, index, index);
            small__add(ops, SMALL_FINISH, index, index);
        }
    }
    small__add(ops, SMALL_RESET, index, index);
}

static void small__list(struct sim_run *run, struct small_ops *ops)
{
    struct pc_worker *worker = small__worker(run);
    ops->count = 0;
    uint32_t step_count = sim_world_step_count(run->world);
    for (uint32_t i = 0; i < step_count; i++) {
        small__add(ops, SMALL_STEP, i, sim_world_step_connection(run->world, i));
    }
    if (sim_run_may_turn(run, worker)) {
        small__add(ops, SMALL_TURN, 0, SMALL_NOBODY);
    }
    if (worker->timers.count > 0) {
        small__add(ops, SMALL_TIME, 0, SMALL_NOBODY);
    }
    for (uint32_t i = 0; i < SMALL_PEERS; i++) {
        small__add_peer(run, ops, i);
        if (small__session(run, i) != NULL) {
            small__add(ops, SMALL_SEND, i, SMALL_NOBODY);
            small__add(ops, SMALL_CLOSE, i, SMALL_NOBODY);
            small__add(ops, SMALL_ABORT, i, SMALL_NOBODY);
            small__add(ops, SMALL_PAUSE, i, SMALL_NOBODY);
        }
    }
}

static bool small__is_of_second(const struct small_op *op)
{
    bool has_index = op->kind != SMALL_STEP && op->kind != SMALL_TURN && op->kind != SMALL_TIME;
    return has_index ? op->index == 1 : op->connection == 1;
}

/* The other order of the two is run, too, and comes to the same. */
static bool small__is_twin(const struct small_op *before, const struct small_op *op)
{
    return before->connection != SMALL_NOBODY && op->connection != SMALL_NOBODY &&
           op->connection < before->connection;
}

static struct small_op small__choose(struct sim_run *run, const struct small_op *before,
                                     bool is_first)
{
    struct small_ops all;
    struct small_ops kept = {.count = 0};
    small__list(run, &all);
    for (uint32_t i = 0; i < all.count; i++) {
        bool is_skipped = is_first && small__is_of_second(&all.ops[i]);
        if (!is_skipped && !small__is_twin(before, &all.ops[i])) {
            kept.ops[kept.count++] = all.ops[i];
        }
    }
    if (kept.count == 0) {
        return (struct small_op){.kind = SMALL_TIME, .connection = SMALL_NOBODY};
    }
    return kept.ops[path__choose(kept.count)];
}

static void small__write(struct sim_run *run, struct sim_peer *peer, uint32_t size)
{
    struct stream *stream = stream_of(&run->streams, peer->end);
    if (peer->pending_size == 0) {
        stream_fill(stream, peer->end, peer->pending, SMALL_FRAME_SIZE, SIM_ID_TEXT);
        peer->pending_size = SMALL_FRAME_SIZE;
    }
    uint32_t left = peer->pending_size - peer->pending_at;
    peer->pending_at += sim_peer_write(run->world, peer->end, peer->pending + peer->pending_at,
                                       size < left ? size : left);
    if (peer->pending_at == peer->pending_size) {
        stream_sent(stream, peer->pending, peer->pending_size);
        peer->pending_size = 0;
        peer->pending_at = 0;
    }
}

/* The application acts inside a turn, by a message. */
struct small_message {
    struct pc_message message;
    struct sim_run *run;
    enum small_kind kind;
};

static void small__deliver(struct pc_worker *worker, struct pc_session *session,
                           struct pc_message *message)
{
    struct small_message *own = (struct small_message *)message;
    (void)worker;
    if (session == NULL) {
        return;
    }
    switch (own->kind) {
    case SMALL_SEND:
        sim_act_as(own->run, session, ACTION_RELAY);
        break;
    case SMALL_CLOSE:
        sim_act_as(own->run, session, ACTION_CLOSE);
        break;
    case SMALL_ABORT:
        sim_act_as(own->run, session, ACTION_ABORT);
        break;
    case SMALL_PAUSE:
        sim_act_as(own->run, session, session->is_paused ? ACTION_RESUME : ACTION_PAUSE);
        break;
    case SMALL_STEP:
    case SMALL_TURN:
    case SMALL_TIME:
    case SMALL_FRAME:
    case SMALL_HALF:
    case SMALL_FINISH:
    case SMALL_RESET:
        break;
    }
}

static void small__act(struct sim_run *run, const struct small_op *op)
{
    struct small_message own = {
        .message = {.session = run->handles[op->index], .deliver = small__deliver},
        .run = run,
        .kind = op->kind,
    };
    pc_post(run->processes[0].runtime, &own.message);
    sim_run_turn(&run->processes[0], small__worker(run));
}

static void small__do(struct sim_run *run, const struct small_op *op)
{
    struct sim_peer *peer = &run->peers[op->index % RUN_PEERS];
    switch (op->kind) {
    case SMALL_STEP:
        sim_world_step(run->world, op->index);
        break;
    case SMALL_TURN:
        sim_run_turn(&run->processes[0], small__worker(run));
        break;
    case SMALL_TIME:
        sim_world_advance(run->world, SMALL_PAUSE_MS);
        break;
    case SMALL_FRAME:
        small__write(run, peer, SMALL_FRAME_SIZE);
        break;
    case SMALL_HALF:
        small__write(run, peer, SMALL_HALF_SIZE);
        break;
    case SMALL_FINISH:
        peer->is_finished = true;
        sim_peer_finish(run->world, peer->end);
        break;
    case SMALL_RESET:
        sim_peer_close(run->world, peer->end, PORT_ABORT_RESET);
        peer->end = SIM_END_NONE;
        break;
    case SMALL_SEND:
    case SMALL_CLOSE:
    case SMALL_ABORT:
    case SMALL_PAUSE:
        small__act(run, op);
        break;
    }
}

static void small__run(uint32_t operation_count, void (*trace)(void *trace_user, const char *line))
{
    path.depth = 0;
    path.operation_count = operation_count;
    struct sim_run *run = small__begin(trace);
    struct small_op op = {.kind = SMALL_TURN, .connection = SMALL_NOBODY};
    path.is_open = true;
    for (uint32_t i = 0; i < operation_count; i++) {
        op = small__choose(run, &op, i == 0);
        small__do(run, &op);
        sim_world_check(run->world);
    }
    path.is_open = false;
    sim_run_calm(run);
    sim_run_stop_all(run);
    sim_run_free(run);
}

uint64_t small_explore(uint32_t operation_count)
{
    uint64_t count = 0;
    path.count = 0;
    do {
        small__run(operation_count, NULL);
        count++;
    } while (path__advance());
    return count;
}

void small_replay(uint32_t operation_count, const char *text,
                  void (*trace)(void *trace_user, const char *line))
{
    path.count = 0;
    for (const char *at = text; *at != '\0' && path.count < SMALL_PATH_MAX;) {
        char *end;
        path.choices[path.count++].chosen = (uint32_t)strtoul(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
    }
    small__run(operation_count, trace);
}
