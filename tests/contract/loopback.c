/* Connections of one engine with itself; see loopback.h.
 *
 * Happy path: a test sets up a world, connects peers, turns the ports until what it waits for has
 * happened. Failure modes: a wait that takes too long fails the test; an engine that the system
 * blocks is named as skipped.
 * Path: beside [1] and [10]. */
#include "contract/loopback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/os.h"
#include "port/port_sim.h"

#define DEFAULT_BUFFER_COUNT 64u
#define DEFAULT_BUFFER_SIZE  4096u
#define SKIPPED              77

/* Every engine of the contract; NULL in builds that lack it. */
static const struct port_engine *const *const engines[] = {
    &port_engine_iocp,
    &port_engine_uring,
    &port_engine_epoll,
    &port_engine_sim,
};

static const struct port_engine *current;

/* What the simulated engine lives in; NULL for the others. */
static struct sim_world *world;

static bool loopback__is_simulated(void)
{
    return current == port_engine_sim;
}

static void loopback__make_world(void)
{
    const struct sim_config config = {.seed = 1};
    if (loopback__is_simulated()) {
        world = sim_world_create(&config);
        assert_non_null(world);
    }
}

static void loopback__drop_world(void)
{
    if (world != NULL) {
        sim_world_destroy(world);
        world = NULL;
    }
}

/* False, with a line of output, if this system does not let the current engine be opened. */
static bool loopback__is_open_to_us(void)
{
    struct port *port = NULL;
    int32_t raw = 0;
    struct pc_address address;
    assert_int_equal(pc_address_parse(LOOPBACK_ADDRESS, &address), PC_OK);
    if (address.family == PC_FAMILY_UNIX && !current->takes_paths) {
        printf("SKIPPED on engine %s: it has no paths\n", current->name);
        return false;
    }
    loopback__make_world();
    const struct port_config config = {
        .receive_buffer_count = 8, .receive_buffer_size = 512, .world = world};
    enum pc_status status = port_open(current, &config, &port, &raw);
    if (status == PC_DENIED || status == PC_UNSUPPORTED) {
        printf("SKIPPED: engine %s cannot be opened here (system's code %d)\n", current->name,
               (int)raw);
        return false;
    }
    assert_int_equal(status, PC_OK);
    port_close(port);
    loopback__drop_world();
    return true;
}

int loopback_run_on(const struct port_engine *engine, const char *name,
                    const struct CMUnitTest *tests, size_t test_count)
{
    current = engine;
    if (current == NULL || !loopback__is_open_to_us()) {
        return SKIPPED;
    }
    printf("engine %s:\n", current->name);
    return _cmocka_run_group_tests(name, tests, test_count, NULL, NULL);
}

int loopback_run(const char *name, const struct CMUnitTest *tests, size_t test_count)
{
    int failed = 0;
    uint32_t ran = 0;
    for (size_t i = 0; i < COUNT_OF(engines); i++) {
        int result = loopback_run_on(*engines[i], name, tests, test_count);
        if (result != SKIPPED) {
            failed += result;
            ran++;
        }
    }
    return ran == 0 ? SKIPPED : failed;
}

const struct port_engine *loopback_engine(void)
{
    return current;
}

static struct port *loopback__port(uint32_t buffer_count, uint32_t buffer_size)
{
    const struct port_config config = {
        .receive_buffer_count = buffer_count, .receive_buffer_size = buffer_size, .world = world};
    struct port *port = NULL;
    int32_t raw = 0;
    enum pc_status status = port_open(current, &config, &port, &raw);
    assert_int_equal(status, PC_OK);
    return port;
}

int loopback_setup(void **state)
{
    struct loopback *loop = calloc(1, sizeof *loop);
    assert_non_null(loop);
    loop->events_max = PORT_EVENTS_MAX;
    loopback__make_world();
    loop->port = loopback__port(DEFAULT_BUFFER_COUNT, DEFAULT_BUFFER_SIZE);
    *state = loop;
    return 0;
}

void loopback_reopen(struct loopback *loop, uint32_t buffer_count, uint32_t buffer_size)
{
    port_close(loop->port);
    loop->port = loopback__port(buffer_count, buffer_size);
}

void loopback_open_second(struct loopback *loop)
{
    loop->second = loopback__port(DEFAULT_BUFFER_COUNT, DEFAULT_BUFFER_SIZE);
}

static void loopback__abort_all(struct loopback *loop)
{
    for (struct peer *peer = loop->peers; peer != NULL; peer = peer->next) {
        peer->reposts = false;
        peer->arms = false;
        peer->stream_end = 0;
        enum port_socket_state state = (enum port_socket_state)peer->socket.state;
        if (state == PORT_SOCKET_ACCEPTED || state == PORT_SOCKET_CONNECTING ||
            state == PORT_SOCKET_LIVE) {
            port_abort(peer->port, &peer->socket, PORT_ABORT_RESET);
        }
    }
}

