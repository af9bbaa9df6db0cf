/* The contract of the completion port, part 3: closing in every state, resets, lifetimes. */
#include <stdio.h>
#include <string.h>

#include "contract/loopback.h"
#include "support/wine.h"

#define FLOOD_SIZE (64u << 20) /* more than any socket's buffers hold */

static const enum port_abort_mode modes[] = {PORT_ABORT_GRACEFUL, PORT_ABORT_RESET};

/* Abort, then exactly one CLOSED, after which the memory is nobody's. */
static void peer__expect_closed_last(struct peer *peer, enum port_abort_mode mode)
{
    struct loopback *loop = peer->loop;
    bool has_recv = peer->socket.recv.in_flight;
    bool has_send = peer->socket.send.in_flight;
    uint64_t received = peer->received;
    uint64_t connected = peer->connected;
    uint64_t sent = peer->sent;
    peer_abort(peer, mode);
    assert_int_equal(peer->socket.recv.in_flight, has_recv);
    assert_int_equal(peer->socket.send.in_flight, has_send);
    loopback_until(loop, &peer->closed, 1);
    assert_int_equal(peer->received + peer->connected, received + connected + has_recv);
    assert_int_equal(peer->sent, sent + has_send);
    loopback_forget(peer);
    loopback_until_quiet(loop);
}

static void abort_idle_connection_gives_only_closed(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < COUNT_OF(modes); i++) {
        struct peer *client;
        struct peer *server;
        loopback_pair(loop, &client, &server);
        peer__expect_closed_last(server, modes[i]);
    }
}

static void abort_accepted_but_not_adopted_gives_only_closed(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < COUNT_OF(modes); i++) {
        struct peer *server = loopback_accept(loop);
        server->adopts = false;
        (void)loopback_connect(loop);
        loopback_until(loop, &server->accepted, 1);
        peer__expect_closed_last(server, modes[i]);
    }
}

static void abort_cancels_the_receive(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < COUNT_OF(modes); i++) {
        struct peer *client;
        struct peer *server;
        loopback_pair(loop, &client, &server);
        peer_recv(server);
        (void)loopback_turn(loop, 10);
        peer_abort(server, modes[i]);
        loopback_until(loop, &server->closed, 1);
        assert_int_equal(server->received, 1);
        assert_int_equal(server->receive_status, PC_CANCELLED);
        loopback_forget(server);
        loopback_until_quiet(loop);
    }
}

static void abort_in_the_turn_of_the_submits_closes(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < COUNT_OF(modes); i++) {
        struct peer *client;
        struct peer *server;
        loopback_pair(loop, &client, &server);
        peer_recv(server);
        peer_send(server, "late", 4);
        peer__expect_closed_last(server, modes[i]);
    }
}

static void abort_with_full_send_buffer_ends_the_send(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < COUNT_OF(modes); i++) {
        struct peer *client;
        struct peer *server;
        loopback_pair(loop, &client, &server);
        peer_stream(server, FLOOD_SIZE);
        loopback_until_quiet(loop);
        assert_true(server->socket.send.in_flight);
        assert_true(server->sent_bytes < FLOOD_SIZE);
        peer_recv(server);
        (void)loopback_turn(loop, 10);
        peer__expect_closed_last(server, modes[i]);
    }
}

static void abort_while_connecting_cancels(void **state)
{
    struct loopback *loop = *state;
    loopback_listen(loop, 64);
    for (uint32_t i = 0; i < COUNT_OF(modes); i++) {
        struct peer *client = loopback_connect(loop);
        peer_abort(client, modes[i]);
        loopback_until(loop, &client->closed, 1);
        assert_int_equal(client->connected, 1);
        assert_int_equal(client->connect_status, PC_CANCELLED);
        loopback_forget(client);
        loopback_until_quiet(loop);
    }
}

/* A full backlog makes some systems leave a connect without an answer. */
static void abort_connects_without_answer_closes_all(void **state)
{
    struct loopback *loop = *state;
    struct peer *clients[16];
    uint32_t pending_count = 0;
    loopback_listen(loop, 1);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = loopback_connect(loop);
    }
    loopback_until_quiet(loop);
    for (uint32_t i = 0; i < COUNT_OF(clients); i++) {
        bool was_pending = clients[i]->socket.recv.in_flight;
        pending_count += was_pending ? 1 : 0;
        peer_abort(clients[i], modes[i % 2]);
        loopback_until(loop, &clients[i]->closed, 1);
        assert_int_equal(clients[i]->connected, 1);
        assert_true(!was_pending || clients[i]->connect_status == PC_CANCELLED);
    }
    if (loopback_engine() != port_engine_iocp) { /* Windows refuses them */
        assert_int_not_equal(pending_count, 0);
    }
}

