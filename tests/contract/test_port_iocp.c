/* The IOCP engine's own promises, beyond the contract: how it calls the system, and how often.
 *
 * Calls into socket_win32.c pass through wrappers of this file (the linker's --wrap), because Wine
 * takes some wrong arguments without a word, and no system is short of buffers when a test wants
 * it. */
#include <string.h>

#include "pc/os.h"
#include "port/port_iocp.h"
#include "port/socket_win32.h"
#include "support/cmocka_all.h"

#define PAIRS_MAX             9u
#define WAIT_MS               5000u
#define SOL_SOCKET_VALUE      0xFFFF
#define UPDATE_ACCEPT_CONTEXT 0x700B
#define BIG_SIZE              40000u

int32_t __real_socket_set_option(uint64_t handle, int level, int name, const void *value,
                                 uint32_t value_size);
int32_t __wrap_socket_set_option(uint64_t handle, int level, int name, const void *value,
                                 uint32_t value_size);
bool __real_socket_post_wake(void *completion_port);
bool __wrap_socket_post_wake(void *completion_port);

int32_t __real_socket_post_receive(uint64_t handle, uint8_t *buffer, uint32_t size,
                                   uint32_t *received, void *overlapped);
int32_t __wrap_socket_post_receive(uint64_t handle, uint8_t *buffer, uint32_t size,
                                   uint32_t *received, void *overlapped);
int32_t __real_socket_post_send(uint64_t handle, void *spans, uint32_t span_count, uint32_t *sent,
                                void *overlapped);
int32_t __wrap_socket_post_send(uint64_t handle, void *spans, uint32_t span_count, uint32_t *sent,
                                void *overlapped);

/* What the wrappers saw, and what they shall do. */
static struct {
    uint64_t accepted_handle;
    uint64_t context_value;
    uint32_t context_size;
    uint32_t context_calls;
    int32_t context_error; /* returned in place of the system's answer, if not 0 */
    uint32_t posts;
    bool posts_fail;
    uint32_t posts_short; /* so many receives and sends fail with short_error */
    int32_t short_error;
} seam;

int32_t __wrap_socket_post_receive(uint64_t handle, uint8_t *buffer, uint32_t size,
                                   uint32_t *received, void *overlapped)
{
    if (seam.posts_short > 0) {
        seam.posts_short--;
        return seam.short_error;
    }
    return __real_socket_post_receive(handle, buffer, size, received, overlapped);
}

int32_t __wrap_socket_post_send(uint64_t handle, void *spans, uint32_t span_count, uint32_t *sent,
                                void *overlapped)
{
    if (seam.posts_short > 0) {
        seam.posts_short--;
        return seam.short_error;
    }
    return __real_socket_post_send(handle, spans, span_count, sent, overlapped);
}

int32_t __wrap_socket_set_option(uint64_t handle, int level, int name, const void *value,
                                 uint32_t value_size)
{
    if (level == SOL_SOCKET_VALUE && name == UPDATE_ACCEPT_CONTEXT) {
        seam.accepted_handle = handle;
        seam.context_size = value_size;
        seam.context_calls++;
        memcpy(&seam.context_value, value, sizeof(seam.context_value));
        if (seam.context_error != 0) {
            return seam.context_error;
        }
    }
    return __real_socket_set_option(handle, level, name, value, value_size);
}

bool __wrap_socket_post_wake(void *completion_port)
{
    seam.posts++;
    return !seam.posts_fail && __real_socket_post_wake(completion_port);
}

struct pair {
    struct port_socket client;
    struct port_socket server;
};

/* Both ends of every connection live on one port. */
struct fixture {
    struct port *port;
    struct port_listener *listener;
    struct pc_address address;
    struct pair pairs[PAIRS_MAX];
    uint8_t big[BIG_SIZE];
};

static struct fixture fixture;

