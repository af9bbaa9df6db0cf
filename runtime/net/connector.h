/* Outgoing connections that every worker keeps of its own and makes anew when they break.
 *
 * Each connection is a link: idle -> connecting -> open -> (broken) -> pause -> connecting ... The
 * pause doubles from retry_min_ms to retry_max_ms and is spread by a quarter at random, so that
 * many workers do not knock at once. It starts over when a connection has stood for longer than the
 * pause; one that is made and refused at once, as by a handshake, was no success. Place in the byte
 * path: before [1]. */
#pragma once

#include "net/worker.h"
#include "pc/check.h"
#include "pc/runtime.h"
#include "pc/timer.h"
#include "port/port.h"

/* Invariant: session is not NULL exactly while a session of the link is out of its pool; then the
 * timer is not set. */
struct connector_link {
    struct pc_worker *worker;
    const struct pc_connector_config *config; /* defaults filled in; the runtime's */
    struct pc_session *session;
    struct pc_timer retry;
    uint64_t opened_ms; /* when session was connected; 0: it is not */
    uint32_t retry_ms;  /* next pause */
};

void connector_fill_defaults(struct pc_connector_config *config);

/* Make the links of all the runtime's connectors for one worker. Main thread, before start. */
PC_NODISCARD enum pc_status connector_make_links(struct pc_worker *worker,
                                                 const struct pc_connector_config *configs,
                                                 uint32_t config_count);

/* Connect now. */
PC_COLD void connector_start(struct connector_link *link);

/* Make no more attempts; the session, if there is one, is shut down with the others. */
PC_COLD void connector_stop(struct connector_link *link);

PC_COLD void connector_on_connected(struct pc_session *session, const struct port_event *event);
PC_COLD void connector_on_timeout(struct connector_link *link);

/* The link's session is back in its pool. */
PC_COLD void connector_on_released(struct connector_link *link);
