/* The epoll engine's own promises, beyond the contract. */
#include "contract/loopback.h"
#include "port/epoll_port.h"

/* A socket whose event waits behind others may get a second edge. Here the wake is the other event,
 * and to register the socket anew makes the edge. */
static void connect_refused_stays_refused_at_a_second_edge(void **state)
{
    struct loopback *loop = *state;
    const struct epoll_port *port = (const struct epoll_port *)(const void *)loop->port;
    loopback_listen(loop, 8);
    loopback_unlisten(loop);
    loop->events_max = 1;
    struct peer *client = loopback_connect(loop);
    port_wake(loop->port);
    assert_int_equal(loopback_turn(loop, 0), 1);
    assert_int_equal(loop->woken, 1);
    assert_true(epoll_link_of(&client->socket)->is_answered);
    struct epoll_event again = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    again.data.u64 = (uint64_t)((uintptr_t)&client->socket | EPOLL_OF_SOCKET);
    assert_int_equal(
        epoll_ctl(port->descriptor, EPOLL_CTL_MOD, epoll_descriptor_of(&client->socket), &again),
        0);
    loopback_until(loop, &client->connected, 1);
    assert_int_equal(client->connect_status, PC_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(connect_refused_stays_refused_at_a_second_edge),
    };
    return loopback_run_on(port_engine_epoll, "port_epoll", tests, COUNT_OF(tests));
}