static int open_with(uint32_t buffer_count, uint32_t buffer_size)
{
    const struct port_config config = {.receive_buffer_count = buffer_count,
                                       .receive_buffer_size = buffer_size};
    struct pc_address any;
    int32_t raw = 0;
    memset(&fixture, 0, sizeof(fixture));
    memset(&seam, 0, sizeof(seam));
    if (pc_address_parse("127.0.0.1:0", &any) != PC_OK ||
        port_open(port_engine_iocp, &config, &fixture.port, &raw) != PC_OK) {
        return -1;
    }
    fixture.address = any;
    enum pc_status status =
        port_listen(fixture.port, &fixture.address, 64, &fixture.listener, &raw);
    return status == PC_OK ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    return open_with(8, 4096);
}

static int setup_large_buffers(void **state)
{
    (void)state;
    return open_with(8, 65536);
}

static uint32_t wait_for(struct port_event *events, uint32_t events_max, uint32_t timeout_ms)
{
    uint64_t deadline_ms = port_now_ms(fixture.port) + timeout_ms;
    return port_wait(fixture.port, events, events_max, deadline_ms);
}

static struct port_event next_event(void)
{
    struct port_event event = {.kind = PORT_WOKEN};
    assert_int_equal(wait_for(&event, 1, WAIT_MS), 1);
    return event;
}

/* Wait for an event of the socket, which must be of the kind; others on the way are not looked at.
 */
static struct port_event event_of(const struct port_socket *socket, enum port_event_kind kind)
{
    struct port_event event = next_event();
    while (event.socket != socket) {
        event = next_event();
    }
    assert_int_equal(event.kind, kind);
    return event;
}

static bool abort_if_open(struct port_socket *socket)
{
    if (socket->state == PORT_SOCKET_ACCEPTED || socket->state == PORT_SOCKET_CONNECTING ||
        socket->state == PORT_SOCKET_LIVE) {
        port_abort(fixture.port, socket, PORT_ABORT_RESET);
    }
    return socket->state != PORT_SOCKET_IDLE;
}

/* Everything is closed through the contract; port_close then asserts that nothing is left. */
static int teardown(void **state)
{
    (void)state;
    struct port_event event;
    uint32_t turns = 0;
    bool is_unlistened = false;
    port_unlisten(fixture.port, fixture.listener);
    for (;;) {
        bool is_open = false;
        for (uint32_t i = 0; i < PAIRS_MAX; i++) {
            is_open |= abort_if_open(&fixture.pairs[i].client);
            is_open |= abort_if_open(&fixture.pairs[i].server);
        }
        if ((!is_open && is_unlistened) || turns++ > 1000) {
            break;
        }
        if (wait_for(&event, 1, WAIT_MS) == 1) {
            is_unlistened |= event.kind == PORT_UNLISTENED;
        }
    }
    uint32_t events_left = port_wait(fixture.port, &event, 1, 0);
    uint32_t sockets_open = fixture.port->sockets_open;
    if (sockets_open == 0 && is_unlistened) {
        port_listener_free(fixture.port, fixture.listener);
        port_close(fixture.port);
    }
    return events_left == 0 && sockets_open == 0 && is_unlistened ? 0 : -1;
}

static void make_pair(uint32_t index)
{
    struct pair *pair = &fixture.pairs[index];
    uint32_t done_count = 0;
    assert_int_equal(port_accept(fixture.port, fixture.listener, &pair->server), PC_OK);
    assert_int_equal(port_connect(fixture.port, &pair->client, &fixture.address), PC_OK);
    while (done_count < 2) {
        struct port_event event = next_event();
        assert_int_equal(event.status, PC_OK);
        done_count++;
    }
    assert_int_equal(port_adopt(fixture.port, &pair->server), PC_OK);
}

static void send_bytes(struct port_socket *socket, const void *bytes, uint32_t size)
{
    const struct port_span span = {bytes, size};
    assert_int_equal(port_send(fixture.port, socket, &span, 1), PC_OK);
    struct port_event event = event_of(socket, PORT_SENT);
    assert_int_equal(event.status, PC_OK);
    assert_int_equal(event.size, size);
}

