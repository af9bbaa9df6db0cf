/* The provided buffers of the io_uring engine: which are lent, and how many. */
#define _GNU_SOURCE /* liburing.h */
#include <stdio.h>
#include <string.h>

#include "port/uring_buffers.h"
#include "support/cmocka_all.h"

#define COUNT 256u
#define SIZE  4096u
#define FIRST 64u /* lent before a drought */

struct fixture {
    struct io_uring io;
    struct uring_buffers buffers;
};

static int setup(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    if (io_uring_queue_init(8, &fixture.io, 0) != 0) {
        return -1;
    }
    return uring_buffers_open(&fixture.buffers, &fixture.io, COUNT, SIZE);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    io_uring_queue_exit(&fixture->io);
    uring_buffers_close(&fixture->buffers);
    return 0;
}

/* The id at a place of the ring that the kernel reads. */
static uint16_t lent_at(const struct uring_buffers *buffers, uint32_t place)
{
    return buffers->ring->bufs[place % COUNT].bid;
}

static void open_lends_a_few(void **state)
{
    const struct fixture *fixture = *state;
    assert_int_equal(fixture->buffers.lent_count, FIRST);
    assert_int_equal(fixture->buffers.ring->tail, FIRST);
}

static void lend_gives_the_one_retired_last(void **state)
{
    struct uring_buffers *buffers = &((struct fixture *)*state)->buffers;
    for (uint32_t round = 0; round < 3 * COUNT; round++) {
        uint16_t id = lent_at(buffers, round);
        assert_true(id < FIRST); /* no other is ever touched */
        uring_buffers_taken(buffers, id);
        uring_buffers_retire(buffers, id);
        uring_buffers_lend(buffers);
        assert_int_equal(lent_at(buffers, round + FIRST), id);
    }
}

static void lend_after_a_drought_lends_twice_as_many(void **state)
{
    struct uring_buffers *buffers = &((struct fixture *)*state)->buffers;
    for (uint32_t lent = 2 * FIRST; lent <= COUNT; lent *= 2) {
        buffers->ran_dry = true;
        uring_buffers_lend(buffers);
        assert_int_equal(buffers->lent_count, lent);
        assert_false(buffers->ran_dry);
    }
    buffers->ran_dry = true;
    uring_buffers_lend(buffers);
    assert_int_equal(buffers->lent_count, COUNT);
}

static void retire_a_spare_makes_it_a_spare_again(void **state)
{
    struct uring_buffers *buffers = &((struct fixture *)*state)->buffers;
    uint16_t ids[URING_BUFFER_RESERVE];
    for (uint32_t i = 0; i < URING_BUFFER_RESERVE; i++) {
        ids[i] = uring_buffers_take_spare(buffers);
        assert_true(ids[i] >= COUNT && ids[i] != URING_BUFFER_NONE);
    }
    assert_int_equal(uring_buffers_take_spare(buffers), URING_BUFFER_NONE);
    uring_buffers_retire(buffers, ids[3]);
    uring_buffers_lend(buffers);
    assert_int_equal(uring_buffers_take_spare(buffers), ids[3]);
}

/* A ring cannot be had here: say so, as scripts/test counts it. */
static bool is_blocked(void)
{
    struct io_uring io;
    int result = io_uring_queue_init(8, &io, 0);
    if (result != 0) {
        printf("SKIPPED: engine uring cannot be opened here (system's code %d)\n", -result);
        return true;
    }
    io_uring_queue_exit(&io);
    return false;
}

int main(void)
{
    if (is_blocked()) {
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(open_lends_a_few, setup, teardown),
        cmocka_unit_test_setup_teardown(lend_gives_the_one_retired_last, setup, teardown),
        cmocka_unit_test_setup_teardown(lend_after_a_drought_lends_twice_as_many, setup, teardown),
        cmocka_unit_test_setup_teardown(retire_a_spare_makes_it_a_spare_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
