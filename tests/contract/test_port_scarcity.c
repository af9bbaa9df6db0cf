/* The contract of the completion port, part 5: descriptors run out. It is started with a low limit
 * (see CMakeLists.txt). */
#include "contract/loopback.h"

#define SLOTS       8u
#define CLIENTS_MAX 1000u

/* Connect until the system refuses. Returns the count. */
static uint32_t clients__exhaust(struct loopback *loop, struct peer *clients[CLIENTS_MAX])
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        clients[i] = loopback_peer(loop);
        enum pc_status status = port_connect(clients[i]->port, &clients[i]->socket, &loop->address);
        if (status != PC_OK) {
            assert_int_equal(status, PC_NO_BUFFERS);
            assert_int_equal(clients[i]->socket.state, PORT_SOCKET_IDLE);
            return i;
        }
        loopback_opened(clients[i]);
        loopback_until(loop, &clients[i]->connected, 1);
    }
    return CLIENTS_MAX;
}

static void accept_without_descriptors_fails_each_slot_once_and_recovers(void **state)
{
    struct loopback *loop = *state;
    loopback_skip_simulated("it has no descriptors");
    static struct peer *clients[CLIENTS_MAX];
    struct peer *slots[SLOTS];
    loopback_listen(loop, 1024);
    assert_int_not_equal(clients__exhaust(loop, clients), CLIENTS_MAX);
    for (uint32_t i = 0; i < SLOTS; i++) {
        slots[i] = loopback_accept(loop);
    }
    loopback_until(loop, &loop->accept_events, SLOTS);
    loopback_until_quiet(loop);
    assert_int_equal(loop->accept_events, SLOTS); /* each failed once; nothing spins */
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_int_equal(slots[i]->accept_failed, 1);
        assert_int_equal(slots[i]->accept_status, PC_NO_BUFFERS);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        peer_close(clients[i]);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        slots[i] = loopback_accept(loop);
    }
    loopback_until(loop, &loop->accept_events, 2 * SLOTS);
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_true(slots[i]->accept_status == PC_OK || slots[i]->accept_status == PC_RESET);
    }
}

static void listen_without_descriptors_says_so(void **state)
{
    struct loopback *loop = *state;
    loopback_skip_simulated("it has no descriptors");
    static struct peer *clients[CLIENTS_MAX];
    struct port_listener *other = NULL;
    struct pc_address any = {.ip = {127, 0, 0, 1}, .family = PC_FAMILY_IPV4};
    int32_t raw = 0;
    loopback_listen(loop, 1024);
    assert_int_not_equal(clients__exhaust(loop, clients), CLIENTS_MAX);
    assert_int_equal(port_listen(loop->port, &any, 8, &other, &raw), PC_NO_BUFFERS);
    assert_null(other);
    assert_int_not_equal(raw, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(accept_without_descriptors_fails_each_slot_once_and_recovers),
        LOOPBACK_TEST(listen_without_descriptors_says_so),
    };
    return LOOPBACK_RUN("port_scarcity", tests);
}
