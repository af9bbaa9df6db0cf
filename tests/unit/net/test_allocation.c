/* After warm-up nothing allocates on the packet path: two runtimes play ping-pong with large frames
 * (which arrive in pieces), small ones, relayed ones and broadcasts, while malloc and its like are
 * counted. The linker puts the counters before the real ones (--wrap).
 *
 * Pools may grow while the traffic finds its greatest depth. Then QUIET_COUNT stretches in a row
 * must pass without one allocation. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

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
static atomic_uint refused_count; /* sends that were not accepted */
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
    atomic_fetch_add(&allocation_count, 1);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *place, size_t size)
{
    atomic_fetch_add(&allocation_count, 1);
    return __real_realloc(place, size);
}

static int tear_down(void **state)
{
    (void)state;
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
        cmocka_unit_test(allocation_in_this_program_is_counted),
    };
    return loop_run("allocation", tests, sizeof tests / sizeof tests[0]);
}
