/* A worker: one thread with its own completion port, timers, pools and inbox. */
#pragma once

#include <stdint.h>

#include "pc/session.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pc_runtime;
struct pc_message;

uint32_t pc_worker_index(const struct pc_worker *worker);
struct pc_runtime *pc_worker_runtime(const struct pc_worker *worker);

/* Milliseconds of the engine's clock, read once per turn of the loop. Never goes back. */
uint64_t pc_worker_now_ms(const struct pc_worker *worker);

/* What the application keeps per worker; set it in on_worker_start. */
void *pc_worker_user(const struct pc_worker *worker);
void pc_worker_set_user(struct pc_worker *worker, void *user);

/* The open session of a handle, or NULL if it is stale, of another worker, or closing. */
struct pc_session *pc_worker_find(struct pc_worker *worker, pc_handle handle);

/* The worker index that a handle belongs to. */
uint32_t pc_handle_worker(pc_handle handle);

/* Receives a posted message on its worker. session: that of the message's handle, or NULL if it has
 * gone meanwhile (or none was named). The message is the receiver's again: free or reuse it here.
 */
typedef void pc_message_fn(struct pc_worker *worker, struct pc_session *session,
                           struct pc_message *message);

/* Embed it in whatever is sent; container_of gets it back. */
struct pc_message {
    struct pc_message *next; /* the inbox's */
    pc_handle session;       /* whom it is for, or PC_HANDLE_NONE */
    uint32_t worker;         /* index, used when no session is named */
    pc_message_fn *deliver;
};

/* Send a message to a worker. Never blocks, never fails, never allocates; every message is
 * delivered exactly once, in the order of each sender, also while the runtime stops. Those that are
 * left when the workers have ended are delivered by pc_runtime_stop, with no session; it returns
 * when none is left, so a receiver must not answer a message with another for ever.
 *
 * Threads other than the workers have posted their last when pc_runtime_stop is called, or are
 * joined in on_worker_stop. What comes later than pc_runtime_stop's return is not delivered.
 *
 * Owner    the message is the inbox's until deliver is called
 * Thread   any, from pc_runtime_create until pc_runtime_destroy */
void pc_post(struct pc_runtime *runtime, struct pc_message *message);

#ifdef __cplusplus
}
#endif
