/* The completion port of Windows: the reference of the contract in port.h.
 *
 * Happy path: a call submits an overlapped operation whose OVERLAPPED lies in the socket's op.
 * port_wait takes a batch of completion packets off the port, marks each op done and puts its
 * socket on the ready list; then it makes events of the ready list. Operations that complete inside
 * the submit call yield no packet (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS): they are marked done
 * there and wait on the same list, so no event is ever delivered from a submit call.
 *
 * Receiving: a socket's first receive, and any receive for which the pool has no buffer, is posted
 * with zero bytes. It pins no memory; when it completes, the data is read without waiting into the
 * port's scratch. All others are posted with a buffer of the pool, one call per wake. A receive is
 * never cancelled to pause: Windows may lose what it had already taken.
 *
 * Closing: what is pending in the system is cancelled, the handle is closed when the last of it has
 * come back, CLOSED is given when its events are out.
 *
 * Failure modes: an AcceptEx that fails gives its slot back with the event; a packet that cannot be
 * posted for port_wake sets a flag, and no sleep is longer than IOCP_SLEEP_MAX_MS; used-up scratch
 * ends the batch and the rest stays on the list; an NTSTATUS nobody knows becomes PC_SYSTEM.
 *
 * Path: [1] completion and [10] send op. */
#include "port/iocp_port.h"

#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "pc/os.h"

#define IOCP_SLEEP_MAX_MS        500u
#define IOCP_NT_CONNECTION_RESET 0xC000020Du

_Static_assert(sizeof(OVERLAPPED) <= sizeof(((struct port_op *)NULL)->os), "an op holds it");
_Static_assert(sizeof(struct iocp_socket) <= sizeof(((struct port_socket *)NULL)->engine),
               "a socket holds it");

static enum pc_status iocp__load_extensions(struct iocp_port *port, int32_t *raw);
static enum pc_status iocp__attach(struct iocp_port *port, uint64_t handle);
static OVERLAPPED *iocp__prepare(struct port_socket *socket, struct port_op *op,
                                 enum iocp_kind kind);
static enum pc_status iocp__submitted(struct iocp_port *port, struct port_op *op, int32_t error,
                                      uint32_t size);

static enum pc_status iocp_open(const struct port_config *config, struct port **opened,
                                int32_t *raw)
{
    *raw = socket_startup();
    if (*raw != 0) {
        return socket_status_of_error(*raw);
    }
    struct iocp_port *port = calloc(1, sizeof(*port));
    if (port == NULL) {
        return PC_NO_MEMORY;
    }
    enum pc_status status = PC_NO_MEMORY;
    port->receive_size = config->receive_buffer_size;
    port->receive_memory = malloc((size_t)config->receive_buffer_count * port->receive_size);
    port->receive_free = malloc(config->receive_buffer_count * sizeof(*port->receive_free));
    port->scratch = malloc(IOCP_SCRATCH_SIZE);
    if (port->receive_memory == NULL || port->receive_free == NULL || port->scratch == NULL) {
        goto fail_memory;
    }
    for (uint32_t i = config->receive_buffer_count; i > 0; i--) {
        port->receive_free[port->receive_free_count++] = i - 1;
    }
    /* Concurrency 1: one thread ever waits on this port. */
    port->handle = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (port->handle == NULL) {
        *raw = (int32_t)GetLastError();
        status = socket_status_of_error(*raw);
        goto fail_memory;
    }
    status = iocp__load_extensions(port, raw);
    if (status != PC_OK) {
        goto fail_handle;
    }
    port->base.engine = port_engine_iocp;
    *opened = &port->base;
    return PC_OK;

fail_handle:
    CloseHandle(port->handle);
fail_memory:
    free(port->scratch);
    free(port->receive_free);
    free(port->receive_memory);
    free(port);
    return status;
}

static void iocp_close(struct port *base)
{
    struct iocp_port *port = iocp_of(base);
    PC_ASSERT(port->listener_count == 0);
    PC_ASSERT(port->ready.count == 0);
    CloseHandle(port->handle);
    free(port->scratch);
    free(port->receive_free);
    free(port->receive_memory);
    free(port);
}

