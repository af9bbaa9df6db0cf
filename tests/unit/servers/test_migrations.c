/* Migrations: from nothing, from an older version, and the cases that are refused. */
#include "store_fixture.h"

#include <sqlite3.h>

static int set_up(void **state)
{
    struct store_fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    store_fixture_init(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    store_fixture_free(*state);
    free(*state);
    return 0;
}

static struct sqlite3 *database_of(void **state)
{
    return store_database(((struct store_fixture *)*state)->store);
}

static enum migrations_result apply(void **state, const struct migration *list, uint32_t count)
{
    struct store_fixture *fixture = *state;
    return migrations_apply(database_of(state), list, count, &fixture->log);
}

static void execute(void **state, const char *sql)
{
    assert_int_equal(sqlite3_exec(database_of(state), sql, NULL, NULL, NULL), SQLITE_OK);
}

static void migrations_empty_database_gets_all(void **state)
{
    struct store_fixture *fixture = *state;
    assert_int_equal(migrations_version(database_of(state)), 0);
    assert_int_equal(apply(state, migration_table, migration_table_count), MIGRATIONS_OK);
    assert_int_equal(migrations_version(database_of(state)), migration_table_count);
    assert_true(store_prepare(fixture->store));
    assert_true(store_fixture_logged(fixture, "event=migrated version=1 name=accounts"));
}

static void migrations_current_database_is_left_alone(void **state)
{
    assert_int_equal(apply(state, migration_table, migration_table_count), MIGRATIONS_OK);
    int changes = sqlite3_total_changes(database_of(state));
    assert_int_equal(apply(state, migration_table, migration_table_count), MIGRATIONS_OK);
    assert_int_equal(sqlite3_total_changes(database_of(state)), changes);
}

static void migrations_upgrade_from_version_1_keeps_accounts(void **state)
{
    struct store_fixture *fixture = *state;
    struct store_account found;
    assert_true(migration_table_count >= 2);
    assert_int_equal(apply(state, migration_table, 1), MIGRATIONS_OK);
    assert_int_equal(migrations_version(database_of(state)), 1);
    execute(state, "INSERT INTO account (name, password_hash, created_ms) VALUES ('Anna', 'h', 1)");
    assert_int_equal(apply(state, migration_table, migration_table_count), MIGRATIONS_OK);
    assert_true(store_prepare(fixture->store));
    assert_int_equal(store_find_account(fixture->store, "anna", &found), STORE_OK);
    assert_string_equal(found.name, "Anna");
    struct common_character character = {.account_id = found.account_id};
    assert_int_equal(store_add_character(fixture->store, &character), STORE_OK);
}

static void migrations_newer_database_is_refused_untouched(void **state)
{
    assert_int_equal(apply(state, migration_table, migration_table_count), MIGRATIONS_OK);
    execute(state, "INSERT INTO schema_version VALUES (99, 'future', 0)");
    int changes = sqlite3_total_changes(database_of(state));
    assert_int_equal(apply(state, migration_table, migration_table_count), MIGRATIONS_NEWER);
    assert_int_equal(sqlite3_total_changes(database_of(state)), changes);
    assert_int_equal(sqlite3_get_autocommit(database_of(state)), 1);
    assert_true(store_fixture_logged(*state, "event=database_newer database_version=99"));
}

static void migrations_failing_one_is_rolled_back_whole(void **state)
{
    static const struct migration list[] = {
        {1, "good", "CREATE TABLE good (x INTEGER)"},
        {2, "bad", "CREATE TABLE half (x INTEGER); INSERT INTO nowhere VALUES (1)"},
    };
    assert_int_equal(apply(state, list, COUNT_OF(list)), MIGRATIONS_FAILED);
    assert_int_equal(migrations_version(database_of(state)), 1);
    execute(state, "SELECT x FROM good");
    assert_int_equal(sqlite3_exec(database_of(state), "SELECT x FROM half", NULL, NULL, NULL),
                     SQLITE_ERROR);
    assert_int_equal(sqlite3_get_autocommit(database_of(state)), 1);
    assert_true(store_fixture_logged(*state, "event=migration_failed"));
}

static void migrations_file_that_is_no_database_fails(void **state)
{
    struct store_fixture *fixture = *state;
    char path[TEMPORARY_PATH_SIZE];
    temporary_path(path, ".db");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        fputs("this is not a database\n", file);
    }
    fclose(file);
    const struct store_options options = {.path = path, .log = &fixture->log};
    assert_null(store_open(&options)); /* the journal mode cannot be set */
    assert_true(store_fixture_logged(fixture, "file is not a database"));
    temporary_database_remove(path);
}

#define MIGRATIONS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MIGRATIONS_TEST(migrations_empty_database_gets_all),
        MIGRATIONS_TEST(migrations_current_database_is_left_alone),
        MIGRATIONS_TEST(migrations_upgrade_from_version_1_keeps_accounts),
        MIGRATIONS_TEST(migrations_newer_database_is_refused_untouched),
        MIGRATIONS_TEST(migrations_failing_one_is_rolled_back_whole),
        MIGRATIONS_TEST(migrations_file_that_is_no_database_fails),
    };
    return cmocka_run_group_tests_name("migrations", tests, NULL, NULL);
}
