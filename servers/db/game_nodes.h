/* Which link of a game counts: the newest of its node.
 *
 * A game that dies leaves behind what it had sent; the network may bring it when the next game of
 * that node has long since loaded, changed and saved the same character. So each link that becomes
 * ready supersedes the older ones of its node, and a save of a superseded link is refused where it
 * would be written: on the lane, behind which the new link's loads stand. What such a link had not
 * been told to be saved is lost, as it is when the bytes never come. An older link that is still
 * open then is named, so that it can be closed: its game, if it lives, has to come anew.
 *
 * Failure modes: more open nodes than nodes_max: no place. A node without a link gives its place to
 * another; then saves that its last link left in a lane do not count either.
 * Thread: supersede and leave on the workers, under a lock; is_current on any thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pc/session.h"
#include "proto/common_types.h"

/* One link's place in the order of its node's. Zeroed: counts never. */
struct game_fence {
    struct game_node *node; /* not freed before the fence is forgotten */
    uint64_t epoch;
};

struct game_nodes;

struct game_nodes *game_nodes_create(uint32_t nodes_max); /* NULL if memory is short */
void game_nodes_destroy(struct game_nodes *nodes);        /* NULL is allowed */

/* A link of this node is ready: older ones do not count any more.
 *
 * older    receives the older link if it has not left, else PC_HANDLE_NONE
 * Returns  false: no room for another node */
bool game_nodes_supersede(struct game_nodes *nodes, const char *name, pc_handle link,
                          struct game_fence *fence, pc_handle *older);

/* The link has gone. What it asked for before still counts, until a newer one comes. */
void game_nodes_leave(struct game_nodes *nodes, const struct game_fence *fence);

bool game_fence_is_current(const struct game_fence *fence);