static void arm(struct port_socket *socket)
{
    assert_int_equal(port_recv(fixture.port, socket), PC_OK);
}

static struct iocp_counters counters_now(void)
{
    return *iocp_port_counters(fixture.port);
}

static void nt_status_known_maps_to_meaning(void **state)
{
    static const struct {
        uint32_t nt;
        enum pc_status status;
        int32_t raw;
    } cases[] = {
        {0x00000000u, PC_OK, 0},
        {0xC0000120u, PC_CANCELLED, 995},
        {0x8000000Au, PC_CANCELLED, 995}, /* Wine, closesocket with an op pending */
        {0xC000020Du, PC_RESET, 10054},
        {0xC00000C9u, PC_RESET, 10054}, /* Windows, closesocket with an op pending */
        {0xC0000241u, PC_RESET, 10053},
        {0xC0000236u, PC_REFUSED, 10061},
        {0xC00000B5u, PC_TIMEOUT, 10060},
        {0xC000023Cu, PC_UNREACHABLE, 10051},
        {0xC000023Du, PC_UNREACHABLE, 10065},
        {0xC000009Au, PC_NO_BUFFERS, 10055},
        {0xC00000A1u, PC_NO_BUFFERS, 10055},
        {0xC0000017u, PC_NO_MEMORY, 8},
        {0xC0000022u, PC_DENIED, 10013},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int32_t raw = -1;
        assert_int_equal(socket_status_of_nt(cases[i].nt, &raw), cases[i].status);
        assert_int_equal(raw, cases[i].raw);
    }
}

static void nt_status_unknown_is_system_and_keeps_its_code(void **state)
{
    int32_t raw = 0;
    (void)state;
    assert_int_equal(socket_status_of_nt(0xC0000005u, &raw), PC_SYSTEM);
    assert_int_equal((uint32_t)raw, 0xC0000005u);
}

static void winsock_error_maps_to_meaning(void **state)
{
    static const struct {
        int32_t error;
        enum pc_status status;
    } cases[] = {
        {0, PC_OK},
        {10054, PC_RESET},
        {10053, PC_RESET},
        {64, PC_RESET},
        {1236, PC_RESET},
        {10061, PC_REFUSED},
        {1225, PC_REFUSED},
        {10060, PC_TIMEOUT},
        {121, PC_TIMEOUT},
        {10065, PC_UNREACHABLE},
        {995, PC_CANCELLED},
        {10055, PC_NO_BUFFERS},
        {10035, PC_NO_BUFFERS},
        {1450, PC_NO_BUFFERS},
        {1453, PC_NO_BUFFERS},
        {1455, PC_NO_BUFFERS},
        {10048, PC_ADDRESS_IN_USE},
        {10049, PC_ADDRESS_INVALID},
        {10013, PC_DENIED},
        {10038, PC_SYSTEM},
        {10022, PC_SYSTEM},
        {10014, PC_SYSTEM},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(socket_status_of_error(cases[i].error), cases[i].status);
    }
}

static void accept_finish_passes_handle_of_listener(void **state)
{
    (void)state;
    make_pair(0);
    assert_int_equal(seam.context_calls, 1);
    assert_int_equal(seam.context_size, sizeof(uint64_t));
    assert_int_equal(seam.context_value, iocp_listener_handle(fixture.listener));
    assert_int_equal(seam.accepted_handle, fixture.pairs[0].server.os_handle);
    assert_int_not_equal(seam.context_value, seam.accepted_handle);
}

