/* The front of the completion port: every call passes here on its way to the engine.
 *
 * Happy path: assert what the caller owes the contract, let the engine work, assert what the engine
 * owes. The engine changes state, in_flight and sockets_open; nothing is changed here.
 * Failure modes: none of its own; a broken rule ends the process, whoever broke it.
 * Path: [1] completion and [10] send op, in front of port_<engine>.c */
#include "port/port.h"

#include "pc/check.h"
#include "pc/runtime.h"

#ifdef _WIN32
const struct port_engine *const port_engine_uring = NULL;
const struct port_engine *const port_engine_epoll = NULL;
#else
const struct port_engine *const port_engine_iocp = NULL;
#endif

static bool port__is(const struct port_socket *socket, enum port_socket_state state)
{
    return socket->state == (uint8_t)state;
}

static bool port__is_quiet(const struct port_socket *socket)
{
    return !socket->recv.in_flight && !socket->send.in_flight && !socket->is_ready;
}

/* An IDLE socket may be anybody's memory: nothing of it may be known to the engine. */
static void port__check_idle(const struct port_socket *socket)
{
    PC_ASSERT(port__is(socket, PORT_SOCKET_IDLE));
    PC_ASSERT(port__is_quiet(socket));
    PC_ASSERT(socket->os_handle == 0);
}

/* What the engine promises of an event that it returns. */
static void port__check_event(const struct port_event *event)
{
    const struct port_socket *socket = event->socket;
    switch (event->kind) {
    case PORT_ACCEPTED:
        PC_ASSERT(event->listener != NULL);
        PC_ASSERT(!socket->recv.in_flight);
        PC_ASSERT(
            port__is(socket, event->status == PC_OK ? PORT_SOCKET_ACCEPTED : PORT_SOCKET_IDLE));
        break;
    case PORT_CONNECTED:
        PC_ASSERT(!socket->recv.in_flight);
        break;
    case PORT_RECEIVED:
        PC_ASSERT(!socket->recv.in_flight);
        PC_ASSERT((event->status == PC_OK) == (event->size > 0));
        PC_ASSERT(event->status != PC_OK || event->data != NULL);
        break;
    case PORT_SENT:
        PC_ASSERT(!socket->send.in_flight);
        PC_ASSERT((event->status == PC_OK) == (event->size > 0));
        break;
    case PORT_CLOSED:
        port__check_idle(socket);
        break;
    case PORT_UNLISTENED:
        PC_ASSERT(event->listener != NULL);
        break;
    case PORT_WOKEN:
        break;
    }
}

static enum pc_status port__check_congestion(const struct port_engine *engine, const char *name)
{
    if (name == NULL) {
        return PC_OK;
    }
    return engine->takes_congestion ? pc_congestion_check(name) : PC_UNSUPPORTED;
}

enum pc_status port_open(const struct port_engine *engine, const struct port_config *config,
                         struct port **port, int32_t *raw)
{
    PC_ASSERT(engine != NULL);
    PC_ASSERT(config->receive_buffer_count >= 8 && config->receive_buffer_count <= 32768);
    PC_ASSERT((config->receive_buffer_count & (config->receive_buffer_count - 1)) == 0);
    PC_ASSERT(config->receive_buffer_size >= 512 && config->receive_buffer_size <= 65536);
    *port = NULL;
    *raw = 0;
    enum pc_status status = port__check_congestion(engine, config->congestion);
    if (status != PC_OK) {
        return status;
    }
    status = engine->open(config, port, raw);
    PC_ASSERT((status == PC_OK) == (*port != NULL));
    if (status == PC_OK) {
        (*port)->congestion = config->congestion;
    }
    return status;
}

const char *port_cause(const struct port_engine *engine, int32_t raw)
{
    return engine->cause == NULL ? "" : engine->cause(raw);
}

void port_close(struct port *port)
{
    PC_ASSERT(port->sockets_open == 0);
    port->engine->close(port);
}

uint32_t port_wait(struct port *port, struct port_event *events, uint32_t events_max,
                   uint64_t deadline_ms)
{
    PC_ASSERT(events_max >= 1 && events_max <= PORT_EVENTS_MAX);
    uint32_t count = port->engine->wait(port, events, events_max, deadline_ms);
    PC_ASSERT(count <= events_max);
    for (uint32_t i = 0; i < count; i++) {
        PC_CHECK(port__check_event(&events[i]));
    }
    return count;
}

void port_wake(struct port *port)
{
    port->engine->wake(port);
}

uint64_t port_now_ms(struct port *port)
{
    return port->engine->now_ms(port);
}

static bool port__takes(const struct port *port, const struct pc_address *address)
{
    return address->family != PC_FAMILY_UNIX || port->engine->takes_paths;
}

