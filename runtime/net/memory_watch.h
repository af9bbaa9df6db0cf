/* Path: [2] at the end of a turn: the memory that the sessions of a worker may use.
 *
 * When it is short nobody new is accepted; when it is nearly gone the session that keeps most of it
 * from the others ends, one in a turn. An ended session gives back only when its socket has closed;
 * until then what it holds counts as given back, so that it does not cost the next one. */
#pragma once

#include <stdint.h>

struct pc_worker;

/* Marks of a worker's pool, worked out once. */
struct memory_watch {
    uint64_t bytes_short; /* above: nobody new */
    uint64_t bytes_gone;  /* above: a session ends */
    uint64_t look_at_ms;  /* no look at the sessions is worth its time before */
};

void memory_watch_init(struct memory_watch *watch, uint64_t bytes_max);

/* Look, and end a session if that helps. */
void memory_watch_turn(struct pc_worker *worker);
