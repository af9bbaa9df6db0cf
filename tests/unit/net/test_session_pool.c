/* Session pools: slots are taken once, handles go stale, slabs grow to the need and are kept. */
#include <stdlib.h>
#include <string.h>

#include "net/session.h"
#include "net/session_manager.h"
#include "net/worker.h"
#include "support/cmocka_all.h"
#include "support/test_table.h"

static struct session_manager manager;
static struct pc_worker worker;
static struct session_pool *pool;

static int set_up(void **state)
{
    (void)state;
    const struct pc_session_type type = {
        .name = "client",
        .accepts = &test_table,
        .user_size = 40,
        .sessions_start = 1,
        .sessions_max = 1000,
    };
    struct pc_worker *const workers[] = {&worker};
    session_manager_init(&manager);
    assert_int_equal(session_manager_add_type(&manager, &type), 0);
    assert_int_equal(session_manager_start(&manager, workers, 1), PC_OK);
    pool = session_manager_pool(&manager, 0, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    session_manager_destroy(&manager);
    return 0;
}

static struct pc_session *take(void)
{
    struct pc_session *session = session_pool_take(pool);
    assert_non_null(session);
    session_set_phase(session, SESSION_ACCEPTING);
    return session;
}

static void put(struct pc_session *session)
{
    session_set_phase(session, SESSION_FREE);
    session_pool_put(pool, session);
}

static void session_pool_put_makes_the_handle_stale(void **state)
{
    (void)state;
    struct pc_session *session = take();
    pc_handle handle = session->handle;
    assert_ptr_equal(session_pool_find(pool, handle), session);
    put(session);
    assert_null(session_pool_find(pool, handle));
    struct pc_session *again = take();
    assert_ptr_equal(again, session);
    assert_null(session_pool_find(pool, handle));
    assert_int_equal(session_handle_generation(again->handle),
                     session_handle_generation(handle) + 1);
    put(again);
}

static void session_pool_generation_wraps_past_zero(void **state)
{
    (void)state;
    struct pc_session *session = take();
    session->handle |= 0xffffffffu;
    put(session);
    struct pc_session *again = take();
    assert_int_equal(session_handle_generation(again->handle), 1);
    put(again);
}

static void session_pool_grows_and_keeps_every_slot_apart(void **state)
{
    (void)state;
    enum {
        COUNT = 1000
    };
    struct pc_session *sessions[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        sessions[i] = take();
        assert_int_equal((uintptr_t)sessions[i] % 64, 0);
        memset(pc_session_user(sessions[i]), (int)(i & 0xff), 40);
    }
    assert_int_equal(pool->used_high, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint8_t *user = pc_session_user(sessions[i]);
        assert_int_equal(user[0], i & 0xff);
        assert_int_equal(user[39], i & 0xff);
        assert_ptr_equal(session_pool_find(pool, sessions[i]->handle), sessions[i]);
        put(sessions[i]);
    }
    assert_int_equal(pool->used_count, 0);
    assert_true(session_manager_is_whole(&manager));
}

static void session_pool_taken_session_is_zeroed(void **state)
{
    (void)state;
    struct pc_session *session = take();
    memset(pc_session_user(session), 0xee, 40);
    session->protocol_state = 1;
    put(session);
    session = take();
    const uint8_t *user = pc_session_user(session);
    for (uint32_t i = 0; i < 40; i++) {
        assert_int_equal(user[i], 0);
    }
    assert_int_equal(session->protocol_state, 0);
    assert_int_equal((uintptr_t)user % 16, 0);
    put(session);
}

static void session_pool_find_of_foreign_handles_is_nobody(void **state)
{
    (void)state;
    assert_null(session_pool_find(pool, PC_HANDLE_NONE));
    assert_null(session_pool_find(pool, UINT64_MAX));
    assert_null(session_pool_find(pool, (pc_handle)SESSION_SLAB_COUNT << 32 | 1));
}

static void session_manager_leftover_is_not_whole(void **state)
{
    (void)state;
    struct pc_session *session = take();
    assert_false(session_manager_is_whole(&manager));
    put(session);
    assert_true(session_manager_is_whole(&manager));
}

static void session_idle_memory_is_within_budget(void **state)
{
    (void)state;
    assert_true(manager.types[0].stride <= 512);
    assert_true(sizeof(struct pc_session) <= 416); /* a client's rates and area fit in 448 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(session_pool_put_makes_the_handle_stale, set_up, tear_down),
        cmocka_unit_test_setup_teardown(session_pool_generation_wraps_past_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(session_pool_grows_and_keeps_every_slot_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(session_pool_taken_session_is_zeroed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(session_pool_find_of_foreign_handles_is_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(session_manager_leftover_is_not_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(session_idle_memory_is_within_budget, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("session_pool", tests, NULL, NULL);
}
