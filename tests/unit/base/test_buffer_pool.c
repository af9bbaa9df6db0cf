/* The buffer pool: size classes, budget, accounting under random use. */
#include "support/cmocka_all.h"

#include <string.h>

#include "base/buffer_pool.h"
#include "support/assertion.h"
#include "support/random.h"

#define HELD_MAX    200u
#define MODEL_STEPS 10000u

struct held {
    uint8_t *bytes;
    uint32_t capacity;
    uint8_t mark;
};

static void buffer_pool_capacity_every_size_is_smallest_class(void **state)
{
    (void)state;
    assert_int_equal(buffer_pool_capacity(0), 512);
    assert_int_equal(buffer_pool_capacity(1), 512);
    assert_int_equal(buffer_pool_capacity(512), 512);
    assert_int_equal(buffer_pool_capacity(513), 2048);
    assert_int_equal(buffer_pool_capacity(2048), 2048);
    assert_int_equal(buffer_pool_capacity(2049), 8192);
    assert_int_equal(buffer_pool_capacity(8193), 32768);
    assert_int_equal(buffer_pool_capacity(32769), BUFFER_SIZE_MAX);
    assert_int_equal(buffer_pool_capacity(BUFFER_SIZE_MAX), BUFFER_SIZE_MAX);
    assert_int_equal(buffer_pool_capacity(BUFFER_SIZE_MAX + 1), 0);
}

static void buffer_pool_put_back_is_taken_again(void **state)
{
    (void)state;
    struct buffer_pool pool;
    buffer_pool_init(&pool, 1 << 20);
    void *first = buffer_pool_take(&pool, 1000);
    assert_non_null(first);
    assert_int_equal((uintptr_t)first % 16, 0);
    buffer_pool_put(&pool, first, buffer_pool_capacity(1000));
    assert_ptr_equal(buffer_pool_take(&pool, 2048), first);
    buffer_pool_put(&pool, first, 2048);
    assert_true(buffer_pool_destroy(&pool));
}

static void buffer_pool_at_budget_yields_null(void **state)
{
    (void)state;
    struct buffer_pool pool;
    buffer_pool_init(&pool, 2048 + 511);
    void *buffer = buffer_pool_take(&pool, 2048);
    assert_non_null(buffer);
    assert_null(buffer_pool_take(&pool, 1));
    assert_int_equal(pool.bytes_used, 2048);
    buffer_pool_put(&pool, buffer, 2048);
    assert_int_equal(pool.bytes_used, 0);
    assert_int_equal(pool.bytes_high, 2048);
    buffer = buffer_pool_take(&pool, 1);
    assert_non_null(buffer);
    buffer_pool_put(&pool, buffer, 512);
    assert_true(buffer_pool_destroy(&pool));
}

static void buffer_pool_budget_may_be_used_up_exactly(void **state)
{
    (void)state;
    struct buffer_pool pool;
    buffer_pool_init(&pool, 2048);
    void *buffer = buffer_pool_take(&pool, 2048);
    assert_non_null(buffer);
    buffer_pool_put(&pool, buffer, 2048);
    assert_true(buffer_pool_destroy(&pool));
}

static void buffer_pool_destroy_with_buffer_out_is_false(void **state)
{
    (void)state;
    struct buffer_pool pool;
    buffer_pool_init(&pool, 1 << 20);
    assert_non_null(buffer_pool_take(&pool, 1));
    assert_false(buffer_pool_destroy(&pool));
}

static void buffer_pool_misuse_asserts(void **state)
{
    (void)state;
    struct buffer_pool pool;
    buffer_pool_init(&pool, 1 << 20);
    void *buffer = buffer_pool_take(&pool, 512);
    EXPECT_ASSERTION(buffer_pool_put(&pool, buffer, 500));
    EXPECT_ASSERTION(buffer_pool_put(&pool, buffer, 2048));
    EXPECT_ASSERTION(buffer_pool_put(&pool, NULL, 512));
    EXPECT_ASSERTION(buffer_pool_take(&pool, BUFFER_SIZE_MAX + 1));
    buffer_pool_put(&pool, buffer, 512);
    EXPECT_ASSERTION(buffer_pool_put(&pool, buffer, 512));
    assert_true(buffer_pool_destroy(&pool));
}

