/* An open-addressed table of address -> session count; see address_limit.h. Linear probing, and
 * removal by shifting back, so that there are no tombstones. */
#include "net/address_limit.h"

#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "pc/os.h"

#define KEY_SIZE 8u

/* Invariant: session_count is 0 exactly when the slot is empty. */
struct address_slot {
    uint8_t key[KEY_SIZE];
    uint32_t session_count;
    uint8_t family;
};

/* Invariant: address_count <= half of slot_count, so probing ends. */
struct address_limit {
    struct pc_mutex *mutex;
    struct address_slot *slots;
    uint32_t slot_count; /* a power of two */
    uint32_t address_count;
    uint32_t sessions_max;
};

struct address_limit *address_limit_create(uint32_t addresses_max, uint32_t sessions_max)
{
    PC_ASSERT(addresses_max >= 1 && addresses_max <= 1u << 20);
    uint32_t slot_count = 16;
    while (slot_count < addresses_max * 2) {
        slot_count *= 2;
    }
    struct address_limit *limit = calloc(1, sizeof *limit);
    if (limit == NULL) {
        return NULL;
    }
    limit->slots = calloc(slot_count, sizeof *limit->slots);
    limit->mutex = pc_mutex_create();
    limit->slot_count = slot_count;
    limit->sessions_max = sessions_max;
    if (limit->slots == NULL || limit->mutex == NULL) {
        address_limit_destroy(limit);
        return NULL;
    }
    return limit;
}

void address_limit_destroy(struct address_limit *limit)
{
    if (limit == NULL) {
        return;
    }
    if (limit->mutex != NULL) {
        pc_mutex_destroy(limit->mutex);
    }
    free(limit->slots);
    free(limit);
}

/* FNV-1a (Fowler, Noll, Vo): the keys are few and the table is bounded, so a flood of chosen
 * addresses costs a peer more than it costs us. */
static uint32_t address_limit__home(const struct address_limit *limit, const uint8_t *key)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < KEY_SIZE; i++) {
        hash = (hash ^ key[i]) * 16777619u;
    }
    return hash & (limit->slot_count - 1);
}

static uint32_t address_limit__find(const struct address_limit *limit,
                                    const struct pc_address *address, uint8_t key[KEY_SIZE])
{
    memset(key, 0, KEY_SIZE);
    memcpy(key, address->ip, address->family == PC_FAMILY_IPV4 ? 4 : KEY_SIZE);
    uint32_t index = address_limit__home(limit, key);
    while (limit->slots[index].session_count != 0 &&
           (limit->slots[index].family != address->family ||
            memcmp(limit->slots[index].key, key, KEY_SIZE) != 0)) {
        index = (index + 1) & (limit->slot_count - 1);
    }
    return index;
}

bool address_limit_take(struct address_limit *limit, const struct pc_address *address)
{
    if (address->family == PC_FAMILY_UNIX) {
        return true;
    }
    pc_mutex_lock(limit->mutex);
    uint8_t key[KEY_SIZE];
    struct address_slot *slot = &limit->slots[address_limit__find(limit, address, key)];
    bool is_new = slot->session_count == 0;
    bool taken = is_new ? limit->address_count < limit->slot_count / 2
                        : slot->session_count < limit->sessions_max;
    if (taken) {
        memcpy(slot->key, key, KEY_SIZE);
        slot->family = address->family;
        slot->session_count++;
        limit->address_count += is_new ? 1 : 0;
    }
    pc_mutex_unlock(limit->mutex);
    return taken;
}

/* Close the gap at index: move back every later entry of the run that may stand there. */
static void address_limit__remove(struct address_limit *limit, uint32_t index)
{
    uint32_t mask = limit->slot_count - 1;
    uint32_t gap = index;
    uint32_t next = (gap + 1) & mask;
    while (limit->slots[next].session_count != 0) {
        uint32_t home = address_limit__home(limit, limit->slots[next].key);
        if (((next - home) & mask) >= ((next - gap) & mask)) {
            limit->slots[gap] = limit->slots[next];
            gap = next;
        }
        next = (next + 1) & mask;
    }
    limit->slots[gap].session_count = 0;
    limit->address_count--;
}

void address_limit_put(struct address_limit *limit, const struct pc_address *address)
{
    if (address->family == PC_FAMILY_UNIX) {
        return;
    }
    pc_mutex_lock(limit->mutex);
    uint8_t key[KEY_SIZE];
    uint32_t index = address_limit__find(limit, address, key);
    PC_ASSERT(limit->slots[index].session_count > 0);
    if (limit->slots[index].session_count == 1) {
        address_limit__remove(limit, index);
    } else {
        limit->slots[index].session_count--;
    }
    pc_mutex_unlock(limit->mutex);
}
