/* The game's clients: named by link and session, bounded, reused. */
#include "support/cmocka_all.h"

#include "support/assertion.h"
#include "world/client_table.h"

/* Only their addresses are used. */
static uint64_t link_places[2];
#define LINK_A ((struct gate_link *)(void *)&link_places[0])
#define LINK_B ((struct gate_link *)(void *)&link_places[1])

static void client_table_same_session_of_two_links_are_two_clients(void **state)
{
    (void)state;
    struct client_table table;
    assert_true(client_table_create(&table, 4));
    struct game_client *a = client_table_add(&table, LINK_A, 7);
    struct game_client *b = client_table_add(&table, LINK_B, 7);
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(client_table_find(&table, LINK_A, 7), a);
    assert_ptr_equal(client_table_find(&table, LINK_B, 7), b);
    assert_null(client_table_find(&table, LINK_A, 8));
    client_table_destroy(&table);
}

static void client_table_full_gives_null_and_reuses_what_is_removed(void **state)
{
    (void)state;
    struct client_table table;
    assert_true(client_table_create(&table, 3));
    struct game_client *clients[3];
    for (pc_handle session = 0; session < 3; session++) {
        clients[session] = client_table_add(&table, LINK_A, session + 1);
        assert_non_null(clients[session]);
    }
    assert_null(client_table_add(&table, LINK_A, 4));
    clients[1]->account_id = 99;
    client_table_remove(&table, clients[1]);
    assert_null(client_table_find(&table, LINK_A, 2));
    struct game_client *again = client_table_add(&table, LINK_A, 4);
    assert_non_null(again);
    assert_int_equal(again->account_id, 0);
    assert_int_equal(table.count, 3);
    assert_int_equal(table.count_high, 3);
    client_table_destroy(&table);
}

static void client_table_known_pair_asserts(void **state)
{
    (void)state;
    struct client_table table;
    assert_true(client_table_create(&table, 3));
    assert_non_null(client_table_add(&table, LINK_A, 1));
    EXPECT_ASSERTION(client_table_add(&table, LINK_A, 1));
    client_table_destroy(&table);
}

static void client_table_thousands_come_and_go_all_are_found(void **state)
{
    (void)state;
    enum {
        COUNT = 3000
    };
    struct client_table table;
    assert_true(client_table_create(&table, COUNT));
    for (pc_handle session = 1; session <= COUNT; session++) {
        assert_non_null(client_table_add(&table, LINK_A, session << 32));
    }
    for (pc_handle session = 1; session <= COUNT; session += 2) {
        client_table_remove(&table, client_table_find(&table, LINK_A, session << 32));
    }
    for (pc_handle session = 1; session <= COUNT; session++) {
        bool is_there = client_table_find(&table, LINK_A, session << 32) != NULL;
        assert_int_equal(is_there, session % 2 == 0);
    }
    client_table_destroy(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_table_same_session_of_two_links_are_two_clients),
        cmocka_unit_test(client_table_full_gives_null_and_reuses_what_is_removed),
        cmocka_unit_test(client_table_known_pair_asserts),
        cmocka_unit_test(client_table_thousands_come_and_go_all_are_found),
    };
    return cmocka_run_group_tests_name("client_table", tests, NULL, NULL);
}
