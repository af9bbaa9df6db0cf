/* A database in a temporary file, brought up to date, with a connection to it. */
#pragma once

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migrations.h"
#include "store.h"
#include "temporary_file.h"

struct store_fixture {
    char path[TEMPORARY_PATH_SIZE];
    FILE *log_file;
    char log_path[TEMPORARY_PATH_SIZE];
    struct log log;
    struct store *store;
};

/* One more connection to the same file; store_close it. */
static inline struct store *store_fixture_open(const struct store_fixture *fixture)
{
    const struct store_options options = {.path = fixture->path,
                                          .synchronous = STORE_NORMAL,
                                          .busy_timeout_ms = 2000,
                                          .log = &fixture->log};
    struct store *store = store_open(&options);
    assert_non_null(store);
    return store;
}

/* The file is there, its schema is empty. Errors that a test provokes go to a file of their own. */
static inline void store_fixture_init(struct store_fixture *fixture)
{
    temporary_path(fixture->path, ".db");
    temporary_path(fixture->log_path, ".log");
    fixture->log_file = fopen(fixture->log_path, "w+b");
    assert_non_null(fixture->log_file);
    log_init(&fixture->log, fixture->log_file, "db", LOG_DEBUG, LOG_TEXT);
    fixture->store = store_fixture_open(fixture);
}

static inline void store_fixture_migrate(struct store_fixture *fixture)
{
    struct sqlite3 *database = store_database(fixture->store);
    assert_int_equal(
        migrations_apply(database, migration_table, migration_table_count, &fixture->log),
        MIGRATIONS_OK);
    assert_true(store_prepare(fixture->store));
}

/* True if the log has a line with the text. */
static inline bool store_fixture_logged(struct store_fixture *fixture, const char *text)
{
    char line[LOG_LINE_SIZE];
    bool is_found = false;
    rewind(fixture->log_file);
    while (fgets(line, sizeof(line), fixture->log_file) != NULL) {
        is_found = is_found || strstr(line, text) != NULL;
    }
    return is_found;
}

static inline void store_fixture_free(struct store_fixture *fixture)
{
    store_close(fixture->store);
    fclose(fixture->log_file);
    remove(fixture->log_path);
    temporary_database_remove(fixture->path);
}

static inline struct store_account store_fixture_account(const char *name)
{
    struct store_account account = {.password_hash = "hash"};
    snprintf(account.name, sizeof(account.name), "%s", name);
    return account;
}

/* Add an account; returns its id. */
static inline uint64_t store_fixture_add(struct store *store, const char *name)
{
    struct store_account account = store_fixture_account(name);
    assert_int_equal(store_add_account(store, &account), STORE_OK);
    return account.account_id;
}