/* How long the next sleep may be; 0: the deadline has come. */
static uint32_t iocp__sleep_ms(uint64_t deadline_ms)
{
    if (deadline_ms == 0 || deadline_ms == PORT_WAIT_FOREVER) {
        return deadline_ms == 0 ? 0 : IOCP_SLEEP_MAX_MS;
    }
    uint64_t now_ms = pc_os_monotonic_ms();
    uint64_t left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    return left_ms < IOCP_SLEEP_MAX_MS ? (uint32_t)left_ms : IOCP_SLEEP_MAX_MS;
}

static uint32_t iocp_wait(struct port *base, struct port_event *events, uint32_t events_max,
                          uint64_t deadline_ms)
{
    struct iocp_port *port = iocp_of(base);
    iocp_reclaim(port);
    for (;;) {
        uint32_t sleep_ms = iocp__sleep_ms(deadline_ms);
        iocp_reap(port, iocp_has_due(port) ? 0 : sleep_ms);
        uint32_t count = iocp_emit(port, events, events_max);
        /* Otherwise again: the system's timer is coarse and may return early, and a packet need not
         * yield an event. */
        if (count > 0 || sleep_ms == 0) {
            return count;
        }
    }
}

static void iocp_wake(struct port *base)
{
    struct iocp_port *port = iocp_of(base);
    /* One packet answers every wake that comes before port_wait has reported it. */
    if (atomic_exchange(&port->wake_posted, true)) {
        return;
    }
    if (!socket_post_wake(port->handle)) {
        atomic_store(&port->wake_lost, true);
    }
}

static uint64_t iocp_now_ms(struct port *base)
{
    (void)base;
    return pc_os_monotonic_ms();
}

static enum pc_status iocp_listen(struct port *base, struct pc_address *address, uint32_t backlog,
                                  struct port_listener **opened, int32_t *raw)
{
    struct iocp_port *port = iocp_of(base);
    struct port_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        return PC_NO_MEMORY;
    }
    listener->family = address->family;
    for (uint32_t i = PORT_ACCEPTS_MAX; i > 0; i--) {
        listener->slots_free[listener->slots_free_count++] = (uint16_t)(i - 1);
    }
    enum pc_status status = PC_OK;
    *raw = socket_open(address->family, &listener->handle);
    if (*raw != 0) {
        status = socket_status_of_error(*raw);
        goto fail_memory;
    }
    *raw = socket_listen(listener->handle, address, backlog, address);
    if (*raw != 0) {
        status = socket_status_of_error(*raw);
        goto fail_socket;
    }
    status = iocp__attach(port, listener->handle);
    if (status != PC_OK) {
        *raw = (int32_t)GetLastError();
        goto fail_socket;
    }
    port->listener_count++;
    *opened = listener;
    return PC_OK;

fail_socket:
    socket_close(listener->handle);
fail_memory:
    free(listener);
    return status;
}

static enum pc_status iocp_accept(struct port *base, struct port_listener *listener,
                                  struct port_socket *socket)
{
    struct iocp_port *port = iocp_of(base);
    struct iocp_socket *own = iocp_own(socket);
    PC_ASSERT(!listener->is_closing);
    if (listener->slots_free_count == 0) {
        return PC_FULL;
    }
    if (socket_open(listener->family, &socket->os_handle) != 0) {
        return PC_NO_BUFFERS;
    }
    memset(own, 0, sizeof(*own));
    own->listener = listener;
    own->slot = listener->slots_free[--listener->slots_free_count];
    listener->accepts_in_flight++;
    iocp_set_state(port, socket, PORT_SOCKET_ACCEPTING);
    OVERLAPPED *overlapped = iocp__prepare(socket, &socket->recv, IOCP_ACCEPT);
    DWORD size = 0;
    /* No data with the accept: a client that connects and stays silent would hold the slot. */
    BOOL is_done = port->accept_ex((SOCKET)listener->handle, (SOCKET)socket->os_handle,
                                   listener->addresses[own->slot], 0, IOCP_ACCEPT_ADDRESS_SIZE,
                                   IOCP_ACCEPT_ADDRESS_SIZE, &size, overlapped);
    int32_t error = is_done ? 0 : WSAGetLastError();
    enum pc_status status = iocp__submitted(port, &socket->recv, error, 0);
    if (status == PC_RESET) {
        /* A connection broke in the backlog: the event gives the slot back, as for one that breaks
         * later. */
        overlapped->Internal = IOCP_NT_CONNECTION_RESET;
        socket->recv.in_flight = true;
        iocp_mark_done(port, &socket->recv);
        return PC_OK;
    }
    if (status != PC_OK) {
        iocp_accept_end(socket);
        iocp_close_handle(socket);
        iocp_set_state(port, socket, PORT_SOCKET_IDLE);
        return PC_NO_BUFFERS;
    }
    return PC_OK;
}

