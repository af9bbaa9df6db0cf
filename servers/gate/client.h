/* A client's session, as the gate sees it.
 *
 *     CONNECTED --hello--> GREETED --register or login--> AUTHENTICATING --no--> GREETED
 *                                                              | login ok
 *                          +-----------------------------------+
 *                          v
 *                        LOBBY --enter_world--> ENTERING --session_entered--> WORLD
 *                          ^                      |   |                         |
 *                          +----- refused --------+   +----> STRANDED <---------+
 *                                                            put out of the world, or the game is
 *                                                            away; enter_world leads back
 *
 * Only the game decodes what is relayed; a frame that it refuses closes the session as one does
 * that the gate refuses.
 *
 * Who was in the world becomes STRANDED and not LOBBY, because moves and chats that the client sent
 * before it heard of it are still on their way and must not be taken for a violation. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "pc/dispatch.h"
#include "pc/session.h"
#include "proto/client_ids.h"
#include "proto/client_types.h"
#include "proto/common_types.h"

struct gate_worker;

/* The user area of a client session. Its state is the session's protocol state.
 * Invariant: account_id is set from LOBBY on, and name is then the account's, before that the one
 * that was tried last; node is in its worker's clients. */
struct gate_client {
    struct pc_session *session;
    struct list_node node;
    uint64_t account_id;
    uint16_t name_size;
    char name[COMMON_ACCOUNT_NAME_MAX + 1];
    uint32_t login_failures;
    bool is_held;    /* paused until the game's link has room */
    bool has_echoed; /* its first echo has been logged */
};

static inline struct gate_client *gate_client_of(struct pc_session *session)
{
    return pc_session_user(session);
}

static inline enum client_session_state gate_client_state(const struct pc_session *session)
{
    return (enum client_session_state)pc_session_protocol_state(session);
}

static inline void gate_client_set_state(struct pc_session *session,
                                         enum client_session_state state)
{
    pc_session_set_protocol_state(session, (uint8_t)state);
}

/* The game knows the session: it was announced and has not left. */
static inline bool gate_client_is_entered(const struct pc_session *session)
{
    enum client_session_state state = gate_client_state(session);
    return state == CLIENT_SESSION_ENTERING || state == CLIENT_SESSION_WORLD;
}

/* Callbacks of the session type; handlers/session.c and handlers/relay_up.c. */
void gate_client_open(struct pc_session *session);
void gate_client_close(struct pc_session *session, enum pc_close_reason reason);
void gate_client_relay(struct pc_session *session, const struct pc_accept_entry *entry,
                       const struct pc_frame *frame);

/* The client session of a handle, or NULL: it has gone, or the handle never was a client's. */
struct pc_session *gate_client_find(struct gate_worker *worker, pc_handle handle);

/* The client is no longer in the world: it is told, and its state follows. REFUSED of a client that
 * was in the world is a violation: its session is closed. */
void gate_client_leave_world(struct pc_session *session, enum common_leave_reason reason);

/* The game's link is above its soft mark: what this client sends waits until there is room. */
void gate_client_hold(struct pc_session *session);
/* There is room again, or the link has gone. */
void gate_clients_release(struct gate_worker *worker);

/* Tell every client of the worker that has been greeted that a server has gone or come back. */
void gate_clients_tell_status(struct gate_worker *worker, enum common_role server, bool is_up);
