/* The pool and index of the game's clients. See client_table.h. */
#include "world/client_table.h"

#include <stdlib.h>

#include "pc/check.h"

bool client_table_create(struct client_table *table, uint32_t clients_max)
{
    PC_ASSERT(clients_max > 0);
    uint32_t bucket_count = 1;
    while (bucket_count < clients_max) {
        bucket_count *= 2;
    }
    *table = (struct client_table){.clients_max = clients_max, .bucket_mask = bucket_count - 1};
    table->clients = calloc(clients_max, sizeof(*table->clients));
    table->buckets = calloc(bucket_count, sizeof(struct game_client *));
    if (table->clients == NULL || table->buckets == NULL) {
        client_table_destroy(table);
        return false;
    }
    for (uint32_t i = clients_max; i > 0; i--) {
        table->clients[i - 1].bucket_next = table->free;
        table->free = &table->clients[i - 1];
    }
    return true;
}

void client_table_destroy(struct client_table *table)
{
    free(table->buckets);
    free(table->clients);
    *table = (struct client_table){0};
}

static struct game_client **client_table__bucket(const struct client_table *table,
                                                 const struct gate_link *link, pc_handle session)
{
    uint64_t mixed = (session ^ (uint64_t)(uintptr_t)link) * UINT64_C(0x9E3779B97F4A7C15);
    return &table->buckets[(uint32_t)(mixed >> 32) & table->bucket_mask];
}

struct game_client *client_table_find(const struct client_table *table,
                                      const struct gate_link *link, pc_handle session)
{
    struct game_client *client = *client_table__bucket(table, link, session);
    while (client != NULL && (client->link != link || client->session != session)) {
        client = client->bucket_next;
    }
    return client;
}

struct game_client *client_table_add(struct client_table *table, struct gate_link *link,
                                     pc_handle session)
{
    PC_ASSERT(client_table_find(table, link, session) == NULL);
    struct game_client *client = table->free;
    if (client == NULL) {
        return NULL;
    }
    struct game_client **bucket = client_table__bucket(table, link, session);
    table->free = client->bucket_next;
    *client = (struct game_client){.link = link, .session = session, .bucket_next = *bucket};
    *bucket = client;
    table->count++;
    if (table->count > table->count_high) {
        table->count_high = table->count;
    }
    return client;
}

void client_table_remove(struct client_table *table, struct game_client *client)
{
    struct game_client **link = client_table__bucket(table, client->link, client->session);
    while (*link != client) {
        PC_ASSERT(*link != NULL);
        link = &(*link)->bucket_next;
    }
    *link = client->bucket_next;
    *client = (struct game_client){.bucket_next = table->free};
    table->free = client;
    table->count--;
}
