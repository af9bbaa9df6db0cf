/* A link to another server: the mutual handshake and the heartbeat, for both sides.
 *
 *     initiator: hello ->     <- challenge     proof ->     <- welcome, then ping/pong
 *
 * Happy path: the session type's on_open calls server_link_open; the packets of protocol/link.yaml
 * arrive in the handlers below; when both sides have proved themselves the protocol state is
 * SERVER_LINK_READY, the deadline is cleared, `link_up` is logged and policy->on_ready is called.
 * With another schema hash it is made all the same, and `schema_differs` is logged beside it.
 * Failure modes: wrong role, version, hash, proof: a `link_refused` line that says which, at whom
 * sees it, and close with PC_CLOSE_AUTH; an initiator that is left before it is ready says
 * `link_refused` with the close reason; no answer within the handshake's time: PC_CLOSE_DEADLINE;
 * nothing heard for the session type's idle_timeout_ms: PC_CLOSE_IDLE. An initiator's connector
 * tries again.
 *
 * A server uses it so, in its own handlers/link.c (an acceptor takes the first line's packets, an
 * initiator the second's; a server that is both registers all):
 *     REGISTER_HANDLER(link_hello, server_link_on_hello);  ..._proof, server_link_on_proof;
 * ..._ping REGISTER_HANDLER(link_challenge, server_link_on_challenge);  ..._welcome;  ..._pong and
 * sets of the session type: user_size >= sizeof(struct server_link), struct server_link FIRST in
 * the user area, idle_timeout_ms = config->link.idle_timeout_ms.
 *
 * Path: [8] for the packets of link.yaml. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/link_auth.h"
#include "common/log.h"
#include "common/node_key.h"
#include "pc/session.h"
#include "pc/timer.h"
#include "proto/common_types.h"
#include "proto/link_types.h"

/* How long a link that is being closed waits for its peer, which may be hung or a stranger; only
 * then is it told to be down and connected anew. At shutdown [server] drain_ms counts instead. */
#define SERVER_LINK_DRAIN_MS 250u

/* Who we are. Constant after start. */
struct link_identity {
    enum common_role role;
    char node[COMMON_NODE_NAME_MAX + 1];
    struct node_key key;
};

/* The protocol that is spoken on the link. */
struct link_payload {
    uint16_t version;     /* DB_VERSION, RELAY_VERSION */
    uint64_t compat_hash; /* DB_COMPAT_HASH, ... */
    uint64_t schema_hash; /* DB_SCHEMA_HASH, ... */
};

/* What holds for all links of one session type. Constant after start; must outlive the runtime. */
struct link_policy {
    const struct link_identity *self;
    const struct log *log;
    enum common_role peer_role; /* who has to be at the other end */
    bool is_initiator;          /* we connect (and ping); else we accept */
    struct link_payload payload;
    uint32_t handshake_timeout_ms;
    uint32_t heartbeat_ms; /* between pings; used by the initiator */
    /* Both proved: packets of the payload protocol may be sent from now on. May be NULL. */
    void (*on_ready)(struct pc_session *session);
    /* A link that was ready is gone; called from server_link_close. May be NULL. */
    void (*on_down)(struct pc_session *session, enum pc_close_reason reason);
};

/* The start of a link session's user area.
 * Invariant: is_ready is true exactly while the protocol state is SERVER_LINK_READY and the session
 * has not closed; the timer is set only then. */
struct server_link {
    const struct link_policy *policy;
    struct pc_session *session;
    struct pc_timer ping_timer;
    struct link_auth_side own;  /* nonces are fresh for each connection */
    struct link_auth_side peer; /* what it said of itself; believed once is_ready */
    bool is_ready;
};

static inline struct server_link *server_link_of(struct pc_session *session)
{
    return pc_session_user(session);
}

/* The other side's node name; "" until it has said hello. */
const char *server_link_peer_node(struct pc_session *session);

/* From the session type's on_open: sets the handshake's deadline; the initiator says hello. */
void server_link_open(struct pc_session *session, const struct link_policy *policy);

/* From the session type's on_close: stops the heartbeat, logs `link_down` and calls on_down if the
 * link was ready; else an initiator logs `link_refused`. */
void server_link_close(struct pc_session *session, enum pc_close_reason reason);

/* Handlers of the acceptor. */
void server_link_on_hello(struct pc_session *session, const struct link_hello *packet);
void server_link_on_proof(struct pc_session *session, const struct link_proof *packet);
void server_link_on_ping(struct pc_session *session, const struct link_ping *packet);

/* Handlers of the initiator. */
void server_link_on_challenge(struct pc_session *session, const struct link_challenge *packet);
void server_link_on_welcome(struct pc_session *session, const struct link_welcome *packet);
void server_link_on_pong(struct pc_session *session, const struct link_pong *packet);
