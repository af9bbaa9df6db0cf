/* The send queue: bytes come out in order and whole, however sends are cut, and an empty queue owns
 * nothing. */
#include <stdlib.h>
#include <string.h>

#include "net/block.h"
#include "net/send_queue.h"
#include "net/worker.h"
#include "support/cmocka_all.h"
#include "support/random.h"

#define MODEL_SIZE_MAX (4u << 20)

struct fixture {
    struct pc_worker *worker; /* only its buffers are used, for blocks */
    struct send_queue queue;
    uint8_t *queued; /* everything ever queued */
    uint32_t queued_size;
    uint32_t sent_size;
};

static struct fixture fixture;
static struct pc_worker worker;

static int set_up(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof fixture);
    fixture.worker = &worker;
    fixture.queued = malloc(MODEL_SIZE_MAX);
    assert_non_null(fixture.queued);
    buffer_pool_init(&fixture.worker->buffers, 1u << 26);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    send_queue_clear(&fixture.queue, &fixture.worker->buffers);
    assert_true(buffer_pool_destroy(&fixture.worker->buffers));
    free(fixture.queued);
    return 0;
}

static void fill(uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)((fixture.queued_size + i) * 7 + (fixture.queued_size >> 8));
    }
    memcpy(fixture.queued + fixture.queued_size, bytes, size);
    fixture.queued_size += size;
}

static void queue_bytes(uint32_t size)
{
    uint8_t *place = send_queue_reserve(&fixture.queue, &fixture.worker->buffers, size);
    assert_non_null(place);
    fill(place, size);
    send_queue_check(&fixture.queue);
    assert_int_equal(send_queue_memory(&fixture.queue), fixture.worker->buffers.bytes_used);
}

static void queue_block(uint32_t size)
{
    uint8_t bytes[8192];
    fill(bytes, size);
    struct pc_block *block = pc_block_create(fixture.worker, bytes, size);
    assert_non_null(block);
    assert_true(send_queue_append_block(&fixture.queue, &fixture.worker->buffers, block));
    pc_block_release(block);
    send_queue_check(&fixture.queue);
    assert_int_equal(send_queue_memory(&fixture.queue), fixture.worker->buffers.bytes_used);
}

/* Compare what would be sent with the model, then send size bytes of it. */
static void send_bytes(uint32_t size)
{
    struct port_span spans[PORT_SPANS_MAX];
    uint32_t count = send_queue_gather(&fixture.queue, spans, PORT_SPANS_MAX);
    uint32_t at = fixture.sent_size;
    for (uint32_t i = 0; i < count; i++) {
        assert_memory_equal(spans[i].data, fixture.queued + at, spans[i].size);
        at += spans[i].size;
    }
    uint32_t offered = at - fixture.sent_size;
    size = size < offered ? size : offered;
    send_queue_release(&fixture.queue, &fixture.worker->buffers, size);
    fixture.sent_size += size;
    assert_int_equal(send_queue_memory(&fixture.queue), fixture.worker->buffers.bytes_used);
    assert_int_equal(fixture.queue.bytes, fixture.queued_size - fixture.sent_size);
}

/* The queue makes its first chunk as large as the burst before. */
static void send_queue_usual_burst_makes_one_span(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 50; i++) {
            queue_bytes(24);
        }
        struct port_span spans[PORT_SPANS_MAX];
        uint32_t count = send_queue_gather(&fixture.queue, spans, PORT_SPANS_MAX);
        assert_int_equal(count, round == 0 ? 2 : 1);
        send_bytes(50 * 24);
        assert_int_equal(fixture.worker->buffers.buffers_used, 0);
    }
}

static void send_queue_partial_send_keeps_the_rest_of_the_frame(void **state)
{
    (void)state;
    queue_bytes(100);
    send_bytes(1);
    send_bytes(98);
    assert_int_equal(fixture.queue.bytes, 1);
    send_bytes(1);
    assert_int_equal(fixture.worker->buffers.buffers_used, 0);
}

static void send_queue_append_during_send_moves_no_byte(void **state)
{
    (void)state;
    queue_bytes(100);
    struct port_span before[PORT_SPANS_MAX];
    (void)send_queue_gather(&fixture.queue, before, PORT_SPANS_MAX);
    for (uint32_t i = 0; i < 500; i++) {
        queue_bytes(100);
    }
    struct port_span after[PORT_SPANS_MAX];
    (void)send_queue_gather(&fixture.queue, after, PORT_SPANS_MAX);
    assert_ptr_equal(before[0].data, after[0].data);
    assert_memory_equal(before[0].data, fixture.queued, 100);
}

