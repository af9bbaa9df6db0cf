/* A call: a request on a link to another server, and the answer that comes back for it.
 *
 * Happy path: pc_call_make_room at the worker's start; <role>_call_<request> (generated, see
 * <role>_calls.h) takes a place in the worker's table, writes the correlation into the request and
 * queues it; the answer brings the correlation back, and done is called with PC_OK and the answer.
 * Failure modes: all places wait: PC_FULL; the link takes nothing: its status; in both cases
 * nothing was sent and done is not called. No answer in time: done with PC_TIMEOUT. The link has
 * gone: done with PC_CLOSED, after the link's on_close. An answer that is late, repeated, made up,
 * of the wrong kind or on another link: counted (unmatched) and forgotten.
 *
 * So each call that began ends exactly once. done may begin calls, send, and close sessions.
 * A correlation is place and generation: an old one never names a newer call.
 * Path: [8] an answer arrives, [9] a request goes out. Thread: the worker's, but for the counters.
 */
#pragma once

#include <stdint.h>

#include "pc/session.h"
#include "pc/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pc_runtime;

/* Who asked; given back with the answer. It is copied, so it need not live until then. */
struct pc_caller {
    void *context;     /* of the program: what outlives the call, never a session */
    pc_handle session; /* who waits, may be stale by then; PC_HANDLE_NONE: no session does */
    uint64_t user;     /* the caller's own */
};

/* Room for calls_max calls that wait at one time, of all links of the worker. Once, from
 * on_worker_start; without it no call can be made. Returns PC_OK | PC_NO_MEMORY. */
PC_NODISCARD enum pc_status pc_call_make_room(struct pc_worker *worker, uint32_t calls_max);

/* How the calls of all workers went. Each but waiting only grows;
 * begun == waiting + answered + timed_out + failed. */
struct pc_call_counters {
    uint64_t waiting;
    uint64_t waiting_high; /* sum of the workers' high-water marks */
    uint64_t begun;
    uint64_t answered;
    uint64_t timed_out;
    uint64_t failed;    /* their link went */
    uint64_t unmatched; /* answers for which no call waited */
    uint64_t refused;   /* calls for which there was no place */
};

/* Thread: any; the figures of running workers are a moment old. */
void pc_runtime_call_counters(const struct pc_runtime *runtime, struct pc_call_counters *counters);

/* ---- for the generated functions ---- */

struct pc_call;

/* Calls done as the function that it is. reply: NULL unless status is PC_OK. */
typedef void pc_call_end_fn(const struct pc_call *call, enum pc_status status, const void *reply);
typedef void pc_call_done_fn(void);

struct pc_call {
    struct pc_caller caller;
    pc_call_end_fn *end;
    pc_call_done_fn *done; /* as the caller gave it, its type erased */
    uint32_t timeout_ms;   /* from now, at least 1 */
    uint16_t reply_id;
};

/* Begin a call and make room for its request at the end of the link's send queue. The frame must
 * be filled before any other call on the link, the correlation included.
 * Returns as pc_session_reserve; PC_FULL also if all places wait, then the link stays. */
PC_NODISCARD enum pc_status pc_call_reserve(struct pc_session *link, const struct pc_call *call,
                                            uint32_t size, uint8_t **frame, uint64_t *correlation);

/* Hand an answer to who waits for it. */
void pc_call_answer(struct pc_session *link, uint64_t correlation, uint16_t reply_id,
                    const void *reply);

#ifdef __cplusplus
}
#endif
