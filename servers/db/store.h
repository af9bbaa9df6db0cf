/* The database as one thread sees it: one SQLite connection with its prepared statements.
 *
 * Happy path: store_open, store_prepare when the schema is up to date, then store_begin,
 * operations, store_commit, again and again. Failure modes: any disk error is logged with SQLite's
 * own text and comes back as STORE_FAILED; the connection stays usable.
 *
 * Write-ahead log, so that readers and the writer do not wait for each other. synchronous is FULL
 * by default: a commit is on the disk when its answer is sent, which group commit makes cheap. With
 * NORMAL a power failure (not a crash of the process) may lose the last commits.
 * Thread: one at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "password.h"
#include "proto/common_types.h"

struct sqlite3;
struct store;

enum store_synchronous {
    STORE_FULL,
    STORE_NORMAL
};

/* In the order of the enum; NULL at the end. */
extern const char *const store_synchronous_names[];

struct store_options {
    const char *path; /* UTF-8 */
    enum store_synchronous synchronous;
    uint32_t busy_timeout_ms;
    const struct log *log;
};

enum store_status {
    STORE_OK,
    STORE_MISSING, /* there is no such row */
    STORE_TAKEN,   /* the name or the place is in use */
    STORE_FAILED   /* logged */
};

struct store_account {
    uint64_t account_id;
    char name[COMMON_ACCOUNT_NAME_MAX + 1]; /* as it was registered */
    char password_hash[PASSWORD_HASH_SIZE];
};

/* NULL: logged. The file is made if it is not there, as a secret file (pc/os.h). */
struct store *store_open(const struct store_options *options);
void store_close(struct store *store); /* NULL is allowed */

/* For the migrations. */
struct sqlite3 *store_database(struct store *store);

/* Prepare the statements; the schema has to be up to date. False: logged. */
bool store_prepare(struct store *store);

/* Transactions. A savepoint is inside one; undo takes back what was done since it was set. False:
 * logged. */
bool store_begin(struct store *store, bool writes);
bool store_commit(struct store *store);
void store_rollback(struct store *store);
bool store_set_savepoint(struct store *store);
bool store_release_savepoint(struct store *store);
bool store_undo_savepoint(struct store *store);

/* False outside a transaction, also when SQLite has rolled it back by itself after a disk error. */
bool store_in_transaction(struct store *store);

/* Sets account->account_id. STORE_OK | STORE_TAKEN | STORE_FAILED. */
enum store_status store_add_account(struct store *store, struct store_account *account);

/* By name, without regard to ASCII case. STORE_OK | STORE_MISSING | STORE_FAILED. */
enum store_status store_find_account(struct store *store, const char *name,
                                     struct store_account *account);

/* STORE_OK | STORE_MISSING | STORE_FAILED. */
enum store_status store_set_password_hash(struct store *store, uint64_t account_id,
                                          const char *hash);

/* Sets character->character_id. STORE_OK | STORE_TAKEN | STORE_FAILED (no such account). */
enum store_status store_add_character(struct store *store, struct common_character *character);

/* STORE_OK | STORE_MISSING | STORE_FAILED. */
enum store_status store_load_character(struct store *store, uint64_t account_id,
                                       struct common_character *character);

/* Position and chat count of the row that has this character and account. STORE_OK | STORE_MISSING
 * | STORE_FAILED. */
enum store_status store_save_character(struct store *store,
                                       const struct common_character *character);
