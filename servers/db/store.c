/* The database as one thread sees it.
 *
 * Happy path and failure modes: see store.h. Statements are prepared once and reset after each use,
 * so that none of them keeps a lock. An id of the protocol is a u64, one of SQLite an i64; those
 * that do not fit match no row.
 * Path: beside [8], on the lanes. */
#include "store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "pc/os.h"

enum store_statement {
    STORE_BEGIN_READ,
    STORE_BEGIN_WRITE,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_SAVEPOINT,
    STORE_RELEASE,
    STORE_UNDO,
    STORE_ADD_ACCOUNT,
    STORE_FIND_ACCOUNT,
    STORE_SET_PASSWORD_HASH,
    STORE_ADD_CHARACTER,
    STORE_LOAD_CHARACTER,
    STORE_SAVE_CHARACTER,
    STORE_STATEMENT_COUNT
};

static const char *const store__sql[STORE_STATEMENT_COUNT] = {
    [STORE_BEGIN_READ] = "BEGIN DEFERRED",
    [STORE_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_SAVEPOINT] = "SAVEPOINT job",
    [STORE_RELEASE] = "RELEASE job",
    [STORE_UNDO] = "ROLLBACK TO job",
    [STORE_ADD_ACCOUNT] = "INSERT INTO account (name, password_hash, created_ms) "
                          "VALUES (?1, ?2, ?3)",
    [STORE_FIND_ACCOUNT] = "SELECT account_id, name, password_hash FROM account WHERE name = ?1",
    [STORE_SET_PASSWORD_HASH] = "UPDATE account SET password_hash = ?2 WHERE account_id = ?1",
    [STORE_ADD_CHARACTER] = "INSERT INTO character (account_id, name, x, y, chat_count, saved_ms) "
                            "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_LOAD_CHARACTER] = "SELECT character_id, name, x, y, chat_count FROM character "
                             "WHERE account_id = ?1",
    [STORE_SAVE_CHARACTER] = "UPDATE character SET x = ?3, y = ?4, chat_count = ?5, saved_ms = ?6 "
                             "WHERE character_id = ?1 AND account_id = ?2",
};

const char *const store_synchronous_names[] = {"full", "normal", NULL};

/* Invariant: statements are all NULL or all prepared; between calls each is reset. */
struct store {
    struct sqlite3 *database;
    const struct log *log;
    sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
};

static void store__log_error(const struct store *store, const char *what)
{
    log_write(store->log, LOG_ERROR, PC_HANDLE_NONE, "database_error",
              LOG_FIELDS(log_text("at", what), log_text("error", sqlite3_errmsg(store->database)),
                         log_signed("code", sqlite3_extended_errcode(store->database))));
}

static bool store__execute(struct store *store, const char *sql)
{
    bool is_done = sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!is_done) {
        store__log_error(store, sql);
    }
    return is_done;
}

/* SQLite answers with the mode that it is in, which is another one where the file system cannot
 * share memory; readers and the writer would wait for each other then. */
static bool store__set_wal(struct store *store)
{
    static const char sql[] = "PRAGMA journal_mode = WAL";
    sqlite3_stmt *statement = NULL;
    bool is_set = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                  sqlite3_step(statement) == SQLITE_ROW &&
                  strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    if (!is_set) {
        store__log_error(store, sql);
    }
    sqlite3_finalize(statement);
    return is_set;
}

static bool store__configure(struct store *store, const struct store_options *options)
{
    const char *synchronous = options->synchronous == STORE_FULL ? "PRAGMA synchronous = FULL"
                                                                 : "PRAGMA synchronous = NORMAL";
    sqlite3_extended_result_codes(store->database, 1);
    sqlite3_busy_timeout(store->database, (int)options->busy_timeout_ms);
    return store__set_wal(store) && store__execute(store, synchronous) &&
           store__execute(store, "PRAGMA foreign_keys = ON");
}

/* SQLite would let everybody read the file, and gives those beside it the same mode. What cannot be
 * made here, SQLite will complain of. */
static void store__make_file(const char *path)
{
    enum pc_status status = pc_os_secret_file_create(path, "", 0);
    (void)status;
}

