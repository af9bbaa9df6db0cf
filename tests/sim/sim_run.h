/* One simulated run: a world, processes (runtimes) with their applications, raw peers, and the
 * driver that chooses what happens next.
 *
 * Happy path: sim_run_begin draws what may go wrong and how lively everything is; sim_run_live lets
 * so many things happen, checking the invariants after each; sim_run_calm switches the faults off
 * and requires that everything comes to rest, complete; sim_run_end stops what runs and requires
 * that every pool is whole.
 * Failure: an invariant does not hold: pc_check_failed names the seed and ends the process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/runtime.h"
#include "net/session.h"
#include "port/port_sim.h"
#include "sim_limits.h"
#include "sim_stream.h"

#define RUN_SERVERS         3u
#define RUN_PROCESSES       6u /* servers first */
#define RUN_WORKERS_MAX     3u
#define RUN_PEERS           8u
#define RUN_PEER_HOST_FIRST 200u
#define RUN_PEER_HOSTS      3u
#define RUN_TASKS           64u
#define RUN_TYPES           2u
#define RUN_LISTENERS_MAX   2u
#define RUN_SLOTS_MAX       256u
#define SIM_PEER_PENDING    1200u
#define SIM_PEER_RECEIVED   32768u

enum run_action {
    ACTION_TEXT,
    ACTION_BURST, /* many small frames in one turn */
    ACTION_LARGE,
    ACTION_NUMBER,
    ACTION_KICK,
    ACTION_DROP,
    ACTION_RELAY,
    ACTION_DELAY,
    ACTION_LATEST,
    ACTION_BLOCK, /* one frame to all sessions of the worker */
    ACTION_ILLEGAL,
    ACTION_CLOSE,
    ACTION_ABORT,
    ACTION_DEADLINE,
    ACTION_READY, /* protocol state */
    ACTION_PAUSE,
    ACTION_RESUME,
    ACTION_BUDGET,
    ACTION_POST, /* to a handle, perhaps a stale one */
    ACTION_COUNT
};

enum run_move {
    MOVE_STEP,  /* kernels and network */
    MOVE_TURN,  /* a worker that has something to do */
    MOVE_TASK,  /* the application wants something */
    MOVE_PEER,  /* a raw peer does something */
    MOVE_CLOCK, /* time passes */
    MOVE_JUMP,  /* a lot of it */
    MOVE_STOP,  /* a process stops, or starts again */
    MOVE_COUNT
};

enum process_phase {
    PROCESS_ABSENT,
    PROCESS_RUNNING,
    PROCESS_STOPPING
};

/* Invariant: runtime is not NULL exactly while the phase is not ABSENT. */
struct sim_process {
    struct sim_run *run;
    struct pc_runtime *runtime;
    enum process_phase phase;
    uint32_t index;
    uint16_t host;
    uint64_t stop_by_ms; /* STOPPING: when it must be over */
    bool is_lossy;       /* drops packets that come too fast */
    bool is_roomy;       /* its workers' memory never runs short */
    uint32_t generations[RUN_WORKERS_MAX][RUN_TYPES][RUN_SLOTS_MAX]; /* seen last */
    uint32_t opened[RUN_WORKERS_MAX][RUN_TYPES][RUN_SLOTS_MAX];      /* that on_open saw last */
    struct limits_bucket accepts[RUN_LISTENERS_MAX];
    bool is_short[RUN_WORKERS_MAX]; /* no accept may be posted: memory of the worker is short */
    uint64_t hogged_ms[RUN_WORKERS_MAX]; /* since when it is nearly gone, and nobody ends; or 0 */
};

/* What the application keeps of a session. */
struct sim_user {
    uint32_t end;
    uint32_t stage; /* 0 before on_open, 1 until on_close, 2 */
    uint32_t latest_version;
    struct limits_mirror limits;
};

/* A message to a worker, in which the application acts. */
struct sim_task {
    struct pc_message message;
    struct sim_run *run;
    bool in_use;
    bool for_handle;
    pc_handle handle;
};

/* An end that the test plays byte by byte. */
struct sim_peer {
    uint32_t end;          /* SIM_END_NONE: none */
    bool is_finished;      /* FIN was sent */
    uint32_t pending_size; /* bytes of a frame that the kernel has not taken yet */
    uint32_t pending_at;
    uint8_t pending[SIM_PEER_PENDING];
    uint8_t *received; /* SIM_PEER_RECEIVED bytes: frames that are not whole yet */
    uint32_t received_size;
};

