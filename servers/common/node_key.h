/* The key that all servers of one installation share: 32 bytes, as 64 hex digits in a file.
 *
 * Happy path: `gate --make-key FILE` makes the file (mode 0600); every server reads it at start.
 * Failure modes: there is no file, others may read it, its content is not a key. Each has its
 * own result; a server does not start then. There is no default key. */
#pragma once

#include <stdint.h>

#include "pc/status.h"

#define NODE_KEY_SIZE 32u

struct node_key {
    uint8_t bytes[NODE_KEY_SIZE];
};

enum node_key_result {
    NODE_KEY_OK,
    NODE_KEY_MISSING,
    NODE_KEY_NOT_PRIVATE,
    NODE_KEY_MALFORMED,
    NODE_KEY_EXISTS,
    NODE_KEY_NOT_WRITTEN
};

/* A sentence for the log: "the file can be read by others; make it mode 0600". */
const char *node_key_result_text(enum node_key_result result);

PC_NODISCARD enum node_key_result node_key_load(const char *path, struct node_key *key);

/* Make a file with a new random key; an existing file is left alone. */
PC_NODISCARD enum node_key_result node_key_make(const char *path);

/* Wipe it. */
void node_key_forget(struct node_key *key);
