/* The store: accounts and characters, names, transactions and savepoints, on a file. */
#include "store_fixture.h"

#include <sqlite3.h>

static int set_up(void **state)
{
    struct store_fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    store_fixture_init(fixture);
    store_fixture_migrate(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    store_fixture_free(*state);
    free(*state);
    return 0;
}

static struct store *store_of(void **state)
{
    return ((struct store_fixture *)*state)->store;
}

static struct common_character make_character(uint64_t account_id)
{
    return (struct common_character){.account_id = account_id,
                                     .name_size = 4,
                                     .name = "hero",
                                     .position = {.x = 1.5f, .y = -2.25f},
                                     .chat_count = UINT32_MAX};
}

static void store_added_account_is_found(void **state)
{
    struct store *store = store_of(state);
    struct store_account found;
    uint64_t id = store_fixture_add(store, "Anna");
    assert_int_not_equal(id, 0);
    assert_int_equal(store_find_account(store, "Anna", &found), STORE_OK);
    assert_int_equal(found.account_id, id);
    assert_string_equal(found.name, "Anna");
    assert_string_equal(found.password_hash, "hash");
}

static void store_name_in_other_case_is_found_as_registered(void **state)
{
    struct store *store = store_of(state);
    struct store_account found;
    store_fixture_add(store, "Anna");
    assert_int_equal(store_find_account(store, "aNNA", &found), STORE_OK);
    assert_string_equal(found.name, "Anna");
}

static void store_name_in_other_case_is_taken(void **state)
{
    struct store *store = store_of(state);
    struct store_account again = store_fixture_account("ANNA");
    store_fixture_add(store, "Anna");
    assert_int_equal(store_add_account(store, &again), STORE_TAKEN);
    store_fixture_add(store, "Anna2");
}

static void store_unknown_name_is_missing(void **state)
{
    struct store_account found;
    assert_int_equal(store_find_account(store_of(state), "nobody", &found), STORE_MISSING);
}

static void store_hostile_name_is_only_a_name(void **state)
{
    struct store *store = store_of(state);
    struct store_account found;
    store_fixture_add(store, "x'; DROP TABLE account;");
    assert_int_equal(store_find_account(store, "x'; DROP TABLE account;", &found), STORE_OK);
}

static void store_password_hash_is_replaced(void **state)
{
    struct store *store = store_of(state);
    struct store_account found;
    uint64_t id = store_fixture_add(store, "Anna");
    assert_int_equal(store_set_password_hash(store, id, "newer"), STORE_OK);
    assert_int_equal(store_find_account(store, "Anna", &found), STORE_OK);
    assert_string_equal(found.password_hash, "newer");
    assert_int_equal(store_set_password_hash(store, id + 1, "newer"), STORE_MISSING);
}

static void store_character_round_trip_keeps_all_values(void **state)
{
    struct store *store = store_of(state);
    struct common_character character = make_character(store_fixture_add(store, "Anna"));
    struct common_character found = {0};
    assert_int_equal(store_load_character(store, character.account_id, &found), STORE_MISSING);
    assert_int_equal(store_add_character(store, &character), STORE_OK);
    assert_int_equal(store_load_character(store, character.account_id, &found), STORE_OK);
    assert_int_equal(found.character_id, character.character_id);
    assert_int_equal(found.account_id, character.account_id);
    assert_string_equal(found.name, "hero");
    assert_int_equal(found.name_size, 4);
    assert_true(found.position.x == 1.5f && found.position.y == -2.25f);
    assert_int_equal(found.chat_count, UINT32_MAX);
}

static void store_saved_character_has_new_values(void **state)
{
    struct store *store = store_of(state);
    struct common_character character = make_character(store_fixture_add(store, "Anna"));
    struct common_character found = {0};
    assert_int_equal(store_add_character(store, &character), STORE_OK);
    character.position.x = 0.1f; /* has no exact double of its own */
    character.chat_count = 7;
    assert_int_equal(store_save_character(store, &character), STORE_OK);
    assert_int_equal(store_load_character(store, character.account_id, &found), STORE_OK);
    assert_true(found.position.x == 0.1f);
    assert_int_equal(found.chat_count, 7);
}

static void store_second_character_is_refused(void **state)
{
    struct store *store = store_of(state);
    struct common_character character = make_character(store_fixture_add(store, "Anna"));
    assert_int_equal(store_add_character(store, &character), STORE_OK);
    assert_int_equal(store_add_character(store, &character), STORE_TAKEN);
}

static void store_character_without_account_fails_and_is_logged(void **state)
{
    struct common_character character = make_character(999);
    assert_int_equal(store_add_character(store_of(state), &character), STORE_FAILED);
    assert_true(store_fixture_logged(*state, "event=database_error"));
}

static void store_character_of_other_account_is_not_saved(void **state)
{
    struct store *store = store_of(state);
    struct common_character character = make_character(store_fixture_add(store, "Anna"));
    assert_int_equal(store_add_character(store, &character), STORE_OK);
    character.account_id = store_fixture_add(store, "Bert");
    assert_int_equal(store_save_character(store, &character), STORE_MISSING);
}

static void store_ids_beyond_63_bits_match_nothing(void **state)
{
    static const uint64_t top_bit = UINT64_C(1) << 63;
    struct store *store = store_of(state);
    struct common_character found = {0};
    struct common_character character = make_character(store_fixture_add(store, "Anna"));
    assert_int_equal(store_add_character(store, &character), STORE_OK);
    assert_int_equal(store_load_character(store, character.account_id | top_bit, &found),
                     STORE_MISSING);
    assert_int_equal(store_load_character(store, UINT64_MAX, &found), STORE_MISSING);
    character.character_id |= top_bit;
    assert_int_equal(store_save_character(store, &character), STORE_MISSING);
}

static void store_commit_shows_to_others_and_not_before(void **state)
{
    struct store *store = store_of(state);
    struct store *other = store_fixture_open(*state);
    struct store_account found;
    assert_true(store_prepare(other));
    assert_true(store_begin(store, true));
    store_fixture_add(store, "Anna");
    assert_int_equal(store_find_account(other, "Anna", &found), STORE_MISSING);
    assert_true(store_commit(store));
    assert_int_equal(store_find_account(other, "Anna", &found), STORE_OK);
    store_close(other);
}

static void store_rollback_undoes(void **state)
{
    struct store *store = store_of(state);
    struct store_account found;
    assert_true(store_begin(store, true));
    store_fixture_add(store, "Anna");
    assert_true(store_in_transaction(store));
    store_rollback(store);
    assert_false(store_in_transaction(store));
    assert_int_equal(store_find_account(store, "Anna", &found), STORE_MISSING);
}

static void store_savepoint_undoes_only_its_own(void **state)
{
    struct store *store = store_of(state);
    struct store_account found;
    assert_true(store_begin(store, true));
    assert_true(store_set_savepoint(store));
    store_fixture_add(store, "Anna");
    assert_true(store_release_savepoint(store));
    assert_true(store_set_savepoint(store));
    store_fixture_add(store, "Bert");
    assert_true(store_undo_savepoint(store));
    assert_true(store_commit(store));
    assert_int_equal(store_find_account(store, "Anna", &found), STORE_OK);
    assert_int_equal(store_find_account(store, "Bert", &found), STORE_MISSING);
}

static void store_file_in_missing_folder_is_refused(void **state)
{
    const struct store_fixture *fixture = *state;
    const struct store_options options = {.path = "no-such-folder/x.db", .log = &fixture->log};
    assert_null(store_open(&options));
    assert_true(store_fixture_logged(*state, "event=database_error"));
}

static void store_journal_is_a_write_ahead_log(void **state)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(store_database(store_of(state)), "PRAGMA journal_mode", -1,
                                        &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "wal");
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static void store_files_are_for_their_owner_only(void **state)
{
    const struct store_fixture *fixture = *state;
    char beside[TEMPORARY_PATH_SIZE + 8];
    assert_true(pc_os_secret_file_is_private(fixture->path));
    snprintf(beside, sizeof(beside), "%s-wal", fixture->path);
    assert_true(pc_os_secret_file_is_private(beside));
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(store_added_account_is_found),
        STORE_TEST(store_name_in_other_case_is_found_as_registered),
        STORE_TEST(store_name_in_other_case_is_taken),
        STORE_TEST(store_unknown_name_is_missing),
        STORE_TEST(store_hostile_name_is_only_a_name),
        STORE_TEST(store_password_hash_is_replaced),
        STORE_TEST(store_character_round_trip_keeps_all_values),
        STORE_TEST(store_saved_character_has_new_values),
        STORE_TEST(store_second_character_is_refused),
        STORE_TEST(store_character_without_account_fails_and_is_logged),
        STORE_TEST(store_character_of_other_account_is_not_saved),
        STORE_TEST(store_files_are_for_their_owner_only),
        STORE_TEST(store_ids_beyond_63_bits_match_nothing),
        STORE_TEST(store_commit_shows_to_others_and_not_before),
        STORE_TEST(store_rollback_undoes),
        STORE_TEST(store_savepoint_undoes_only_its_own),
        STORE_TEST(store_file_in_missing_folder_is_refused),
        STORE_TEST(store_journal_is_a_write_ahead_log),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
