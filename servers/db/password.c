/* Password hashes.
 *
 * Happy path: libsodium makes the text form. It is read here and the hash computed anew, because
 * libsodium's own verification does not tell a wrong password from memory that is short.
 * Failure modes: memory for the hash is short; a hash that cannot be read.
 * Path: beside [8], on the hash pool. */
#include "password.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "libsodium's text form fits");

#define KIB       1024u
#define HASH_SIZE 32u /* what libsodium puts into its text form */

struct password_parts {
    struct password_cost cost;
    uint8_t salt[crypto_pwhash_SALTBYTES];
    uint8_t hash[HASH_SIZE];
};

bool password_hash(const struct password_cost *cost, const char *password, uint32_t password_size,
                   char hash[PASSWORD_HASH_SIZE])
{
    memset(hash, 0, PASSWORD_HASH_SIZE);
    return crypto_pwhash_str_alg(hash, password, password_size, cost->opslimit,
                                 (size_t)cost->memory_kib * KIB, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/* Go past a text. */
static bool password__skip(const char **at, const char *text)
{
    size_t size = strlen(text);
    bool is_there = strncmp(*at, text, size) == 0;
    *at += is_there ? size : 0;
    return is_there;
}

static bool password__read_number(const char **at, uint32_t *number)
{
    char *end = NULL;
    bool is_digit = **at >= '0' && **at <= '9';
    unsigned long value = is_digit ? strtoul(*at, &end, 10) : 0;
    *at = is_digit ? end : *at;
    *number = (uint32_t)value;
    return is_digit && value <= UINT32_MAX;
}

static bool password__read_bytes(const char **at, uint8_t *bytes, size_t size)
{
    size_t read_size = 0;
    const char *end = NULL;
    int code = sodium_base642bin(bytes, size, *at, strlen(*at), NULL, &read_size, &end,
                                 sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    *at = end;
    return code == 0 && read_size == size;
}

/* $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash> */
static bool password__parse(const char *text, struct password_parts *parts)
{
    const char *at = text;
    return password__skip(&at, "$argon2id$v=19$m=") &&
           password__read_number(&at, &parts->cost.memory_kib) && password__skip(&at, ",t=") &&
           password__read_number(&at, &parts->cost.opslimit) && password__skip(&at, ",p=1$") &&
           password__read_bytes(&at, parts->salt, sizeof(parts->salt)) &&
           password__skip(&at, "$") &&
           password__read_bytes(&at, parts->hash, sizeof(parts->hash)) && *at == '\0';
}

enum password_answer password_verify(const char *hash, const char *password, uint32_t password_size)
{
    struct password_parts parts;
    uint8_t found[sizeof(parts.hash)];
    if (!password__parse(hash, &parts) ||
        crypto_pwhash(found, sizeof(found), password, password_size, parts.salt,
                      parts.cost.opslimit, (size_t)parts.cost.memory_kib * KIB,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return PASSWORD_FAILED;
    }
    bool is_right = sodium_memcmp(found, parts.hash, sizeof(found)) == 0;
    return is_right ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

bool password_needs_rehash(const struct password_cost *cost, const char *hash)
{
    size_t memory_size = (size_t)cost->memory_kib * KIB;
    return crypto_pwhash_str_needs_rehash(hash, cost->opslimit, memory_size) != 0;
}