int loopback_teardown(void **state)
{
    struct loopback *loop = *state;
    if (loop->listener != NULL && !loop->is_unlistening) {
        loopback_unlisten(loop);
    }
    loopback__abort_all(loop);
    uint64_t deadline_ms = port_now_ms(loop->port) + LOOPBACK_WAIT_MS;
    while (loop->open_count > 0 && port_now_ms(loop->port) < deadline_ms) {
        (void)loopback_turn(loop, 20);
    }
    assert_int_equal(loop->open_count, 0);
    if (loop->listener != NULL) {
        port_listener_free(loop->port, loop->listener);
    }
    assert_int_equal(loop->port->sockets_open, 0);
    port_close(loop->port);
    if (loop->second != NULL) {
        assert_int_equal(loop->second->sockets_open, 0);
        port_close(loop->second);
    }
    while (loop->peers != NULL) {
        loopback_forget(loop->peers);
    }
    free(loop);
    loopback__drop_world();
    return 0;
}

uint64_t loopback_now_us(struct loopback *loop)
{
    return loopback__is_simulated() ? port_now_ms(loop->port) * 1000 : pc_os_monotonic_us();
}

void loopback_sleep_ms(uint32_t ms)
{
    if (loopback__is_simulated()) {
        sim_world_advance(world, ms);
    } else {
        pc_os_sleep_ms(ms);
    }
}

void loopback_skip(const char *reason)
{
    printf("SKIPPED on engine %s: %s\n", current->name, reason);
    skip();
}

void loopback_skip_simulated(const char *reason)
{
    if (loopback__is_simulated()) {
        loopback_skip(reason);
    }
}

void loopback_listen(struct loopback *loop, uint32_t backlog)
{
    struct pc_address any;
    int32_t raw = 0;
    assert_int_equal(pc_address_parse(LOOPBACK_ADDRESS, &any), PC_OK);
    loop->address = any;
    enum pc_status status = port_listen(loop->port, &loop->address, backlog, &loop->listener, &raw);
    assert_int_equal(status, PC_OK);
    assert_int_not_equal(loop->address.port, 0);
    assert_memory_equal(loop->address.ip, any.ip, 4);
}

void loopback_unlisten(struct loopback *loop)
{
    for (struct peer *peer = loop->peers; peer != NULL; peer = peer->next) {
        peer->reposts = false;
    }
    loop->is_unlistening = true;
    port_unlisten(loop->port, loop->listener);
    loopback_until(loop, &loop->unlistened, 1);
}

struct peer *loopback_peer(struct loopback *loop)
{
    struct peer *peer = calloc(1, sizeof *peer);
    assert_non_null(peer);
    peer->loop = loop;
    peer->port = loop->port;
    peer->adopts = true;
    peer->next = loop->peers;
    loop->peers = peer;
    return peer;
}

void loopback_forget(struct peer *peer)
{
    struct peer **place = &peer->loop->peers;
    assert_false(peer->is_open);
    while (*place != peer) {
        place = &(*place)->next;
    }
    *place = peer->next;
    free(peer->chunk);
    /* So that a touch is seen without a sanitizer, too. */
    memset(peer, 0xA5, sizeof *peer);
    free(peer);
}

void loopback_opened(struct peer *peer)
{
    assert_false(peer->is_open);
    peer->is_open = true;
    peer->loop->open_count++;
}

static void peer__shut(struct peer *peer)
{
    assert_true(peer->is_open);
    peer->is_open = false;
    peer->loop->open_count--;
}

static void peer__accept(struct peer *peer)
{
    enum pc_status status = port_accept(peer->port, peer->loop->listener, &peer->socket);
    assert_int_equal(status, PC_OK);
    loopback_opened(peer);
}

struct peer *loopback_accept(struct loopback *loop)
{
    struct peer *peer = loopback_peer(loop);
    peer__accept(peer);
    return peer;
}

struct peer *loopback_connect(struct loopback *loop)
{
    struct peer *peer = loopback_peer(loop);
    enum pc_status status = port_connect(peer->port, &peer->socket, &loop->address);
    assert_int_equal(status, PC_OK);
    loopback_opened(peer);
    return peer;
}

void loopback_pair(struct loopback *loop, struct peer **client, struct peer **server)
{
    if (loop->listener == NULL) {
        loopback_listen(loop, 64);
    }
    *server = loopback_accept(loop);
    *client = loopback_connect(loop);
    loopback_until(loop, &(*server)->accepted, 1);
    loopback_until(loop, &(*client)->connected, 1);
    assert_int_equal((*server)->socket.state, PORT_SOCKET_LIVE);
    assert_int_equal((*client)->socket.state, PORT_SOCKET_LIVE);
}

