/* The contract of the completion port, part 4: bytes. Order, partial sends, pauses, buffers, the
 * end of a stream. Streams carry a counting pattern, so that a byte lost, doubled or moved is seen.
 */
#include <string.h>

#include "contract/loopback.h"
#include "pc/os.h"

#define STREAM_SIZE     (8u << 20)
#define SMALL_SENDS     20000u
/* Where a million cost two seconds; the others have theirs in unit/net/test_crowd.c. */
#define SMALL_SENDS_SIM 1000000u

static void receive_posted_before_the_data_gets_it(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(server);
    (void)loopback_turn(loop, 10);
    peer_send(client, "hello", 5);
    loopback_until(loop, &server->received_bytes, 5);
    assert_memory_equal(server->text, "hello", 5);
    assert_int_equal(client->sent_bytes, 5);
}

static void receive_posted_after_the_data_gets_it(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_send(client, "hello", 5);
    loopback_until_quiet(loop);
    assert_int_equal(server->received, 0);
    peer_recv(server);
    assert_int_equal(server->received, 0);
    loopback_until(loop, &server->received_bytes, 5);
    assert_memory_equal(server->text, "hello", 5);
}

/* One receive, one event, however much is there. */
static void receive_once_gives_one_event(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(server);
    for (uint32_t i = 1; i <= 10; i++) {
        peer_send(client, "x", 1);
        loopback_until(loop, &client->sent, i);
    }
    loopback_until_quiet(loop);
    assert_int_equal(server->received, 1);
    server->arms = true;
    peer_recv(server);
    loopback_until(loop, &server->received_bytes, 10);
}

static void send_and_receive_at_once_do_not_disturb_each_other(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    client->arms = true;
    server->arms = true;
    client->checks = true;
    server->checks = true;
    peer_recv(client);
    peer_recv(server);
    peer_stream(client, STREAM_SIZE);
    peer_stream(server, STREAM_SIZE);
    loopback_until(loop, &server->received_bytes, STREAM_SIZE);
    loopback_until(loop, &client->received_bytes, STREAM_SIZE);
    assert_int_equal(client->pattern_errors, 0);
    assert_int_equal(server->pattern_errors, 0);
    assert_int_equal(client->sent_bytes, STREAM_SIZE);
}

static void gather_send_keeps_the_order_of_spans(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct port_span spans[PORT_SPANS_MAX];
    static const uint8_t letters[] = "abcdefghijklmnopqrstuvwxyz";
    loopback_pair(loop, &client, &server);
    server->arms = true;
    peer_recv(server);
    for (uint32_t i = 0; i < PORT_SPANS_MAX; i++) {
        spans[i] = (struct port_span){letters + i, 1};
    }
    client->send_size = PORT_SPANS_MAX;
    assert_int_equal(port_send(loop->port, &client->socket, spans, PORT_SPANS_MAX), PC_OK);
    memset(spans, 0, sizeof spans);
    loopback_until(loop, &server->received_bytes, PORT_SPANS_MAX);
    assert_memory_equal(server->text, letters, PORT_SPANS_MAX);
}

/* More gather sends in one turn than any table of the engine holds. */
static void gather_sends_of_many_sockets_in_one_turn_all_go_out(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[300];
    struct peer *servers[300];
    const struct port_span spans[] = {{(const uint8_t *)"ab", 2}, {(const uint8_t *)"cd", 2}};
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        servers[i]->arms = true;
        clients[i]->arms = true;
        peer_recv(servers[i]);
        peer_recv(clients[i]);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i]->send_size = 4;
        servers[i]->send_size = 4;
        assert_int_equal(port_send(loop->port, &clients[i]->socket, spans, 2), PC_OK);
        assert_int_equal(port_send(loop->port, &servers[i]->socket, spans, 2), PC_OK);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_until(loop, &servers[i]->received_bytes, 4);
        loopback_until(loop, &clients[i]->received_bytes, 4);
        assert_memory_equal(servers[i]->text, "abcd", 4);
        assert_memory_equal(clients[i]->text, "abcd", 4);
    }
}

/* The reader takes one buffer now and then; the sender's sends become partial or wait. */
static void stream_to_a_slow_reader_arrives_whole(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    server->checks = true;
    client->spans = PORT_SPANS_MAX;
    peer_stream(client, STREAM_SIZE);
    loopback_until_quiet(loop);
    assert_true(client->socket.send.in_flight);
    for (uint32_t i = 1; i <= 200; i++) {
        peer_recv(server);
        loopback_until(loop, &server->received, i);
    }
    server->arms = true;
    peer_recv(server);
    loopback_until(loop, &server->received_bytes, STREAM_SIZE);
    assert_int_equal(server->pattern_errors, 0);
    assert_int_equal(server->received_bytes, STREAM_SIZE);
}

