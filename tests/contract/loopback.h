/* Connections of one engine with itself, for the contract suite: a world of one or two ports, a
 * listener and peers. Every event is checked against the rules that hold always, counted in its
 * peer, and answered as the peer's behaviour says. Tests wait for figures, with a time limit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "port/port.h"
#include "support/cmocka_all.h"

#define LOOPBACK_WAIT_MS  20000u /* a figure that is not reached by then fails the test */
#define LOOPBACK_QUIET_MS 60u    /* so long nothing came: nothing comes */
#define PEER_CHUNK_SIZE   65536u
#define PEER_TEXT_SIZE    256u

/* One end of a connection.
 * Invariant: is_open from an accepted submit until CLOSED (or a failed accept, or detach). */
struct peer {
    struct port_socket socket; /* the first member: events lead back to the peer */
    struct loopback *loop;
    struct port *port;
    struct peer *next;
    bool is_open;
    /* behaviour */
    bool adopts;  /* take the accepted connection into service at once */
    bool arms;    /* keep a receive in flight from LIVE on, and after each one that brought data */
    bool checks;  /* what it receives is the counting pattern */
    bool reposts; /* accept again when an accept failed or the connection closed */
    uint32_t spans; /* of each send of a stream; 0: 1 */
    /* what happened */
    uint64_t accepted; /* events of each kind */
    uint64_t connected;
    uint64_t received;
    uint64_t sent;
    uint64_t closed;
    uint64_t accept_failed;
    uint64_t ended;               /* receives that brought no data */
    enum pc_status accept_status; /* of the last event of its kind */
    enum pc_status connect_status;
    enum pc_status receive_status;
    enum pc_status send_status;
    uint64_t received_bytes;
    uint64_t sent_bytes;
    uint64_t pattern_errors;
    uint64_t stream_end;          /* bytes that a stream is to send in all */
    uint32_t send_size;           /* bytes of the send in flight */
    uint64_t order;               /* the world's count of events at the last event of this peer */
    uint8_t text[PEER_TEXT_SIZE]; /* the first bytes received */
    uint8_t *chunk;               /* bytes of a stream's send */
};

/* Where worlds listen. A build of the suite may choose a path. */
#ifndef LOOPBACK_ADDRESS
#define LOOPBACK_ADDRESS "127.0.0.1:0"
#endif

struct loopback {
    struct port *port;
    struct port *second; /* NULL unless loopback_open_second was called */
    struct port_listener *listener;
    struct pc_address address;
    struct peer *peers;
    uint64_t events;
    uint64_t woken;
    uint64_t unlistened;
    uint64_t accept_events;
    uint64_t open_count; /* peers that are open */
    uint32_t events_max; /* of each port_wait */
    bool is_unlistening;
};

/* Run a group once for each engine that this build and this system have. Returns main's result:
 * failures, or 77 (skipped) if no engine could be opened. */
#ifdef LOOPBACK_ENGINE /* a build of the suite for what is special of one engine */
#define LOOPBACK_RUN(name, tests)                                                                  \
    loopback_run_on((LOOPBACK_ENGINE), (name), (tests), COUNT_OF(tests))
#else
#define LOOPBACK_RUN(name, tests) loopback_run((name), (tests), COUNT_OF(tests))
#endif
int loopback_run(const char *name, const struct CMUnitTest *tests, size_t test_count);

/* The same for one engine, for what it promises beyond the contract. */
int loopback_run_on(const struct port_engine *engine, const char *name,
                    const struct CMUnitTest *tests, size_t test_count);

const struct port_engine *loopback_engine(void);

/* Group members: each test gets a fresh world in *state, and leaves none of it. */
#define LOOPBACK_TEST(function)                                                                    \
    cmocka_unit_test_setup_teardown(function, loopback_setup, loopback_teardown)
int loopback_setup(void **state);
int loopback_teardown(void **state);

/* Make the port anew with other buffers; before anything was made of it. */
void loopback_reopen(struct loopback *loop, uint32_t buffer_count, uint32_t buffer_size);
void loopback_open_second(struct loopback *loop);

void loopback_listen(struct loopback *loop, uint32_t backlog);
void loopback_unlisten(struct loopback *loop); /* and wait for UNLISTENED */

struct peer *loopback_peer(struct loopback *loop);
void loopback_forget(struct peer *peer); /* free it: nobody may touch its memory any more */
struct peer *loopback_accept(struct loopback *loop);
struct peer *loopback_connect(struct loopback *loop);

/* A connected pair, both LIVE; neither receives yet. */
void loopback_pair(struct loopback *loop, struct peer **client, struct peer **server);

/* One port_wait on each port. Returns the count of events. */
uint32_t loopback_turn(struct loopback *loop, uint64_t timeout_ms);

/* port_wait's deadline for a time from now; 0 and PORT_WAIT_FOREVER stay what they are. */
uint64_t loopback_deadline_ms(struct port *port, uint64_t timeout_ms);

/* Turn until the figure is reached. */
void loopback_until(struct loopback *loop, const uint64_t *figure, uint64_t wanted);

/* Turn until nothing has come for LOOPBACK_QUIET_MS. */
void loopback_until_quiet(struct loopback *loop);

/* The clock that the engine's waits go by: the system's, or the simulated world's. */
uint64_t loopback_now_us(struct loopback *loop);
void loopback_sleep_ms(uint32_t ms);

/* End the test here, with the reason; the second: if the engine is the simulated one. */
void loopback_skip(const char *reason);
void loopback_skip_simulated(const char *reason);

/* The port has taken the peer's socket into service by a call of the test's own. */
void loopback_opened(struct peer *peer);

void peer_recv(struct peer *peer);
void peer_send(struct peer *peer, const void *bytes, uint32_t size);
void peer_abort(struct peer *peer, enum port_abort_mode mode);
void peer_close(struct peer *peer); /* abort gracefully and wait for CLOSED */

/* Send the counting pattern up to so many bytes in all, as fast as the port takes it. */
void peer_stream(struct peer *peer, uint64_t bytes);

uint8_t pattern_at(uint64_t offset);
