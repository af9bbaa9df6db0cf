/* Many sockets at once, and a peer's reset in every state of a socket's life. */
#include <stdio.h>

#include "contract/loopback.h"
#include "support/wine.h"

#define IDLE_CONNECTIONS      5000u /* both ends are the port's: 10,000 idle sockets */
#define IDLE_CONNECTIONS_WINE 200u
#define ANSWERED_EACH         50u /* one of so many is asked when all are there */
#define RESET_ROUNDS          4u
#define UNREAD_BYTES          (8u << 20)

static uint32_t crowd_size(void)
{
    if (loopback_engine() != port_engine_iocp || !wine_runs_us()) {
        return IDLE_CONNECTIONS;
    }
    printf("LESS under Wine: %u idle connections of %u\n", IDLE_CONNECTIONS_WINE, IDLE_CONNECTIONS);
    return IDLE_CONNECTIONS_WINE;
}

static void crowd_of_idle_connections_stays_and_answers(void **state)
{
    struct loopback *loop = *state;
    static struct peer *clients[IDLE_CONNECTIONS];
    static struct peer *servers[IDLE_CONNECTIONS];
    uint32_t count = crowd_size();
    for (uint32_t i = 0; i < count; i++) {
        loopback_pair(loop, &clients[i], &servers[i]);
        servers[i]->arms = true;
        peer_recv(servers[i]);
        peer_recv(clients[i]);
    }
    loopback_until_quiet(loop);
    for (uint32_t i = 0; i < count; i += ANSWERED_EACH) {
        peer_send(clients[i], "hello", 5);
        loopback_until(loop, &servers[i]->received_bytes, 5);
        assert_memory_equal(servers[i]->text, "hello", 5);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(servers[i]->ended, 0);
        assert_true(servers[i]->is_open && clients[i]->is_open);
    }
}

/* What the other end is doing when the reset comes. */
enum moment {
    MOMENT_ACCEPTED, /* not yet taken into service */
    MOMENT_IDLE,
    MOMENT_RECEIVING,
    MOMENT_SENDING,
    MOMENT_BOTH,
    MOMENT_FINISHED, /* our side has been shut down */
    MOMENT_ABORTED,  /* in the same turn as our own abort */
    MOMENT_COUNT
};

static void moment__reach(struct loopback *loop, struct peer *server, enum moment moment)
{
    if (moment == MOMENT_RECEIVING || moment == MOMENT_BOTH) {
        peer_recv(server);
    }
    if (moment == MOMENT_SENDING || moment == MOMENT_BOTH) {
        peer_stream(server, UNREAD_BYTES);
    }
    if (moment == MOMENT_FINISHED) {
        port_shutdown_send(loop->port, &server->socket);
    }
    (void)loopback_turn(loop, 0);
}

static void moment__pair(struct loopback *loop, struct peer **client, struct peer **server,
                         enum moment moment)
{
    if (moment != MOMENT_ACCEPTED) {
        loopback_pair(loop, client, server);
        return;
    }
    if (loop->listener == NULL) {
        loopback_listen(loop, 16);
    }
    *server = loopback_accept(loop);
    (*server)->adopts = false;
    *client = loopback_connect(loop);
    loopback_until(loop, &(*server)->accepted, 1);
    loopback_until(loop, &(*client)->connected, 1);
}

static void reset_by_the_peer_at_any_moment_closes_once(void **state)
{
    struct loopback *loop = *state;
    for (uint32_t i = 0; i < MOMENT_COUNT * RESET_ROUNDS; i++) {
        enum moment moment = (enum moment)(i % MOMENT_COUNT);
        struct peer *client;
        struct peer *server;
        moment__pair(loop, &client, &server, moment);
        moment__reach(loop, server, moment);
        peer_abort(client, PORT_ABORT_RESET);
        if (moment != MOMENT_ABORTED) {
            loopback_until(loop, &client->closed, 1);
            loopback_until_quiet(loop);
        }
        assert_int_equal(server->closed, 0);
        peer_abort(server, i / MOMENT_COUNT % 2 == 0 ? PORT_ABORT_RESET : PORT_ABORT_GRACEFUL);
        loopback_until(loop, &server->closed, 1);
        loopback_until(loop, &client->closed, 1);
        loopback_until_quiet(loop);
        assert_int_equal(server->closed, 1);
        assert_int_equal(client->closed, 1);
        assert_false(server->socket.recv.in_flight || server->socket.send.in_flight);
        assert_int_equal(server->socket.state, PORT_SOCKET_IDLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(crowd_of_idle_connections_stays_and_answers),
        LOOPBACK_TEST(reset_by_the_peer_at_any_moment_closes_once),
    };
    return LOOPBACK_RUN("port_crowd", tests);
}