static void pause_loses_nothing_and_is_bounded(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    server->checks = true;
    peer_recv(server);
    peer_stream(client, 4 * STREAM_SIZE);
    loopback_until(loop, &server->received, 1);
    loopback_until_quiet(loop);
    assert_int_equal(server->received, 1);
    uint64_t taken = client->sent_bytes;
    assert_true(taken < 4 * STREAM_SIZE);
    loopback_until_quiet(loop);
    assert_int_equal(client->sent_bytes, taken); /* the pause lasts: nothing swallows the rest */
    server->arms = true;
    peer_recv(server);
    loopback_until(loop, &server->received_bytes, 4 * STREAM_SIZE);
    assert_int_equal(server->pattern_errors, 0);
}

static void pause_of_each_other_receive_loses_nothing(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    server->checks = true;
    peer_stream(client, 1 << 20);
    while (server->received_bytes < 1 << 20) {
        uint64_t received = server->received;
        peer_recv(server);
        loopback_until(loop, &server->received, received + 1);
        for (uint32_t i = 0; i < received % 3; i++) {
            (void)loopback_turn(loop, 0);
        }
    }
    assert_int_equal(server->pattern_errors, 0);
}

/* Whatever an engine does to stop receiving, a send that waits for room knows nothing of it. */
static void pause_leaves_the_send_in_flight_alone(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    client->checks = true;
    server->checks = true;
    peer_stream(server, 4 * STREAM_SIZE);
    loopback_until_quiet(loop);
    assert_true(server->socket.send.in_flight);
    uint64_t sent = server->sent;
    peer_recv(server);
    peer_stream(client, STREAM_SIZE);
    loopback_until(loop, &server->received, 1);
    loopback_until_quiet(loop);
    assert_true(server->socket.send.in_flight);
    assert_int_equal(server->sent, sent);
    client->arms = true;
    server->arms = true;
    peer_recv(client);
    peer_recv(server);
    loopback_until(loop, &client->received_bytes, 4 * STREAM_SIZE);
    loopback_until(loop, &server->received_bytes, STREAM_SIZE);
    assert_int_equal(client->pattern_errors + server->pattern_errors, 0);
}

/* Sockets that pause with data must not take the buffers away from the others. */
static void pause_of_many_sockets_leaves_others_alive(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[24];
    struct peer *servers[24];
    struct peer *client;
    struct peer *server;
    loopback_reopen(loop, 8, 1024);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        servers[i]->checks = true;
        peer_recv(servers[i]);
        peer_stream(clients[i], 20000);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_until(loop, &servers[i]->received, 1);
    }
    loopback_pair(loop, &client, &server);
    server->arms = true;
    server->checks = true;
    peer_recv(server);
    peer_stream(client, 100000);
    loopback_until(loop, &server->received_bytes, 100000);
    assert_int_equal(server->pattern_errors, 0);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        servers[i]->arms = true;
        peer_recv(servers[i]);
        loopback_until(loop, &servers[i]->received_bytes, 20000);
        assert_int_equal(servers[i]->pattern_errors, 0);
    }
}

static void buffers_fewer_than_sockets_serve_all(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[64];
    struct peer *servers[64];
    loopback_reopen(loop, 8, 512);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        servers[i]->arms = true;
        servers[i]->checks = true;
        peer_recv(servers[i]);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        peer_stream(clients[i], 20000);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_until(loop, &servers[i]->received_bytes, 20000);
        assert_int_equal(servers[i]->pattern_errors, 0);
    }
    if (loopback_engine() == port_engine_uring || loopback_engine() == port_engine_iocp) {
        assert_int_not_equal(loop->port->counters.receives_dry, 0); /* the others have no pool */
    }
}

static void events__rearm(struct loopback *loop, const struct port_event *events, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (events[i].kind == PORT_RECEIVED) {
            assert_int_equal(events[i].status, PC_OK);
            assert_int_equal(port_recv(loop->port, events[i].socket), PC_OK);
        }
    }
}

static uint64_t events__check(const struct port_event *events, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct peer *peer = (struct peer *)(void *)events[i].socket;
        if (events[i].kind != PORT_RECEIVED) {
            continue;
        }
        for (uint32_t j = 0; j < events[i].size; j++) {
            assert_int_equal(events[i].data[j], pattern_at(peer->received_bytes + j));
        }
        peer->received_bytes += events[i].size;
        bytes += events[i].size;
    }
    return bytes;
}

