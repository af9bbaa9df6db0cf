/* The watch over a worker's memory: who ends when it is nearly gone, and who does not. Over every
 * real engine of the platform; pools are checked to be whole at the end of each test. */
#include "net/session.h"
#include "net/worker.h"
#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"
#include "support/test_table.h"

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

static struct pc_type_counters server_counters(void)
{
    struct pc_type_counters counters;
    pc_runtime_type_counters(loop_server.runtime, 0, &counters);
    return counters;
}

/* ---- queues ---- */

#define MARK_SIZE   60000u
#define MEMORY_SIZE (16u << 20)

static const struct pc_session_type slow_type = {
    .send_bytes_max = 32u << 20,
    .send_bytes_soft = 64u << 10,
    .soft_timeout_ms = 20000,
};

static uint32_t shorter_index; /* of the two sessions, when memory was nearly gone */

/* More than the two sockets take, and less than half of the worker's memory. */
static void fill_sockets(struct pc_session *session)
{
    for (uint32_t i = 0; i < MEMORY_SIZE / 5 * 2 / MARK_SIZE; i++) {
        loop_send(session, MARK_SIZE, TEST_ID_LARGE, i);
    }
}

/* From here on no end of a send shortens a queue behind the back of use_up_memory. */
static void await_full_sockets(void)
{
    uint64_t before;
    uint64_t sent = UINT64_MAX;
    do {
        before = sent;
        pc_os_sleep_ms(200);
        sent = server_counters().sent_bytes;
    } while (sent != before);
}

/* Queue, in one turn, until well over 95 % of the worker's memory is used. */
static void use_up_memory(struct pc_worker *worker, struct pc_session *nobody,
                          struct pc_message *message)
{
    struct pc_session *first = pc_worker_find(worker, loop_server.handles[0]);
    struct pc_session *second = pc_worker_find(worker, loop_server.handles[1]);
    (void)nobody;
    (void)message;
    if (first != NULL && second != NULL) {
        while (worker->buffers.bytes_used <= MEMORY_SIZE / 100 * 98) {
            loop_send(second, MARK_SIZE, TEST_ID_LARGE, 0);
        }
        shorter_index = first->queue.bytes > second->queue.bytes ? 1 : 0;
    }
    loop_count_message(worker);
}

/* Again, if in the same turn something was sent and so some memory came back. */
static void use_up_memory_until_one_is_closed(void)
{
    for (uint32_t i = 0; i < 1000 && loop_read(&loop_server.counts.closed) == 0; i++) {
        struct pc_message message = {.deliver = use_up_memory};
        uint32_t before = loop_read(&loop_server.counts.messages);
        pc_post(loop_server.runtime, &message);
        loop_await(&loop_server.counts.messages, before + 1);
        pc_os_sleep_ms(5);
    }
}

static void is_open(struct pc_session *session)
{
    assert_int_equal(session->phase, SESSION_OPEN);
}

static void worker_short_of_memory_ends_the_longest_queue(void **state)
{
    (void)state;
    const struct loop_options options = {
        .type = slow_type,
        .send_bytes_max = MEMORY_SIZE,
        .client_count = 2,
        .on_client_open = pc_session_pause,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 2);
    loop_await(&loop_client.counts.opened, 2);
    loop_run_on(&loop_server, 0, fill_sockets);
    loop_run_on(&loop_server, 1, fill_sockets);
    await_full_sockets();
    use_up_memory_until_one_is_closed();
    loop_await(&loop_server.counts.closed, 1);
    loop_run_on(&loop_server, shorter_index, is_open);
    assert_int_equal(loop_read(&loop_server.counts.closed), 1);
    assert_int_equal(server_counters().closed[PC_CLOSE_SEND_BUDGET], 1);
    assert_int_equal(server_counters().closed[PC_CLOSE_NO_BUFFERS], 0);
}

/* Then close both hogs: they drain, as their peers do not read. */
static void use_up_memory_and_drain(struct pc_worker *worker, struct pc_session *nobody,
                                    struct pc_message *message)
{
    use_up_memory(worker, nobody, message);
    for (uint32_t i = 0; i < 2; i++) {
        struct pc_session *hog = pc_worker_find(worker, loop_server.handles[i]);
        assert_non_null(hog);
        pc_session_close(hog, PC_CLOSE_KICKED);
    }
}

/* Pass so many turns of the server's worker. */
static void pass_turns(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        loop_run_on(&loop_server, 2, is_open);
        pc_os_sleep_ms(1);
    }
}

static void worker_short_of_memory_ends_one_who_drains_and_nobody_else(void **state)
{
    (void)state;
    struct loop_options options = {
        .type = slow_type,
        .send_bytes_max = MEMORY_SIZE,
        .client_count = 3,
        .on_client_open = pc_session_pause,
    };
    options.type.drain_timeout_ms = LOOP_WAIT_MS * 2;
    loop_start(&options);
    loop_await(&loop_server.counts.opened, 3);
    loop_await(&loop_client.counts.opened, 3);
    loop_run_on(&loop_server, 0, fill_sockets);
    loop_run_on(&loop_server, 1, fill_sockets);
    await_full_sockets();
    struct pc_message message = {.deliver = use_up_memory_and_drain};
    pc_post(loop_server.runtime, &message);
    loop_await(&loop_server.counts.closed, 1);
    pass_turns(50);
    assert_int_equal(loop_read(&loop_server.counts.closed), 1);
    assert_int_equal(loop_server.counts.closed_by[PC_CLOSE_KICKED], 1);
    assert_int_equal(server_counters().memory_ends, 1);
}