uint8_t pattern_at(uint64_t offset)
{
    return (uint8_t)(offset ^ (offset >> 8) ^ (offset >> 16));
}

static void peer__take(struct peer *peer, const struct port_event *event)
{
    for (uint32_t i = 0; i < event->size; i++) {
        uint64_t offset = peer->received_bytes + i;
        if (offset < PEER_TEXT_SIZE) {
            peer->text[offset] = event->data[i];
        }
        if (peer->checks && event->data[i] != pattern_at(offset)) {
            peer->pattern_errors++;
        }
    }
    peer->received_bytes += event->size;
}

static void peer__send_chunk(struct peer *peer)
{
    struct port_span spans[PORT_SPANS_MAX];
    uint64_t rest = peer->stream_end - peer->sent_bytes;
    uint32_t size = rest < PEER_CHUNK_SIZE ? (uint32_t)rest : PEER_CHUNK_SIZE;
    uint32_t span_count = peer->spans == 0 || size < peer->spans ? 1 : peer->spans;
    if (peer->chunk == NULL) {
        peer->chunk = malloc(PEER_CHUNK_SIZE);
        assert_non_null(peer->chunk);
    }
    for (uint32_t i = 0; i < size; i++) {
        peer->chunk[i] = pattern_at(peer->sent_bytes + i);
    }
    for (uint32_t i = 0; i < span_count; i++) {
        uint32_t begin = size / span_count * i;
        uint32_t end = i + 1 == span_count ? size : size / span_count * (i + 1);
        spans[i] = (struct port_span){peer->chunk + begin, end - begin};
    }
    peer->send_size = size;
    enum pc_status status = port_send(peer->port, &peer->socket, spans, span_count);
    if (status != PC_OK) {
        /* The peer has gone; the return code is the event. */
        peer->send_status = status;
        peer->stream_end = 0;
    }
    /* The array of spans is copied: what becomes of it must not matter. */
    memset(spans, 0xA5, sizeof spans);
}

/* Keep receiving. Where the peer has gone already, the return code is the event. */
static void peer__rearm(struct peer *peer)
{
    enum pc_status status = port_recv(peer->port, &peer->socket);
    if (status != PC_OK) {
        peer->receive_status = status;
        peer->ended++;
    }
}

static void peer__on_accepted(struct peer *peer, const struct port_event *event)
{
    peer->loop->accept_events++;
    peer->accept_status = event->status;
    assert_ptr_equal(event->listener, peer->loop->listener);
    if (event->status != PC_OK) {
        peer->accept_failed++;
        assert_int_equal(peer->socket.state, PORT_SOCKET_IDLE);
        peer__shut(peer);
        if (peer->reposts) {
            peer__accept(peer);
        }
        return;
    }
    peer->accepted++;
    assert_int_equal(peer->socket.state, PORT_SOCKET_ACCEPTED);
    assert_int_equal(peer->socket.peer.family, peer->loop->address.family);
    assert_true(peer->socket.peer.port != 0 || peer->socket.peer.family == PC_FAMILY_UNIX);
    if (peer->adopts) {
        assert_int_equal(port_adopt(peer->port, &peer->socket), PC_OK);
        if (peer->arms) {
            peer__rearm(peer);
        }
    }
}

static void peer__on_connected(struct peer *peer, const struct port_event *event)
{
    peer->connected++;
    peer->connect_status = event->status;
    if (event->status == PC_OK) {
        assert_int_equal(peer->socket.state, PORT_SOCKET_LIVE);
        if (peer->arms) {
            peer__rearm(peer);
        }
    }
}

static void peer__on_received(struct peer *peer, const struct port_event *event)
{
    peer->received++;
    peer->receive_status = event->status;
    if (event->status != PC_OK) {
        assert_int_equal(event->size, 0);
        peer->ended++;
        return;
    }
    assert_true(event->size > 0);
    peer__take(peer, event);
    if (peer->arms && peer->socket.state == PORT_SOCKET_LIVE) {
        peer__rearm(peer);
    }
}

static void peer__on_sent(struct peer *peer, const struct port_event *event)
{
    peer->sent++;
    peer->send_status = event->status;
    if (event->status != PC_OK) {
        return;
    }
    assert_true(event->size > 0 && event->size <= peer->send_size);
    peer->sent_bytes += event->size;
    if (peer->sent_bytes < peer->stream_end && peer->socket.state == PORT_SOCKET_LIVE) {
        peer__send_chunk(peer);
    }
}

