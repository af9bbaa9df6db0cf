/* The contract of the completion port, part 2: listening, accepting, connecting, handing over. */
#include <stdio.h>
#include <string.h>

#include "contract/loopback.h"
#include "pc/os.h"

#define SLOTS        4u
#define RESET_ROUNDS 300u
#define STORM        500u

static void accept_connection_has_its_peers_address(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    assert_int_equal(client->socket.peer.port, loop->address.port);
    assert_memory_equal(client->socket.peer.ip, loop->address.ip, 4);
    assert_memory_equal(server->socket.peer.ip, loop->address.ip, 4);
    assert_int_not_equal(server->socket.peer.port, loop->address.port);
    assert_int_equal(loop->port->sockets_open, 2);
}

static void accept_outstanding_gives_no_event_by_itself(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < 64; i++) {
        (void)loopback_accept(loop);
    }
    loopback_until_quiet(loop);
    assert_int_equal(loop->events, 0);
    assert_int_equal(loop->port->sockets_open, 64);
}

static void accept_more_than_the_limit_is_full(void **state)
{
    struct loopback *loop = *state;
    struct peer *extra = loopback_peer(loop);
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < PORT_ACCEPTS_MAX; i++) {
        (void)loopback_accept(loop);
    }
    assert_int_equal(port_accept(loop->port, loop->listener, &extra->socket), PC_FULL);
    assert_int_equal(extra->socket.state, PORT_SOCKET_IDLE);
}

/* Every client gets in and is served, though only SLOTS accepts are posted at a time. */
static void accept_fewer_than_connections_leaves_rest_in_backlog(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[32];
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < SLOTS; i++) {
        (void)loopback_accept(loop);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = loopback_connect(loop);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_until(loop, &clients[i]->connected, 1);
        assert_int_equal(clients[i]->connect_status, PC_OK);
    }
    loopback_until_quiet(loop);
    assert_int_equal(loop->accept_events, SLOTS);
    for (uint32_t i = SLOTS; i < COUNT_OF(clients); i++) {
        (void)loopback_accept(loop);
        assert_int_equal(loop->accept_events, i);
        loopback_until(loop, &loop->accept_events, i + 1);
    }
    loopback_until_quiet(loop);
    assert_int_equal(loop->accept_events, COUNT_OF(clients));
}

/* What waits in the backlog when the listener goes is refused, not forgotten. */
static void unlisten_ends_connections_that_nobody_accepted(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[8];
    loopback_listen(loop, 64);
    (void)loopback_accept(loop);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = loopback_connect(loop);
        loopback_until(loop, &clients[i]->connected, 1);
        clients[i]->arms = true;
        peer_recv(clients[i]);
    }
    loopback_until(loop, &loop->accept_events, 1);
    loopback_unlisten(loop);
    uint64_t deadline_ms = port_now_ms(loop->port) + 5000;
    uint64_t ended = 0;
    while (ended < COUNT_OF(clients) - 1) {
        (void)loopback_turn(loop, 20);
        assert_true(port_now_ms(loop->port) < deadline_ms);
        ended = 0;
        for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
            ended += clients[i]->ended;
        }
    }
}

/* The same for a rush of connections, of which an engine may have taken more than it was asked. */
static void unlisten_after_a_rush_ends_who_was_not_accepted(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[32];
    uint64_t served = 0;
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < SLOTS; i++) {
        (void)loopback_accept(loop);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = loopback_connect(loop);
        clients[i]->arms = true;
    }
    loopback_until(loop, &loop->accept_events, SLOTS);
    loopback_unlisten(loop);
    loopback_until_quiet(loop);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        bool is_refused = clients[i]->connected == 1 && clients[i]->connect_status != PC_OK;
        served += clients[i]->ended == 0 && !is_refused;
    }
    assert_int_equal(served, SLOTS);
}

