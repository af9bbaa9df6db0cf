/* Newest-only frames: one per key, in order of first coming, bounded. */
#include <string.h>

#include "net/latest_list.h"
#include "support/cmocka_all.h"

static struct buffer_pool pool;
static struct latest_list list;

static int set_up(void **state)
{
    (void)state;
    buffer_pool_init(&pool, 1u << 20);
    memset(&list, 0, sizeof list);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    latest_list_clear(&list, &pool);
    assert_true(buffer_pool_destroy(&pool));
    return 0;
}

static enum latest_result put_of(uint16_t id, uint64_t key, uint8_t value, uint32_t size)
{
    uint8_t frame[2000];
    memset(frame, value, sizeof frame);
    frame[2] = (uint8_t)id;
    frame[3] = (uint8_t)(id >> 8);
    enum latest_result result = latest_list_put(&list, &pool, key, frame, size);
    latest_list_check(&list);
    assert_int_equal(latest_list_memory(&list), pool.bytes_used);
    return result;
}

static enum latest_result put(uint64_t key, uint8_t value, uint32_t size)
{
    return put_of(7, key, value, size);
}

static void assert_next(uint64_t key, uint8_t value, uint32_t size)
{
    struct latest_frame *frame = latest_list_pop(&list);
    assert_non_null(frame);
    assert_int_equal(frame->key, key);
    assert_int_equal(frame->size, size);
    assert_int_equal(latest_frame_bytes(frame)[0], value);
    assert_int_equal(latest_frame_bytes(frame)[size - 1], value);
    latest_list_free(frame, &pool);
}

static void latest_list_same_key_keeps_place_and_newest_bytes(void **state)
{
    (void)state;
    assert_int_equal(put(1, 10, 20), LATEST_ADDED);
    assert_int_equal(put(2, 20, 30), LATEST_ADDED);
    assert_int_equal(put(1, 11, 1500), LATEST_REPLACED);
    assert_int_equal(put(2, 21, 5), LATEST_REPLACED);
    assert_int_equal(list.bytes, 1505);
    assert_next(1, 11, 1500);
    assert_next(2, 21, 5);
    assert_null(latest_list_pop(&list));
}

static void latest_list_same_key_of_another_packet_is_another(void **state)
{
    (void)state;
    assert_int_equal(put_of(7, 1, 10, 20), LATEST_ADDED);
    assert_int_equal(put_of(0x0107, 1, 20, 20), LATEST_ADDED);
    assert_int_equal(put_of(7, 1, 11, 20), LATEST_REPLACED);
    assert_next(1, 11, 20);
    assert_next(1, 20, 20);
}

static void latest_list_full_drops_the_oldest(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LATEST_COUNT_MAX; i++) {
        assert_int_equal(put(i, (uint8_t)i, 8), LATEST_ADDED);
    }
    assert_int_equal(put(1000, 1, 8), LATEST_EVICTED);
    assert_int_equal(list.count, LATEST_COUNT_MAX);
    assert_next(1, 1, 8);
}

static void latest_list_without_memory_keeps_the_older(void **state)
{
    (void)state;
    assert_int_equal(put(1, 10, 20), LATEST_ADDED);
    pool.bytes_max = pool.bytes_used;
    assert_int_equal(put(1, 11, 20), LATEST_NO_MEMORY);
    assert_next(1, 10, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(latest_list_same_key_keeps_place_and_newest_bytes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(latest_list_same_key_of_another_packet_is_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(latest_list_full_drops_the_oldest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(latest_list_without_memory_keeps_the_older, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("latest_list", tests, NULL, NULL);
}
