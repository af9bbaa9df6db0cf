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

/* The older link that supersede names. */
static pc_handle supersede(void **state, const char *name, pc_handle link, struct game_fence *fence)
{
    pc_handle older = UINT64_MAX;
    assert_true(game_nodes_supersede(*state, name, link, fence, &older));
    return older;
}

static void fence_of_newest_link_alone_is_current(void **state)
{
    struct game_fence first;
    struct game_fence second;
    supersede(state, "game-1", 1, &first);
    assert_true(game_fence_is_current(&first));
    supersede(state, "game-1", 2, &second);
    assert_false(game_fence_is_current(&first));
    assert_true(game_fence_is_current(&second));
}

static void fence_of_another_node_is_left_alone(void **state)
{
    struct game_fence first;
    struct game_fence other;
    assert_true(supersede(state, "game-1", 1, &first) == PC_HANDLE_NONE);
    assert_true(supersede(state, "game-10", 2, &other) == PC_HANDLE_NONE);
    assert_true(game_fence_is_current(&first));
    assert_true(game_fence_is_current(&other));
}

static void supersede_names_the_older_link_unless_it_left(void **state)
{
    struct game_fence first;
    struct game_fence second;
    struct game_fence third;
    supersede(state, "game-1", 1, &first);
    assert_true(supersede(state, "game-1", 2, &second) == 1);
    game_nodes_leave(*state, &first); /* closed at last; the second one is still there */
    assert_true(supersede(state, "game-1", 3, &third) == 2);
    game_nodes_leave(*state, &third);
    assert_true(supersede(state, "game-1", 4, &first) == PC_HANDLE_NONE);
}

static void fence_of_link_that_left_stays_current(void **state)
{
    struct game_fence fence;
    supersede(state, "game-1", 1, &fence);
    game_nodes_leave(*state, &fence);
    assert_true(game_fence_is_current(&fence)); /* its last saves may wait on a lane */
}

static void supersede_with_too_many_open_nodes_fails(void **state)
{
    struct game_fence fence;
    pc_handle older;
    supersede(state, "game-1", 1, &fence);
    supersede(state, "game-2", 2, &fence);
    assert_false(game_nodes_supersede(*state, "game-3", 3, &fence, &older));
    assert_false(game_fence_is_current(&fence));
    assert_true(supersede(state, "game-2", 4, &fence) == 2);
}

static void node_without_link_gives_its_place_oldest_first(void **state)
{
    struct game_fence fences[4];
    supersede(state, "game-1", 1, &fences[0]);
    supersede(state, "game-2", 2, &fences[1]);
    game_nodes_leave(*state, &fences[1]);
    game_nodes_leave(*state, &fences[0]);
    assert_true(supersede(state, "game-3", 3, &fences[2]) == PC_HANDLE_NONE);
    assert_false(game_fence_is_current(&fences[0]));
    assert_true(game_fence_is_current(&fences[1]));
    supersede(state, "game-4", 4, &fences[3]);
    assert_true(game_fence_is_current(&fences[2]));
    game_nodes_leave(*state, &fences[0]); /* late, and not of the node that has its place now */
    assert_true(supersede(state, "game-3", 5, &fences[0]) == 3);
}

#define NODES_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fence_zeroed_is_never_current),
        NODES_TEST(fence_of_newest_link_alone_is_current),
        NODES_TEST(fence_of_another_node_is_left_alone),
        NODES_TEST(supersede_names_the_older_link_unless_it_left),
        NODES_TEST(fence_of_link_that_left_stays_current),
        NODES_TEST(supersede_with_too_many_open_nodes_fails),
        NODES_TEST(node_without_link_gives_its_place_oldest_first),
    };
    return cmocka_run_group_tests_name("game_nodes", tests, NULL, NULL);
}