static void unlisten_cancels_every_outstanding_accept(void **state)
{
    struct loopback *loop = *state;
    struct peer *peers[16];
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < COUNT_OF(peers); i++) {
        peers[i] = loopback_accept(loop);
    }
    (void)loopback_turn(loop, 0);
    loopback_unlisten(loop);
    assert_int_equal(loop->events, COUNT_OF(peers) + 1);
    for (uint32_t i = 0; i < COUNT_OF(peers); i++) {
        assert_int_equal(peers[i]->accept_failed, 1);
        assert_int_equal(peers[i]->accept_status, PC_CANCELLED);
    }
    loopback_until_quiet(loop);
    assert_int_equal(loop->unlistened, 1);
}

static void unlisten_before_the_first_wait_ends_accepts_too(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    struct peer *peer = loopback_accept(loop);
    loopback_unlisten(loop);
    assert_int_equal(peer->accept_status, PC_CANCELLED);
}

static void unlisten_without_accepts_gives_one_event(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    loopback_unlisten(loop);
    loopback_until_quiet(loop);
    assert_int_equal(loop->unlistened, 1);
    assert_int_equal(loop->events, 1);
}

static void unlisten_while_clients_pour_in_gives_each_accept_one_event(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < 16; i++) {
        (void)loopback_accept(loop);
        (void)loopback_connect(loop);
        (void)loopback_connect(loop);
    }
    loopback_unlisten(loop);
    assert_int_equal(loop->accept_events, 16);
}

/* The port must be free when UNLISTENED has come, or a restarted server cannot bind. */
static void unlisten_frees_the_address(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < 5; i++) {
        struct port_listener *again = NULL;
        int32_t raw = 0;
        loopback_listen(loop, 64);
        struct pc_address bound = loop->address;
        (void)loopback_accept(loop);
        (void)loopback_turn(loop, 0);
        loopback_unlisten(loop);
        assert_int_equal(port_listen(loop->port, &bound, 64, &again, &raw), PC_OK);
        assert_int_equal(bound.port, loop->address.port);
        port_listener_free(loop->port, again);
        port_listener_free(loop->port, loop->listener);
        loop->listener = NULL;
        loop->is_unlistening = false;
        loop->unlistened = 0;
    }
}

static void listener_never_used_is_freed(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    port_listener_free(loop->port, loop->listener);
    loop->listener = NULL;
}

static void listen_on_taken_address_says_so(void **state)
{
    struct loopback *loop = *state;
    struct port_listener *other = NULL;
    int32_t raw = 0;
    loopback_listen(loop, 64);
    assert_int_equal(port_listen(loop->port, &loop->address, 64, &other, &raw), PC_ADDRESS_IN_USE);
    assert_null(other);
    assert_int_not_equal(raw, 0);
}

static void listen_on_foreign_address_is_invalid(void **state)
{
    struct loopback *loop = *state;
    struct pc_address foreign = {.ip = {192, 0, 2, 1}, .family = PC_FAMILY_IPV4};
    struct port_listener *other = NULL;
    int32_t raw = 0;
    assert_int_equal(port_listen(loop->port, &foreign, 64, &other, &raw), PC_ADDRESS_INVALID);
    assert_null(other);
}

static void listen_on_ipv6_accepts(void **state)
{
    struct loopback *loop = *state;
    const struct pc_address any = {.ip = {[15] = 1}, .family = PC_FAMILY_IPV6};
    int32_t raw = 0;
    loop->address = any;
    enum pc_status status = port_listen(loop->port, &loop->address, 64, &loop->listener, &raw);
    if (status == PC_ADDRESS_INVALID || status == PC_UNSUPPORTED) {
        printf("SKIPPED on a system without IPv6 (code %d): %s\n", (int)raw, __func__);
        skip();
    }
    assert_int_equal(status, PC_OK);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    loopback_until(loop, &server->accepted, 1);
    loopback_until(loop, &client->connected, 1);
    assert_int_equal(client->connect_status, PC_OK);
    assert_memory_equal(server->socket.peer.ip, any.ip, 16);
}

/* A connection that is reset before anybody looks at it must cost no accept: each slot yields its
 * event and, posted anew, serves the next client. */