struct store *store_open(const struct store_options *options)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return NULL;
    }
    store->log = options->log;
    store__make_file(options->path);
    if (sqlite3_open_v2(options->path, &store->database, flags, NULL) != SQLITE_OK) {
        store__log_error(store, options->path);
        store_close(store);
        return NULL;
    }
    if (!store__configure(store, options)) {
        store_close(store);
        return NULL;
    }
    return store;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    for (uint32_t i = 0; i < STORE_STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    int code = sqlite3_close(store->database);
    PC_ASSERT(code == SQLITE_OK);
    free(store);
}

struct sqlite3 *store_database(struct store *store)
{
    return store->database;
}

bool store_prepare(struct store *store)
{
    for (uint32_t i = 0; i < STORE_STATEMENT_COUNT; i++) {
        int code = sqlite3_prepare_v3(store->database, store__sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &store->statements[i], NULL);
        if (code != SQLITE_OK) {
            store__log_error(store, store__sql[i]);
            return false;
        }
    }
    return true;
}

/* Run a statement that yields no row, and reset it. */
static enum store_status store__finish(struct store *store, enum store_statement index)
{
    sqlite3_stmt *statement = store->statements[index];
    int code = sqlite3_step(statement);
    enum store_status status = STORE_OK;
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        status = STORE_TAKEN;
    } else if (code != SQLITE_DONE) {
        store__log_error(store, store__sql[index]);
        status = STORE_FAILED;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

/* As store__finish, for an UPDATE that has to find its row. */
static enum store_status store__finish_update(struct store *store, enum store_statement index)
{
    enum store_status status = store__finish(store, index);
    if (status == STORE_OK && sqlite3_changes(store->database) == 0) {
        return STORE_MISSING;
    }
    return status;
}

/* Run a statement up to its first row. STORE_OK: the row may be read, then store__end_row. */
static enum store_status store__first_row(struct store *store, enum store_statement index)
{
    int code = sqlite3_step(store->statements[index]);
    if (code == SQLITE_ROW) {
        return STORE_OK;
    }
    if (code == SQLITE_DONE) {
        return STORE_MISSING;
    }
    store__log_error(store, store__sql[index]);
    return STORE_FAILED;
}

static void store__end_row(struct store *store, enum store_statement index)
{
    sqlite3_reset(store->statements[index]);
    sqlite3_clear_bindings(store->statements[index]);
}

bool store_begin(struct store *store, bool writes)
{
    return store__finish(store, writes ? STORE_BEGIN_WRITE : STORE_BEGIN_READ) == STORE_OK;
}

bool store_commit(struct store *store)
{
    return store__finish(store, STORE_COMMIT) == STORE_OK;
}

void store_rollback(struct store *store)
{
    if (store_in_transaction(store)) {
        (void)store__finish(store, STORE_ROLLBACK);
    }
}

bool store_set_savepoint(struct store *store)
{
    return store__finish(store, STORE_SAVEPOINT) == STORE_OK;
}

bool store_release_savepoint(struct store *store)
{
    return store__finish(store, STORE_RELEASE) == STORE_OK;
}

bool store_undo_savepoint(struct store *store)
{
    return store__finish(store, STORE_UNDO) == STORE_OK &&
           store__finish(store, STORE_RELEASE) == STORE_OK;
}

bool store_in_transaction(struct store *store)
{
    return sqlite3_get_autocommit(store->database) == 0;
}

static void store__bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static void store__bind_id(sqlite3_stmt *statement, int index, uint64_t id)
{
    sqlite3_bind_int64(statement, index, id <= INT64_MAX ? (sqlite3_int64)id : -1);
}

static void store__bind_now(sqlite3_stmt *statement, int index)
{
    sqlite3_bind_int64(statement, index, (sqlite3_int64)pc_os_wall_ms());
}

/* A text column into an array. False if it does not fit: somebody else wrote it. */
static bool store__read_text(sqlite3_stmt *statement, int column, char *text, size_t text_capacity)
{
    const unsigned char *value = sqlite3_column_text(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    if (value == NULL || size >= text_capacity) {
        return false;
    }
    memset(text, 0, text_capacity);
    memcpy(text, value, size);
    return true;
}

enum store_status store_add_account(struct store *store, struct store_account *account)
{
    sqlite3_stmt *statement = store->statements[STORE_ADD_ACCOUNT];
    store__bind_text(statement, 1, account->name);
    store__bind_text(statement, 2, account->password_hash);
    store__bind_now(statement, 3);
    enum store_status status = store__finish(store, STORE_ADD_ACCOUNT);
    if (status == STORE_OK) {
        account->account_id = (uint64_t)sqlite3_last_insert_rowid(store->database);
    }
    return status;
}

static bool store__read_account(sqlite3_stmt *statement, struct store_account *account)
{
    account->account_id = (uint64_t)sqlite3_column_int64(statement, 0);
    return store__read_text(statement, 1, account->name, sizeof(account->name)) &&
           store__read_text(statement, 2, account->password_hash, sizeof(account->password_hash));
}

/* A row that this program cannot have written. */
static enum store_status store__malformed(const struct store *store, const char *table)
{
    log_write(store->log, LOG_ERROR, PC_HANDLE_NONE, "database_malformed",
              LOG_FIELDS(log_text("table", table)));
    return STORE_FAILED;
}

enum store_status store_find_account(struct store *store, const char *name,
                                     struct store_account *account)
{
    sqlite3_stmt *statement = store->statements[STORE_FIND_ACCOUNT];
    store__bind_text(statement, 1, name);
    enum store_status status = store__first_row(store, STORE_FIND_ACCOUNT);
    if (status == STORE_OK && !store__read_account(statement, account)) {
        status = store__malformed(store, "account");
    }
    store__end_row(store, STORE_FIND_ACCOUNT);
    return status;
}

enum store_status store_set_password_hash(struct store *store, uint64_t account_id,
                                          const char *hash)
{
    sqlite3_stmt *statement = store->statements[STORE_SET_PASSWORD_HASH];
    store__bind_id(statement, 1, account_id);
    store__bind_text(statement, 2, hash);
    return store__finish_update(store, STORE_SET_PASSWORD_HASH);
}

enum store_status store_add_character(struct store *store, struct common_character *character)
{
    sqlite3_stmt *statement = store->statements[STORE_ADD_CHARACTER];
    store__bind_id(statement, 1, character->account_id);
    store__bind_text(statement, 2, character->name);
    sqlite3_bind_double(statement, 3, (double)character->position.x);
    sqlite3_bind_double(statement, 4, (double)character->position.y);
    sqlite3_bind_int64(statement, 5, character->chat_count);
    store__bind_now(statement, 6);
    enum store_status status = store__finish(store, STORE_ADD_CHARACTER);
    if (status == STORE_OK) {
        character->character_id = (uint64_t)sqlite3_last_insert_rowid(store->database);
    }
    return status;
}

static bool store__read_character(sqlite3_stmt *statement, struct common_character *character)
{
    character->character_id = (uint64_t)sqlite3_column_int64(statement, 0);
    if (!store__read_text(statement, 1, character->name, sizeof(character->name))) {
        return false;
    }
    character->name_size = (uint16_t)strlen(character->name);
    character->position.x = (float)sqlite3_column_double(statement, 2);
    character->position.y = (float)sqlite3_column_double(statement, 3);
    character->chat_count = (uint32_t)sqlite3_column_int64(statement, 4);
    return true;
}

enum store_status store_load_character(struct store *store, uint64_t account_id,
                                       struct common_character *character)
{
    sqlite3_stmt *statement = store->statements[STORE_LOAD_CHARACTER];
    store__bind_id(statement, 1, account_id);
    enum store_status status = store__first_row(store, STORE_LOAD_CHARACTER);
    if (status == STORE_OK && !store__read_character(statement, character)) {
        status = store__malformed(store, "character");
    }
    store__end_row(store, STORE_LOAD_CHARACTER);
    character->account_id = account_id;
    return status;
}

enum store_status store_save_character(struct store *store,
                                       const struct common_character *character)
{
    sqlite3_stmt *statement = store->statements[STORE_SAVE_CHARACTER];
    store__bind_id(statement, 1, character->character_id);
    store__bind_id(statement, 2, character->account_id);
    sqlite3_bind_double(statement, 3, (double)character->position.x);
    sqlite3_bind_double(statement, 4, (double)character->position.y);
    sqlite3_bind_int64(statement, 5, character->chat_count);
    store__bind_now(statement, 6);
    return store__finish_update(store, STORE_SAVE_CHARACTER);
}