/* Data of a batch stays put until the next port_wait, whatever is submitted meanwhile. */
static void received_data_is_valid_until_the_next_wait(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[32];
    struct peer *servers[32];
    struct port_event events[PORT_EVENTS_MAX];
    uint64_t missing = 0;
    loopback_reopen(loop, 64, 512);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        peer_recv(servers[i]);
        peer_stream(clients[i], 4000);
        missing += 4000;
    }
    while (missing > 0) {
        uint64_t deadline_ms = loopback_deadline_ms(loop->port, LOOPBACK_WAIT_MS);
        uint32_t count = port_wait(loop->port, events, PORT_EVENTS_MAX, deadline_ms);
        assert_true(count > 0);
        events__rearm(loop, events, count);
        loopback_sleep_ms(1); /* a system call: more data may land, but not in these buffers */
        missing -= events__check(events, count);
    }
}

static void sends_many_and_small_all_arrive(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    server->arms = true;
    server->checks = true;
    peer_recv(server);
    uint32_t count = loopback_engine() == port_engine_sim ? SMALL_SENDS_SIM : SMALL_SENDS;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t byte = pattern_at(i);
        peer_send(client, &byte, 1);
        loopback_until(loop, &client->sent, i + 1);
    }
    loopback_until(loop, &server->received_bytes, count);
    assert_int_equal(server->pattern_errors, 0);
}

static void echo_on_many_connections_stays_in_order(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[100];
    struct peer *servers[100];
    loopback_reopen(loop, 32, 1024);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        clients[i]->arms = servers[i]->arms = true;
        clients[i]->checks = servers[i]->checks = true;
        servers[i]->spans = 1 + i % PORT_SPANS_MAX;
        peer_recv(clients[i]);
        peer_recv(servers[i]);
        peer_stream(clients[i], 100000);
        peer_stream(servers[i], 100000);
    }
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        loopback_until(loop, &servers[i]->received_bytes, 100000);
        loopback_until(loop, &clients[i]->received_bytes, 100000);
        assert_int_equal(servers[i]->pattern_errors + clients[i]->pattern_errors, 0);
    }
}

static void end_comes_after_all_data(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    for (uint32_t i = 0; i < 10; i++) {
        loopback_pair(loop, &client, &server);
        server->checks = true;
        server->arms = true;
        peer_stream(client, 50000);
        loopback_until(loop, &client->sent_bytes, 50000);
        port_shutdown_send(loop->port, &client->socket);
        if (i % 2 == 0) {
            loopback_until_quiet(loop);
        }
        peer_recv(server);
        loopback_until(loop, &server->ended, 1);
        assert_int_equal(server->receive_status, PC_END);
        assert_int_equal(server->received_bytes, 50000);
        assert_int_equal(server->pattern_errors, 0);
    }
}

static void half_close_by_client_leaves_the_other_way_open(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    client->arms = true;
    client->checks = true;
    peer_recv(server);
    peer_recv(client);
    port_shutdown_send(loop->port, &client->socket);
    loopback_until(loop, &server->ended, 1);
    assert_int_equal(server->receive_status, PC_END);
    peer_stream(server, 500000);
    loopback_until(loop, &client->received_bytes, 500000);
    assert_int_equal(client->pattern_errors, 0);
    assert_int_equal(client->ended, 0);
    port_shutdown_send(loop->port, &server->socket);
    loopback_until(loop, &client->ended, 1);
    assert_int_equal(client->receive_status, PC_END);
}

/* Needs the accepted socket to know that it is connected: it fails where the accept was not
 * finished with the listener's handle. */
static void half_close_by_server_leaves_the_other_way_open(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    server->arms = true;
    server->checks = true;
    peer_recv(server);
    peer_recv(client);
    port_shutdown_send(loop->port, &server->socket);
    loopback_until(loop, &client->ended, 1);
    assert_int_equal(client->receive_status, PC_END);
    peer_stream(client, 500000);
    loopback_until(loop, &server->received_bytes, 500000);
    assert_int_equal(server->pattern_errors, 0);
}

/* ---- turns that only look, as those of busy_poll_us ---- */

#define LOOK_ROUNDS   500u
#define LOOK_STEADY   40u /* more receives in a row than any engine needs to be sure */
#define LOOK_SIZE_MAX 40000u

static void look_until(struct loopback *loop, const uint64_t *figure, uint64_t wanted)
{
    uint64_t deadline_us = loopback_now_us(loop) + LOOPBACK_WAIT_MS * 1000u;
    while (*figure < wanted && loopback_now_us(loop) < deadline_us) {
        (void)loopback_turn(loop, 0);
    }
    assert_int_equal(*figure, wanted);
}

