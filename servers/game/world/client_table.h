/* All clients of the game: a pool of fixed size, found by the gate's link and session.
 *
 * Failure modes: the pool is empty: client_table_add returns NULL and nothing was changed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "game_client.h"

/* Invariant: count clients hang in the buckets, clients_max - count in the free list. */
struct client_table {
    struct game_client *clients;
    struct game_client **buckets; /* bucket_mask + 1 of them */
    struct game_client *free;
    uint32_t clients_max;
    uint32_t bucket_mask;
    uint32_t count;
    uint32_t count_high; /* greatest count so far */
};

/* Returns false if memory is short. */
bool client_table_create(struct client_table *table, uint32_t clients_max);
void client_table_destroy(struct client_table *table);

/* NULL if the pair is not known. */
struct game_client *client_table_find(const struct client_table *table,
                                      const struct gate_link *link, pc_handle session);

/* A zeroed client with link and session set. The pair must be new (asserted). NULL: full. */
struct game_client *client_table_add(struct client_table *table, struct gate_link *link,
                                     pc_handle session);

/* The client is zeroed and its pointer dead; its list nodes must be in no list. */
void client_table_remove(struct client_table *table, struct game_client *client);
