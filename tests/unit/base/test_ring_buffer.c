/* The byte ring against a plain array, and its edges. */
#include "support/cmocka_all.h"

#include <string.h>

#include "base/ring_buffer.h"
#include "support/assertion.h"
#include "support/random.h"

#define MODEL_CAPACITY 64u
#define MODEL_STEPS    200000u

/* Invariant: bytes[0..size) is what the ring must hold, oldest first. */
struct model {
    uint8_t bytes[4 * MODEL_CAPACITY];
    uint32_t size;
};

static void model_compare(const struct model *model, const struct ring_buffer *ring,
                          struct random_source *source)
{
    uint8_t peeked[4 * MODEL_CAPACITY];
    assert_int_equal(ring->size, model->size);
    assert_int_equal(ring_buffer_room(ring), ring->capacity - model->size);
    uint32_t offset = random_below(source, model->size + 1);
    uint32_t size = random_below(source, model->size - offset + 1);
    ring_buffer_peek(ring, offset, peeked, size);
    assert_memory_equal(peeked, model->bytes + offset, size);
    const uint8_t *front = ring_buffer_front(ring, size);
    if (front != NULL) {
        assert_memory_equal(front, model->bytes, size);
    } else {
        assert_true(ring->head + size > ring->capacity);
    }
}

static void model_write(struct model *model, struct ring_buffer *ring, struct random_source *source)
{
    uint8_t bytes[4 * MODEL_CAPACITY];
    uint32_t size = random_below(source, ring_buffer_room(ring) + 1);
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)random_u64(source);
    }
    ring_buffer_write(ring, bytes, size);
    memcpy(model->bytes + model->size, bytes, size);
    model->size += size;
}

static void model_consume(struct model *model, struct ring_buffer *ring,
                          struct random_source *source)
{
    uint32_t size = random_below(source, model->size + 1);
    ring_buffer_consume(ring, size);
    memmove(model->bytes, model->bytes + size, model->size - size);
    model->size -= size;
}

static void ring_buffer_random_operations_match_array(void **state)
{
    (void)state;
    struct random_source source = random_begin(__func__);
    uint8_t storage[3][4 * MODEL_CAPACITY];
    struct ring_buffer ring = {0};
    struct model model = {0};
    uint32_t turn = 0;
    ring_buffer_move(&ring, storage[0], MODEL_CAPACITY);
    for (uint32_t step = 0; step < MODEL_STEPS; step++) {
        uint32_t choice = random_below(&source, 100);
        if (choice < 45) {
            model_write(&model, &ring, &source);
        } else if (choice < 95) {
            model_consume(&model, &ring, &source);
        } else {
            uint32_t capacity = MODEL_CAPACITY << random_below(&source, 3);
            if (capacity >= model.size) {
                turn = (turn + 1) % 3;
                ring_buffer_move(&ring, storage[turn], capacity);
            }
        }
        ring_buffer_check(&ring);
        model_compare(&model, &ring, &source);
    }
}

static void ring_buffer_zeroed_is_empty_without_storage(void **state)
{
    (void)state;
    struct ring_buffer ring = {0};
    ring_buffer_check(&ring);
    assert_int_equal(ring_buffer_room(&ring), 0);
    ring_buffer_consume(&ring, 0);
    ring_buffer_peek(&ring, 0, NULL, 0);
    ring_buffer_write(&ring, NULL, 0);
    assert_null(ring_buffer_front(&ring, 0));
}

static void ring_buffer_wrapped_bytes_front_is_null(void **state)
{
    (void)state;
    uint8_t storage[8];
    uint8_t peeked[6];
    struct ring_buffer ring = {0};
    ring_buffer_move(&ring, storage, sizeof storage);
    ring_buffer_write(&ring, (const uint8_t *)"abcdef", 6);
    ring_buffer_consume(&ring, 5);
    ring_buffer_write(&ring, (const uint8_t *)"ghijk", 5);
    assert_memory_equal(ring_buffer_front(&ring, 3), "fgh", 3);
    assert_null(ring_buffer_front(&ring, 4));
    ring_buffer_peek(&ring, 0, peeked, 6);
    assert_memory_equal(peeked, "fghijk", 6);
}