static void peer__on_closed(struct peer *peer)
{
    peer->closed++;
    assert_int_equal(peer->socket.state, PORT_SOCKET_IDLE);
    assert_false(peer->socket.recv.in_flight);
    assert_false(peer->socket.send.in_flight);
    peer__shut(peer);
    if (peer->reposts) {
        peer__accept(peer);
    }
}

static void loopback__dispatch(struct loopback *loop, const struct port_event *event)
{
    struct peer *peer = (struct peer *)(void *)event->socket;
    loop->events++;
    if (event->kind == PORT_WOKEN) {
        loop->woken++;
        return;
    }
    if (event->kind == PORT_UNLISTENED) {
        assert_ptr_equal(event->listener, loop->listener);
        loop->unlistened++;
        return;
    }
    assert_true(peer->is_open); /* nothing comes before submit or after CLOSED */
    peer->order = loop->events;
    switch (event->kind) {
    case PORT_ACCEPTED:
        assert_int_equal(loop->unlistened, 0);
        peer__on_accepted(peer, event);
        break;
    case PORT_CONNECTED:
        peer__on_connected(peer, event);
        break;
    case PORT_RECEIVED:
        peer__on_received(peer, event);
        break;
    case PORT_SENT:
        peer__on_sent(peer, event);
        break;
    case PORT_CLOSED:
        peer__on_closed(peer);
        break;
    case PORT_UNLISTENED:
    case PORT_WOKEN:
        break;
    }
}

uint64_t loopback_deadline_ms(struct port *port, uint64_t timeout_ms)
{
    bool is_relative = timeout_ms != 0 && timeout_ms != PORT_WAIT_FOREVER;
    return is_relative ? port_now_ms(port) + timeout_ms : timeout_ms;
}

static uint32_t loopback__wait(struct loopback *loop, struct port *port, uint64_t timeout_ms)
{
    struct port_event events[PORT_EVENTS_MAX];
    uint32_t count =
        port_wait(port, events, loop->events_max, loopback_deadline_ms(port, timeout_ms));
    assert_true(count <= loop->events_max);
    for (uint32_t i = 0; i < count; i++) {
        loopback__dispatch(loop, &events[i]);
    }
    return count;
}

uint32_t loopback_turn(struct loopback *loop, uint64_t timeout_ms)
{
    if (loop->second == NULL) {
        return loopback__wait(loop, loop->port, timeout_ms);
    }
    uint32_t count = loopback__wait(loop, loop->second, 0);
    return count + loopback__wait(loop, loop->port, timeout_ms < 2 ? timeout_ms : 2);
}

void loopback_until(struct loopback *loop, const uint64_t *figure, uint64_t wanted)
{
    uint64_t deadline_ms = port_now_ms(loop->port) + LOOPBACK_WAIT_MS;
    while (*figure < wanted) {
        (void)loopback_turn(loop, 500);
        if (port_now_ms(loop->port) >= deadline_ms) {
            fail_msg("waited for %u, have %u", (unsigned)wanted, (unsigned)*figure);
        }
    }
}

void loopback_until_quiet(struct loopback *loop)
{
    uint64_t quiet_ms = port_now_ms(loop->port) + LOOPBACK_QUIET_MS;
    uint64_t deadline_ms = port_now_ms(loop->port) + LOOPBACK_WAIT_MS;
    while (port_now_ms(loop->port) < quiet_ms) {
        if (loopback_turn(loop, LOOPBACK_QUIET_MS) > 0) {
            quiet_ms = port_now_ms(loop->port) + LOOPBACK_QUIET_MS;
        }
        assert_true(port_now_ms(loop->port) < deadline_ms);
    }
}

void peer_recv(struct peer *peer)
{
    assert_int_equal(port_recv(peer->port, &peer->socket), PC_OK);
    /* Even if the data is there already, the event waits for port_wait. */
    assert_true(peer->socket.recv.in_flight);
}

void peer_send(struct peer *peer, const void *bytes, uint32_t size)
{
    const struct port_span span = {bytes, size};
    peer->send_size = size;
    assert_int_equal(port_send(peer->port, &peer->socket, &span, 1), PC_OK);
    assert_true(peer->socket.send.in_flight);
}

void peer_abort(struct peer *peer, enum port_abort_mode mode)
{
    peer->arms = false;
    peer->stream_end = 0;
    port_abort(peer->port, &peer->socket, mode);
    assert_int_equal(peer->socket.state, PORT_SOCKET_ABORTED);
}

void peer_close(struct peer *peer)
{
    uint64_t closed = peer->closed;
    peer_abort(peer, PORT_ABORT_GRACEFUL);
    loopback_until(peer->loop, &peer->closed, closed + 1);
}

void peer_stream(struct peer *peer, uint64_t bytes)
{
    peer->stream_end = bytes;
    peer__send_chunk(peer);
}