static void accept_finish_fails_slot_is_free_again(void **state)
{
    struct pair *pair = &fixture.pairs[0];
    (void)state;
    seam.context_error = 10054;
    assert_int_equal(port_accept(fixture.port, fixture.listener, &pair->server), PC_OK);
    assert_int_equal(port_connect(fixture.port, &pair->client, &fixture.address), PC_OK);
    struct port_event event = event_of(&pair->server, PORT_ACCEPTED);
    assert_int_equal(event.status, PC_RESET);
    assert_int_equal(event.raw, 10054);
    assert_int_equal(pair->server.state, PORT_SOCKET_IDLE);
    assert_int_equal(pair->server.os_handle, 0);
    seam.context_error = 0;
    make_pair(1);
}

static void send_done_inline_is_told_by_next_wait(void **state)
{
    const struct port_span span = {(const uint8_t *)"hello", 5};
    struct port_socket *client = &fixture.pairs[0].client;
    struct port_event event;
    (void)state;
    make_pair(0);
    struct iocp_counters before = counters_now();
    assert_int_equal(port_send(fixture.port, client, &span, 1), PC_OK);
    struct iocp_counters after = counters_now();
    assert_int_equal(after.inline_results, before.inline_results + 1);
    assert_true(client->send.in_flight);
    assert_int_equal(port_wait(fixture.port, &event, 1, 0), 1);
    assert_int_equal(event.kind, PORT_SENT);
    assert_int_equal(event.size, 5);
    assert_false(client->send.in_flight);
    assert_int_equal(counters_now().packets, before.packets);
}

static void receive_first_is_zero_byte_then_buffered(void **state)
{
    struct pair *pair = &fixture.pairs[0];
    (void)state;
    make_pair(0);
    struct iocp_counters before = counters_now();
    arm(&pair->server);
    assert_int_equal(counters_now().zero_receives, before.zero_receives + 1);
    assert_int_equal(iocp_port_buffers_free(fixture.port), 8);
    send_bytes(&pair->client, "one", 3);
    struct port_event event = event_of(&pair->server, PORT_RECEIVED);
    assert_int_equal(event.size, 3);
    assert_memory_equal(event.data, "one", 3);
    assert_int_equal(counters_now().drains, before.drains + 1);
    arm(&pair->server);
    assert_int_equal(counters_now().receives, before.receives + 1);
    assert_int_equal(iocp_port_buffers_free(fixture.port), 7);
    send_bytes(&pair->client, "two", 3);
    event = event_of(&pair->server, PORT_RECEIVED);
    assert_memory_equal(event.data, "two", 3);
    assert_int_equal(counters_now().drains, before.drains + 1);
    assert_int_equal(iocp_port_buffers_free(fixture.port), 7);
    assert_int_equal(port_wait(fixture.port, &event, 1, 0), 0);
    assert_int_equal(iocp_port_buffers_free(fixture.port), 8);
}

static void receive_pool_empty_falls_back_to_zero_byte(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PAIRS_MAX; i++) {
        make_pair(i);
        arm(&fixture.pairs[i].server);
        send_bytes(&fixture.pairs[i].client, "x", 1);
        event_of(&fixture.pairs[i].server, PORT_RECEIVED);
    }
    struct iocp_counters before = counters_now();
    for (uint32_t i = 0; i < PAIRS_MAX; i++) {
        arm(&fixture.pairs[i].server);
    }
    struct iocp_counters after = counters_now();
    assert_int_equal(after.receives, before.receives + 8);
    assert_int_equal(after.zero_receives, before.zero_receives + 1);
    assert_int_equal(iocp_port_buffers_free(fixture.port), 0);
    for (uint32_t i = PAIRS_MAX; i > 0; i--) {
        send_bytes(&fixture.pairs[i - 1].client, "yz", 2);
        struct port_event event = event_of(&fixture.pairs[i - 1].server, PORT_RECEIVED);
        assert_int_equal(event.size, 2);
        assert_memory_equal(event.data, "yz", 2);
    }
}

