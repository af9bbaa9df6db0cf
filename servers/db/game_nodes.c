/* See game_nodes.h. Path: beside [8] of character_save. */
#include "game_nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/os.h"

/* Invariant: nodes[0..count) have names, each once; under mutex but for the epochs. */
struct game_nodes {
    struct pc_mutex *mutex;
    uint32_t count;
    uint32_t count_max;
    struct game_node nodes[];
};

struct game_nodes *game_nodes_create(uint32_t nodes_max)
{
    struct game_nodes *nodes =
        calloc(1, sizeof(*nodes) + (size_t)nodes_max * sizeof(struct game_node));
    if (nodes == NULL) {
        return NULL;
    }
    nodes->count_max = nodes_max;
    nodes->mutex = pc_mutex_create();
    if (nodes->mutex == NULL) {
        free(nodes);
        return NULL;
    }
    return nodes;
}

void game_nodes_destroy(struct game_nodes *nodes)
{
    if (nodes != NULL) {
        pc_mutex_destroy(nodes->mutex);
        free(nodes);
    }
}

/* Called under mutex. NULL: no room. */
static struct game_node *game_nodes__place(struct game_nodes *nodes, const char *name)
{
    for (uint32_t i = 0; i < nodes->count; i++) {
        if (strcmp(nodes->nodes[i].name, name) == 0) {
            return &nodes->nodes[i];
        }
    }
    if (nodes->count == nodes->count_max) {
        return NULL;
    }
    struct game_node *node = &nodes->nodes[nodes->count++];
    (void)snprintf(node->name, sizeof(node->name), "%s", name);
    return node;
}

bool game_nodes_supersede(struct game_nodes *nodes, const char *name, struct game_fence *fence)
{
    pc_mutex_lock(nodes->mutex);
    fence->node = game_nodes__place(nodes, name);
    if (fence->node != NULL) {
        fence->epoch = atomic_fetch_add(&fence->node->epoch, 1u) + 1u;
    }
    pc_mutex_unlock(nodes->mutex);
    return fence->node != NULL;
}

bool game_fence_is_current(const struct game_fence *fence)
{
    return fence->node != NULL && atomic_load(&fence->node->epoch) == fence->epoch;
}
