/* Which link of a game counts. */
#include "game_nodes.h"
#include "support/cmocka_all.h"

static int setup(void **state)
{
    *state = game_nodes_create(2);
    return *state == NULL ? 1 : 0;
}

static int teardown(void **state)
{
    game_nodes_destroy(*state);
    return 0;
}

static void fence_zeroed_is_never_current(void **state)
{
    const struct game_fence fence = {0};
    (void)state;
    assert_false(game_fence_is_current(&fence));
}

static void fence_of_newest_link_alone_is_current(void **state)
{
    struct game_fence first;
    struct game_fence second;
    assert_true(game_nodes_supersede(*state, "game-1", &first));
    assert_true(game_fence_is_current(&first));
    assert_true(game_nodes_supersede(*state, "game-1", &second));
    assert_false(game_fence_is_current(&first));
    assert_true(game_fence_is_current(&second));
}

static void fence_of_another_node_is_left_alone(void **state)
{
    struct game_fence first;
    struct game_fence other;
    assert_true(game_nodes_supersede(*state, "game-1", &first));
    assert_true(game_nodes_supersede(*state, "game-10", &other));
    assert_true(game_fence_is_current(&first));
    assert_true(game_fence_is_current(&other));
}

static void supersede_with_too_many_nodes_fails(void **state)
{
    struct game_fence fence;
    assert_true(game_nodes_supersede(*state, "game-1", &fence));
    assert_true(game_nodes_supersede(*state, "game-2", &fence));
    assert_false(game_nodes_supersede(*state, "game-3", &fence));
    assert_false(game_fence_is_current(&fence));
    assert_true(game_nodes_supersede(*state, "game-2", &fence));
}

#define NODES_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fence_zeroed_is_never_current),
        NODES_TEST(fence_of_newest_link_alone_is_current),
        NODES_TEST(fence_of_another_node_is_left_alone),
        NODES_TEST(supersede_with_too_many_nodes_fails),
    };
    return cmocka_run_group_tests_name("game_nodes", tests, NULL, NULL);
}