static void accept_of_connections_reset_at_once_keeps_every_slot(void **state)
{
    struct loopback *loop = *state;
    struct peer *slots[SLOTS];
    struct peer *served[SLOTS];
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < SLOTS; i++) {
        slots[i] = loopback_accept(loop);
        slots[i]->reposts = true;
        slots[i]->adopts = false;
    }
    for (uint32_t round = 0; round < RESET_ROUNDS; round++) {
        struct peer *client = loopback_connect(loop);
        loopback_until(loop, &client->connected, 1);
        peer_abort(client, PORT_ABORT_RESET);
        for (uint32_t i = 0; i < SLOTS; i++) {
            if (slots[i]->socket.state == PORT_SOCKET_ACCEPTED) {
                peer_abort(slots[i], PORT_ABORT_GRACEFUL);
            }
        }
        loopback_until(loop, &client->closed, 1);
        loopback_forget(client);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        loopback_until_quiet(loop);
        if (slots[i]->socket.state == PORT_SOCKET_ACCEPTED) {
            peer_abort(slots[i], PORT_ABORT_GRACEFUL);
        }
    }
    uint64_t before = loop->accept_events;
    assert_true(before > 0 && before <= RESET_ROUNDS);
    for (uint32_t i = 0; i < SLOTS; i++) {
        slots[i]->reposts = false;
        served[i] = loopback_connect(loop);
        loopback_until(loop, &served[i]->connected, 1);
    }
    loopback_until(loop, &loop->accept_events, before + SLOTS);
}

/* The same, but nobody looked before they were gone: they lie in the backlog, broken. */
static void accept_of_a_backlog_of_reset_connections_keeps_every_slot(void **state)
{
    struct loopback *loop = *state;
    struct peer *slots[SLOTS];
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < 16; i++) {
        struct peer *client = loopback_connect(loop);
        loopback_until(loop, &client->connected, 1);
        peer_abort(client, PORT_ABORT_RESET);
        loopback_until(loop, &client->closed, 1);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        slots[i] = loopback_accept(loop);
        slots[i]->reposts = true;
        slots[i]->adopts = false;
    }
    for (uint32_t round = 0; round < 16; round++) {
        (void)loopback_turn(loop, 20);
        for (uint32_t i = 0; i < SLOTS; i++) {
            if (slots[i]->socket.state == PORT_SOCKET_ACCEPTED) {
                peer_abort(slots[i], PORT_ABORT_GRACEFUL);
            }
        }
    }
    loopback_until_quiet(loop);
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_int_equal(slots[i]->socket.state, PORT_SOCKET_ACCEPTING);
        slots[i]->reposts = false;
    }
    uint64_t before = loop->accept_events;
    for (uint32_t i = 0; i < SLOTS; i++) {
        (void)loopback_connect(loop);
    }
    loopback_until(loop, &loop->accept_events, before + SLOTS);
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_int_equal(slots[i]->accept_status, PC_OK);
    }
}

static void accept_storm_serves_everybody(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[STORM];
    loopback_reopen(loop, 256, 2048);
    loopback_listen(loop, 1024);
    for (uint32_t i = 0; i < 16; i++) {
        (void)loopback_accept(loop);
    }
    for (uint32_t i = 0; i < STORM; i++) {
        clients[i] = loopback_connect(loop);
    }
    for (uint32_t posted = 16; posted < STORM; posted++) {
        loopback_until(loop, &loop->accept_events, posted - 15);
        (void)loopback_accept(loop);
    }
    loopback_until(loop, &loop->accept_events, STORM);
    for (uint32_t i = 0; i < STORM; i++) {
        loopback_until(loop, &clients[i]->connected, 1);
        assert_int_equal(clients[i]->connect_status, PC_OK);
    }
    assert_int_equal(loop->port->sockets_open, 2 * STORM);
}