static void iocp_unlisten(struct port *base, struct port_listener *listener)
{
    struct iocp_port *port = iocp_of(base);
    PC_ASSERT(!listener->is_closing);
    listener->is_closing = true;
    listener->next = port->closing;
    port->closing = listener;
    /* The handle is closed with UNLISTENED: an accept that has completed already still needs it. */
    CancelIoEx((HANDLE)(uintptr_t)listener->handle, NULL);
}

static void iocp_listener_free(struct port *base, struct port_listener *listener)
{
    struct iocp_port *port = iocp_of(base);
    PC_ASSERT(listener->accepts_in_flight == 0);
    PC_ASSERT(!listener->is_closing || listener->handle == 0);
    if (listener->handle != 0) {
        socket_close(listener->handle);
    }
    PC_ASSERT(port->listener_count > 0);
    port->listener_count--;
    free(listener);
}

static enum pc_status iocp_adopt(struct port *base, struct port_socket *socket)
{
    struct iocp_port *port = iocp_of(base);
    enum pc_status status = iocp__attach(port, socket->os_handle);
    if (status == PC_OK) {
        iocp_set_state(port, socket, PORT_SOCKET_LIVE);
    }
    return status;
}

static struct port_handover iocp_detach(struct port *base, struct port_socket *socket)
{
    struct port_handover handover = {.os_handle = socket->os_handle, .peer = socket->peer};
    socket->os_handle = 0;
    iocp_set_state(iocp_of(base), socket, PORT_SOCKET_IDLE);
    return handover;
}

static enum pc_status iocp_adopt_handover(struct port *base, struct port_socket *socket,
                                          const struct port_handover *handover)
{
    struct iocp_port *port = iocp_of(base);
    enum pc_status status = iocp__attach(port, handover->os_handle);
    if (status != PC_OK) {
        socket_close(handover->os_handle);
        return status;
    }
    memset(iocp_own(socket), 0, sizeof(struct iocp_socket));
    socket->os_handle = handover->os_handle;
    socket->peer = handover->peer;
    iocp_set_state(port, socket, PORT_SOCKET_LIVE);
    return PC_OK;
}

static void iocp_discard_handover(struct port *base, const struct port_handover *handover)
{
    (void)base;
    socket_close(handover->os_handle);
}

static enum pc_status iocp_connect(struct port *base, struct port_socket *socket,
                                   const struct pc_address *address)
{
    struct iocp_port *port = iocp_of(base);
    uint8_t os[SOCKET_ADDRESS_SIZE];
    const int os_size = (int)socket_address_write(address, os);
    if (os_size == 0) {
        return PC_ADDRESS_INVALID;
    }
    int32_t error = socket_open(address->family, &socket->os_handle);
    if (error != 0) {
        return socket_status_of_error(error);
    }
    enum pc_status status =
        socket_status_of_error(socket_bind_any(socket->os_handle, address->family));
    if (status == PC_OK) {
        status = iocp__attach(port, socket->os_handle);
    }
    if (status != PC_OK) {
        goto fail_socket;
    }
    memset(iocp_own(socket), 0, sizeof(struct iocp_socket));
    socket->peer = *address;
    iocp_set_state(port, socket, PORT_SOCKET_CONNECTING);
    OVERLAPPED *overlapped = iocp__prepare(socket, &socket->recv, IOCP_CONNECT);
    DWORD size = 0;
    BOOL is_done =
        port->connect_ex((SOCKET)socket->os_handle, (const struct sockaddr *)(const void *)os,
                         os_size, NULL, 0, &size, overlapped);
    error = is_done ? 0 : WSAGetLastError();
    status = iocp__submitted(port, &socket->recv, error, 0);
    if (status != PC_OK) {
        iocp_set_state(port, socket, PORT_SOCKET_IDLE);
        goto fail_socket;
    }
    return PC_OK;

fail_socket:
    iocp_close_handle(socket);
    return status;
}

