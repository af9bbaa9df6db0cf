/* Which link of a game counts: the newest of its node.
 *
 * A game that dies leaves behind what it had sent; the network may bring it when the next game of
 * that node has long since loaded, changed and saved the same character. So each link that becomes
 * ready supersedes the older ones of its node, and a save of a superseded link is refused where it
 * would be written: on the lane, behind which the new link's loads stand. What such a link had not
 * been told to be saved is lost, as it is when the bytes never come.
 *
 * Failure modes: more nodes than links_max: the link is closed.
 * Thread: supersede on the workers, under a lock; is_current on any thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/common_types.h"

/* Never freed before all of them. */
struct game_node {
    char name[COMMON_NODE_NAME_MAX + 1];
    atomic_uint epoch; /* of its newest link */
};

/* One link's place in the order of its node's. Zeroed: counts never. */
struct game_fence {
    struct game_node *node;
    uint32_t epoch;
};

struct game_nodes;

struct game_nodes *game_nodes_create(uint32_t nodes_max); /* NULL if memory is short */
void game_nodes_destroy(struct game_nodes *nodes);        /* NULL is allowed */

/* A link of this node is ready: older ones do not count any more. False: no room for another node.
 */
bool game_nodes_supersede(struct game_nodes *nodes, const char *name, struct game_fence *fence);

bool game_fence_is_current(const struct game_fence *fence);
