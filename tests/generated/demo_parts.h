/* What the test protocol's handlers leave for the tests to look at. */
#pragma once

#include <stdint.h>

struct pc_session;

struct game_client {
    int unused;
};

/* The handler that ran last, and what it got. */
struct demo_seen {
    const char *handler; /* NULL: none since it was cleared */
    const void *receiver;
    uint64_t number; /* some field of the packet */
};

extern struct demo_seen demo_seen;

/* What the game does with a count; NULL: nothing. */
struct inner_count;
extern void (*demo_on_count)(struct pc_session *session, const struct inner_count *packet);

/* The frame that the game handed out last for a client behind the gate. */
struct demo_sent {
    const void *client;
    uint32_t size;
    uint8_t frame[256];
};

extern struct demo_sent demo_sent;
