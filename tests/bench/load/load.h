/* The load generator: one thread, epoll, closed loop; every reply is checked for content and order.
 *
 * It connects its clients, warms up, then measures a window: messages, latencies, and the processor
 * time that the server's processes used in it. The result is one line of JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

#include "histogram.h"

#define LOAD_PIDS_MAX 8u
#define LOAD_TURN     16u /* exchanges of a client until another one has its turn: in_flight_max */

enum load_mode {
    LOAD_ECHO,      /* each client keeps depth requests outstanding */
    LOAD_FRAGMENTS, /* the same, sent in pieces of 1 to 24 bytes */
    LOAD_SHOUT,     /* client 0 shouts; the next shout follows when everybody has heard */
    LOAD_CHURN,     /* connect, one echo, close */
    LOAD_HOLD       /* connect, one echo each, then wait until stdin ends */
};

struct load_options {
    enum load_mode mode;
    struct sockaddr_in address;
    const char *path; /* connect to this path instead; NULL: to the address */
    uint32_t client_count;
    uint32_t depth;
    uint32_t in_flight_max; /* so many clients ask, in turns; 0: all of them all the time */
    uint32_t rotations; /* turns that each client has in a window at least; with in_flight_max */
    uint16_t request_id;
    uint16_t body_size;
    uint32_t lazy_count; /* of the clients, the last; they send one large echo a millisecond */
    bool lazy_reads;
    bool spins;
    bool is_stepped; /* a window for each byte on stdin, until it ends */
    uint32_t warm_up_ms;
    uint32_t window_ms;
    uint32_t patience_ms; /* without a reply for so long: the server is stuck */
    int pids[LOAD_PIDS_MAX];
    uint32_t pid_count;
};

/* One connection. Invariant: sequences expected..next are outstanding, in order; out_sent <=
 * out_size <= out_room bytes of them wait in out; tail_size bytes of an incomplete reply are in
 * tail. */
struct load_client {
    uint8_t *out;
    uint8_t *tail;
    uint64_t *asked_ns; /* [sequence % depth] */
    uint32_t index;
    uint32_t next;
    uint32_t expected;
    uint32_t turn_left; /* exchanges; with in_flight_max */
    uint32_t out_room;
    uint32_t out_size;
    uint32_t out_sent;
    uint32_t tail_size;
    int descriptor;
    uint16_t body_size;
    bool waits_writable;
    bool is_lazy;
};

struct load {
    struct load_options options;
    struct load_client *clients;
    struct histogram latencies; /* nanoseconds, of what was asked in the window */
    uint64_t now_ns;
    uint64_t began_ns; /* the window; UINT64_MAX: it has not */
    uint64_t messages; /* checked replies of clients that are not lazy */
    uint64_t heard;    /* replies to the shout under way */
    uint64_t errors;
    uint64_t broken;       /* connections that the server ended, since the start */
    uint64_t lazy_now_ns;  /* when lazy clients were driven last */
    uint64_t lazy_owed_ns; /* since then, not yet paid in frames */
    uint64_t lazy_frames;  /* that each of them should have sent */
    int epoll;
    bool is_draining; /* nothing more is asked */
    bool is_alone;    /* one client that spins: it receives without asking epoll first */
};

/* load.c */
void load_die(const char *what);
uint64_t load_now_ns(void);

/* options.c; wrong ones end the process. */
struct load_options load_parse(int argument_count, char **arguments);

/* client.c */
void client_open(struct load *load, struct load_client *client);
void client_close(struct load *load, struct load_client *client);
/* Queue one request; client_flush sends it. */
void client_ask(struct load *load, struct load_client *client);
void client_flush(struct load *load, struct load_client *client);
/* Send 1 to 24 bytes of what is queued. */
void client_flush_piece(struct load_client *client);
/* Queue and send requests of a lazy client, or as many as there is room for. */
void client_press(struct load *load, struct load_client *client, uint32_t count);
/* Read all there is, check it, and go on as the mode says. */
void client_on_readable(struct load *load, struct load_client *client);
