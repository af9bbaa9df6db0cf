/* Outgoing connections; see connector.h. Failure modes: the connect fails or takes too long, the
 * open connection breaks: all end in a pause and a new attempt, unless the connector is `once` or
 * the worker stops. */
#include "net/connector.h"

#include <stdlib.h>

#include "net/runtime.h"
#include "net/session.h"
#include "pc/check.h"
#include "pc/container.h"

#define CONNECT_TIMEOUT_DEFAULT_MS 3000u
#define RETRY_MIN_DEFAULT_MS       100u
#define RETRY_MAX_DEFAULT_MS       3000u

void connector_fill_defaults(struct pc_connector_config *config)
{
    if (config->connect_timeout_ms == 0) {
        config->connect_timeout_ms = CONNECT_TIMEOUT_DEFAULT_MS;
    }
    if (config->retry_min_ms == 0) {
        config->retry_min_ms = RETRY_MIN_DEFAULT_MS;
    }
    if (config->retry_max_ms == 0) {
        config->retry_max_ms = RETRY_MAX_DEFAULT_MS;
    }
    if (config->connections == 0) {
        config->connections = 1;
    }
}

enum pc_status connector_make_links(struct pc_worker *worker,
                                    const struct pc_connector_config *configs,
                                    uint32_t config_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < config_count; i++) {
        count += configs[i].connections;
    }
    if (count == 0) {
        return PC_OK;
    }
    worker->links = calloc(count, sizeof *worker->links);
    if (worker->links == NULL) {
        return PC_NO_MEMORY;
    }
    for (uint32_t i = 0; i < config_count; i++) {
        for (uint32_t k = 0; k < configs[i].connections; k++) {
            struct connector_link *link = &worker->links[worker->link_count++];
            link->worker = worker;
            link->config = &configs[i];
            link->retry_ms = configs[i].retry_min_ms;
        }
    }
    return PC_OK;
}

static void connector__on_retry(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)worker;
    connector_start(PC_CONTAINER_OF(timer, struct connector_link, retry));
}

/* Pause for three to five quarters of retry_ms, and double it for the next time. */
static void connector__retry_later(struct connector_link *link)
{
    uint32_t pause_ms =
        link->retry_ms - link->retry_ms / 4 + worker_random(link->worker, link->retry_ms / 2 + 1);
    uint32_t doubled_ms = link->retry_ms * 2;
    link->retry_ms =
        doubled_ms < link->config->retry_max_ms ? doubled_ms : link->config->retry_max_ms;
    pc_timer_set(link->worker, &link->retry, pause_ms, connector__on_retry);
}

static bool connector__may_retry(const struct connector_link *link)
{
    return !link->config->once && !link->worker->stopping;
}

/* Say that the attempt failed. The next one is planned when the session is released, if there is
 * one. */
static void connector__tell_failed(const struct connector_link *link, enum pc_status status,
                                   int32_t raw)
{
    struct pc_event event = {
        .kind = PC_EVENT_CONNECT_FAILED,
        .type = link->worker->runtime->manager.types[link->config->type].policy.name,
        .address = link->config->address,
        .status = status,
        .raw = raw,
        .retry_ms = connector__may_retry(link) ? link->retry_ms : 0,
    };
    worker_observe(link->worker, &event);
}

/* The attempt failed before there was a session. */
static void connector__give_up(struct connector_link *link, enum pc_status status)
{
    connector__tell_failed(link, status, 0);
    if (connector__may_retry(link)) {
        connector__retry_later(link);
    }
}

void connector_start(struct connector_link *link)
{
    struct pc_worker *worker = link->worker;
    uint32_t type = link->config->type;
    PC_ASSERT(link->session == NULL);
    struct pc_session *session = worker_take_session(worker, type);
    if (session == NULL) {
        connector__give_up(link, PC_NO_MEMORY);
        return;
    }
    session->tag = link->config->tag;
    session_set_phase(session, SESSION_CONNECTING);
    enum pc_status status = port_connect(worker->port, &session->socket, &link->config->address);
    if (status != PC_OK) {
        session_release(session);
        connector__give_up(link, status);
        return;
    }
    session->link = link;
    link->session = session;
    worker_count_session(worker, type, 1);
    pc_session_set_deadline(session, link->config->connect_timeout_ms, PC_CLOSE_CONNECT);
}

void connector_stop(struct connector_link *link)
{
    pc_timer_cancel(link->worker, &link->retry);
}

void connector_on_connected(struct pc_session *session, const struct port_event *event)
{
    if (session->phase == SESSION_CLOSING) {
        return;
    }
    if (event->status != PC_OK) {
        connector__tell_failed(session->link, event->status, event->raw);
        session_discard(session, PORT_ABORT_GRACEFUL, PC_CLOSE_CONNECT);
        return;
    }
    session->link->opened_ms = session->worker->now_ms;
    session_open(session);
}

void connector_on_timeout(struct connector_link *link)
{
    connector__tell_failed(link, PC_TIMEOUT, 0);
    session_discard(link->session, PORT_ABORT_RESET, PC_CLOSE_CONNECT);
}

void connector_on_released(struct connector_link *link)
{
    if (link->opened_ms != 0 && link->worker->now_ms - link->opened_ms > link->retry_ms) {
        link->retry_ms = link->config->retry_min_ms;
    }
    link->session = NULL;
    link->opened_ms = 0;
    if (connector__may_retry(link)) {
        connector__retry_later(link);
    }
}
