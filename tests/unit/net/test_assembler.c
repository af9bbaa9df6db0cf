/* The assembler: the same frames come out however the bytes are cut, refusals come in the order of
 * the checks, and an empty tail owns nothing. */
#include <string.h>

#include "net/assembler.h"
#include "support/cmocka_all.h"
#include "support/random.h"
#include "support/test_table.h"

#define STREAM_SIZE_MAX (1u << 20)

struct fixture {
    struct buffer_pool pool;
    struct assembler assembler;
    uint8_t scratch[PC_FRAME_SIZE_LIMIT];
    uint8_t stream[STREAM_SIZE_MAX];
    uint32_t stream_size;
    uint8_t received[STREAM_SIZE_MAX]; /* the frames that came out, one behind the other */
    uint32_t received_size;
    uint32_t frame_count;
};

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof fixture);
    buffer_pool_init(&fixture.pool, 1u << 24);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assembler_reset(&fixture.assembler, &fixture.pool);
    assert_true(buffer_pool_destroy(&fixture.pool));
    return 0;
}

static void append_frame(uint32_t size, uint16_t id)
{
    uint8_t *frame = fixture.stream + fixture.stream_size;
    pc_frame_put_header(frame, size, id);
    for (uint32_t i = PC_FRAME_HEADER_SIZE; i < size; i++) {
        frame[i] = (uint8_t)(fixture.stream_size + i);
    }
    fixture.stream_size += size;
}

/* Feed the bytes; returns what ended it. */
static enum assembler_result feed(const uint8_t *bytes, uint32_t size,
                                  struct assembler_output *output)
{
    const struct assembler_memory memory = {.pool = &fixture.pool, .scratch = fixture.scratch};
    struct assembler_input input = {.data = bytes, .size = size};
    for (;;) {
        enum assembler_result result =
            assembler_next(&fixture.assembler, &memory, &test_table, &input, output);
        assembler_check(&fixture.assembler);
        if (result != ASSEMBLER_FRAME) {
            return result;
        }
        memcpy(fixture.received + fixture.received_size, pc_frame_bytes(&output->frame),
               output->frame.size);
        fixture.received_size += output->frame.size;
        fixture.frame_count++;
    }
}

static void assert_all_received(void)
{
    assert_int_equal(fixture.received_size, fixture.stream_size);
    assert_memory_equal(fixture.received, fixture.stream, fixture.stream_size);
    assert_null(fixture.assembler.tail.storage);
    assert_int_equal(fixture.pool.buffers_used, 0);
}

static void assembler_whole_frame_is_returned_in_place(void **state)
{
    (void)state;
    append_frame(100, TEST_ID_TEXT);
    const struct assembler_memory memory = {.pool = &fixture.pool, .scratch = fixture.scratch};
    struct assembler_input input = {.data = fixture.stream, .size = 100};
    struct assembler_output output;
    assert_int_equal(assembler_next(&fixture.assembler, &memory, &test_table, &input, &output),
                     ASSEMBLER_FRAME);
    assert_ptr_equal(pc_frame_bytes(&output.frame), fixture.stream);
    assert_int_equal(output.entry->id, TEST_ID_TEXT);
    assert_int_equal(fixture.pool.buffers_used, 0);
}

static void assembler_byte_by_byte_yields_the_same_frames(void **state)
{
    (void)state;
    append_frame(4, TEST_ID_TEXT);
    append_frame(1024, TEST_ID_TEXT);
    append_frame(8, TEST_ID_NUMBER);
    append_frame(2000, TEST_ID_LARGE);
    struct assembler_output output;
    for (uint32_t i = 0; i < fixture.stream_size; i++) {
        assert_int_equal(feed(fixture.stream + i, 1, &output), ASSEMBLER_MORE);
    }
    assert_int_equal(fixture.frame_count, 4);
    assert_all_received();
}

static void assembler_thousand_frames_at_once_yield_all(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        append_frame(4 + i % 64, TEST_ID_TEXT);
    }
    struct assembler_output output;
    assert_int_equal(feed(fixture.stream, fixture.stream_size, &output), ASSEMBLER_MORE);
    assert_int_equal(fixture.frame_count, 1000);
    assert_all_received();
}

static void assembler_random_cuts_yield_the_same_frames(void **state)
{
    (void)state;
    struct random_source random = random_begin("assembler");
    for (uint32_t round = 0; round < 200; round++) {
        fixture.stream_size = fixture.received_size = fixture.frame_count = 0;
        while (fixture.stream_size < 100000) {
            bool is_large = random_below(&random, 20) == 0;
            append_frame(4 + random_below(&random, is_large ? 50000 : 1021),
                         is_large ? TEST_ID_LARGE : TEST_ID_TEXT);
        }
        uint32_t cut_max = 1 + random_below(&random, 20000);
        for (uint32_t at = 0; at < fixture.stream_size;) {
            uint32_t size = 1 + random_below(&random, cut_max);
            size = size < fixture.stream_size - at ? size : fixture.stream_size - at;
            struct assembler_output output;
            assert_int_equal(feed(fixture.stream + at, size, &output), ASSEMBLER_MORE);
            at += size;
        }
        assert_all_received();
    }
}

