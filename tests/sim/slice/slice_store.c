/* See slice_store.h. */
#include "slice_store.h"

#include <sqlite3.h>
#include <string.h>

#include "pc/check.h"
#include "slice_threads.h"
#include "store.h"
#include "world/roster.h"

#define STORES_MAX    32u
#define SNAPSHOTS_MAX 64u

#define WRAPPED(result, name, ...)                                                                 \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

WRAPPED(struct store *, store_open, const struct store_options *options);
WRAPPED(void, store_close, struct store *store);
WRAPPED(bool, store_commit, struct store *store);
WRAPPED(void, roster_loaded, struct roster *roster, struct roster_entry *entry,
        const struct common_character *character);
WRAPPED(void, roster_changed, struct roster *roster, struct roster_entry *entry, uint64_t now_ms);
WRAPPED(void, roster_sent, struct roster *roster, struct roster_entry *entry);
WRAPPED(void, roster_saved, struct roster *roster, struct roster_entry *entry, bool is_saved,
        uint64_t now_ms);

/* The states in which the character of an account may be found.
 * Invariant: states[0] was acknowledged (if has_acknowledged), the others were sent after it. */
struct character_book {
    struct common_character states[SNAPSHOTS_MAX];
    uint32_t count;
    bool has_acknowledged;
    uint32_t changes; /* that the game of now has made */
    uint32_t changes_sent;
    uint32_t changes_saved;
};

static struct {
    struct store *store;
    uint32_t owner;
} stores[STORES_MAX];

static struct slice_book *book;
static struct character_book characters[SLICE_ACCOUNTS + 1]; /* by account_id */

void slice_book_begin(struct slice_book *target)
{
    book = target;
    memset(characters, 0, sizeof characters);
}

void slice_book_end(void)
{
    for (uint32_t i = 0; i < STORES_MAX; i++) {
        PC_ASSERT(stores[i].store == NULL);
    }
    book = NULL;
}

/* ---- connections ---- */

struct store *__wrap_store_open(const struct store_options *options)
{
    uint32_t i = 0;
    struct store *store = __real_store_open(options);
    while (stores[i].store != NULL) {
        i++;
        PC_ASSERT(i < STORES_MAX);
    }
    stores[i].store = store;
    stores[i].owner = slice_threads_owner();
    return store;
}

void __wrap_store_close(struct store *store)
{
    for (uint32_t i = 0; i < STORES_MAX; i++) {
        if (stores[i].store == store) {
            stores[i].store = NULL;
        }
    }
    __real_store_close(store);
}

void slice_stores_close(uint32_t owner)
{
    for (uint32_t i = 0; i < STORES_MAX; i++) {
        if (stores[i].store != NULL && stores[i].owner == owner) {
            __wrap_store_close(stores[i].store);
        }
    }
}

/* The process may be killed before the commit, and between commit and answer; and a disk may be
 * full. */
bool __wrap_store_commit(struct store *store)
{
    slice_thread_yield();
    if (book->is_disk_rough && sim_choose(book->world, 20) == 0) {
        return false;
    }
    bool is_done = __real_store_commit(store);
    slice_thread_yield();
    return is_done;
}

/* ---- characters ---- */

static struct character_book *book__of(uint64_t account_id)
{
    PC_ASSERT(account_id >= 1 && account_id <= SLICE_ACCOUNTS);
    return &characters[account_id];
}

static bool book__is_same(const struct common_character *one, const struct common_character *other)
{
    return one->chat_count == other->chat_count &&
           memcmp(&one->position, &other->position, sizeof one->position) == 0;
}

static bool book__allows(const struct character_book *own, const struct common_character *found)
{
    for (uint32_t i = 0; i < own->count; i++) {
        if (book__is_same(&own->states[i], found)) {
            return true;
        }
    }
    return own->count == 0;
}

