/* A link from one worker of a gate, as the game sees it. */
#pragma once

#include <stdbool.h>

#include "common/link.h"
#include "common/list.h"
#include "pc/session.h"
#include "proto/relay_types.h"

/* The user area of a gate link.
 * Invariant: every client in clients has this link; touched_node is linked and down.frame is set
 * exactly while down.sessions_count > 0. */
struct gate_link {
    struct server_link base; /* first: see common/link.h */
    struct list_node clients;
    struct list_node touched_node;
    struct relay_frame_down_many down; /* being collected by fan_out_near */
};

static inline struct pc_session *gate_link_session(const struct gate_link *link)
{
    return link->base.session;
}

/* Callbacks of the gates' session type; see handlers/link.c. */
void gate_link_open(struct pc_session *session);
void gate_link_down(struct pc_session *session, enum pc_close_reason reason);
