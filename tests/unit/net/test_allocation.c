/* After warm-up nothing allocates on the packet path: two runtimes play ping-pong with large frames
 * (which arrive in pieces), small ones, relayed ones and broadcasts, while malloc and its like are
 * counted. The linker puts the counters before the real ones (--wrap).
 *
 * Pools may grow while the traffic finds its greatest depth. Then QUIET_COUNT stretches in a row
 * must pass without one allocation. The same counters can say no, for what happens when a pool of
 * sessions cannot grow. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"
#include "support/test_table.h"

#define CLIENTS       8u
#define STRETCH       1500u /* frames handled on the server */
#define QUIET_COUNT   3u
#define STRETCHES_MAX 40u
#define LARGE_SIZE    20000u
#define SMALL_SIZE    200u

static atomic_uint allocation_count;
static atomic_size_t refused_from; /* bytes from which calloc says no; 0: it never does */
static atomic_uint refused_count;  /* sends that were not accepted */
static pc_handle server_handles[CLIENTS];
static uint32_t server_handle_count;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *place, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *place, size_t size);

void *__wrap_malloc(size_t size)
{
    atomic_fetch_add(&allocation_count, 1);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    size_t from = atomic_load(&refused_from);
    atomic_fetch_add(&allocation_count, 1);
    return from != 0 && count * size >= from ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *place, size_t size)
{
    atomic_fetch_add(&allocation_count, 1);
    return __real_realloc(place, size);
}

static int tear_down(void **state)
{
    (void)state;
    atomic_store(&refused_from, 0);
    loop_stop();
    return 0;
}

static void server_opened(struct pc_session *session)
{
    assert_true(server_handle_count < CLIENTS);
    server_handles[server_handle_count++] = pc_session_handle(session);
}

static void count_refused(enum pc_status status)
{
    if (status != PC_OK) {
        atomic_fetch_add(&refused_count, 1);
    }
}

/* To everybody, as a zone does: by reference, and as what only the newest counts of. */
static void broadcast(struct pc_session *from, const struct pc_accept_entry *entry,
                      const struct pc_frame *frame)
{
    uint8_t bytes[SMALL_SIZE] = {0};
    (void)entry;
    pc_frame_put_header(bytes, SMALL_SIZE, TEST_ID_TEXT);
    struct pc_block *block = pc_block_create(pc_session_worker(from), bytes, SMALL_SIZE);
    assert_non_null(block);
    for (uint32_t i = 0; i < server_handle_count; i++) {
        struct pc_session *session = pc_worker_find(pc_session_worker(from), server_handles[i]);
        if (session != NULL) {
            count_refused(pc_session_send_block(session, block));
            count_refused(pc_session_send_latest(session, frame->id, bytes, SMALL_SIZE));
        }
    }
    pc_block_release(block);
}

static void client_opened(struct pc_session *session)
{
    loop_send(session, LARGE_SIZE, TEST_ID_LARGE, 1);
}

/* The large frame goes back and forth; each time a small one is relayed besides. */
static void client_heard(struct pc_session *session, const struct pc_frame *frame)
{
    if (frame->id == TEST_ID_LARGE) {
        loop_send(session, 40, TEST_ID_RELAY, 2);
        loop_echo(session, frame);
    }
}

static uint32_t allocations_of_a_stretch(void)
{
    unsigned before = atomic_load(&allocation_count);
    uint32_t frames = loop_read(&loop_server.counts.frames);
    loop_await(&loop_server.counts.frames, frames + STRETCH);
    return atomic_load(&allocation_count) - before;
}

static void packet_path_after_warm_up_allocates_nothing(void **state)
{
    (void)state;
    struct loop_options options = {
        .client_count = CLIENTS,
        .on_server_open = server_opened,
        .on_server_frame = loop_echo,
        .on_client_open = client_opened,
        .on_client_frame = client_heard,
        .type = {.on_relay = broadcast},
    };
    server_handle_count = 0;
    atomic_store(&refused_count, 0);
    loop_start(&options);
    loop_await(&loop_server.counts.opened, CLIENTS);
    uint32_t quiet_count = 0;
    for (uint32_t i = 0; i < STRETCHES_MAX && quiet_count < QUIET_COUNT; i++) {
        quiet_count = allocations_of_a_stretch() == 0 ? quiet_count + 1 : 0;
    }
    assert_int_equal(quiet_count, QUIET_COUNT);
    assert_int_equal(atomic_load(&refused_count), 0);
}