static void ring_buffer_full_takes_nothing_more(void **state)
{
    (void)state;
    uint8_t storage[8];
    struct ring_buffer ring = {0};
    ring_buffer_move(&ring, storage, sizeof storage);
    ring_buffer_write(&ring, (const uint8_t *)"01234567", 8);
    assert_int_equal(ring_buffer_room(&ring), 0);
    assert_memory_equal(ring_buffer_front(&ring, 8), "01234567", 8);
    EXPECT_ASSERTION(ring_buffer_write(&ring, storage, 1));
}

static void ring_buffer_emptied_starts_at_zero(void **state)
{
    (void)state;
    uint8_t storage[8];
    struct ring_buffer ring = {0};
    ring_buffer_move(&ring, storage, sizeof storage);
    ring_buffer_write(&ring, (const uint8_t *)"abc", 3);
    ring_buffer_consume(&ring, 2);
    assert_int_equal(ring.head, 2);
    ring_buffer_consume(&ring, 1);
    assert_int_equal(ring.head, 0);
}

static void ring_buffer_moved_to_nothing_gives_storage_back(void **state)
{
    (void)state;
    uint8_t storage[8];
    struct ring_buffer ring = {0};
    ring_buffer_move(&ring, storage, sizeof storage);
    ring_buffer_move(&ring, NULL, 0);
    ring_buffer_check(&ring);
    assert_null(ring.storage);
}

static void ring_buffer_misuse_asserts(void **state)
{
    (void)state;
    uint8_t storage[8];
    uint8_t byte;
    struct ring_buffer ring = {0};
    ring_buffer_move(&ring, storage, sizeof storage);
    ring_buffer_write(&ring, (const uint8_t *)"abc", 3);
    EXPECT_ASSERTION(ring_buffer_consume(&ring, 4));
    EXPECT_ASSERTION(ring_buffer_peek(&ring, 3, &byte, 1));
    EXPECT_ASSERTION(ring_buffer_peek(&ring, 4, &byte, 0));
    EXPECT_ASSERTION(ring_buffer_front(&ring, 4));
    EXPECT_ASSERTION(ring_buffer_move(&ring, storage, 2));
    EXPECT_ASSERTION(ring_buffer_move(&ring, storage, 6));
}

static void ring_buffer_check_broken_invariant_asserts(void **state)
{
    (void)state;
    uint8_t storage[8];
    struct ring_buffer sound = {.storage = storage, .capacity = 8, .head = 7, .size = 8};
    ring_buffer_check(&sound);
    struct ring_buffer broken = sound;
    broken.head = 8;
    EXPECT_ASSERTION(ring_buffer_check(&broken));
    broken = sound;
    broken.size = 9;
    EXPECT_ASSERTION(ring_buffer_check(&broken));
    broken = sound;
    broken.capacity = 12;
    EXPECT_ASSERTION(ring_buffer_check(&broken));
    broken = sound;
    broken.storage = NULL;
    EXPECT_ASSERTION(ring_buffer_check(&broken));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_buffer_random_operations_match_array),
        cmocka_unit_test(ring_buffer_zeroed_is_empty_without_storage),
        cmocka_unit_test(ring_buffer_wrapped_bytes_front_is_null),
        cmocka_unit_test(ring_buffer_full_takes_nothing_more),
        cmocka_unit_test(ring_buffer_emptied_starts_at_zero),
        cmocka_unit_test(ring_buffer_moved_to_nothing_gives_storage_back),
        cmocka_unit_test(ring_buffer_misuse_asserts),
        cmocka_unit_test(ring_buffer_check_broken_invariant_asserts),
    };
    return cmocka_run_group_tests_name("ring_buffer", tests, NULL, NULL);
}
