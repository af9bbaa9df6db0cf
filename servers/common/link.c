/* A link to another server: handshake and heartbeat.
 *
 * Happy path and failure modes: see link.h. Each handler below is one arrow of the drawing there,
 * in its order. The accept table has already refused packets that do not fit the protocol state.
 * Path: [8] for the packets of link.yaml. */
#include "common/link.h"

#include <string.h>

#include "common/server_main.h"
#include "pc/check.h"
#include "pc/container.h"
#include "pc/os.h"
#include "pc/worker.h"
#include "proto/link_codec.h"
#include "proto/link_ids.h"

_Static_assert(LINK_AUTH_NODE_MAX == COMMON_NODE_NAME_MAX, "link_auth.h is written for it");
_Static_assert(LINK_AUTH_NONCE_SIZE == LINK_NONCE_SIZE, "link_auth.h is written for it");
_Static_assert(LINK_AUTH_PROOF_SIZE == LINK_PROOF_SIZE, "link_auth.h is written for it");

const char *server_link_peer_node(struct pc_session *session)
{
    return server_link_of(session)->peer.node;
}

/* Log why the link is not made. role: who should be there, or says to be. */
static void link__tell_refused(const struct server_link *link, enum common_role role,
                               const char *why)
{
    server_log_peer(pc_session_worker(link->session), LOG_WARNING, pc_session_handle(link->session),
                    "link_refused",
                    LOG_FIELDS(log_text("why", why), log_text("peer", link->peer.node),
                               log_text("role", common_role_name(role)),
                               log_address("address", pc_session_peer(link->session))));
}

static void link__refuse(struct server_link *link, const char *why)
{
    link__tell_refused(link, (enum common_role)link->peer.role, why);
    pc_session_close(link->session, PC_CLOSE_AUTH);
}

static void link__init_own(struct server_link *link)
{
    const struct link_policy *policy = link->policy;
    struct link_auth_side *own = &link->own;
    own->role = (uint8_t)policy->self->role;
    own->version = LINK_VERSION;
    own->compat_hash = LINK_COMPAT_HASH;
    own->payload_version = policy->payload.version;
    own->payload_hash = policy->payload.compat_hash;
    own->payload_schema_hash = policy->payload.schema_hash;
    memcpy(own->node, policy->self->node, sizeof(own->node));
    pc_os_random(own->nonce, sizeof(own->nonce));
}

static void link__send_hello(struct server_link *link)
{
    const struct link_auth_side *own = &link->own;
    struct link_hello packet = {
        .role = (enum common_role)own->role,
        .version = own->version,
        .compat_hash = own->compat_hash,
        .payload_version = own->payload_version,
        .payload_hash = own->payload_hash,
        .payload_schema_hash = own->payload_schema_hash,
    };
    bool fits = pc_wire_set_text(packet.node, sizeof(packet.node), &packet.node_size, own->node);
    PC_ASSERT(fits);
    memcpy(packet.nonce, own->nonce, sizeof(packet.nonce));
    (void)link_hello_send(link->session, &packet); /* else it is closing */
}

void server_link_open(struct pc_session *session, const struct link_policy *policy)
{
    struct server_link *link = server_link_of(session);
    link->policy = policy;
    link->session = session;
    link__init_own(link);
    pc_session_set_deadline(session, policy->handshake_timeout_ms, PC_CLOSE_DEADLINE);
    if (policy->is_initiator) {
        link__send_hello(link);
    }
}

static bool link__versions_match(const struct server_link *link)
{
    const struct link_auth_side *own = &link->own;
    const struct link_auth_side *peer = &link->peer;
    return own->version == peer->version && own->compat_hash == peer->compat_hash &&
           own->payload_version == peer->payload_version && own->payload_hash == peer->payload_hash;
}

static void link__tell_versions(const struct server_link *link)
{
    const struct link_auth_side *own = &link->own;
    const struct link_auth_side *peer = &link->peer;
    server_log_peer(pc_session_worker(link->session), LOG_ERROR, pc_session_handle(link->session),
                    "link_versions",
                    LOG_FIELDS(log_number("own_version", own->version),
                               log_hex("own_hash", own->compat_hash),
                               log_number("own_payload_version", own->payload_version),
                               log_hex("own_payload_hash", own->payload_hash),
                               log_number("peer_version", peer->version),
                               log_hex("peer_hash", peer->compat_hash),
                               log_number("peer_payload_version", peer->payload_version),
                               log_hex("peer_payload_hash", peer->payload_hash)));
}