static void send_and_look(struct loopback *loop, struct peer *from, struct peer *to, uint32_t size)
{
    static uint8_t bytes[LOOK_SIZE_MAX];
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = pattern_at(from->sent_bytes + i);
    }
    uint64_t wanted = to->received_bytes + size;
    peer_send(from, bytes, size);
    look_until(loop, &to->received_bytes, wanted);
    look_until(loop, &from->sent_bytes, wanted);
    (void)loopback_turn(loop, 0); /* in vain, as most looks are */
}

/* An engine may try the one that was heard last before the others. */
static void look_hears_a_steady_peer_in_order_and_the_others_too(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    struct peer *others[2];
    loopback_skip_simulated("its network goes on only while a port sleeps");
    loopback_pair(loop, &client, &server);
    loopback_pair(loop, &others[0], &others[1]);
    server->arms = server->checks = true;
    others[1]->arms = others[1]->checks = true;
    peer_recv(server);
    peer_recv(others[1]);
    for (uint32_t i = 0; i < LOOK_ROUNDS; i++) {
        send_and_look(loop, client, server, i % 10 == 9 ? LOOK_SIZE_MAX - i : 1 + i);
        if (i % 50 >= 48) {
            send_and_look(loop, others[0], others[1], 1 + i);
        }
    }
    assert_int_equal(server->pattern_errors, 0);
    assert_int_equal(others[1]->pattern_errors, 0);
    port_shutdown_send(loop->port, &client->socket);
    look_until(loop, &server->ended, 1);
    assert_int_equal(server->receive_status, PC_END);
    port_shutdown_send(loop->port, &others[0]->socket);
    look_until(loop, &others[1]->ended, 1);
}

static void look_after_the_steady_peer_has_gone_touches_nothing_of_it(void **state)
{
    struct loopback *loop = *state;
    loopback_skip_simulated("its network goes on only while a port sleeps");
    for (uint32_t i = 0; i < 20; i++) {
        struct peer *client;
        struct peer *server;
        loopback_pair(loop, &client, &server);
        server->arms = server->checks = true;
        peer_recv(server);
        for (uint32_t sends = 0; sends < (i % 4 < 2 ? 3 : LOOK_STEADY); sends++) {
            send_and_look(loop, client, server, 100);
        }
        peer_send(client, "late", 4); /* is there when the server aborts, or not */
        (void)loopback_turn(loop, 0);
        peer_abort(server, i % 2 == 0 ? PORT_ABORT_RESET : PORT_ABORT_GRACEFUL);
        look_until(loop, &server->closed, 1);
        loopback_forget(server);
        (void)loopback_turn(loop, 0);
        (void)loopback_turn(loop, 0);
        peer_close(client);
        loopback_forget(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(receive_posted_before_the_data_gets_it),
        LOOPBACK_TEST(receive_posted_after_the_data_gets_it),
        LOOPBACK_TEST(receive_once_gives_one_event),
        LOOPBACK_TEST(send_and_receive_at_once_do_not_disturb_each_other),
        LOOPBACK_TEST(gather_send_keeps_the_order_of_spans),
        LOOPBACK_TEST(gather_sends_of_many_sockets_in_one_turn_all_go_out),
        LOOPBACK_TEST(stream_to_a_slow_reader_arrives_whole),
        LOOPBACK_TEST(pause_loses_nothing_and_is_bounded),
        LOOPBACK_TEST(pause_of_each_other_receive_loses_nothing),
        LOOPBACK_TEST(pause_leaves_the_send_in_flight_alone),
        LOOPBACK_TEST(pause_of_many_sockets_leaves_others_alive),
        LOOPBACK_TEST(buffers_fewer_than_sockets_serve_all),
        LOOPBACK_TEST(received_data_is_valid_until_the_next_wait),
        LOOPBACK_TEST(sends_many_and_small_all_arrive),
        LOOPBACK_TEST(echo_on_many_connections_stays_in_order),
        LOOPBACK_TEST(end_comes_after_all_data),
        LOOPBACK_TEST(half_close_by_client_leaves_the_other_way_open),
        LOOPBACK_TEST(half_close_by_server_leaves_the_other_way_open),
        LOOPBACK_TEST(look_hears_a_steady_peer_in_order_and_the_others_too),
        LOOPBACK_TEST(look_after_the_steady_peer_has_gone_touches_nothing_of_it),
    };
    return LOOPBACK_RUN("port_stream", tests);
}
