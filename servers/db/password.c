/* Password hashes.
 *
 * Happy path: libsodium. Failure modes: memory for the hash is short; a hash that cannot be read
 * verifies nothing.
 * Path: beside [8], on the hash pool. */
#include "password.h"

#include <sodium.h>
#include <string.h>

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "libsodium's text form fits");

#define KIB 1024u

bool password_hash(const struct password_cost *cost, const char *password, uint32_t password_size,
                   char hash[PASSWORD_HASH_SIZE])
{
    memset(hash, 0, PASSWORD_HASH_SIZE);
    return crypto_pwhash_str_alg(hash, password, password_size, cost->opslimit,
                                 (size_t)cost->memory_kib * KIB, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool password_verify(const char *hash, const char *password, uint32_t password_size)
{
    return crypto_pwhash_str_verify(hash, password, password_size) == 0;
}

bool password_needs_rehash(const struct password_cost *cost, const char *hash)
{
    size_t memory_size = (size_t)cost->memory_kib * KIB;
    return crypto_pwhash_str_needs_rehash(hash, cost->opslimit, memory_size) != 0;
}

void password_wipe(void *bytes, uint32_t size)
{
    sodium_memzero(bytes, size);
}
