/* A listening address with N accepts kept outstanding, on the acceptor (worker 0).
 *
 * A session is popped from the acceptor's pool when its accept is posted. When the accept
 * completes, the connection goes to the least loaded worker: the acceptor opens the session itself,
 * or takes the connection out of it and posts it to the other worker, before its first receive. On
 * every path, errors included, the accept is posted anew; at the type's maximum of sessions none is
 * posted and the backlog holds. Place in the byte path: before [1]. */
#pragma once

#include <stdatomic.h>

#include "base/token_bucket.h"
#include "net/address_limit.h"
#include "net/worker.h"
#include "pc/check.h"
#include "pc/runtime.h"
#include "pc/timer.h"
#include "port/port.h"

#define HANDOVER_COUNT 256u /* connections on their way to other workers at a time */

/* A connection on its way to another worker. Invariant: in_use is true exactly from the acceptor's
 * post until the other worker has taken the connection. */
struct listener_handover {
    struct pc_message message;
    struct port_handover connection;
    struct listener *listener;
    atomic_bool in_use;
};

/* Invariant: posted_count accepts are outstanding, each with a session in ACCEPTING;
 * port_listener is NULL when the listener has closed. */
struct listener {
    struct pc_runtime *runtime;
    struct pc_listener_config config;
    struct pc_address bound;
    struct port_listener *port_listener;
    struct address_limit *address_limit; /* NULL: no limit */
    struct pc_timer retry;               /* set while accepts are missing */
    struct token_bucket accepts;         /* of accepts_per_sec_max */
    uint32_t posted_count;
    uint32_t retry_ms;
    uint32_t handover_next; /* where the search for a free one begins */
    struct listener_handover handovers[HANDOVER_COUNT];
};

/* Open the address on the acceptor's port. Main thread, before start. On failure raw holds the
 * system's code and the listener needs no destroy. */
PC_NODISCARD enum pc_status listener_init(struct listener *listener, struct pc_runtime *runtime,
                                          const struct pc_listener_config *config, int32_t *raw);

/* Keep accepts posted from now on. Acceptor's thread. */
PC_COLD void listener_start(struct listener *listener);

/* Accept no more; PORT_UNLISTENED follows. */
PC_COLD void listener_stop(struct listener *listener);

PC_COLD void listener_on_accepted(struct pc_session *session, const struct port_event *event);
PC_COLD void listener_on_unlistened(struct pc_runtime *runtime,
                                    struct port_listener *port_listener);

/* A session that counted in the address limit was released. Thread: any worker's. */
PC_COLD void listener_forget_address(struct listener *listener, const struct pc_address *address);

/* Listeners of this worker that are not closed yet. */
PC_COLD uint32_t listener_count_open(const struct pc_worker *worker);

/* After the workers were joined. */
PC_COLD void listener_destroy(struct listener *listener);
