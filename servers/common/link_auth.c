/* Proofs of the shared key; see link_auth.h for the message that is authenticated.
 *
 * Happy path: the message is fed to HMAC-SHA-512-256 piece by piece. Failure modes: none; a wrong
 * proof is an ordinary answer.
 * Path: [8], in the handshake only. */
#include "common/link_auth.h"

#include <sodium.h>
#include <string.h>

#include "pc/check.h"

_Static_assert(LINK_AUTH_PROOF_SIZE == crypto_auth_hmacsha512256_BYTES, "size of a proof");

#define LINK_AUTH_LABEL_SIZE 32u

/* Padded with NUL to the full size. */
static const char link_auth__labels[][LINK_AUTH_LABEL_SIZE] = {
    [LINK_AUTH_INITIATOR] = "portcullis link initiator v1",
    [LINK_AUTH_ACCEPTOR] = "portcullis link acceptor v1",
};

static void link_auth__add_number(crypto_auth_hmacsha512256_state *state, uint64_t number,
                                  uint32_t size)
{
    uint8_t bytes[sizeof(number)];
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(number >> (8u * i));
    }
    crypto_auth_hmacsha512256_update(state, bytes, size);
}

static void link_auth__add_side(crypto_auth_hmacsha512256_state *state,
                                const struct link_auth_side *side)
{
    size_t node_size = strlen(side->node);
    PC_ASSERT(node_size <= LINK_AUTH_NODE_MAX);
    link_auth__add_number(state, side->role, sizeof(side->role));
    link_auth__add_number(state, node_size, 1);
    crypto_auth_hmacsha512256_update(state, (const uint8_t *)side->node, node_size);
    link_auth__add_number(state, side->version, sizeof(side->version));
    link_auth__add_number(state, side->compat_hash, sizeof(side->compat_hash));
    link_auth__add_number(state, side->payload_version, sizeof(side->payload_version));
    link_auth__add_number(state, side->payload_hash, sizeof(side->payload_hash));
    link_auth__add_number(state, side->payload_schema_hash, sizeof(side->payload_schema_hash));
    crypto_auth_hmacsha512256_update(state, side->nonce, sizeof(side->nonce));
}

void link_auth_prove(const struct node_key *key, enum link_auth_direction direction,
                     const struct link_auth_side *initiator, const struct link_auth_side *acceptor,
                     uint8_t proof[LINK_AUTH_PROOF_SIZE])
{
    crypto_auth_hmacsha512256_state state;
    const char *label = link_auth__labels[direction];
    crypto_auth_hmacsha512256_init(&state, key->bytes, sizeof(key->bytes));
    crypto_auth_hmacsha512256_update(&state, (const uint8_t *)label, LINK_AUTH_LABEL_SIZE);
    link_auth__add_side(&state, initiator);
    link_auth__add_side(&state, acceptor);
    crypto_auth_hmacsha512256_final(&state, proof);
    sodium_memzero(&state, sizeof(state));
}

bool link_auth_verify(const struct node_key *key, enum link_auth_direction direction,
                      const struct link_auth_side *initiator, const struct link_auth_side *acceptor,
                      const uint8_t proof[LINK_AUTH_PROOF_SIZE])
{
    uint8_t expected[LINK_AUTH_PROOF_SIZE];
    link_auth_prove(key, direction, initiator, acceptor, expected);
    bool is_right = sodium_memcmp(expected, proof, sizeof(expected)) == 0;
    sodium_memzero(expected, sizeof(expected));
    return is_right;
}