struct sim_totals {
    uint64_t lives;  /* sessions that opened and closed */
    uint64_t moves;  /* of the driver */
    uint64_t turns;  /* of workers */
    uint64_t frames; /* handled */
    uint64_t bytes;  /* in them */
    uint64_t starts; /* of processes */
};

struct sim_run {
    struct sim_world *world;
    struct sim_totals *totals;
    struct stream_table streams;
    struct sim_process processes[RUN_PROCESSES];
    struct sim_task tasks[RUN_TASKS];
    struct sim_peer peers[RUN_PEERS];
    pc_handle handles[16]; /* some that were seen, stale ones among them */
    uint32_t handle_count;
    uint32_t weights[ACTION_COUNT];
    uint32_t moves[MOVE_COUNT];
    uint32_t reaction_percent; /* how often a callback acts */
    uint32_t latest_keys;      /* that frames of which the newest counts have */
    bool all_ready;            /* every session begins in READY */
    bool is_short;             /* of memory: processes may get none */
    bool is_wild;              /* bytes change on their way */
    bool is_calm;
    uint32_t calm_ms;
};

struct sim_run_options {
    uint64_t seed;
    uint32_t (*choose)(void *source, uint32_t bound); /* NULL: from the seed */
    bool (*goes_on)(void *source);                    /* asked before each move; NULL: yes */
    void *source;
    void (*trace)(void *trace_user, const char *line);
    uint32_t move_count;
    uint32_t calm_ms; /* how long it must stay at rest */
};

/* Returns the hash of the trace. */
uint64_t sim_run(const struct sim_run_options *options, struct sim_totals *totals);

/* True if the worker has an event to get or a timer that is due. */
bool sim_run_may_turn(const struct sim_run *run, struct pc_worker *worker);

/* One turn of the worker, and the checks behind it. */
void sim_run_turn(struct sim_process *process, struct pc_worker *worker);

/* Everything that can happen without time passing. */
void sim_run_settle(struct sim_run *run);

/* Faults off, everything comes to rest, and stays so for a while. */
void sim_run_calm(struct sim_run *run);

/* Stop every process and close every peer. */
void sim_run_stop_all(struct sim_run *run);
void sim_run_free(struct sim_run *run);

/* ---- sim_process.c ---- */

/* Start the process with a drawn configuration. */
void sim_process_start(struct sim_process *process);
void sim_process_begin_stop(struct sim_process *process);

/* Let go of a process whose workers have all stopped. */
void sim_process_end(struct sim_process *process);

/* Address of a server's listener, whether it runs or not. */
struct pc_address sim_server_address(uint32_t server, uint32_t listener);

/* ---- sim_app.c ---- */

struct sim_process *sim_process_of(const struct pc_worker *worker);
void sim_app_on_open(struct pc_session *session);
void sim_app_on_close(struct pc_session *session, enum pc_close_reason reason);
void sim_app_on_relay(struct pc_session *session, const struct pc_accept_entry *entry,
                      const struct pc_frame *frame);
void sim_app_on_send_room(struct pc_session *session);
void sim_app_observe(void *user, const struct pc_event *event);

/* Post a task to a worker of the process, unless it is absent or all tasks are on their way. */
void sim_app_post(struct sim_run *run, struct sim_process *process);
void sim_app_post_to(struct sim_run *run, struct sim_process *process, uint32_t worker);

/* ---- sim_act.c ---- */

/* Do something with the session. */
void sim_act(struct sim_run *run, struct pc_session *session);

/* Do this with the session. */
void sim_act_as(struct sim_run *run, struct pc_session *session, enum run_action action);

/* ---- sim_peers.c ---- */

/* Connect, so that the peer can act. */
void sim_peer_begin(struct sim_run *run, struct sim_peer *peer, const struct pc_address *address);
void sim_peer_act(struct sim_run *run, struct sim_peer *peer);

/* Read all that has come, and close what is over or if it is wanted. */
void sim_peers_calm(struct sim_run *run, bool close);

/* ---- sim_wrap.c ---- */

/* From now on the processes of the world may get no memory, if that is among its faults. */
void sim_memory_begin(struct sim_world *world);
void sim_memory_end(void);

/* ---- sim_check.c ---- */

/* What holds after every turn of the worker. */
void sim_check_worker(struct sim_process *process, struct pc_worker *worker);

/* What holds between turns, in every process. */
void sim_check_process(const struct sim_process *process);

/* What holds when nothing can happen any more but by time. */
void sim_check_rest(struct sim_run *run);

/* No session is left: every count is 0 and every limit given back. */
void sim_check_empty(const struct sim_process *process);