static void receive_aborted_gives_its_buffer_back(void **state)
{
    struct pair *pair = &fixture.pairs[0];
    (void)state;
    make_pair(0);
    arm(&pair->server);
    send_bytes(&pair->client, "x", 1);
    event_of(&pair->server, PORT_RECEIVED);
    arm(&pair->server);
    assert_int_equal(iocp_port_buffers_free(fixture.port), 7);
    port_abort(fixture.port, &pair->server, PORT_ABORT_GRACEFUL);
    struct port_event event = event_of(&pair->server, PORT_RECEIVED);
    assert_int_equal(event.status, PC_CANCELLED);
    event_of(&pair->server, PORT_CLOSED);
    assert_int_equal(iocp_port_buffers_free(fixture.port), 8);
}

static void receive_scratch_used_up_leaves_rest_for_next_wait(void **state)
{
    struct port_event events[PORT_EVENTS_MAX];
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        make_pair(i);
        memset(fixture.big, (int)('a' + i), BIG_SIZE);
        send_bytes(&fixture.pairs[i].client, fixture.big, BIG_SIZE);
    }
    pc_os_sleep_ms(50);
    for (uint32_t i = 0; i < 4; i++) {
        arm(&fixture.pairs[i].server);
    }
    /* Two reads of 40,000 bytes leave less than a third one might need. */
    for (uint32_t turn = 0; turn < 2; turn++) {
        assert_int_equal(wait_for(events, PORT_EVENTS_MAX, WAIT_MS), 2);
        for (uint32_t i = 0; i < 2; i++) {
            uint8_t expected = (uint8_t)('a' + turn * 2 + i);
            assert_int_equal(events[i].kind, PORT_RECEIVED);
            assert_int_equal(events[i].size, BIG_SIZE);
            assert_int_equal(events[i].data[0], expected);
            assert_int_equal(events[i].data[BIG_SIZE - 1], expected);
        }
    }
    assert_true(counters_now().scratch_stalls >= 1);
}

static void wake_many_times_is_one_packet_and_one_event(void **state)
{
    struct port_event event;
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        port_wake(fixture.port);
    }
    assert_int_equal(seam.posts, 1);
    assert_int_equal(next_event().kind, PORT_WOKEN);
    assert_int_equal(wait_for(&event, 1, 20), 0);
    port_wake(fixture.port);
    assert_int_equal(seam.posts, 2);
    assert_int_equal(next_event().kind, PORT_WOKEN);
    assert_int_equal(counters_now().posts, 2);
}

static void wake_packet_cannot_be_posted_is_not_lost(void **state)
{
    struct port_event event;
    (void)state;
    seam.posts_fail = true;
    port_wake(fixture.port);
    port_wake(fixture.port);
    assert_int_equal(port_wait(fixture.port, &event, 1, PORT_WAIT_FOREVER), 1);
    assert_int_equal(event.kind, PORT_WOKEN);
    assert_int_equal(wait_for(&event, 1, 20), 0);
    seam.posts_fail = false;
    port_wake(fixture.port);
    assert_int_equal(next_event().kind, PORT_WOKEN);
}

static void wake_from_thread(void *argument)
{
    pc_os_sleep_ms(100);
    port_wake(argument);
}

static void wake_packet_cannot_be_posted_ends_a_sleep(void **state)
{
    (void)state;
    seam.posts_fail = true;
    struct pc_thread *thread = pc_thread_start("wake", wake_from_thread, fixture.port);
    assert_non_null(thread);
    uint64_t started_ms = pc_os_monotonic_ms();
    assert_int_equal(next_event().kind, PORT_WOKEN);
    assert_true(pc_os_monotonic_ms() - started_ms < WAIT_MS / 2);
    pc_thread_join(thread);
}

static void listen_address_taken_is_reported(void **state)
{
    struct port_listener *second = NULL;
    int32_t raw = 0;
    (void)state;
    assert_int_equal(port_listen(fixture.port, &fixture.address, 8, &second, &raw),
                     PC_ADDRESS_IN_USE);
    assert_int_equal(raw, 10048);
    assert_null(second);
}

