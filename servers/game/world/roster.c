/* Accounts in hand and saves owed. See roster.h. */
#include "world/roster.h"

#include <stdlib.h>

#include "pc/check.h"
#include "pc/container.h"

bool roster_create(struct roster *roster, const struct roster_config *config)
{
    PC_ASSERT(config->entries_max > 0);
    PC_ASSERT(config->saves_in_flight_max > 0);
    uint32_t bucket_count = 1;
    while (bucket_count < config->entries_max) {
        bucket_count *= 2;
    }
    *roster = (struct roster){.config = *config, .bucket_mask = bucket_count - 1};
    list_init(&roster->waiting.list);
    list_init(&roster->urgent.list);
    list_init(&roster->saving.list);
    roster->entries = calloc(config->entries_max, sizeof(*roster->entries));
    roster->buckets = calloc(bucket_count, sizeof(struct roster_entry *));
    if (roster->entries == NULL || roster->buckets == NULL) {
        roster_destroy(roster);
        return false;
    }
    for (uint32_t i = config->entries_max; i > 0; i--) {
        roster->entries[i - 1].bucket_next = roster->free;
        roster->free = &roster->entries[i - 1];
    }
    return true;
}

void roster_destroy(struct roster *roster)
{
    free(roster->buckets);
    free(roster->entries);
    *roster = (struct roster){0};
}

static uint32_t roster__bucket(const struct roster *roster, uint64_t account_id)
{
    uint64_t mixed = account_id * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(mixed >> 32) & roster->bucket_mask;
}

struct roster_entry *roster_find(const struct roster *roster, uint64_t account_id)
{
    struct roster_entry *entry = roster->buckets[roster__bucket(roster, account_id)];
    while (entry != NULL && entry->account_id != account_id) {
        entry = entry->bucket_next;
    }
    return entry;
}

struct roster_entry *roster_add(struct roster *roster, uint64_t account_id)
{
    PC_ASSERT(roster_find(roster, account_id) == NULL);
    struct roster_entry *entry = roster->free;
    if (entry == NULL) {
        return NULL;
    }
    struct roster_entry **bucket = &roster->buckets[roster__bucket(roster, account_id)];
    roster->free = entry->bucket_next;
    *entry = (struct roster_entry){
        .account_id = account_id, .state = ROSTER_LOADING, .bucket_next = *bucket};
    *bucket = entry;
    roster->count++;
    return entry;
}

static struct roster_queue *roster__queue(struct roster *roster, enum roster_state state)
{
    switch (state) {
    case ROSTER_WAITING:
        return &roster->waiting;
    case ROSTER_URGENT:
        return &roster->urgent;
    case ROSTER_SAVING:
        return &roster->saving;
    case ROSTER_FREE:
    case ROSTER_LOADING:
    case ROSTER_CLEAN:
        break;
    }
    return NULL;
}

static void roster__set_state(struct roster *roster, struct roster_entry *entry,
                              enum roster_state state)
{
    struct roster_queue *source = roster__queue(roster, entry->state);
    struct roster_queue *target = roster__queue(roster, state);
    if (source != NULL) {
        list_remove(&entry->queue_node);
        source->count--;
    }
    if (target != NULL) {
        list_add_last(&target->list, &entry->queue_node);
        target->count++;
    }
    entry->state = state;
}

static void roster__free(struct roster *roster, struct roster_entry *entry)
{
    struct roster_entry **link = &roster->buckets[roster__bucket(roster, entry->account_id)];
    while (*link != entry) {
        link = &(*link)->bucket_next;
    }
    *link = entry->bucket_next;
    roster__set_state(roster, entry, ROSTER_FREE);
    entry->bucket_next = roster->free;
    roster->free = entry;
    roster->count--;
}

void roster_loaded(struct roster *roster, struct roster_entry *entry,
                   const struct common_character *character)
{
    PC_ASSERT(entry->state == ROSTER_LOADING);
    entry->character = *character;
    if (entry->player == NULL) {
        roster__free(roster, entry);
        return;
    }
    roster__set_state(roster, entry, ROSTER_CLEAN);
}

void roster_drop(struct roster *roster, struct roster_entry *entry)
{
    PC_ASSERT(entry->state == ROSTER_LOADING);
    roster__free(roster, entry);
}

static void roster__wait(struct roster *roster, struct roster_entry *entry, uint64_t now_ms)
{
    /* Always the same interval from an ever later now: the queue stays in the order of due_ms. */
    entry->due_ms = now_ms + roster->config.save_interval_ms;
    roster__set_state(roster, entry, ROSTER_WAITING);
}