void __wrap_roster_loaded(struct roster *roster, struct roster_entry *entry,
                          const struct common_character *character)
{
    struct character_book *own = book__of(entry->account_id);
    PC_ASSERT(book__allows(own, character));
    PC_ASSERT(own->changes_saved == own->changes);
    if (own->count == 0) {
        own->states[own->count++] = *character;
        own->has_acknowledged = true;
    }
    __real_roster_loaded(roster, entry, character);
}

void __wrap_roster_changed(struct roster *roster, struct roster_entry *entry, uint64_t now_ms)
{
    book__of(entry->account_id)->changes++;
    __real_roster_changed(roster, entry, now_ms);
}

void slice_book_forget_unsaved(void)
{
    for (uint32_t i = 0; i <= SLICE_ACCOUNTS; i++) {
        characters[i].changes = 0;
        characters[i].changes_sent = 0;
        characters[i].changes_saved = 0;
    }
}

void __wrap_roster_sent(struct roster *roster, struct roster_entry *entry)
{
    struct character_book *own = book__of(entry->account_id);
    if (own->count == 0 || !book__is_same(&own->states[own->count - 1], &entry->character)) {
        PC_ASSERT(own->count < SNAPSHOTS_MAX);
        own->states[own->count++] = entry->character;
    }
    own->changes_sent = own->changes;
    book->saves_sent++;
    __real_roster_sent(roster, entry);
}

void __wrap_roster_saved(struct roster *roster, struct roster_entry *entry, bool is_saved,
                         uint64_t now_ms)
{
    struct character_book *own = book__of(entry->account_id);
    if (is_saved) {
        PC_ASSERT(own->count > 0);
        own->states[0] = own->states[own->count - 1];
        own->count = 1;
        own->has_acknowledged = true;
        own->changes_saved = own->changes_sent;
        book->acknowledged_saves++;
    }
    __real_roster_saved(roster, entry, is_saved, now_ms);
}

/* ---- looking ---- */

static void book__check_account(struct store *store, const struct slice_account *account)
{
    struct store_account found;
    enum store_status status = store_find_account(store, account->name, &found);
    PC_ASSERT(status == STORE_OK || !account->exists);
    PC_ASSERT(status == STORE_MISSING || account->tries > 0);
    if (status == STORE_OK && account->account_id != 0) {
        PC_ASSERT(found.account_id == account->account_id);
    }
}

static void book__check_character(struct store *store, uint64_t account_id)
{
    const struct character_book *own = book__of(account_id);
    struct common_character found = {0};
    enum store_status status = store_load_character(store, account_id, &found);
    PC_ASSERT(status == STORE_OK || !own->has_acknowledged);
    if (status == STORE_OK) {
        PC_ASSERT(book__allows(own, &found));
    }
}

static struct store *book__open(const char *database_path)
{
    static const struct log quiet = {.level = (enum log_level)(LOG_ERROR + 1)};
    const struct store_options options = {
        .path = database_path, .synchronous = STORE_NORMAL, .log = &quiet};
    struct store *store = __real_store_open(&options);
    PC_ASSERT(store != NULL);
    bool is_ready = store_prepare(store);
    PC_ASSERT(is_ready);
    return store;
}

void slice_book_check(const char *database_path)
{
    struct store *store = book__open(database_path);
    for (uint32_t i = 0; i < SLICE_ACCOUNTS; i++) {
        book__check_account(store, &book->accounts[i]);
        book__check_character(store, i + 1);
    }
    book->checks++;
    __real_store_close(store);
}

static int book__read_first(void *target, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    *(bool *)target = strcmp(values[0], "ok") == 0;
    return 0;
}

void slice_book_check_end(const char *database_path)
{
    bool is_sound = false;
    slice_book_check(database_path);
    for (uint32_t i = 1; i <= SLICE_ACCOUNTS; i++) {
        PC_ASSERT(characters[i].count <= 1);
    }
    struct store *store = book__open(database_path);
    int status = sqlite3_exec(store_database(store), "PRAGMA integrity_check", book__read_first,
                              &is_sound, NULL);
    PC_ASSERT(status == SQLITE_OK && is_sound);
    __real_store_close(store);
}
