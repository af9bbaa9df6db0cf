/* The requests of one worker that wait for another server's answer.
 *
 * Happy path: request_table_add gives a correlation, which travels in the request; the answer
 * brings it back and request_table_take yields, once, who waits for it.
 * Failure modes: the table is full: correlation 0, answer BUSY; no answer within the table's time:
 * the entry expires and on_expired is called; an answer that is late, repeated or made up:
 * request_table_take returns false.
 *
 * A correlation is slot and generation, so an old one never names a newer request. All requests of
 * a table have the same time to live; so the oldest is always the next to expire.
 * Thread: the worker's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/session.h"
#include "pc/timer.h"
#include "pc/worker.h"

/* What waits. */
struct request {
    pc_handle session; /* who waits; may be stale by the time of the answer */
    uint64_t user;     /* the caller's own */
    uint64_t added_ms; /* worker's clock */
    uint32_t kind;     /* the caller's own enum */
};

struct request_table;

/* timeout_ms: time to live of each request. NULL if memory is short. */
struct request_table *request_table_create(uint32_t requests_max, uint32_t timeout_ms);
void request_table_destroy(struct request_table *table);

/* added_ms is set here from now_ms. Returns the correlation, never 0; 0 if the table is full. */
uint64_t request_table_add(struct request_table *table, const struct request *request,
                           uint64_t now_ms);

/* Once per correlation. False if nothing waits under it. */
bool request_table_take(struct request_table *table, uint64_t correlation, struct request *request);

typedef void request_expired_fn(struct pc_worker *worker, const struct request *request);

/* Take out every request whose time has passed and report it. Returns their count. */
uint32_t request_table_expire(struct request_table *table, struct pc_worker *worker,
                              uint64_t now_ms, request_expired_fn *on_expired);

/* Let a timer of the worker call request_table_expire; from on_worker_start. */
void request_table_watch(struct request_table *table, struct pc_worker *worker,
                         request_expired_fn *on_expired);

/* Stop the timer again: before a table is destroyed whose worker still runs (on_worker_stop). */
void request_table_unwatch(struct request_table *table, struct pc_worker *worker);

/* Take out all requests (a link has gone) and report each as expired ones are. */
void request_table_fail_all(struct request_table *table, struct pc_worker *worker,
                            request_expired_fn *on_failed);

uint32_t request_table_count(const struct request_table *table);