static void abort_with_data_that_nobody_fetched_closes(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < COUNT_OF(modes); i++) {
        struct peer *client;
        struct peer *server;
        loopback_pair(loop, &client, &server);
        peer_recv(server);
        peer_stream(client, 200000);
        loopback_until(loop, &server->received, 1);
        loopback_until_quiet(loop);
        peer__expect_closed_last(server, modes[i]);
    }
}

/* Two events of one socket in one batch, and the first one's handler aborts. */
static void abort_with_events_of_the_batch_unseen_is_clean(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < 50; i++) {
        struct peer *client;
        struct peer *server;
        loop->events_max = 1 + i % 3;
        loopback_pair(loop, &client, &server);
        peer_recv(server);
        peer_recv(client);
        peer_send(server, "a", 1);
        peer_send(client, "b", 1);
        while (server->received + server->sent + client->received + client->sent == 0) {
            (void)loopback_turn(loop, 500);
        }
        peer_abort(server, modes[i % 2]);
        peer_abort(client, modes[i / 2 % 2]);
        loopback_until(loop, &server->closed, 1);
        loopback_until(loop, &client->closed, 1);
        assert_int_equal(server->received, 1);
        assert_int_equal(server->sent, 1);
        assert_int_equal(client->received, 1);
        assert_int_equal(client->sent, 1);
        loopback_forget(server);
        loopback_forget(client);
    }
}

static void abort_after_peer_finished_closes(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(server);
    peer_close(client);
    loopback_until(loop, &server->ended, 1);
    assert_int_equal(server->receive_status, PC_END);
    peer__expect_closed_last(server, PORT_ABORT_GRACEFUL);
}

static void abort_graceful_delivers_what_was_sent(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    client->arms = true;
    client->checks = true;
    peer_stream(server, 60000);
    loopback_until(loop, &server->sent_bytes, 60000);
    peer_close(server);
    peer_recv(client);
    loopback_until(loop, &client->ended, 1);
    assert_int_equal(client->receive_status, PC_END);
    assert_int_equal(client->received_bytes, 60000);
    assert_int_equal(client->pattern_errors, 0);
}

static void abort_reset_is_seen_as_reset(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    for (uint32_t i = 0; i < 20; i++) {
        loopback_pair(loop, &client, &server);
        peer_recv(client);
        if (i % 2 == 0) {
            peer_recv(server); /* with something to cancel, and without */
        }
        (void)loopback_turn(loop, 0);
        peer_abort(server, PORT_ABORT_RESET);
        loopback_until(loop, &client->ended, 1);
        assert_int_equal(client->receive_status, PC_RESET);
        loopback_until(loop, &server->closed, 1);
    }
}

static bool is_wine(void)
{
    return loopback_engine() == port_engine_iocp && wine_runs_us();
}

static void reset_without_receive_is_told_to_the_next_one(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_abort(server, PORT_ABORT_RESET);
    loopback_until(loop, &server->closed, 1);
    loopback_until_quiet(loop);
    client->receive_status = port_recv(client->port, &client->socket);
    if (client->receive_status == PC_OK) {
        loopback_until(loop, &client->ended, 1);
    }
    if (is_wine() && client->receive_status == PC_END) {
        printf("LESS under Wine: it forgets a reset that came while no receive was posted\n");
        return;
    }
    assert_int_equal(client->receive_status, PC_RESET);
}

static void reset_ends_the_send_in_flight(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_stream(client, FLOOD_SIZE);
    loopback_until_quiet(loop);
    assert_true(client->socket.send.in_flight);
    uint64_t sent = client->sent;
    client->stream_end = 0;
    peer_abort(server, PORT_ABORT_RESET);
    loopback_until(loop, &client->sent, sent + 1);
    assert_int_equal(client->send_status, PC_RESET);
}

/* With a receive in flight too: the system tells of the reset once, to either of the two. */
static void reset_ends_both_in_flight(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    loopback_pair(loop, &client, &server);
    peer_recv(client);
    peer_stream(client, FLOOD_SIZE);
    loopback_until_quiet(loop);
    assert_true(client->socket.recv.in_flight);
    assert_true(client->socket.send.in_flight);
    uint64_t sent = client->sent;
    client->stream_end = 0;
    peer_abort(server, PORT_ABORT_RESET);
    loopback_until(loop, &client->ended, 1);
    loopback_until(loop, &client->sent, sent + 1);
    assert_int_equal(client->send_status, PC_RESET);
}

/* A client in the middle of a send, whose peer has ended its own stream. False under Wine: there
 * that ends the send, too. */