static void send_queue_large_block_is_held_by_reference(void **state)
{
    (void)state;
    queue_block(4000);
    struct port_span spans[PORT_SPANS_MAX];
    assert_int_equal(send_queue_gather(&fixture.queue, spans, PORT_SPANS_MAX), 1);
    assert_int_equal(spans[0].size, 4000);
    assert_int_equal(fixture.worker->buffers.buffers_used, 2); /* the block and its chunk */
    send_bytes(4000);
    assert_int_equal(fixture.worker->buffers.buffers_used, 0);
}

static void send_queue_small_block_alone_is_held_by_reference(void **state)
{
    (void)state;
    queue_block(64);
    assert_int_equal(fixture.worker->buffers.buffers_used, 2); /* the block and its chunk */
    send_bytes(64);
    assert_int_equal(fixture.worker->buffers.buffers_used, 0);
}

static void send_queue_small_block_with_more_behind_it_makes_one_span(void **state)
{
    (void)state;
    queue_block(64);
    queue_bytes(24);
    queue_block(64);
    assert_int_equal(fixture.worker->buffers.buffers_used, 1);
    struct port_span spans[PORT_SPANS_MAX];
    assert_int_equal(send_queue_gather(&fixture.queue, spans, PORT_SPANS_MAX), 1);
    send_bytes(64 + 24 + 64);
    assert_int_equal(fixture.worker->buffers.buffers_used, 0);
}

static void send_queue_small_block_that_is_being_sent_stays(void **state)
{
    (void)state;
    queue_block(64);
    struct port_span before[PORT_SPANS_MAX];
    (void)send_queue_gather(&fixture.queue, before, PORT_SPANS_MAX);
    queue_bytes(24);
    struct port_span after[PORT_SPANS_MAX];
    assert_int_equal(send_queue_gather(&fixture.queue, after, PORT_SPANS_MAX), 2);
    assert_ptr_equal(before[0].data, after[0].data);
    send_bytes(10);
    send_bytes(64 + 24 - 10);
    assert_int_equal(fixture.worker->buffers.buffers_used, 0);
}

static void send_queue_small_block_stays_when_memory_for_more_is_short(void **state)
{
    (void)state;
    queue_block(64);
    fixture.worker->buffers.bytes_max = fixture.worker->buffers.bytes_used;
    assert_null(send_queue_reserve(&fixture.queue, &fixture.worker->buffers, 24));
    send_queue_check(&fixture.queue);
    send_bytes(64);
    assert_int_equal(fixture.worker->buffers.buffers_used, 0);
}

static void send_queue_random_use_keeps_order_and_count(void **state)
{
    (void)state;
    struct random_source random = random_begin("send_queue");
    while (fixture.queued_size < MODEL_SIZE_MAX - 70000) {
        switch (random_below(&random, 5)) {
        case 0:
            queue_bytes(4 + random_below(&random, 100));
            break;
        case 1:
            queue_bytes(4 + random_below(&random, 60000));
            break;
        case 2:
            queue_block(4 + random_below(&random, 8000));
            break;
        case 3:
            queue_block(4 + random_below(&random, 600));
            break;
        default:
            while (fixture.queue.bytes > 0 && random_below(&random, 8) != 0) {
                send_bytes(1 + random_below(&random, 30000));
            }
        }
    }
    while (fixture.queue.bytes > 0) {
        send_bytes(UINT32_MAX);
    }
    assert_int_equal(fixture.worker->buffers.buffers_used, 0);
}

static void send_queue_without_memory_queues_nothing(void **state)
{
    (void)state;
    fixture.worker->buffers.bytes_max = 0;
    assert_null(send_queue_reserve(&fixture.queue, &fixture.worker->buffers, 100));
    assert_int_equal(fixture.queue.bytes, 0);
    send_queue_check(&fixture.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(send_queue_usual_burst_makes_one_span, set_up, tear_down),
        cmocka_unit_test_setup_teardown(send_queue_partial_send_keeps_the_rest_of_the_frame, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(send_queue_append_during_send_moves_no_byte, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(send_queue_large_block_is_held_by_reference, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(send_queue_small_block_alone_is_held_by_reference, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(send_queue_small_block_with_more_behind_it_makes_one_span,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(send_queue_small_block_that_is_being_sent_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(send_queue_small_block_stays_when_memory_for_more_is_short,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(send_queue_random_use_keeps_order_and_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(send_queue_without_memory_queues_nothing, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("send_queue", tests, NULL, NULL);
}
