/* See loop_world.h. */
#include "support/loop_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/container.h"
#include "pc/os.h"
#include "port/port.h"
#include "support/test_table.h"

struct loop_side loop_server;
struct loop_side loop_client;

#define SKIPPED 77

static enum pc_engine engine_in_use;
static struct pc_mutex *mutex;
static struct pc_condition *condition;
static struct pc_address server_address;

static struct loop_side *side_of(const struct pc_session *session)
{
    return pc_runtime_user(pc_worker_runtime(pc_session_worker(session)));
}

static void changed(void)
{
    pc_condition_broadcast(condition);
    pc_mutex_unlock(mutex);
}

static void on_open(struct pc_session *session)
{
    struct loop_side *side = side_of(session);
    pc_mutex_lock(mutex);
    assert_true(side->counts.opened < LOOP_HANDLES_MAX);
    side->handles[side->counts.opened++] = pc_session_handle(session);
    side->counts.opened_on[pc_worker_index(pc_session_worker(session))]++;
    changed();
    if (side->on_open != NULL) {
        side->on_open(session);
    }
}

static void on_close(struct pc_session *session, enum pc_close_reason reason)
{
    struct loop_side *side = side_of(session);
    uint8_t *place;
    assert_int_equal(pc_session_reserve(session, 4, &place), PC_CLOSED);
    pc_mutex_lock(mutex);
    side->counts.closed++;
    side->counts.ended++;
    side->counts.closed_by[reason]++;
    changed();
}

static void on_relay(struct pc_session *session, const struct pc_accept_entry *entry,
                     const struct pc_frame *frame)
{
    assert_int_equal(entry->id, frame->id);
    pc_mutex_lock(mutex);
    side_of(session)->counts.relayed++;
    changed();
}

static void on_send_room(struct pc_session *session)
{
    pc_mutex_lock(mutex);
    side_of(session)->counts.rooms++;
    changed();
}

static void on_frame(void *receiver, const struct pc_frame *frame)
{
    struct pc_session *session = receiver;
    struct loop_side *side = side_of(session);
    pc_mutex_lock(mutex);
    side->counts.frames++;
    if (side->received_size + frame->size <= LOOP_RECEIVED_MAX) {
        memcpy(side->received + side->received_size, pc_frame_bytes(frame), frame->size);
        side->received_size += frame->size;
    }
    changed();
    if (side->on_frame != NULL) {
        side->on_frame(session, frame);
    }
}

static void observe(void *user, const struct pc_event *event)
{
    struct loop_side *side = user;
    pc_mutex_lock(mutex);
    switch (event->kind) {
    case PC_EVENT_REFUSED:
        side->counts.refused_by[event->refusal]++;
        side->counts.refused_id = event->packet_id;
        side->counts.refused_size = event->packet_size;
        break;
    case PC_EVENT_ADDRESS_LIMIT:
        side->counts.address_refused++;
        break;
    case PC_EVENT_CONNECT_FAILED:
        side->counts.connect_failed++;
        side->counts.ended++;
        break;
    case PC_EVENT_ENGINE_FALLBACK:
        side->counts.fallbacks++;
        break;
    case PC_EVENT_STOP_WAITS:
        side->counts.stop_waits++;
        break;
    case PC_EVENT_LISTENING:
    case PC_EVENT_LISTEN_FAILED:
    case PC_EVENT_ACCEPTED:
    case PC_EVENT_ACCEPT_FAILED:
    case PC_EVENT_CONNECTED:
    case PC_EVENT_CLOSED:
        break;
    }
    changed();
}

static void begin(struct loop_side *side)
{
    if (mutex == NULL) {
        mutex = pc_mutex_create();
        condition = pc_condition_create();
        test_table_handler = on_frame;
    }
    memset(side, 0, sizeof *side);
    side->received = malloc(LOOP_RECEIVED_MAX);
    assert_non_null(side->received);
}

static struct pc_session_type complete(struct pc_session_type type, const char *name)
{
    type.name = name;
    type.accepts = &test_table;
    type.on_open = on_open;
    type.on_close = on_close;
    type.on_relay = type.on_relay == NULL ? on_relay : type.on_relay;
    type.on_send_room = on_send_room;
    if (type.sessions_max == 0) {
        type.sessions_max = 2048;
    }
    return type;
}

static void create(struct loop_side *side, struct pc_runtime_config config)
{
    config.engine = engine_in_use;
    config.observe = observe;
    config.user = side;
    assert_int_equal(pc_runtime_create(&config, &side->runtime), PC_OK);
}

static bool is_usable(enum pc_engine engine, const char *name)
{
    const struct pc_runtime_config config = {.engine = engine, .worker_count = 1};
    struct pc_runtime *runtime;
    enum pc_status status = pc_runtime_create(&config, &runtime);
    if (status == PC_OK) {
        pc_runtime_destroy(runtime);
        return true;
    }
    if (status != PC_DENIED && status != PC_UNSUPPORTED) {
        fail_msg("engine %s: %s", name, pc_status_name(status));
    }
    printf("SKIPPED: engine %s cannot be opened here: %s\n", name, pc_status_name(status));
    return false;
}

enum pc_engine loop_engine(void)
{
    return engine_in_use;
}

