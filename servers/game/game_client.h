/* One player-to-be or player: a session of a gate that the gate has announced.
 *
 * Happy path: enter_session makes it (LOBBY) -> enter_world: its character is looked for
 * (ENTERING) -> game_client_place puts it into the zone (WORLD) -> leave_session, or the loss of
 * its link: game_client_forget.
 * Failure modes: entering fails: game_client_refuse; the game wants it out (replaced, broken frame,
 * shutdown): game_client_put_out tells the gate. After either the pointer is dead. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "pc/session.h"
#include "proto/client_types.h"
#include "proto/common_types.h"
#include "world/zone.h"

struct game;
struct gate_link;
struct roster_entry;

/* What the next tick has to say about a player's moves since the last one. */
enum move_news {
    MOVE_NEWS_NONE,
    MOVE_NEWS_REFUSED, /* it tried and stands where it stood: only it hears so */
    MOVE_NEWS_MOVED    /* everybody near hears where it stands */
};

/* Invariant: entry is set exactly while ENTERING or WORLD, and entry->player is this client, unless
 * a newer one of the account has just taken it over and this one is being put out; the entity is in
 * the zone exactly while WORLD; news_node is linked exactly while news is not NONE; link is open
 * and ready (its clients are forgotten when it goes). */
struct game_client {
    struct game *game;
    struct gate_link *link;
    pc_handle session; /* the gate's name for it; only given back */
    uint64_t account_id;
    char name[COMMON_ACCOUNT_NAME_MAX + 1];
    enum client_session_state state; /* LOBBY, ENTERING or WORLD; of the accept table */
    struct roster_entry *entry;
    struct zone_entity entity;
    enum move_news news;
    uint32_t news_sequence; /* of the newest move since the last tick */
    struct list_node news_node;
    struct list_node link_node;      /* in its link's clients */
    struct game_client *bucket_next; /* client_table's; also the free list's */
};

/* Its character is known: put it into the zone and tell gate and client. */
void game_client_place(struct game_client *client);

/* Entering has failed: tell client and gate, forget it. */
void game_client_refuse(struct game_client *client, enum common_result result);

/* Put it out: tell the gate, forget it. */
void game_client_put_out(struct game_client *client, enum common_leave_reason reason);

/* It is gone: those near hear so, its character will be saved. */
void game_client_forget(struct game_client *client, enum common_leave_reason reason);
