/* Numbered changes of the database's schema.
 *
 * Happy path and failure modes: see migrations.h. BEGIN IMMEDIATE before the version is read makes
 * a second server that starts at the same time wait and then find the work done.
 * Path: outside the byte path, at start only. */
#include "migrations.h"

#include <sqlite3.h>
#include <stddef.h>

#include "pc/check.h"
#include "pc/os.h"

static const char migrations__create[] = "CREATE TABLE IF NOT EXISTS schema_version ("
                                         "version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                                         "applied_ms INTEGER NOT NULL) STRICT";

static bool migrations__execute(struct sqlite3 *database, const char *sql, const struct log *log)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK) {
        return true;
    }
    log_write(log, LOG_ERROR, PC_HANDLE_NONE, "migration_failed",
              LOG_FIELDS(log_text("error", sqlite3_errmsg(database)),
                         log_signed("code", sqlite3_extended_errcode(database))));
    return false;
}

uint32_t migrations_version(struct sqlite3 *database)
{
    sqlite3_stmt *statement = NULL;
    uint32_t version = 0;
    /* sqlite_schema tells an empty database from one that cannot be read. */
    int code = sqlite3_prepare_v2(
        database, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'", -1,
        &statement, NULL);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    bool exists = code == SQLITE_ROW && sqlite3_column_int(statement, 0) > 0;
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW) {
        return UINT32_MAX;
    }
    if (!exists) {
        return 0;
    }
    code = sqlite3_prepare_v2(database, "SELECT coalesce(max(version), 0) FROM schema_version", -1,
                              &statement, NULL);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    version = code == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(statement, 0) : UINT32_MAX;
    sqlite3_finalize(statement);
    return version;
}

static bool migrations__record(struct sqlite3 *database, const struct migration *migration,
                               const struct log *log)
{
    char *sql = sqlite3_mprintf("INSERT INTO schema_version VALUES (%u, %Q, %lld)",
                                migration->version, migration->name, (long long)pc_os_wall_ms());
    bool is_done = sql != NULL && migrations__execute(database, sql, log);
    sqlite3_free(sql);
    return is_done;
}

static bool migrations__run_one(struct sqlite3 *database, const struct migration *migration,
                                const struct log *log)
{
    if (!migrations__execute(database, migration->sql, log) ||
        !migrations__record(database, migration, log)) {
        return false;
    }
    log_write(
        log, LOG_INFO, PC_HANDLE_NONE, "migrated",
        LOG_FIELDS(log_number("version", migration->version), log_text("name", migration->name)));
    return true;
}

/* Apply the oldest migration that is missing, in one transaction. is_done: none was. */
static enum migrations_result migrations__step(struct sqlite3 *database,
                                               const struct migration *list, uint32_t count,
                                               const struct log *log, bool *is_done)
{
    *is_done = true;
    if (!migrations__execute(database, "BEGIN IMMEDIATE", log)) {
        return MIGRATIONS_FAILED;
    }
    uint32_t version = migrations_version(database);
    enum migrations_result result = version == UINT32_MAX ? MIGRATIONS_FAILED : MIGRATIONS_OK;
    if (result == MIGRATIONS_OK && version > count) {
        log_write(log, LOG_ERROR, PC_HANDLE_NONE, "database_newer",
                  LOG_FIELDS(log_number("database_version", version),
                             log_number("program_version", count)));
        result = MIGRATIONS_NEWER;
    }
    if (result == MIGRATIONS_OK && version < count) {
        *is_done = false;
        bool is_good = migrations__execute(database, migrations__create, log) &&
                       migrations__run_one(database, &list[version], log) &&
                       migrations__execute(database, "COMMIT", log);
        result = is_good ? MIGRATIONS_OK : MIGRATIONS_FAILED;
    }
    if (sqlite3_get_autocommit(database) == 0) {
        (void)migrations__execute(database, "ROLLBACK", log);
    }
    return result;
}

enum migrations_result migrations_apply(struct sqlite3 *database, const struct migration *list,
                                        uint32_t count, const struct log *log)
{
    enum migrations_result result = MIGRATIONS_OK;
    bool is_done = false;
    for (uint32_t i = 0; i < count; i++) {
        PC_ASSERT(list[i].version == i + 1);
    }
    while (result == MIGRATIONS_OK && !is_done) {
        result = migrations__step(database, list, count, log, &is_done);
    }
    return result;
}
