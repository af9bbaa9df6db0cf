/* The limits of sessions, listeners and workers, kept a second time: no budget, no rate and no mark
 * of the memory is ever exceeded. See sim_run.h.
 *
 * Happy path: whatever costs something is told here as it happens, and counted in a way of its own
 * from what can be seen outside.
 * Failure: it should not have happened, or something should have: an assertion. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/dispatch.h"
#include "pc/session.h"

#define LIMITS_RATES 3u /* of sim_table */

struct sim_process;

/* How far a rate is used: what was taken and has not come back. Zeroed: nothing was taken. */
struct limits_bucket {
    uint64_t taken_milli; /* thousandths of a token */
    uint64_t taken_ms;    /* when last */
};

/* What a session may still receive, in its user area. */
struct limits_mirror {
    bool has_budget;
    bool is_over; /* more bytes have come than the budget allows */
    uint32_t budget_packets;
    uint32_t budget_bytes;
    uint32_t frames_of_turn;
    uint64_t turn; /* in which the frames were handled */
    struct limits_bucket all_packets;
    struct limits_bucket rates[LIMITS_RATES];
};

/* Set the session's budget, and remember it. */
void limits_set_budget(struct pc_session *session, uint32_t packets, uint32_t bytes);

/* So many bytes are about to be handed to the open session. */
void limits_received(struct pc_session *session, uint32_t size);

/* The session handles a frame. */
void limits_frame(struct pc_session *session, const struct pc_frame *frame);

/* The session tells its application that it has closed. */
void limits_closed(struct pc_session *session, enum pc_close_reason reason);

/* The session is about to be closed because the worker's memory is used up. */
void limits_evicted(const struct pc_session *session);

/* An accept was posted with the session. */
void limits_accept_posted(const struct pc_session *session);

/* The worker has turned. */
void limits_turned(struct sim_process *process, const struct pc_worker *worker);
