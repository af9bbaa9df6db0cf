/* The roster: every account the game has in hand, and what it still owes the db.
 *
 * Happy path: an account enters -> roster_add (LOADING) -> roster_loaded (CLEAN) -> it moves and
 * talks: roster_changed (WAITING) -> when the save interval has passed roster_next_save gives it
 * out -> roster_sent (SAVING) -> roster_saved (CLEAN) -> the player leaves: roster_leave frees it.
 *
 * Failure modes: the db is down or slow: entries stay, also those of players who have left, until
 * the newest state of each is acknowledged; the latest state wins, there is one per account. The
 * roster is bounded: when it is full of unsaved characters roster_add fails and nobody new enters,
 * rather than that anything is lost. An account that returns before its save is through goes on
 * with the entry, so it never sees an older state from the db.
 *
 *     FREE -> LOADING -> CLEAN -> WAITING -> URGENT -> SAVING -> CLEAN
 *               |          |         |                   |  |
 *               v          v         +-----> SAVING -----+  +-> WAITING (changed meanwhile, failed)
 *              FREE       FREE
 *
 * Pure: time is passed in, and the sending is the caller's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "proto/common_types.h"
#include "world/movement.h"

struct game_client;

enum roster_state {
    ROSTER_FREE,
    ROSTER_LOADING, /* asked of the db; the character is not known yet */
    ROSTER_CLEAN,   /* the db has what we have */
    ROSTER_WAITING, /* changed; to be saved at due_ms */
    ROSTER_URGENT,  /* changed; to be saved as soon as the db takes it */
    ROSTER_SAVING   /* a save is in flight */
};

/* Invariant: in exactly one queue while WAITING, URGENT or SAVING, in none otherwise; an entry
 * without a player is LOADING or unsaved. */
struct roster_entry {
    struct common_character character; /* the latest state; meaningful but when LOADING */
    uint64_t account_id;
    struct game_client *player; /* who plays it; NULL: it has left */
    /* The account's and not the player's: who leaves and returns has not rested meanwhile. Used
     * from the end of LOADING on. */
    struct movement_budget budget;
    uint64_t due_ms; /* WAITING: when to save */
    struct list_node queue_node;
    struct roster_entry *bucket_next; /* also the free list's */
    enum roster_state state;
    bool is_stale; /* SAVING: true exactly when it changed after the save was sent */
};

struct roster_queue {
    struct list_node list;
    uint32_t count;
};

struct roster_config {
    uint32_t entries_max;
    uint32_t saves_in_flight_max;
    uint32_t save_interval_ms;
};

/* Invariant: saving.count <= saves_in_flight_max; count = entries that are not FREE. */
struct roster {
    struct roster_config config;
    struct roster_entry *entries;
    struct roster_entry **buckets; /* by account, bucket_mask + 1 of them */
    struct roster_entry *free;
    struct roster_queue waiting; /* in the order of due_ms */
    struct roster_queue urgent;
    struct roster_queue saving;
    uint32_t bucket_mask;
    uint32_t count;
    bool is_flushing; /* the game stops: everything is due */
};

/* Returns false if memory is short. */
bool roster_create(struct roster *roster, const struct roster_config *config);
void roster_destroy(struct roster *roster);

/* The entry of an account, or NULL. */
struct roster_entry *roster_find(const struct roster *roster, uint64_t account_id);

/* A new entry in state LOADING for an account that has none; NULL when the roster is full. */
struct roster_entry *roster_add(struct roster *roster, uint64_t account_id);

/* The db has answered the load. */
void roster_loaded(struct roster *roster, struct roster_entry *entry,
                   const struct common_character *character);

/* The load failed or nobody waits for it any more; the entry is gone. */
void roster_drop(struct roster *roster, struct roster_entry *entry);

/* The character of an entry with a player has changed and must be saved some time. */
void roster_changed(struct roster *roster, struct roster_entry *entry, uint64_t now_ms);

/* The player has gone. What is unsaved becomes urgent; what is saved is forgotten; what is being
 * loaded stays until the answer. */
void roster_leave(struct roster *roster, struct roster_entry *entry);

/* What to send next, or NULL: nothing is due or enough is in flight. Call roster_sent after it was
 * sent; without that call the same entry is offered again. */
struct roster_entry *roster_next_save(struct roster *roster, uint64_t now_ms);
void roster_sent(struct roster *roster, struct roster_entry *entry);

/* The answer to a save. A failed one is tried again after the save interval. */
void roster_saved(struct roster *roster, struct roster_entry *entry, bool is_saved,
                  uint64_t now_ms);

/* The way to the db is broken: no answer to what is in flight will come. */
void roster_link_lost(struct roster *roster);

/* From now on everything unsaved is due. */
void roster_flush(struct roster *roster);

/* Entries whose latest state the db has not acknowledged. */
uint32_t roster_unsaved_count(const struct roster *roster);

/* Assert the invariants. */
void roster_check(const struct roster *roster);