static void link__refuse_versions(struct server_link *link)
{
    link__tell_versions(link);
    link__refuse(link, "version_mismatch");
}

/* The challenge; without nonce and proof unless result is OK. */
static void link__send_challenge(struct server_link *link, enum common_result result)
{
    const struct link_auth_side *own = &link->own;
    struct link_challenge packet = {
        .result = result,
        .role = (enum common_role)own->role,
        .version = own->version,
        .compat_hash = own->compat_hash,
        .payload_version = own->payload_version,
        .payload_hash = own->payload_hash,
        .payload_schema_hash = own->payload_schema_hash,
    };
    bool fits = pc_wire_set_text(packet.node, sizeof(packet.node), &packet.node_size, own->node);
    PC_ASSERT(fits);
    if (result == COMMON_RESULT_OK) {
        memcpy(packet.nonce, own->nonce, sizeof(packet.nonce));
        link_auth_prove(&link->policy->self->key, LINK_AUTH_ACCEPTOR, &link->peer, own,
                        packet.proof);
    }
    (void)link_challenge_send(link->session, &packet);
}

/* What the peer says of itself. */
static void link__side_from_hello(struct link_auth_side *side, const struct link_hello *packet)
{
    side->role = (uint8_t)packet->role;
    side->version = packet->version;
    side->compat_hash = packet->compat_hash;
    side->payload_version = packet->payload_version;
    side->payload_hash = packet->payload_hash;
    side->payload_schema_hash = packet->payload_schema_hash;
    memcpy(side->node, packet->node, sizeof(side->node));
    memcpy(side->nonce, packet->nonce, sizeof(side->nonce));
}

/* The same, in another packet. */
static void link__side_from_challenge(struct link_auth_side *side,
                                      const struct link_challenge *packet)
{
    side->role = (uint8_t)packet->role;
    side->version = packet->version;
    side->compat_hash = packet->compat_hash;
    side->payload_version = packet->payload_version;
    side->payload_hash = packet->payload_hash;
    side->payload_schema_hash = packet->payload_schema_hash;
    memcpy(side->node, packet->node, sizeof(side->node));
    memcpy(side->nonce, packet->nonce, sizeof(side->nonce));
}

void server_link_on_hello(struct pc_session *session, const struct link_hello *packet)
{
    struct server_link *link = server_link_of(session);
    link__side_from_hello(&link->peer, packet);
    if (packet->role != link->policy->peer_role) {
        link__refuse(link, "wrong_role");
        return;
    }
    if (!link__versions_match(link)) {
        link__send_challenge(link, COMMON_RESULT_VERSION_MISMATCH);
        link__refuse_versions(link);
        return;
    }
    pc_session_set_protocol_state(session, SERVER_LINK_CHALLENGED);
    link__send_challenge(link, COMMON_RESULT_OK);
}

void server_link_on_challenge(struct pc_session *session, const struct link_challenge *packet)
{
    struct server_link *link = server_link_of(session);
    const struct link_auth_side *peer = &link->peer;
    link__side_from_challenge(&link->peer, packet);
    if (packet->result != COMMON_RESULT_OK || !link__versions_match(link)) {
        link__refuse_versions(link);
        return;
    }
    if (packet->role != link->policy->peer_role) {
        link__refuse(link, "wrong_role");
        return;
    }
    const struct node_key *key = &link->policy->self->key;
    if (!link_auth_verify(key, LINK_AUTH_ACCEPTOR, &link->own, peer, packet->proof)) {
        link__refuse(link, "wrong_proof");
        return;
    }
    struct link_proof proof;
    link_auth_prove(key, LINK_AUTH_INITIATOR, &link->own, peer, proof.proof);
    pc_session_set_protocol_state(session, SERVER_LINK_CHALLENGED);
    (void)link_proof_send(session, &proof);
}

