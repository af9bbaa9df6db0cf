/* A server and its clients as two runtimes of one process, connected over loopback. Both sides use
 * the test table. What happens is counted under a lock; a test waits for a figure to be reached,
 * always with a time limit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/runtime.h"
#include "pc/worker.h"
#include "support/cmocka_all.h"

#define LOOP_WAIT_MS      20000u
#define LOOP_HANDLES_MAX  4096u
#define LOOP_RECEIVED_MAX (8u << 20)
#define LOOP_WORKERS_MAX  16u

/* What one side has seen so far. */
struct loop_counts {
    uint32_t opened;
    uint32_t closed;
    uint32_t closed_by[PC_CLOSE_REASON_COUNT];
    uint32_t refused_by[PC_REFUSAL_COUNT];
    uint32_t address_refused;
    uint32_t fallbacks;
    uint32_t connect_failed;
    uint32_t ended; /* closed or connect_failed: a reset may come before connect returns */
    uint32_t frames;
    uint32_t relayed;
    uint32_t messages; /* posted ones that were delivered */
    uint32_t rooms;    /* calls of on_send_room */
    uint32_t stop_waits;
    uint32_t opened_on[LOOP_WORKERS_MAX];
    uint16_t refused_id;
    uint16_t refused_size;
};

struct loop_side {
    struct pc_runtime *runtime;
    struct loop_counts counts;
    uint8_t *received; /* frames in the order they came; LOOP_RECEIVED_MAX bytes */
    uint32_t received_size;
    pc_handle handles[LOOP_HANDLES_MAX]; /* in the order of on_open */
    void (*on_open)(struct pc_session *session);
    void (*on_frame)(struct pc_session *session, const struct pc_frame *frame);
};

struct loop_options {
    struct pc_session_type type;        /* the server's; name, accepts and callbacks are set here,
                                         * on_relay if it is NULL */
    struct pc_listener_config listener; /* type and address are set here */
    uint64_t send_bytes_max;            /* of one of the server's workers; 0: the default */
    uint32_t server_workers;            /* 0: 1 */
    bool server_on_main;                /* the test's thread is the server's worker 0 */
    uint32_t client_count;              /* 0: none */
    bool reconnect;
    void (*on_server_open)(struct pc_session *session); /* NULL: nothing */
    void (*on_client_open)(struct pc_session *session); /* NULL: nothing */
    void (*on_server_frame)(struct pc_session *session, const struct pc_frame *frame);
    void (*on_client_frame)(struct pc_session *session, const struct pc_frame *frame);
};

/* Run main's tests once on every real engine of this build; an engine that the system blocks is
 * named as skipped. Returns main's result, 77 (skipped) if there was none. */
int loop_run(const char *name, const struct CMUnitTest *tests, size_t test_count);

/* Of the run that is going on. */
enum pc_engine loop_engine(void);

extern struct loop_side loop_server;
extern struct loop_side loop_client;

/* Start both; fails the test if it cannot. */
void loop_start(const struct loop_options *options);

/* Start only the server; loop_connect follows when the test is ready. */
void loop_start_server(const struct loop_options *options);
void loop_connect(const struct loop_options *options);

/* Stop what runs, clients first, and assert that every pool is whole. */
void loop_stop(void);
void loop_stop_server(uint32_t drain_ms);
void loop_stop_client(uint32_t drain_ms);

/* Wait until *figure, a member of a side's counts (or received_size), is at least wanted. */
void loop_await(const uint32_t *figure, uint32_t wanted);
uint32_t loop_read(const uint32_t *figure);

/* Send the frame back. */
void loop_echo(struct pc_session *session, const struct pc_frame *frame);

/* Queue a frame of size bytes whose payload is a pattern of number. */
void loop_send(struct pc_session *session, uint32_t size, uint16_t id, uint32_t number);

/* The address that the server listens at. */
struct pc_address loop_bound_address(void);

/* Run a function on the worker of a side's session, with the session, and wait until it has run. */
void loop_run_on(struct loop_side *side, uint32_t session_index,
                 void (*function)(struct pc_session *session));

/* Count one delivered message. */
void loop_count_message(struct pc_worker *worker);
