/* What the simulation knows of the database: whose connections are open, and what must be in it.
 *
 * Three promises are kept book of. An account whose register was answered with OK stays, with its
 * number. A character is in the database as it was last acknowledged to the game, or as it was sent
 * after that. And while a game lives it never gets back less than it has had. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "port/port_sim.h"
#include "proto/common_types.h"

#define SLICE_ACCOUNTS 6u

struct slice_account {
    char name[COMMON_ACCOUNT_NAME_MAX + 1];
    uint64_t account_id; /* once known; 0 before */
    uint32_t tries;      /* registers sent */
    bool exists;         /* an answer said so */
    bool is_registered;  /* a register was answered with OK */
};

struct slice_book {
    struct sim_world *world;
    bool is_disk_rough; /* some commits fail */
    struct slice_account accounts[SLICE_ACCOUNTS];
    uint64_t acknowledged_accounts;
    uint64_t acknowledged_saves;
    uint64_t saves_sent;
    uint64_t checks;
};

/* One simulation at a time; the linker leads the servers' calls here (--wrap). */
void slice_book_begin(struct slice_book *book);
void slice_book_end(void);

/* Close the connections of a process that was killed. What it had not committed is undone. */
void slice_stores_close(uint32_t owner);

/* The game is gone: what it had not saved is nobody's promise any more. */
void slice_book_forget_unsaved(void);

/* Look into the database: all that was acknowledged is there. */
void slice_book_check(const char *database_path);

/* Everything was saved and every server has stopped. */
void slice_book_check_end(const char *database_path);