/* The same on the wire, but names or policy were edited on one side. */
static void link__tell_schemas(const struct server_link *link)
{
    const struct link_auth_side *own = &link->own;
    const struct link_auth_side *peer = &link->peer;
    if (own->payload_schema_hash == peer->payload_schema_hash) {
        return;
    }
    log_write(link->policy->log, LOG_INFO, pc_session_handle(link->session), "schema_differs",
              LOG_FIELDS(log_text("peer", peer->node), log_number("version", peer->payload_version),
                         log_hex("hash", peer->payload_hash),
                         log_hex("schema_hash", peer->payload_schema_hash),
                         log_hex("own_schema_hash", own->payload_schema_hash)));
}

/* Both sides have proved themselves. */
static void link__become_ready(struct server_link *link)
{
    struct pc_session *session = link->session;
    PC_ASSERT(!link->is_ready);
    link->is_ready = true;
    pc_session_set_protocol_state(session, SERVER_LINK_READY);
    pc_session_set_deadline(session, 0, PC_CLOSE_NONE);
    log_write(link->policy->log, LOG_INFO, pc_session_handle(session), "link_up",
              LOG_FIELDS(log_text("peer", link->peer.node),
                         log_text("role", common_role_name((enum common_role)link->peer.role)),
                         log_address("address", pc_session_peer(session)),
                         log_number("worker", pc_worker_index(pc_session_worker(session)))));
    link__tell_schemas(link);
    if (link->policy->on_ready != NULL) {
        link->policy->on_ready(session);
    }
}

void server_link_on_proof(struct pc_session *session, const struct link_proof *packet)
{
    struct server_link *link = server_link_of(session);
    const struct node_key *key = &link->policy->self->key;
    const struct link_welcome welcome = {0};
    if (!link_auth_verify(key, LINK_AUTH_INITIATOR, &link->peer, &link->own, packet->proof)) {
        link__refuse(link, "wrong_proof");
        return;
    }
    (void)link_welcome_send(session, &welcome);
    link__become_ready(link);
}

static void link__ping(struct pc_worker *worker, struct pc_timer *timer)
{
    struct server_link *link = PC_CONTAINER_OF(timer, struct server_link, ping_timer);
    const struct link_ping ping = {.time_ms = pc_worker_now_ms(worker)};
    if (link_ping_send(link->session, &ping) == PC_OK) {
        pc_timer_set(worker, timer, link->policy->heartbeat_ms, link__ping);
    }
}

void server_link_on_welcome(struct pc_session *session, const struct link_welcome *packet)
{
    struct server_link *link = server_link_of(session);
    (void)packet; /* it has no fields */
    pc_timer_set(pc_session_worker(session), &link->ping_timer, link->policy->heartbeat_ms,
                 link__ping);
    link__become_ready(link);
}

void server_link_on_ping(struct pc_session *session, const struct link_ping *packet)
{
    const struct link_pong pong = {.time_ms = packet->time_ms};
    (void)link_pong_send(session, &pong);
}

void server_link_on_pong(struct pc_session *session, const struct link_pong *packet)
{
    (void)session; /* that something was received is all that counts */
    (void)packet;
}

/* The acceptor refuses by closing: only the initiator's log can say so on its side. An acceptor
 * says nothing of strangers who came and went. */
static void link__tell_not_made(const struct server_link *link, enum pc_close_reason reason)
{
    if (link->policy->is_initiator && reason != PC_CLOSE_AUTH && reason != PC_CLOSE_SHUTDOWN) {
        link__tell_refused(link, link->policy->peer_role, pc_close_reason_name(reason));
    }
}

void server_link_close(struct pc_session *session, enum pc_close_reason reason)
{
    struct server_link *link = server_link_of(session);
    if (link->policy == NULL) {
        return; /* never opened */
    }
    pc_timer_cancel(pc_session_worker(session), &link->ping_timer);
    if (!link->is_ready) {
        link__tell_not_made(link, reason);
        return;
    }
    link->is_ready = false;
    log_write(link->policy->log, reason == PC_CLOSE_SHUTDOWN ? LOG_INFO : LOG_WARNING,
              pc_session_handle(session), "link_down",
              LOG_FIELDS(log_text("peer", link->peer.node),
                         log_text("role", common_role_name((enum common_role)link->peer.role)),
                         log_text("reason", pc_close_reason_name(reason))));
    if (link->policy->on_down != NULL) {
        link->policy->on_down(session, reason);
    }
}
