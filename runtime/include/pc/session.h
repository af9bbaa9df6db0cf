/* A session: one connection, pooled, pinned to one worker for life.
 *
 * Every call here is made on the session's own worker (asserted). Anything outside that worker
 * names the session by its handle and goes through pc_post (pc/worker.h). A pointer is valid from
 * on_open until on_close has returned. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/address.h"
#include "pc/frame.h"
#include "pc/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pc_session;
struct pc_worker;
struct pc_block;

/* Slot and generation of a session; 0 is nobody. An old handle never names a newer session. */
typedef uint64_t pc_handle;
#define PC_HANDLE_NONE ((pc_handle)0)

/* Why a session ended. Kept in the session by whoever decides first, never read off an error code.
 */
enum pc_close_reason {
    PC_CLOSE_NONE,          /* still open */
    PC_CLOSE_PEER,          /* the peer finished (FIN) */
    PC_CLOSE_RESET,         /* the peer or the network broke the connection */
    PC_CLOSE_CONNECT,       /* the connection could not be made */
    PC_CLOSE_NO_BUFFERS,    /* the system ran short while the session needed memory */
    PC_CLOSE_VIOLATION,     /* a frame was refused; the refusal says why */
    PC_CLOSE_SLOW_CONSUMER, /* the peer does not read: the send queue reached its hard mark, or was
                             * above its soft mark for too long */
    PC_CLOSE_SEND_BUDGET,   /* the worker's send memory is used up and this one held most of it */
    PC_CLOSE_IDLE,          /* nothing received for idle_timeout_ms */
    PC_CLOSE_DEADLINE,      /* pc_session_set_deadline ran out (login, handshake) */
    PC_CLOSE_LIMIT,         /* too many sessions from one address, or too many nodes */
    PC_CLOSE_PACKET_BUDGET, /* pc_session_set_budget: too many packets */
    PC_CLOSE_BYTE_BUDGET,   /* pc_session_set_budget: too many bytes */
    PC_CLOSE_KICKED,        /* the application ended it */
    PC_CLOSE_LOGOUT,        /* the application ended it on the peer's wish */
    PC_CLOSE_AUTH,          /* the peer could not prove who it is */
    PC_CLOSE_SHUTDOWN,      /* the process stops */
    PC_CLOSE_REASON_COUNT
};

const char *pc_close_reason_name(enum pc_close_reason reason);
enum pc_error_class pc_close_reason_class(enum pc_close_reason reason);

pc_handle pc_session_handle(const struct pc_session *session);
struct pc_worker *pc_session_worker(const struct pc_session *session);

/* The application's area of the session type's user_size bytes, zeroed when the session opens,
 * aligned to 16. */
void *pc_session_user(struct pc_session *session);

/* The tag of the listener or connector that the session came from. */
uint32_t pc_session_tag(const struct pc_session *session);

const struct pc_address *pc_session_peer(const struct pc_session *session);

/* The protocol state, an index into the accept table's states; 0 when the session opens. It
 * decides which packets are legal next. */
uint8_t pc_session_protocol_state(const struct pc_session *session);
void pc_session_set_protocol_state(struct pc_session *session, uint8_t state);

/* Make room for one frame at the end of the send queue; what is written there goes out at the end
 * of the worker's turn, together with everything else that is queued.
 *
 * size     bytes of the whole frame, 4..PC_FRAME_SIZE_LIMIT; all of it must be written
 * frame    receives the place; fill it before any other call on the session
 * Returns  PC_OK | PC_CLOSED (closing, nothing queued) | PC_FULL (the queue is at its hard mark:
 * the session is being closed as a slow consumer) | PC_NO_MEMORY (likewise, NO_BUFFERS) */
PC_NODISCARD enum pc_status pc_session_reserve(struct pc_session *session, uint32_t size,
                                               uint8_t **frame);

/* Queue a copy of a whole frame. Returns as pc_session_reserve. */
PC_NODISCARD enum pc_status pc_session_send(struct pc_session *session, const uint8_t *frame,
                                            uint32_t size);

/* Queue a frame by reference; the session holds the block until it is sent. The block must be of
 * the session's worker. Returns as pc_session_reserve. */
PC_NODISCARD enum pc_status pc_session_send_block(struct pc_session *session,
                                                  struct pc_block *block);

/* Queue a copy of a frame of which only the newest matters, such as a position. While the queue is
 * above its soft mark the frame waits aside, where a newer one with the same key takes its place;
 * it follows when the queue has room again. key names what the frame is about, among the frames of
 * its packet id. Returns as pc_session_reserve. */
PC_NODISCARD enum pc_status pc_session_send_latest(struct pc_session *session, uint64_t key,
                                                   const uint8_t *frame, uint32_t size);

/* The send queue has risen above its soft mark and is not yet down to half of it: who feeds it
 * should be paused until on_send_room. */
bool pc_session_is_congested(const struct pc_session *session);

/* Stop handling what the peer sends until pc_session_resume: nothing more is received, what has
 * arrived is kept, and the peer's sends fill its window. For a consumer behind us that is full.
 * The idle timeout rests. May be called from a handler: the frame in hand is the last. */
void pc_session_pause(struct pc_session *session);
void pc_session_resume(struct pc_session *session);

/* Close the session when it has received more than packets packets (PACKET_BUDGET) or bytes bytes
 * (BYTE_BUDGET) from now on: what a peer may cost before it has logged in. 0, 0 lifts the budget.
 */
void pc_session_set_budget(struct pc_session *session, uint32_t packets, uint32_t bytes);

/* End the session: nothing more is received, what is queued is sent, then the connection is
 * finished. on_close follows later, never from inside this call. Idempotent: the first reason
 * stays. */
void pc_session_close(struct pc_session *session, enum pc_close_reason reason);

/* End the session now; what is queued is thrown away. Otherwise as pc_session_close. */
void pc_session_abort(struct pc_session *session, enum pc_close_reason reason);

/* Close the session with reason unless the deadline is set anew or cleared before it passes.
 * timeout_ms: from now, 0 clears. One deadline per session; the idle timeout is separate. */
void pc_session_set_deadline(struct pc_session *session, uint32_t timeout_ms,
                             enum pc_close_reason reason);

/* A frame to be sent to many sessions of one worker: encoded once, shared by reference.
 *
 * Owner    the caller holds one reference until pc_block_release; each queue holds its own
 * Thread   the worker's; references are counted without atomics
 * Returns  NULL if memory is short */
struct pc_block *pc_block_create(struct pc_worker *worker, const uint8_t *frame, uint32_t size);
void pc_block_release(struct pc_block *block);

#ifdef __cplusplus
}
#endif
