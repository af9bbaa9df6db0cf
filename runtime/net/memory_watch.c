/* The watch over a worker's memory; see memory_watch.h.
 *
 * Happy path: the pool is far from its end, and one comparison says so. Otherwise every session is
 * weighed by what it holds of the pool, and the heaviest ends, whether it is open or draining.
 * Failure modes: memory that no session holds (blocks of the application) cannot be had back by
 * ending sessions, so none ends; who then asks the pool in vain is closed with NO_BUFFERS. */
#include "net/memory_watch.h"

#include "net/runtime.h"
#include "net/session.h"
#include "net/worker.h"

#define MEMORY_SHORT_PERCENT 80u
#define MEMORY_GONE_PERCENT  95u
#define LOOK_PAUSE_MS        10u /* after a look that ended nobody; it visits every session */

/* What one look at all sessions has found. */
struct memory_look {
    struct pc_session *heaviest; /* NULL: none can give anything back */
    uint64_t heaviest_bytes;
    uint64_t returning_bytes; /* of sessions that are closing */
    uint64_t held_bytes;      /* of all others */
};

static void memory_watch__weigh(struct pc_session *session, void *context)
{
    struct memory_look *look = context;
    uint64_t bytes = session_memory(session);
    if (session->phase == SESSION_CLOSING) {
        look->returning_bytes += bytes;
        return;
    }
    look->held_bytes += bytes;
    if (bytes > look->heaviest_bytes) {
        look->heaviest = session;
        look->heaviest_bytes = bytes;
    }
}

/* The session whose end brings the pool below its mark, or nearer to it; NULL if what is closing
 * will do, or if all others together would not. */
static struct pc_session *memory_watch__find(const struct pc_worker *worker)
{
    struct memory_look look = {.heaviest = NULL};
    for (uint32_t t = 0; t < worker->runtime->manager.type_count; t++) {
        session_pool_visit(worker_pool(worker, t), memory_watch__weigh, &look);
    }
    uint64_t expected_bytes = worker->memory.bytes_gone + look.returning_bytes;
    uint64_t bytes_used = worker->buffers.bytes_used;
    bool is_enough = bytes_used <= expected_bytes;
    bool is_in_vain = bytes_used > expected_bytes + look.held_bytes;
    return is_enough || is_in_vain ? NULL : look.heaviest;
}

static PC_COLD void memory_watch__end_heaviest(struct pc_worker *worker)
{
    if (worker->now_ms < worker->memory.look_at_ms) {
        return;
    }
    struct pc_session *session = memory_watch__find(worker);
    if (session == NULL) {
        worker->memory.look_at_ms = worker->now_ms + LOOK_PAUSE_MS;
        return;
    }
    counter_add(&session_counters(session)->memory_ends, 1);
    session_end_with(session, PC_CLOSE_SEND_BUDGET, PORT_ABORT_RESET);
}

void memory_watch_init(struct memory_watch *watch, uint64_t bytes_max)
{
    *watch = (struct memory_watch){
        .bytes_short = bytes_max / 100 * MEMORY_SHORT_PERCENT,
        .bytes_gone = bytes_max / 100 * MEMORY_GONE_PERCENT,
    };
}

void memory_watch_turn(struct pc_worker *worker)
{
    const uint64_t bytes_used = worker->buffers.bytes_used;
    bool is_short = bytes_used > worker->memory.bytes_short;
    if (PC_UNLIKELY(is_short != atomic_load_explicit(&worker->is_short, memory_order_relaxed))) {
        atomic_store_explicit(&worker->is_short, is_short, memory_order_relaxed);
    }
    if (bytes_used > worker->memory.bytes_gone) {
        memory_watch__end_heaviest(worker);
    }
}