void roster_changed(struct roster *roster, struct roster_entry *entry, uint64_t now_ms)
{
    PC_ASSERT(entry->state >= ROSTER_CLEAN); /* only a loaded character can change */
    switch (entry->state) {
    case ROSTER_CLEAN:
        roster__wait(roster, entry, now_ms);
        break;
    case ROSTER_SAVING:
        entry->is_stale = true;
        break;
    case ROSTER_WAITING:
    case ROSTER_URGENT:
        break; /* its latest state goes out with the save that is due anyway */
    case ROSTER_FREE:
    case ROSTER_LOADING:
        break; /* asserted above */
    }
}

void roster_leave(struct roster *roster, struct roster_entry *entry)
{
    PC_ASSERT(entry->state != ROSTER_FREE);
    entry->player = NULL;
    switch (entry->state) {
    case ROSTER_CLEAN:
        roster__free(roster, entry);
        break;
    case ROSTER_WAITING:
        roster__set_state(roster, entry, ROSTER_URGENT);
        break;
    case ROSTER_LOADING:
    case ROSTER_URGENT:
    case ROSTER_SAVING:
        break; /* freed by the answer */
    case ROSTER_FREE:
        break; /* asserted above */
    }
}

static struct roster_entry *roster__first(const struct roster_queue *queue)
{
    struct list_node *node = list_first(&queue->list);
    return node == NULL ? NULL : PC_CONTAINER_OF(node, struct roster_entry, queue_node);
}

struct roster_entry *roster_next_save(struct roster *roster, uint64_t now_ms)
{
    if (roster->saving.count >= roster->config.saves_in_flight_max) {
        return NULL;
    }
    struct roster_entry *urgent = roster__first(&roster->urgent);
    if (urgent != NULL) {
        return urgent;
    }
    struct roster_entry *oldest = roster__first(&roster->waiting);
    if (oldest == NULL || (oldest->due_ms > now_ms && !roster->is_flushing)) {
        return NULL;
    }
    return oldest;
}

void roster_sent(struct roster *roster, struct roster_entry *entry)
{
    PC_ASSERT(roster->saving.count < roster->config.saves_in_flight_max);
    entry->is_stale = false;
    roster__set_state(roster, entry, ROSTER_SAVING);
}

void roster_saved(struct roster *roster, struct roster_entry *entry, bool is_saved, uint64_t now_ms)
{
    PC_ASSERT(entry->state == ROSTER_SAVING);
    if (!is_saved) {
        roster__wait(roster, entry, now_ms);
        return;
    }
    if (entry->is_stale && entry->player != NULL) {
        roster__wait(roster, entry, now_ms);
        return;
    }
    if (entry->is_stale) {
        roster__set_state(roster, entry, ROSTER_URGENT);
        return;
    }
    if (entry->player == NULL) {
        roster__free(roster, entry);
        return;
    }
    roster__set_state(roster, entry, ROSTER_CLEAN);
}

void roster_link_lost(struct roster *roster)
{
    struct roster_entry *entry;
    while ((entry = roster__first(&roster->saving)) != NULL) {
        roster__set_state(roster, entry, ROSTER_URGENT);
    }
}

void roster_flush(struct roster *roster)
{
    roster->is_flushing = true;
}

uint32_t roster_unsaved_count(const struct roster *roster)
{
    return roster->waiting.count + roster->urgent.count + roster->saving.count;
}

static void roster__queue_check(const struct roster_queue *queue, enum roster_state state)
{
    uint32_t count = 0;
    uint64_t due_ms = 0;
    for (struct list_node *node = list_first(&queue->list); node != NULL;
         node = list_next(&queue->list, node)) {
        const struct roster_entry *entry = PC_CONTAINER_OF(node, struct roster_entry, queue_node);
        PC_ASSERT(entry->state == state);
        PC_ASSERT(state != ROSTER_WAITING || due_ms <= entry->due_ms);
        due_ms = entry->due_ms;
        count++;
    }
    PC_ASSERT(count == queue->count);
}

void roster_check(const struct roster *roster)
{
    roster__queue_check(&roster->waiting, ROSTER_WAITING);
    roster__queue_check(&roster->urgent, ROSTER_URGENT);
    roster__queue_check(&roster->saving, ROSTER_SAVING);
    PC_ASSERT(roster->saving.count <= roster->config.saves_in_flight_max);
    uint32_t count = 0;
    uint32_t unsaved_count = 0;
    for (uint32_t i = 0; i < roster->config.entries_max; i++) {
        const struct roster_entry *entry = &roster->entries[i];
        bool is_queued = entry->state >= ROSTER_WAITING;
        PC_ASSERT(entry->player != NULL || entry->state != ROSTER_CLEAN);
        count += entry->state != ROSTER_FREE;
        unsaved_count += is_queued;
    }
    PC_ASSERT(count == roster->count);
    PC_ASSERT(unsaved_count == roster_unsaved_count(roster));
}