static void socket_lives_many_lives(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    server->reposts = true;
    server->arms = true;
    for (uint32_t life = 1; life <= 200; life++) {
        loopback_until(loop, &server->accepted, life);
        loopback_until(loop, &client->connected, life);
        peer_send(client, "ping", 4);
        loopback_until(loop, &server->received_bytes, (uint64_t)life * 4);
        peer_abort(server, PORT_ABORT_RESET);
        server->arms = true;
        peer_close(client);
        assert_int_equal(port_connect(client->port, &client->socket, &loop->address), PC_OK);
        loopback_opened(client);
    }
}

static void connect_where_nobody_listens_is_refused(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    loopback_unlisten(loop);
    struct peer *client = loopback_connect(loop);
    loopback_until(loop, &client->connected, 1);
    assert_int_equal(client->connect_status, PC_REFUSED);
    assert_int_equal(client->socket.state, PORT_SOCKET_CONNECTING);
    peer_close(client);
    loopback_until_quiet(loop);
    assert_int_equal(client->connected, 1);
    assert_int_equal(client->closed, 1);
}

static void connect_to_no_family_is_invalid(void **state)
{
    struct loopback *loop = *state;
    const struct pc_address nowhere = {.port = 1};
    struct peer *client = loopback_peer(loop);
    assert_int_equal(port_connect(loop->port, &client->socket, &nowhere), PC_ADDRESS_INVALID);
    assert_int_equal(client->socket.state, PORT_SOCKET_IDLE);
    assert_int_equal(loop->port->sockets_open, 0);
}

static void handover_to_second_port_goes_on_there(void **state)
{
    struct loopback *loop = *state;
    loopback_open_second(loop);
    loopback_listen(loop, 64);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    struct peer *moved = loopback_peer(loop);
    server->adopts = false;
    loopback_until(loop, &server->accepted, 1);
    loopback_until(loop, &client->connected, 1);
    struct port_handover handover = port_detach(loop->port, &server->socket);
    server->is_open = false;
    loop->open_count--;
    assert_int_equal(server->socket.state, PORT_SOCKET_IDLE);
    assert_int_equal(handover.peer.port, server->socket.peer.port);
    loopback_forget(server); /* the emptied socket is nobody's business any more */
    moved->port = loop->second;
    loopback_opened(moved);
    assert_int_equal(port_adopt_handover(loop->second, &moved->socket, &handover), PC_OK);
    assert_int_equal(moved->socket.state, PORT_SOCKET_LIVE);
    assert_int_equal(loop->port->sockets_open, 1);
    assert_int_equal(loop->second->sockets_open, 1);
    moved->arms = true;
    client->arms = true;
    moved->checks = true;
    client->checks = true;
    peer_recv(moved);
    peer_recv(client);
    peer_stream(client, 300000);
    peer_stream(moved, 300000);
    loopback_until(loop, &moved->received_bytes, 300000);
    loopback_until(loop, &client->received_bytes, 300000);
    assert_int_equal(moved->pattern_errors + client->pattern_errors, 0);
    peer_close(moved);
    loopback_until(loop, &client->ended, 1);
}

struct other_worker {
    struct port *port;
    struct port_handover handover;
    bool is_right;
};

/* A worker of its own: echoes until the peer has finished. */
static void other_worker__run(void *argument)
{
    struct other_worker *worker = argument;
    struct port_event events[PORT_EVENTS_MAX];
    static struct port_socket socket;
    static uint8_t copy[4096];
    bool is_closed = false;
    if (port_adopt_handover(worker->port, &socket, &worker->handover) != PC_OK ||
        port_recv(worker->port, &socket) != PC_OK) {
        return;
    }
    while (!is_closed) {
        uint64_t deadline_ms = loopback_deadline_ms(worker->port, LOOPBACK_WAIT_MS);
        uint32_t count = port_wait(worker->port, events, PORT_EVENTS_MAX, deadline_ms);
        for (uint32_t i = 0; i < count; i++) {
            const struct port_event *event = &events[i];
            if (event->kind == PORT_RECEIVED && event->status == PC_OK) {
                const struct port_span span = {copy, event->size};
                memcpy(copy, event->data, event->size);
                worker->is_right = port_send(worker->port, &socket, &span, 1) == PC_OK;
            } else if (event->kind == PORT_RECEIVED) {
                port_abort(worker->port, &socket, PORT_ABORT_GRACEFUL);
            } else if (event->kind == PORT_SENT) {
                worker->is_right &= port_recv(worker->port, &socket) == PC_OK;
            }
            is_closed |= event->kind == PORT_CLOSED;
        }
        is_closed |= count == 0;
    }
}

