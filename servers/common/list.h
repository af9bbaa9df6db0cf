/* An intrusive, circular, doubly linked list: adding and removing are O(1) and never fail.
 *
 * The node is embedded in its owner (pc/container.h finds the way back); the list itself is a node
 * without an owner. Thread: that of the owners. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Invariant: next and prev are both NULL exactly while the node is in no list. */
struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

/* Make an empty list. */
static inline void list_init(struct list_node *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool list_is_empty(const struct list_node *list)
{
    return list->next == list;
}

/* True while the node is in a list. A zeroed node is in none. */
static inline bool list_is_linked(const struct list_node *node)
{
    return node->next != NULL;
}

static inline void list_add_last(struct list_node *list, struct list_node *node)
{
    node->next = list;
    node->prev = list->prev;
    list->prev->next = node;
    list->prev = node;
}

/* Does nothing if the node is in no list. */
static inline void list_remove(struct list_node *node)
{
    if (!list_is_linked(node)) {
        return;
    }
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = NULL;
    node->prev = NULL;
}

/* NULL if the list is empty. */
static inline struct list_node *list_first(const struct list_node *list)
{
    return list->next == list ? NULL : list->next;
}

/* The node behind node, or NULL at the end. */
static inline struct list_node *list_next(const struct list_node *list,
                                          const struct list_node *node)
{
    return node->next == list ? NULL : node->next;
}
