/* Players of the simulated slice, byte by byte: connect, register, log in, enter, walk, talk,
 * leave, and all over again. What the servers answer is kept in the book.
 *
 * Failure: an answer that contradicts an earlier one is an assertion. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "port/port_sim.h"
#include "slice_store.h"

#define SLICE_CLIENTS          4u
#define SLICE_CLIENT_BYTES_MAX 4096u

enum slice_stage {
    SLICE_GONE,
    SLICE_GREETING,
    SLICE_GREETED,
    SLICE_ASKING, /* a register or login is under way */
    SLICE_LOBBY,
    SLICE_ENTERING,
    SLICE_PLAYING,
    SLICE_LEAVING
};

struct slice_client {
    struct sim_world *world;
    struct slice_book *book;
    uint32_t end; /* SIM_END_NONE while GONE */
    uint32_t account;
    enum slice_stage stage;
    bool knew_account; /* it existed when login was sent */
    uint64_t may_ask_ms;
    uint32_t sequence;
    uint32_t chats; /* since it entered; told to the run when it comes to rest */
    uint32_t pending_size;
    uint32_t received_size;
    uint8_t pending[SLICE_CLIENT_BYTES_MAX];
    uint8_t received[SLICE_CLIENT_BYTES_MAX];
};

struct slice_client_totals {
    uint64_t registered;
    uint64_t logins;
    uint64_t enters;
    uint64_t chats; /* heard again by their speaker */
};

extern struct slice_client_totals slice_client_totals;

/* Do the next thing, if it is time. */
void slice_client_act(struct slice_client *client);

/* Read and send what is possible. */
void slice_client_pump(struct slice_client *client);

void slice_client_cut(struct slice_client *client, enum port_abort_mode mode);