static void handover_to_another_thread_goes_on_there(void **state)
{
    struct loopback *loop = *state;
    const struct port_config config = {.receive_buffer_count = 64, .receive_buffer_size = 4096};
    struct other_worker worker = {.is_right = false};
    int32_t raw = 0;
    loopback_skip_simulated("a simulation has one thread; the second port's test shows the same");
    assert_int_equal(port_open(loopback_engine(), &config, &worker.port, &raw), PC_OK);
    loopback_listen(loop, 64);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    server->adopts = false;
    loopback_until(loop, &server->accepted, 1);
    loopback_until(loop, &client->connected, 1);
    worker.handover = port_detach(loop->port, &server->socket);
    server->is_open = false;
    loop->open_count--;
    struct pc_thread *thread = pc_thread_start("other", other_worker__run, &worker);
    assert_non_null(thread);
    client->arms = true;
    peer_recv(client);
    for (uint32_t i = 1; i <= 500; i++) {
        peer_send(client, "ping", 4);
        loopback_until(loop, &client->sent, i);
        loopback_until(loop, &client->received_bytes, (uint64_t)i * 4);
    }
    port_shutdown_send(loop->port, &client->socket);
    loopback_until(loop, &client->ended, 1);
    pc_thread_join(thread);
    assert_true(worker.is_right);
    port_close(worker.port);
}

static void handover_discarded_is_closed(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    server->adopts = false;
    client->arms = true;
    loopback_until(loop, &server->accepted, 1);
    struct port_handover handover = port_detach(loop->port, &server->socket);
    server->is_open = false;
    loop->open_count--;
    port_discard_handover(loop->port, &handover);
    loopback_until(loop, &client->ended, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(accept_connection_has_its_peers_address),
        LOOPBACK_TEST(accept_outstanding_gives_no_event_by_itself),
        LOOPBACK_TEST(accept_more_than_the_limit_is_full),
        LOOPBACK_TEST(accept_fewer_than_connections_leaves_rest_in_backlog),
        LOOPBACK_TEST(unlisten_ends_connections_that_nobody_accepted),
        LOOPBACK_TEST(unlisten_after_a_rush_ends_who_was_not_accepted),
        LOOPBACK_TEST(unlisten_cancels_every_outstanding_accept),
        LOOPBACK_TEST(unlisten_before_the_first_wait_ends_accepts_too),
        LOOPBACK_TEST(unlisten_without_accepts_gives_one_event),
        LOOPBACK_TEST(unlisten_while_clients_pour_in_gives_each_accept_one_event),
        LOOPBACK_TEST(unlisten_frees_the_address),
        LOOPBACK_TEST(listener_never_used_is_freed),
        LOOPBACK_TEST(listen_on_taken_address_says_so),
        LOOPBACK_TEST(listen_on_foreign_address_is_invalid),
        LOOPBACK_TEST(listen_on_ipv6_accepts),
        LOOPBACK_TEST(accept_of_connections_reset_at_once_keeps_every_slot),
        LOOPBACK_TEST(accept_of_a_backlog_of_reset_connections_keeps_every_slot),
        LOOPBACK_TEST(accept_storm_serves_everybody),
        LOOPBACK_TEST(socket_lives_many_lives),
        LOOPBACK_TEST(connect_where_nobody_listens_is_refused),
        LOOPBACK_TEST(connect_to_no_family_is_invalid),
        LOOPBACK_TEST(handover_to_second_port_goes_on_there),
        LOOPBACK_TEST(handover_to_another_thread_goes_on_there),
        LOOPBACK_TEST(handover_discarded_is_closed),
    };
    return LOOPBACK_RUN("port_accept", tests);
}
