/* See game_nodes.h. Path: beside [8] of character_save. */
#include "game_nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/os.h"

struct game_node {
    char name[COMMON_NODE_NAME_MAX + 1]; /* "": the place was never used */
    pc_handle link;                      /* the newest one; PC_HANDLE_NONE when it has left */
    atomic_uint_least64_t epoch;         /* of its newest link */
};

/* Invariant: names are each there once, and no two links, of whichever nodes, have had the same
 * epoch; therefore no fence of a node counts for the next one in its place. Under mutex, but for
 * reading epochs. */
struct game_nodes {
    struct pc_mutex *mutex;
    uint64_t last_epoch;
    uint32_t count;
    struct game_node nodes[];
};

struct game_nodes *game_nodes_create(uint32_t nodes_max)
{
    struct game_nodes *nodes =
        calloc(1, sizeof(*nodes) + (size_t)nodes_max * sizeof(struct game_node));
    if (nodes == NULL) {
        return NULL;
    }
    nodes->count = nodes_max;
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

/* The node's own place, else that of the node that has been without a link for longest, which
 * includes places never used. NULL: no room. Called under mutex. */
static struct game_node *game_nodes__place(struct game_nodes *nodes, const char *name)
{
    struct game_node *oldest = NULL;
    for (uint32_t i = 0; i < nodes->count; i++) {
        struct game_node *node = &nodes->nodes[i];
        if (strcmp(node->name, name) == 0) {
            return node;
        }
        bool is_free = node->link == PC_HANDLE_NONE;
        if (is_free &&
            (oldest == NULL || atomic_load(&node->epoch) < atomic_load(&oldest->epoch))) {
            oldest = node;
        }
    }
    if (oldest != NULL) {
        (void)snprintf(oldest->name, sizeof(oldest->name), "%s", name);
    }
    return oldest;
}

bool game_nodes_supersede(struct game_nodes *nodes, const char *name, pc_handle link,
                          struct game_fence *fence, pc_handle *older)
{
    pc_mutex_lock(nodes->mutex);
    struct game_node *node = game_nodes__place(nodes, name);
    *fence = (struct game_fence){.node = node};
    *older = PC_HANDLE_NONE;
    if (node != NULL) {
        *older = node->link;
        node->link = link;
        fence->epoch = ++nodes->last_epoch;
        atomic_store(&node->epoch, fence->epoch);
    }
    pc_mutex_unlock(nodes->mutex);
    return node != NULL;
}

void game_nodes_leave(struct game_nodes *nodes, const struct game_fence *fence)
{
    pc_mutex_lock(nodes->mutex);
    if (game_fence_is_current(fence)) {
        fence->node->link = PC_HANDLE_NONE;
    }
    pc_mutex_unlock(nodes->mutex);
}

bool game_fence_is_current(const struct game_fence *fence)
{
    return fence->node != NULL && atomic_load(&fence->node->epoch) == fence->epoch;
}