static enum pc_status iocp_recv(struct port *base, struct port_socket *socket)
{
    struct iocp_port *port = iocp_of(base);
    struct iocp_socket *own = iocp_own(socket);
    /* A new session may stay silent for long: it gets a buffer when it has shown that it talks. */
    if (own->has_received && port->receive_free_count > 0) {
        own->buffer = port->receive_free[--port->receive_free_count] + 1;
    } else if (own->has_received) {
        port->base.counters.receives_dry++;
    }
    enum pc_status status = iocp_post_receive(port, socket);
    if (status == PC_NO_BUFFERS && own->buffer != 0) {
        /* The system's limit of locked pages is reached; without a buffer it locks none. */
        port->receive_free[port->receive_free_count++] = own->buffer - 1;
        own->buffer = 0;
        status = iocp_post_receive(port, socket);
    }
    if (status == PC_OK) {
        return PC_OK;
    }
    if (own->buffer != 0) {
        port->receive_free[port->receive_free_count++] = own->buffer - 1;
        own->buffer = 0;
    }
    return status;
}

static enum pc_status iocp_send(struct port *base, struct port_socket *socket,
                                const struct port_span *spans, uint32_t span_count)
{
    struct iocp_port *port = iocp_of(base);
    WSABUF buffers[PORT_SPANS_MAX];
    for (uint32_t i = 0; i < span_count; i++) {
        /* WSABUF serves both directions, so it cannot say that a send only reads. */
        buffers[i].buf = (char *)(uintptr_t)spans[i].data;
        buffers[i].len = spans[i].size;
    }
    OVERLAPPED *overlapped = iocp__prepare(socket, &socket->send, IOCP_SEND);
    uint32_t size = 0;
    int32_t error = socket_post_send(socket->os_handle, buffers, span_count, &size, overlapped);
    port->counters.sends++;
    return iocp_transfer_status(iocp__submitted(port, &socket->send, error, size));
}

static void iocp_shutdown_send(struct port *base, struct port_socket *socket)
{
    (void)base;
    socket_shutdown_send(socket->os_handle);
}

static void iocp_abort(struct port *base, struct port_socket *socket, enum port_abort_mode mode)
{
    struct iocp_port *port = iocp_of(base);
    if (mode == PORT_ABORT_RESET) {
        socket_reset_on_close(socket->os_handle);
    }
    iocp_set_state(port, socket, PORT_SOCKET_ABORTED);
    if (iocp_is_pending(socket)) {
        /* Not found means that the packet is on its way already: either way it comes. */
        CancelIoEx((HANDLE)(uintptr_t)socket->os_handle, NULL);
    } else {
        iocp_close_handle(socket);
    }
    iocp_push_if_ready(port, socket);
}

static const struct port_engine iocp_engine = {
    .name = "iocp",
    .open = iocp_open,
    .close = iocp_close,
    .wait = iocp_wait,
    .wake = iocp_wake,
    .now_ms = iocp_now_ms,
    .listen = iocp_listen,
    .accept = iocp_accept,
    .unlisten = iocp_unlisten,
    .listener_free = iocp_listener_free,
    .adopt = iocp_adopt,
    .detach = iocp_detach,
    .adopt_handover = iocp_adopt_handover,
    .discard_handover = iocp_discard_handover,
    .connect = iocp_connect,
    .recv = iocp_recv,
    .send = iocp_send,
    .shutdown_send = iocp_shutdown_send,
    .abort = iocp_abort,
};

const struct port_engine *const port_engine_iocp = &iocp_engine;

const struct iocp_counters *iocp_port_counters(const struct port *port)
{
    return &((const struct iocp_port *)(const void *)port)->counters;
}

uint32_t iocp_port_buffers_free(const struct port *port)
{
    return ((const struct iocp_port *)(const void *)port)->receive_free_count;
}

uint64_t iocp_listener_handle(const struct port_listener *listener)
{
    return listener->handle;
}