static void echo_message_costs_one_send_and_one_receive(void **state)
{
    enum {
        MESSAGES = 200
    };
    struct pair *pair = &fixture.pairs[0];
    (void)state;
    make_pair(0);
    arm(&pair->server);
    arm(&pair->client);
    struct iocp_counters before = counters_now();
    for (uint32_t i = 0; i < MESSAGES; i++) {
        send_bytes(&pair->client, "ping", 4);
        event_of(&pair->server, PORT_RECEIVED);
        arm(&pair->server);
        send_bytes(&pair->server, "pong", 4);
        event_of(&pair->client, PORT_RECEIVED);
        arm(&pair->client);
    }
    struct iocp_counters after = counters_now();
    assert_int_equal(after.sends - before.sends, 2 * MESSAGES);
    assert_int_equal(after.receives - before.receives, 2 * MESSAGES);
    assert_int_equal(after.zero_receives, before.zero_receives);
    assert_int_equal(after.drains - before.drains, 2); /* the first of each side */
    assert_int_equal(after.inline_results - before.inline_results, 2 * MESSAGES);
}

/* With a buffer and without one the system refuses; the connection stands, and nothing is lost. */
static void system_short_of_buffers_leaves_the_connection(void **state)
{
    static const int32_t errors[] = {10055, 10035}; /* WSAENOBUFS, WSAEWOULDBLOCK */
    struct pair *pair = &fixture.pairs[0];
    const struct port_span span = {(const uint8_t *)"ping", 4};
    struct port_event event;
    (void)state;
    make_pair(0);
    arm(&pair->server);
    send_bytes(&pair->client, "ping", 4);
    assert_int_equal(event_of(&pair->server, PORT_RECEIVED).size, 4);
    assert_int_equal(wait_for(&event, 1, 0), 0); /* its buffer is back */
    uint32_t free_count = iocp_port_buffers_free(fixture.port);
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        seam.short_error = errors[i];
        seam.posts_short = 3;
        assert_int_equal(port_recv(fixture.port, &pair->server), PC_NO_BUFFERS);
        assert_int_equal(seam.posts_short, 1);
        assert_int_equal(port_send(fixture.port, &pair->client, &span, 1), PC_NO_BUFFERS);
        assert_int_equal(seam.posts_short, 0);
        assert_int_equal(iocp_port_buffers_free(fixture.port), free_count);
    }
    send_bytes(&pair->client, "pong", 4);
    arm(&pair->server);
    event = event_of(&pair->server, PORT_RECEIVED);
    assert_int_equal(event.status, PC_OK);
    assert_int_equal(event.size, 4);
}

#define ON_PORT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nt_status_known_maps_to_meaning),
        cmocka_unit_test(nt_status_unknown_is_system_and_keeps_its_code),
        cmocka_unit_test(winsock_error_maps_to_meaning),
        ON_PORT(accept_finish_passes_handle_of_listener),
        ON_PORT(accept_finish_fails_slot_is_free_again),
        ON_PORT(send_done_inline_is_told_by_next_wait),
        ON_PORT(receive_first_is_zero_byte_then_buffered),
        ON_PORT(receive_pool_empty_falls_back_to_zero_byte),
        ON_PORT(receive_aborted_gives_its_buffer_back),
        cmocka_unit_test_setup_teardown(receive_scratch_used_up_leaves_rest_for_next_wait,
                                        setup_large_buffers, teardown),
        ON_PORT(wake_many_times_is_one_packet_and_one_event),
        ON_PORT(wake_packet_cannot_be_posted_is_not_lost),
        ON_PORT(wake_packet_cannot_be_posted_ends_a_sleep),
        ON_PORT(listen_address_taken_is_reported),
        ON_PORT(echo_message_costs_one_send_and_one_receive),
        ON_PORT(system_short_of_buffers_leaves_the_connection),
    };
    return cmocka_run_group_tests_name("port_iocp", tests, NULL, NULL);
}