/* ---- receive tails, and what the application holds ---- */

static struct pc_block *held[MEMORY_SIZE / 512];
static uint32_t held_count;

static void hold_block(struct pc_session *session, uint32_t size)
{
    static uint8_t frame[MARK_SIZE];
    pc_frame_put_header(frame, size, TEST_ID_LARGE);
    assert_true(held_count < COUNT_OF(held));
    held[held_count] = pc_block_create(session->worker, frame, size);
    assert_non_null(held[held_count]);
    held_count++;
}

static void hold_percent(struct pc_session *session, uint32_t percent, uint32_t size)
{
    while (session->worker->buffers.bytes_used <= MEMORY_SIZE / 100 * percent) {
        hold_block(session, size);
    }
}

/* The application holds more than 80 % and less than 95 % of the memory. */
static void hold_memory(struct pc_session *session)
{
    hold_percent(session, 80, MARK_SIZE);
}

/* A hair more than 95 % is used: what any session holds is more than that. */
static void hold_nearly_all_memory(struct pc_session *session)
{
    hold_percent(session, 94, MARK_SIZE);
    hold_percent(session, 95, 16);
}

/* So much that no session can give back enough of it. */
static void hold_all_memory(struct pc_session *session)
{
    hold_percent(session, 98, MARK_SIZE);
}

static void release_memory(struct pc_session *session)
{
    (void)session;
    loop_server.on_open = NULL;
    while (held_count > 0) {
        pc_block_release(held[--held_count]);
    }
}

#define TAIL_COUNT 5000u

static pc_handle paused_handle;

static void send_many(struct pc_session *session)
{
    for (uint32_t i = 0; i < TAIL_COUNT; i++) {
        loop_send(session, 100, TEST_ID_TEXT, i);
    }
}

static void pause_at_third(struct pc_session *session, const struct pc_frame *frame)
{
    (void)frame;
    if (loop_read(&loop_server.counts.frames) == 3) {
        paused_handle = pc_session_handle(session);
        pc_session_pause(session);
    }
}

/* Of three sessions one is paused and keeps in its receive tail what came after the pause. */
static void start_with_a_tail(void)
{
    const struct loop_options options = {
        .send_bytes_max = MEMORY_SIZE,
        .client_count = 3,
        .on_client_open = send_many,
        .on_server_frame = pause_at_third,
    };
    loop_start(&options);
    loop_await(&loop_server.counts.frames, 2 * TAIL_COUNT);
    loop_await(&loop_server.counts.opened, 3);
}

static void worker_short_of_memory_ends_who_holds_a_receive_tail(void **state)
{
    (void)state;
    start_with_a_tail();
    loop_run_on(&loop_server, 0, hold_nearly_all_memory);
    loop_await(&loop_server.counts.closed_by[PC_CLOSE_SEND_BUDGET], 1);
    for (uint32_t i = 0; i < 3; i++) {
        if (loop_server.handles[i] != paused_handle) {
            loop_run_on(&loop_server, i, release_memory);
        }
    }
    assert_int_equal(loop_read(&loop_server.counts.closed), 1);
    assert_int_equal(server_counters().memory_ends, 1);
}

static void worker_short_of_memory_that_no_session_holds_ends_nobody(void **state)
{
    (void)state;
    start_with_a_tail();
    loop_run_on(&loop_server, 0, hold_all_memory);
    pass_turns(50);
    assert_int_equal(loop_read(&loop_server.counts.closed), 0);
    assert_int_equal(server_counters().memory_ends, 0);
    loop_run_on(&loop_server, 0, release_memory);
}

static void worker_short_of_memory_accepts_nobody_until_it_has_some(void **state)
{
    (void)state;
    const struct loop_options options = {
        .listener = {.accepts_posted = 1},
        .send_bytes_max = MEMORY_SIZE,
        .client_count = 4,
        .on_server_open = hold_memory,
    };
    loop_start(&options);
    for (uint32_t i = 0; i < 1000 && server_counters().accepts_no_memory == 0; i++) {
        pc_os_sleep_ms(10);
    }
    assert_in_range(server_counters().accepts_no_memory, 1, 1000);
    pc_os_sleep_ms(100);
    assert_in_range(loop_read(&loop_server.counts.opened), 1, 2); /* what was posted before */
    loop_run_on(&loop_server, 0, release_memory);
    loop_await(&loop_server.counts.opened, 4);
    assert_int_equal(server_counters().accepts_no_room, 0);
    assert_int_equal(server_counters().accepts_throttled, 0);
    assert_int_equal(server_counters().closed[PC_CLOSE_SEND_BUDGET], 0);
}

#define TEST(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(worker_short_of_memory_ends_the_longest_queue),
        TEST(worker_short_of_memory_ends_one_who_drains_and_nobody_else),
        TEST(worker_short_of_memory_ends_who_holds_a_receive_tail),
        TEST(worker_short_of_memory_that_no_session_holds_ends_nobody),
        TEST(worker_short_of_memory_accepts_nobody_until_it_has_some),
    };
    return loop_run("memory_watch", tests, COUNT_OF(tests));
}
