/* The contract of the completion port, part 5: addresses that are paths. */
#include <stdio.h>

#include "contract/loopback.h"

#define SOCKET_PATH "test_port_path.sock"
#define FILE_PATH   "test_port_path.txt"

static enum pc_status listen_on(struct loopback *loop, const char *text,
                                struct port_listener **listener)
{
    struct pc_address address;
    int32_t raw = 0;
    assert_int_equal(pc_address_parse(text, &address), PC_OK);
    loop->address = address;
    return port_listen(loop->port, &loop->address, 64, listener, &raw);
}

static void skip_without_paths(void)
{
    if (!loopback_engine()->takes_paths) {
        loopback_skip("it has no paths");
    }
}

static bool exists(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL;
}

static void path_on_an_engine_without_them_is_unsupported(void **state)
{
    struct loopback *loop = *state;
    struct port_socket socket = {0};
    struct port_listener *listener = NULL;
    if (loopback_engine()->takes_paths) {
        loopback_skip("it has paths");
    }
    assert_int_equal(listen_on(loop, "unix:" SOCKET_PATH, &listener), PC_UNSUPPORTED);
    assert_null(listener);
    assert_int_equal(port_connect(loop->port, &socket, &loop->address), PC_UNSUPPORTED);
}

static void path_connection_knows_both_ends(void **state)
{
    struct loopback *loop = *state;
    skip_without_paths();
    assert_int_equal(listen_on(loop, "unix:" SOCKET_PATH, &loop->listener), PC_OK);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    loopback_until(loop, &server->accepted, 1);
    loopback_until(loop, &client->connected, 1);
    assert_int_equal(client->connect_status, PC_OK);
    assert_string_equal(pc_address_path(&client->socket.peer), SOCKET_PATH);
    assert_int_equal(server->socket.peer.family, PC_FAMILY_UNIX);
    assert_null(pc_address_path(&server->socket.peer));
}

static void path_in_use_is_not_taken_away(void **state)
{
    struct loopback *loop = *state;
    struct port_listener *second = NULL;
    skip_without_paths();
    assert_int_equal(listen_on(loop, "unix:" SOCKET_PATH, &loop->listener), PC_OK);
    assert_int_equal(listen_on(loop, "unix:" SOCKET_PATH, &second), PC_ADDRESS_IN_USE);
    struct peer *server = loopback_accept(loop);
    struct peer *client = loopback_connect(loop);
    loopback_until(loop, &server->accepted, 1);
    assert_true(client->is_open);
}

static void path_of_a_file_is_in_use(void **state)
{
    struct loopback *loop = *state;
    struct port_listener *listener = NULL;
    skip_without_paths();
    FILE *file = fopen(FILE_PATH, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(listen_on(loop, "unix:" FILE_PATH, &listener), PC_ADDRESS_IN_USE);
    assert_true(exists(FILE_PATH));
    assert_int_equal(remove(FILE_PATH), 0);
}

static void path_goes_with_its_listener(void **state)
{
    struct loopback *loop = *state;
    skip_without_paths();
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(listen_on(loop, "unix:" SOCKET_PATH, &loop->listener), PC_OK);
        (void)loopback_accept(loop);
        loopback_unlisten(loop);
        port_listener_free(loop->port, loop->listener);
        loop->listener = NULL;
        loop->is_unlistening = false;
        loop->unlistened = 0;
        assert_int_not_equal(remove(SOCKET_PATH), 0);
    }
}

static void path_without_listener_refuses(void **state)
{
    struct loopback *loop = *state;
    struct port_socket socket = {0};
    struct pc_address address;
    skip_without_paths();
    assert_int_equal(pc_address_parse("unix:" SOCKET_PATH, &address), PC_OK);
    assert_int_equal(port_connect(loop->port, &socket, &address), PC_REFUSED);
    assert_int_equal(loop->port->sockets_open, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(path_on_an_engine_without_them_is_unsupported),
        LOOPBACK_TEST(path_connection_knows_both_ends),
        LOOPBACK_TEST(path_in_use_is_not_taken_away),
        LOOPBACK_TEST(path_of_a_file_is_in_use),
        LOOPBACK_TEST(path_goes_with_its_listener),
        LOOPBACK_TEST(path_without_listener_refuses),
    };
    return LOOPBACK_RUN("port_path", tests);
}