enum pc_status port_listen(struct port *port, struct pc_address *address, uint32_t backlog,
                           struct port_listener **listener, int32_t *raw)
{
    PC_ASSERT(backlog >= 1);
    *listener = NULL;
    *raw = 0;
    if (!port__takes(port, address)) {
        return PC_UNSUPPORTED;
    }
    enum pc_status status = port->engine->listen(port, address, backlog, listener, raw);
    PC_ASSERT((status == PC_OK) == (*listener != NULL));
    return status;
}

enum pc_status port_accept(struct port *port, struct port_listener *listener,
                           struct port_socket *socket)
{
    port__check_idle(socket);
    enum pc_status status = port->engine->accept(port, listener, socket);
    PC_ASSERT(port__is(socket, status == PC_OK ? PORT_SOCKET_ACCEPTING : PORT_SOCKET_IDLE));
    PC_ASSERT(socket->recv.in_flight == (status == PC_OK));
    return status;
}

void port_unlisten(struct port *port, struct port_listener *listener)
{
    port->engine->unlisten(port, listener);
}

void port_listener_free(struct port *port, struct port_listener *listener)
{
    port->engine->listener_free(port, listener);
}

enum pc_status port_adopt(struct port *port, struct port_socket *socket)
{
    PC_ASSERT(port__is(socket, PORT_SOCKET_ACCEPTED));
    enum pc_status status = port->engine->adopt(port, socket);
    PC_ASSERT(port__is(socket, status == PC_OK ? PORT_SOCKET_LIVE : PORT_SOCKET_ACCEPTED));
    return status;
}

struct port_handover port_detach(struct port *port, struct port_socket *socket)
{
    PC_ASSERT(port__is(socket, PORT_SOCKET_ACCEPTED));
    struct port_handover handover = port->engine->detach(port, socket);
    PC_ASSERT(handover.os_handle != 0);
    port__check_idle(socket);
    return handover;
}

enum pc_status port_adopt_handover(struct port *port, struct port_socket *socket,
                                   const struct port_handover *handover)
{
    port__check_idle(socket);
    PC_ASSERT(handover->os_handle != 0);
    enum pc_status status = port->engine->adopt_handover(port, socket, handover);
    PC_ASSERT(port__is(socket, status == PC_OK ? PORT_SOCKET_LIVE : PORT_SOCKET_IDLE));
    return status;
}

void port_discard_handover(struct port *port, const struct port_handover *handover)
{
    PC_ASSERT(handover->os_handle != 0);
    port->engine->discard_handover(port, handover);
}

enum pc_status port_connect(struct port *port, struct port_socket *socket,
                            const struct pc_address *address)
{
    port__check_idle(socket);
    if (!port__takes(port, address)) {
        return PC_UNSUPPORTED;
    }
    enum pc_status status = port->engine->connect(port, socket, address);
    PC_ASSERT(port__is(socket, status == PC_OK ? PORT_SOCKET_CONNECTING : PORT_SOCKET_IDLE));
    PC_ASSERT(socket->recv.in_flight == (status == PC_OK));
    return status;
}

enum pc_status port_recv(struct port *port, struct port_socket *socket)
{
    PC_ASSERT(port__is(socket, PORT_SOCKET_LIVE));
    PC_ASSERT(!socket->recv.in_flight);
    enum pc_status status = port->engine->recv(port, socket);
    PC_ASSERT(socket->recv.in_flight == (status == PC_OK));
    return status;
}

/* Apart from port_send, most of whose sends have a single span. */
static PC_OUTLINE void port__check_spans(const struct port_span *spans, uint32_t span_count)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < span_count; i++) {
        PC_ASSERT(spans[i].size > 0);
        size += spans[i].size;
    }
    PC_ASSERT(size <= INT32_MAX);
}

enum pc_status port_send(struct port *port, struct port_socket *socket,
                         const struct port_span *spans, uint32_t span_count)
{
    PC_ASSERT(port__is(socket, PORT_SOCKET_LIVE));
    PC_ASSERT(!socket->send.in_flight);
    PC_ASSERT(span_count >= 1 && span_count <= PORT_SPANS_MAX);
    if (span_count == 1) {
        PC_ASSERT(spans[0].size > 0 && spans[0].size <= INT32_MAX);
    } else {
        port__check_spans(spans, span_count);
    }
    enum pc_status status = port->engine->send(port, socket, spans, span_count);
    PC_ASSERT(socket->send.in_flight == (status == PC_OK));
    return status;
}

void port_shutdown_send(struct port *port, struct port_socket *socket)
{
    PC_ASSERT(port__is(socket, PORT_SOCKET_LIVE));
    PC_ASSERT(!socket->send.in_flight);
    port->engine->shutdown_send(port, socket);
}

void port_abort(struct port *port, struct port_socket *socket, enum port_abort_mode mode)
{
    PC_ASSERT(port__is(socket, PORT_SOCKET_ACCEPTED) || port__is(socket, PORT_SOCKET_CONNECTING) ||
              port__is(socket, PORT_SOCKET_LIVE));
    port->engine->abort(port, socket, mode);
    PC_ASSERT(port__is(socket, PORT_SOCKET_ABORTED));
}
