/* The congestion control of a port's connections, on engines that have the choice. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "contract/loopback.h"
#include "pc/runtime.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define NAME_SIZE   16u
#define NAMES_SIZE  256u
#define SOCKET_PATH "test_port_congestion.sock"

static enum pc_status open_with(struct port **port, const char *congestion)
{
    const struct port_config config = {
        .receive_buffer_count = 8, .receive_buffer_size = 512, .congestion = congestion};
    int32_t raw = 0;
    return port_open(loopback_engine(), &config, port, &raw);
}

static void read_congestion(const struct port_socket *socket, char name[NAME_SIZE])
{
    socklen_t size = NAME_SIZE;
    int descriptor = (int)socket->os_handle - 1;
    assert_int_equal(getsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
}

/* What both ends of a connection have. */
static void read_congestion_of_pair(struct loopback *loop, char name[NAME_SIZE])
{
    struct peer *client;
    struct peer *server;
    char other[NAME_SIZE];
    loopback_listen(loop, 16);
    loopback_pair(loop, &client, &server);
    read_congestion(&client->socket, name);
    read_congestion(&server->socket, other);
    assert_string_equal(name, other);
}

/* One of the names that this system has for us, but not that. False: it has no other. */
static bool find_other(const char *usual, char other[NAME_SIZE])
{
    char names[NAMES_SIZE];
    char *rest = NULL;
    pc_congestion_names(names, sizeof names);
    assert_non_null(strstr(names, usual));
    char *name = strtok_r(names, ", ", &rest);
    while (name != NULL && strcmp(name, usual) == 0) {
        name = strtok_r(NULL, ", ", &rest);
    }
    if (name != NULL) {
        (void)snprintf(other, NAME_SIZE, "%s", name);
    }
    return name != NULL;
}

static void congestion_is_that_of_both_ends(void **state)
{
    struct loopback *loop = *state;
    char usual[NAME_SIZE];
    char other[NAME_SIZE];
    char name[NAME_SIZE];
    if (!loopback_engine()->takes_congestion) {
        loopback_skip("it has no choice");
    }
    read_congestion_of_pair(loop, usual);
    assert_int_equal(loopback_teardown(state), 0);
    assert_int_equal(loopback_setup(state), 0);
    loop = *state;
    if (!find_other(usual, other)) {
        printf("SKIPPED on a system with one congestion control: %s\n", __func__);
        skip();
    }
    port_close(loop->port);
    assert_int_equal(open_with(&loop->port, other), PC_OK);
    read_congestion_of_pair(loop, name);
    assert_string_equal(name, other);
}

/* A path has none, and is no reason to refuse. */
static void congestion_of_a_path_is_not_asked_for(void **state)
{
    struct loopback *loop = *state;
    int32_t raw = 0;
    if (!loopback_engine()->takes_congestion) {
        loopback_skip("it has no choice");
    }
    port_close(loop->port);
    assert_int_equal(open_with(&loop->port, "reno"), PC_OK);
    assert_int_equal(pc_address_parse("unix:" SOCKET_PATH, &loop->address), PC_OK);
    assert_int_equal(port_listen(loop->port, &loop->address, 16, &loop->listener, &raw), PC_OK);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    loopback_until(loop, &server->accepted, 1);
    loopback_until(loop, &client->connected, 1);
    assert_int_equal(client->connect_status, PC_OK);
}

/* As many as have room, and an end in any case. */
static void congestion_names_end_where_the_room_ends(void **state)
{
    char all[NAMES_SIZE];
    (void)state;
    pc_congestion_names(all, sizeof all);
    assert_true(strlen(all) > 0);
    for (size_t size = 1; size <= strlen(all) + 1; size++) {
        char some[NAMES_SIZE];
        memset(some, '#', sizeof some);
        pc_congestion_names(some, size);
        assert_int_equal(strlen(some), size - 1);
        assert_memory_equal(some, all, size - 1);
        assert_int_equal(some[size], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(congestion_is_that_of_both_ends),
        LOOPBACK_TEST(congestion_of_a_path_is_not_asked_for),
        LOOPBACK_TEST(congestion_names_end_where_the_room_ends),
    };
    return LOOPBACK_RUN("port_congestion", tests);
}