/* The functions are the provider's own, so they are asked for through one of its sockets. */
static enum pc_status iocp__load_extensions(struct iocp_port *port, int32_t *raw)
{
    const GUID accept_ex = WSAID_ACCEPTEX;
    const GUID connect_ex = WSAID_CONNECTEX;
    const GUID accept_addresses = WSAID_GETACCEPTEXSOCKADDRS;
    uint64_t handle = 0;
    *raw = socket_open(PC_FAMILY_IPV4, &handle);
    if (*raw != 0) {
        return socket_status_of_error(*raw);
    }
    *raw = socket_extension(handle, &accept_ex, &port->accept_ex, sizeof(port->accept_ex));
    if (*raw == 0) {
        *raw = socket_extension(handle, &connect_ex, &port->connect_ex, sizeof(port->connect_ex));
    }
    if (*raw == 0) {
        *raw = socket_extension(handle, &accept_addresses, &port->accept_addresses,
                                sizeof(port->accept_addresses));
    }
    port->skips_inline = socket_is_plain(handle);
    socket_close(handle);
    return *raw == 0 ? PC_OK : PC_UNSUPPORTED;
}

/* Bind a handle to this port, for its life. A failure after the first call is no harm: the handle
 * is closed then and never used. */
static enum pc_status iocp__attach(struct iocp_port *port, uint64_t handle)
{
    HANDLE file = (HANDLE)(uintptr_t)handle;
    UCHAR modes = FILE_SKIP_SET_EVENT_ON_HANDLE;
    if (port->skips_inline) {
        modes |= FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
    }
    if (CreateIoCompletionPort(file, port->handle, 0, 0) == NULL ||
        !SetFileCompletionNotificationModes(file, modes)) {
        return socket_status_of_error((int32_t)GetLastError());
    }
    return PC_OK;
}

/* Everything about the op is in place before the system call. */
static OVERLAPPED *iocp__prepare(struct port_socket *socket, struct port_op *op,
                                 enum iocp_kind kind)
{
    memset(op->os, 0, sizeof(op->os));
    op->socket = socket;
    op->kind = (uint8_t)kind;
    op->in_flight = true;
    return iocp_overlapped(op);
}

/* What a submit call has come to; error: 0 if the result is there already. */
static enum pc_status iocp__submitted(struct iocp_port *port, struct port_op *op, int32_t error,
                                      uint32_t size)
{
    if (error == WSA_IO_PENDING) {
        return PC_OK;
    }
    if (error != 0) {
        op->in_flight = false;
        return socket_status_of_error(error);
    }
    if (port->skips_inline) {
        iocp_overlapped(op)->Internal = 0;
        iocp_overlapped(op)->InternalHigh = size;
        port->counters.inline_results++;
        iocp_mark_done(port, op);
    }
    return PC_OK;
}

enum pc_status iocp_post_receive(struct iocp_port *port, struct port_socket *socket)
{
    struct iocp_socket *own = iocp_own(socket);
    uint8_t *buffer = port->scratch;
    uint32_t buffer_size = 0;
    if (own->buffer != 0) {
        buffer = port->receive_memory + (size_t)(own->buffer - 1) * port->receive_size;
        buffer_size = port->receive_size;
        port->counters.receives++;
    } else {
        port->counters.zero_receives++;
    }
    OVERLAPPED *overlapped = iocp__prepare(socket, &socket->recv, IOCP_RECV);
    uint32_t size = 0;
    int32_t error = socket_post_receive(socket->os_handle, buffer, buffer_size, &size, overlapped);
    return iocp_transfer_status(iocp__submitted(port, &socket->recv, error, size));
}

void iocp_set_state(struct iocp_port *port, struct port_socket *socket,
                    enum port_socket_state state)
{
    if (socket->state == PORT_SOCKET_IDLE) {
        port->base.sockets_open++;
    }
    socket->state = (uint8_t)state;
    if (state == PORT_SOCKET_IDLE) {
        port->base.sockets_open--;
    }
}

void iocp_close_handle(struct port_socket *socket)
{
    if (socket->os_handle != 0) {
        socket_close(socket->os_handle);
        socket->os_handle = 0;
    }
}

void iocp_accept_end(struct port_socket *socket)
{
    struct iocp_socket *own = iocp_own(socket);
    struct port_listener *listener = own->listener;
    listener->slots_free[listener->slots_free_count++] = own->slot;
    listener->accepts_in_flight--;
    own->listener = NULL;
}