static bool pair_with_ended_stream(struct loopback *loop, struct peer **client,
                                   struct peer **server)
{
    loopback_pair(loop, client, server);
    peer_recv(*client);
    peer_stream(*client, FLOOD_SIZE);
    loopback_until_quiet(loop);
    uint64_t sent = (*client)->sent;
    port_shutdown_send((*server)->port, &(*server)->socket);
    loopback_until(loop, &(*client)->ended, 1);
    assert_int_equal((*client)->receive_status, PC_END);
    if (is_wine()) {
        loopback_until(loop, &(*client)->sent, sent + 1);
        printf("LESS under Wine: the end of the peer's stream ends the send in flight\n");
        assert_int_equal((*client)->send_status, PC_RESET);
        return false;
    }
    assert_true((*client)->socket.send.in_flight);
    return true;
}

static void end_of_the_peer_leaves_the_send_in_flight(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    if (pair_with_ended_stream(loop, &client, &server)) {
        server->arms = true;
        peer_recv(server);
        loopback_until(loop, &server->received_bytes, FLOOD_SIZE);
        assert_int_equal(client->send_status, PC_OK);
    }
}

static void reset_after_the_end_ends_the_send_in_flight(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    if (pair_with_ended_stream(loop, &client, &server)) {
        uint64_t sent = client->sent;
        client->stream_end = 0;
        peer_abort(server, PORT_ABORT_RESET);
        loopback_until(loop, &client->sent, sent + 1);
        assert_int_equal(client->send_status, PC_RESET);
    }
}

static void send_to_a_peer_that_closed_fails(void **state)
{
    struct loopback *loop = *state;
    struct peer *client;
    struct peer *server;
    const struct port_span span = {(const uint8_t *)"x", 1};
    loopback_pair(loop, &client, &server);
    peer_close(server);
    client->send_size = 1;
    for (uint32_t i = 0; i < 100 && client->send_status == PC_OK; i++) {
        uint64_t sent = client->sent;
        if (port_send(client->port, &client->socket, &span, 1) != PC_OK) {
            return; /* the return code is the event */
        }
        loopback_until(loop, &client->sent, sent + 1);
    }
    assert_int_equal(client->send_status, PC_RESET);
}

/* A session must not come back while anything of it is in flight: many lives, none overlapping. */
static void abort_under_load_many_times_closes_each_once(void **state)
{
    struct loopback *loop = *state;
    loopback_reopen(loop, 32, 1024);
    for (uint32_t round = 0; round < 100; round++) {
        struct peer *client;
        struct peer *server;
        loopback_pair(loop, &client, &server);
        client->arms = true;
        server->arms = true;
        client->checks = true;
        server->checks = true;
        server->spans = 1 + round % PORT_SPANS_MAX;
        peer_recv(client);
        peer_recv(server);
        peer_stream(client, FLOOD_SIZE);
        peer_stream(server, FLOOD_SIZE);
        for (uint32_t i = 0; i < round % 7; i++) {
            (void)loopback_turn(loop, 100);
        }
        peer_abort(round % 2 == 0 ? client : server, modes[round / 2 % 2]);
        (void)loopback_turn(loop, 100);
        peer_abort(round % 2 == 0 ? server : client, modes[round / 4 % 2]);
        loopback_until(loop, &client->closed, 1);
        loopback_until(loop, &server->closed, 1);
        assert_int_equal(client->pattern_errors + server->pattern_errors, 0);
        loopback_forget(client);
        loopback_forget(server);
    }
    assert_int_equal(loop->port->sockets_open, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(abort_idle_connection_gives_only_closed),
        LOOPBACK_TEST(abort_accepted_but_not_adopted_gives_only_closed),
        LOOPBACK_TEST(abort_cancels_the_receive),
        LOOPBACK_TEST(abort_in_the_turn_of_the_submits_closes),
        LOOPBACK_TEST(abort_with_full_send_buffer_ends_the_send),
        LOOPBACK_TEST(abort_while_connecting_cancels),
        LOOPBACK_TEST(abort_connects_without_answer_closes_all),
        LOOPBACK_TEST(abort_with_data_that_nobody_fetched_closes),
        LOOPBACK_TEST(abort_with_events_of_the_batch_unseen_is_clean),
        LOOPBACK_TEST(abort_after_peer_finished_closes),
        LOOPBACK_TEST(abort_graceful_delivers_what_was_sent),
        LOOPBACK_TEST(abort_reset_is_seen_as_reset),
        LOOPBACK_TEST(reset_without_receive_is_told_to_the_next_one),
        LOOPBACK_TEST(reset_ends_the_send_in_flight),
        LOOPBACK_TEST(reset_ends_both_in_flight),
        LOOPBACK_TEST(end_of_the_peer_leaves_the_send_in_flight),
        LOOPBACK_TEST(reset_after_the_end_ends_the_send_in_flight),
        LOOPBACK_TEST(send_to_a_peer_that_closed_fails),
        LOOPBACK_TEST(abort_under_load_many_times_closes_each_once),
    };
    return LOOPBACK_RUN("port_abort", tests);
}
