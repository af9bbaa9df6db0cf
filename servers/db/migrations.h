/* Numbered changes of the database's schema, applied at start.
 *
 * Happy path: the table schema_version says up to which number the database has been brought; what
 * is newer in the program is applied in order, each in one transaction with its entry in that
 * table. Failure modes: the database is newer than the program: refused, untouched; a migration
 * fails: rolled back, and the server does not start. Two servers that start at once take turns.
 *
 * A migration that has been released is never edited; a new one is added. */
#pragma once

#include <stdint.h>

#include "common/log.h"
#include "pc/status.h"

struct sqlite3;

struct migration {
    uint32_t version; /* 1, 2, 3, ... */
    const char *name;
    const char *sql; /* statements without BEGIN and COMMIT */
};

/* The program's own, made from migrations/NNNN_name.sql at build. */
extern const struct migration migration_table[];
extern const uint32_t migration_table_count;

enum migrations_result {
    MIGRATIONS_OK,
    MIGRATIONS_NEWER, /* the database has been used by a newer program */
    MIGRATIONS_FAILED /* the log says where */
};

/* Bring the database to the version of the last migration of the list. */
PC_NODISCARD enum migrations_result migrations_apply(struct sqlite3 *database,
                                                     const struct migration *list, uint32_t count,
                                                     const struct log *log);

/* The database's version, 0 if it is empty; UINT32_MAX if it cannot be read. */
uint32_t migrations_version(struct sqlite3 *database);
