/* What the test protocol's handlers leave for the tests to look at. */
#pragma once

#include <stdint.h>

/* Stands for a session: the handlers only pass its address on. */
struct pc_session {
    int unused;
};

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

/* The frame that the game handed out last for a client behind the gate. */
struct demo_sent {
    const void *client;
    uint32_t size;
    uint8_t frame[256];
};

extern struct demo_sent demo_sent;