static void assert_refused(const uint8_t *bytes, uint32_t size, enum pc_refusal refusal)
{
    struct assembler_output output;
    assert_int_equal(feed(bytes, size, &output), ASSEMBLER_REFUSED);
    assert_int_equal(output.refusal, refusal);
    assembler_reset(&fixture.assembler, &fixture.pool);
    for (uint32_t i = 0; i + 1 < size; i++) {
        assert_int_equal(feed(bytes + i, 1, &output), ASSEMBLER_MORE);
    }
    assert_int_equal(feed(bytes + size - 1, 1, &output), ASSEMBLER_REFUSED);
    assert_int_equal(output.refusal, refusal);
    assert_int_equal(output.frame.size, pc_frame_get_u16(bytes));
    assert_int_equal(output.frame.id, pc_frame_get_u16(bytes + 2));
    assembler_reset(&fixture.assembler, &fixture.pool);
}

static void assembler_size_below_header_is_refused(void **state)
{
    (void)state;
    for (uint8_t size = 0; size < 4; size++) {
        const uint8_t header[] = {size, 0, TEST_ID_TEXT, 0};
        assert_refused(header, 4, PC_REFUSED_SHORT);
    }
}

static void assembler_size_above_limit_is_refused_before_its_bytes_come(void **state)
{
    (void)state;
    uint8_t header[4];
    pc_frame_put_header(header, TEST_FRAME_MAX + 1, TEST_ID_LARGE);
    assert_refused(header, 4, PC_REFUSED_LIMIT);
    pc_frame_put_header(header, 65535, 999);
    assert_refused(header, 4, PC_REFUSED_LIMIT);
}

static void assembler_unknown_ids_are_refused(void **state)
{
    (void)state;
    static const uint16_t ids[] = {0, TEST_ID_HOLE, 9, 0x7fff, 0xffff};
    for (uint32_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        uint8_t header[4];
        pc_frame_put_header(header, 4, ids[i]);
        assert_refused(header, 4, PC_REFUSED_ID);
    }
}

static void assembler_size_outside_the_ids_bounds_is_refused(void **state)
{
    (void)state;
    uint8_t header[4];
    pc_frame_put_header(header, 7, TEST_ID_NUMBER);
    assert_refused(header, 4, PC_REFUSED_SIZE);
    pc_frame_put_header(header, 9, TEST_ID_NUMBER);
    assert_refused(header, 4, PC_REFUSED_SIZE);
    pc_frame_put_header(header, 1025, TEST_ID_TEXT);
    assert_refused(header, 4, PC_REFUSED_SIZE);
}

static void assembler_split_header_yields_nothing(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0, 0, 0}; /* a size of 0 must not be read before the id has come */
    struct assembler_output output;
    for (uint32_t size = 1; size <= 3; size++) {
        assert_int_equal(feed(bytes, size, &output), ASSEMBLER_MORE);
        assert_int_equal(fixture.assembler.tail.size, size);
        assembler_reset(&fixture.assembler, &fixture.pool);
    }
}

static void assembler_no_memory_for_tail_is_told(void **state)
{
    (void)state;
    fixture.pool.bytes_max = 0;
    append_frame(100, TEST_ID_TEXT);
    struct assembler_output output;
    assert_int_equal(feed(fixture.stream, 99, &output), ASSEMBLER_NO_MEMORY);
}

static void assembler_no_memory_to_grow_is_told(void **state)
{
    (void)state;
    append_frame(50000, TEST_ID_LARGE);
    struct assembler_output output;
    assert_int_equal(feed(fixture.stream, 3, &output), ASSEMBLER_MORE);
    fixture.pool.bytes_max = fixture.pool.bytes_used;
    assert_int_equal(feed(fixture.stream + 3, 100, &output), ASSEMBLER_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(assembler_whole_frame_is_returned_in_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(assembler_byte_by_byte_yields_the_same_frames, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(assembler_thousand_frames_at_once_yield_all, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(assembler_random_cuts_yield_the_same_frames, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(assembler_size_below_header_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(assembler_size_above_limit_is_refused_before_its_bytes_come,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(assembler_unknown_ids_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(assembler_size_outside_the_ids_bounds_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(assembler_split_header_yields_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(assembler_no_memory_for_tail_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(assembler_no_memory_to_grow_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("assembler", tests, NULL, NULL);
}