static void buffer_pool_check_broken_invariant_asserts(void **state)
{
    (void)state;
    struct buffer_pool sound = {
        .bytes_used = 512, .bytes_high = 512, .bytes_max = 4096, .buffers_used = 1};
    buffer_pool_check(&sound);
    struct buffer_pool broken = sound;
    broken.bytes_high = 0;
    EXPECT_ASSERTION(buffer_pool_check(&broken));
    broken = sound;
    broken.bytes_max = 511;
    EXPECT_ASSERTION(buffer_pool_check(&broken));
    broken = sound;
    broken.buffers_used = 2;
    EXPECT_ASSERTION(buffer_pool_check(&broken));
    broken = sound;
    broken.buffers_used = 0;
    EXPECT_ASSERTION(buffer_pool_check(&broken));
}

static void held_verify(const struct held *held)
{
    for (uint32_t i = 0; i < held->capacity; i++) {
        assert_int_equal(held->bytes[i], held->mark);
    }
}

static void held_put(struct buffer_pool *pool, struct held *held, uint64_t *bytes_held)
{
    held_verify(held);
    buffer_pool_put(pool, held->bytes, held->capacity);
    *bytes_held -= held->capacity;
}

/* Random sizes, small ones more often. Every buffer is filled whole: overlaps would show. */
static bool held_take(struct buffer_pool *pool, struct held *held, struct random_source *source)
{
    uint32_t size = random_below(source, BUFFER_SIZE_MAX >> random_below(source, 12)) + 1;
    held->capacity = buffer_pool_capacity(size);
    held->mark = (uint8_t)random_u64(source);
    held->bytes = buffer_pool_take(pool, size);
    if (held->bytes == NULL) {
        return false;
    }
    memset(held->bytes, held->mark, held->capacity);
    return true;
}

static void buffer_pool_random_use_accounts_exactly(void **state)
{
    (void)state;
    struct random_source source = random_begin(__func__);
    struct buffer_pool pool;
    struct held held[HELD_MAX];
    uint32_t count = 0;
    uint64_t bytes_held = 0;
    const uint64_t bytes_max = 600000;
    buffer_pool_init(&pool, bytes_max);
    for (uint32_t step = 0; step < MODEL_STEPS; step++) {
        if (count < HELD_MAX && random_below(&source, 100) < 55) {
            if (held_take(&pool, &held[count], &source)) {
                bytes_held += held[count++].capacity;
            } else {
                assert_true(bytes_held + held[count].capacity > bytes_max);
            }
        } else if (count > 0) {
            uint32_t index = random_below(&source, count);
            held_put(&pool, &held[index], &bytes_held);
            held[index] = held[--count];
        }
        buffer_pool_check(&pool);
        assert_int_equal(pool.bytes_used, bytes_held);
        assert_int_equal(pool.buffers_used, count);
    }
    while (count > 0) {
        held_put(&pool, &held[--count], &bytes_held);
    }
    assert_true(buffer_pool_destroy(&pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_pool_capacity_every_size_is_smallest_class),
        cmocka_unit_test(buffer_pool_put_back_is_taken_again),
        cmocka_unit_test(buffer_pool_at_budget_yields_null),
        cmocka_unit_test(buffer_pool_budget_may_be_used_up_exactly),
        cmocka_unit_test(buffer_pool_destroy_with_buffer_out_is_false),
        cmocka_unit_test(buffer_pool_misuse_asserts),
        cmocka_unit_test(buffer_pool_check_broken_invariant_asserts),
        cmocka_unit_test(buffer_pool_random_use_accounts_exactly),
    };
    return cmocka_run_group_tests_name("buffer_pool", tests, NULL, NULL);
}
