/* Proofs that a server knows the shared key, bound to one handshake.
 *
 * A proof is HMAC-SHA-512-256 (libsodium's crypto_auth_hmacsha512256) under the shared key over
 *     a label for the direction, then both sides: role, node name, version, hash, payload version,
 *     payload hash, payload schema hash, nonce.
 * Every field has a fixed size or a length before it, so no two handshakes have the same message.
 * The label makes a proof of one direction useless for the other (reflection), the nonces make it
 * useless in another handshake (replay), the rest binds what was negotiated (downgrade). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/node_key.h"

#define LINK_AUTH_NODE_MAX   32u
#define LINK_AUTH_NONCE_SIZE 32u
#define LINK_AUTH_PROOF_SIZE 32u

/* Who proves. */
enum link_auth_direction {
    LINK_AUTH_INITIATOR,
    LINK_AUTH_ACCEPTOR
};

/* What one side says of itself in the handshake. */
struct link_auth_side {
    uint64_t compat_hash;
    uint64_t payload_hash;
    uint64_t payload_schema_hash;
    uint16_t version;
    uint16_t payload_version;
    uint8_t role;
    char node[LINK_AUTH_NODE_MAX + 1]; /* NUL-terminated */
    uint8_t nonce[LINK_AUTH_NONCE_SIZE];
};

void link_auth_prove(const struct node_key *key, enum link_auth_direction direction,
                     const struct link_auth_side *initiator, const struct link_auth_side *acceptor,
                     uint8_t proof[LINK_AUTH_PROOF_SIZE]);

/* Compares in constant time. */
bool link_auth_verify(const struct node_key *key, enum link_auth_direction direction,
                      const struct link_auth_side *initiator, const struct link_auth_side *acceptor,
                      const uint8_t proof[LINK_AUTH_PROOF_SIZE]);