int loop_run(const char *name, const struct CMUnitTest *tests, size_t test_count)
{
    static const char *const names[] = {"iocp", "uring", "epoll"};
    const bool is_built[] = {port_engine_iocp != NULL, port_engine_uring != NULL,
                             port_engine_epoll != NULL};
    int failed = 0;
    uint32_t run_count = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_true(pc_engine_parse(names[i], &engine_in_use));
        if (is_built[i] && is_usable(engine_in_use, names[i])) {
            printf("engine %s:\n", names[i]);
            failed += _cmocka_run_group_tests(name, tests, test_count, NULL, NULL);
            run_count++;
        }
    }
    return run_count == 0 ? SKIPPED : failed;
}

void loop_start_server(const struct loop_options *options)
{
    begin(&loop_server);
    loop_server.on_open = options->on_server_open;
    loop_server.on_frame = options->on_server_frame;
    const struct pc_runtime_config config = {
        .worker_count = options->server_workers == 0 ? 1 : options->server_workers,
        .send_bytes_max = options->send_bytes_max,
        .main_is_worker = options->server_on_main,
    };
    create(&loop_server, config);
    const struct pc_session_type type = complete(options->type, "server");
    struct pc_listener_config listener = options->listener;
    listener.type = pc_runtime_add_type(loop_server.runtime, &type);
    assert_int_equal(pc_address_parse("127.0.0.1:0", &listener.address), PC_OK);
    assert_int_equal(pc_runtime_listen(loop_server.runtime, &listener, &server_address), PC_OK);
    assert_int_equal(pc_runtime_start(loop_server.runtime), PC_OK);
}

void loop_connect(const struct loop_options *options)
{
    begin(&loop_client);
    loop_client.on_open = options->on_client_open;
    loop_client.on_frame = options->on_client_frame;
    create(&loop_client, (struct pc_runtime_config){.worker_count = 1});
    const struct pc_session_type type =
        complete((struct pc_session_type){.drain_timeout_ms = 2000}, "client");
    const struct pc_connector_config connector = {
        .type = pc_runtime_add_type(loop_client.runtime, &type),
        .address = server_address,
        .connections = options->client_count,
        .once = !options->reconnect,
        .retry_min_ms = 10,
        .retry_max_ms = 100,
        .connect_timeout_ms = 5000,
    };
    assert_int_equal(pc_runtime_connect(loop_client.runtime, &connector), PC_OK);
    assert_int_equal(pc_runtime_start(loop_client.runtime), PC_OK);
}

void loop_start(const struct loop_options *options)
{
    loop_start_server(options);
    loop_connect(options);
}

static void stop(struct loop_side *side, uint32_t drain_ms)
{
    if (side->runtime != NULL) {
        assert_true(pc_runtime_stop(side->runtime, drain_ms));
        assert_int_equal(side->counts.opened, side->counts.closed);
        pc_runtime_destroy(side->runtime);
    }
    free(side->received);
    side->runtime = NULL;
    side->received = NULL;
}

void loop_stop_server(uint32_t drain_ms)
{
    stop(&loop_server, drain_ms);
}

void loop_stop_client(uint32_t drain_ms)
{
    stop(&loop_client, drain_ms);
}

void loop_stop(void)
{
    loop_stop_client(100);
    loop_stop_server(100);
}

void loop_await(const uint32_t *figure, uint32_t wanted)
{
    uint64_t deadline_ms = pc_os_monotonic_ms() + LOOP_WAIT_MS;
    pc_mutex_lock(mutex);
    while (*figure < wanted && pc_os_monotonic_ms() < deadline_ms) {
        (void)pc_condition_wait(condition, mutex, 100);
    }
    uint32_t reached = *figure;
    pc_mutex_unlock(mutex);
    assert_in_range(reached, wanted, UINT32_MAX);
}

uint32_t loop_read(const uint32_t *figure)
{
    pc_mutex_lock(mutex);
    uint32_t value = *figure;
    pc_mutex_unlock(mutex);
    return value;
}

void loop_echo(struct pc_session *session, const struct pc_frame *frame)
{
    (void)!pc_session_send(session, pc_frame_bytes(frame), frame->size);
}

void loop_send(struct pc_session *session, uint32_t size, uint16_t id, uint32_t number)
{
    uint8_t *frame;
    if (pc_session_reserve(session, size, &frame) != PC_OK) {
        return;
    }
    pc_frame_put_header(frame, size, id);
    for (uint32_t i = PC_FRAME_HEADER_SIZE; i < size; i++) {
        frame[i] = (uint8_t)((number + i) % 251);
    }
}

struct pc_address loop_bound_address(void)
{
    return server_address;
}

void loop_count_message(struct pc_worker *worker)
{
    struct loop_side *side = pc_runtime_user(pc_worker_runtime(worker));
    pc_mutex_lock(mutex);
    side->counts.messages++;
    changed();
}

struct loop_call {
    struct pc_message message;
    void (*function)(struct pc_session *session);
};

static void on_call(struct pc_worker *worker, struct pc_session *session,
                    struct pc_message *message)
{
    struct loop_call *call = PC_CONTAINER_OF(message, struct loop_call, message);
    assert_non_null(session);
    call->function(session);
    loop_count_message(worker);
}

void loop_run_on(struct loop_side *side, uint32_t session_index,
                 void (*function)(struct pc_session *session))
{
    struct loop_call call = {
        .message = {.session = side->handles[session_index], .deliver = on_call},
        .function = function,
    };
    uint32_t before = loop_read(&side->counts.messages);
    pc_post(side->runtime, &call.message);
    loop_await(&side->counts.messages, before + 1);
}