/* ---- a pool that cannot grow ---- */

static atomic_uint failed_count;
static atomic_uint planned_count; /* of failed_count: with another attempt announced */

static void count_failed(void *user, const struct pc_event *event)
{
    (void)user;
    if (event->kind == PC_EVENT_CONNECT_FAILED) {
        atomic_fetch_add(&planned_count, event->retry_ms > 0 ? 1 : 0);
        atomic_fetch_add(&failed_count, 1);
    }
}

#define SLAB_SIZE                                                                                  \
    16384u /* less than 64 sessions have, more than anything else that is made then                \
            */

/* Let a connector fail for want of a session, for a while that is enough for several attempts. */
static void connect_without_memory(bool once)
{
    const struct pc_runtime_config config = {.worker_count = 1, .observe = count_failed};
    const struct pc_session_type type = {
        .name = "client", .accepts = &test_table, .sessions_max = 8};
    struct pc_runtime *runtime;
    assert_int_equal(pc_runtime_create(&config, &runtime), PC_OK);
    struct pc_connector_config connector = {
        .type = pc_runtime_add_type(runtime, &type),
        .retry_min_ms = 10,
        .retry_max_ms = 10,
        .once = once,
    };
    assert_int_equal(pc_address_parse("127.0.0.1:1", &connector.address), PC_OK);
    assert_int_equal(pc_runtime_connect(runtime, &connector), PC_OK);
    atomic_store(&failed_count, 0);
    atomic_store(&planned_count, 0);
    atomic_store(&refused_from, SLAB_SIZE);
    assert_int_equal(pc_runtime_start(runtime), PC_OK);
    for (uint32_t i = 0; i < 100 && atomic_load(&failed_count) < 3; i++) {
        pc_os_sleep_ms(3);
    }
    atomic_store(&refused_from, 0);
    assert_true(pc_runtime_stop(runtime, 0));
    pc_runtime_destroy(runtime);
}

static void connector_without_a_session_tries_again_unless_it_is_once(void **state)
{
    (void)state;
    connect_without_memory(true);
    assert_int_equal(atomic_load(&failed_count), 1);
    assert_int_equal(atomic_load(&planned_count), 0);
    connect_without_memory(false);
    assert_in_range(atomic_load(&failed_count), 2, UINT32_MAX);
    assert_int_equal(atomic_load(&planned_count), atomic_load(&failed_count));
}

#define USER_SIZE 8192u

/* The second connection is for the second worker, which has no slab yet and gets none. */
static void connection_that_no_worker_can_take_is_counted(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = 2,
        .server_workers = 2,
        .type = {.user_size = USER_SIZE},
        .listener = {.accepts_posted = 4},
    };
    loop_start_server(&options);
    atomic_store(&refused_from, USER_SIZE * 64);
    loop_connect(&options);
    struct pc_type_counters counters = {0};
    for (uint32_t i = 0; i < 1000 && counters.accepts_given_up == 0; i++) {
        pc_os_sleep_ms(10);
        pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    }
    assert_int_equal(counters.accepts_given_up, 1);
    assert_int_equal(counters.accepts_no_room, 0);
    assert_int_equal(loop_read(&loop_server.counts.opened), 1);
}

static void *volatile kept;

static void allocation_in_this_program_is_counted(void **state)
{
    (void)state;
    unsigned before = atomic_load(&allocation_count);
    kept = malloc(1);
    free(kept);
    assert_int_equal(atomic_load(&allocation_count), before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(packet_path_after_warm_up_allocates_nothing, tear_down),
        cmocka_unit_test(connector_without_a_session_tries_again_unless_it_is_once),
        cmocka_unit_test_teardown(connection_that_no_worker_can_take_is_counted, tear_down),
        cmocka_unit_test(allocation_in_this_program_is_counted),
    };
    return loop_run("allocation", tests, sizeof tests / sizeof tests[0]);
}
