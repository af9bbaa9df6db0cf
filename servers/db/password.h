/* Password hashes: Argon2id in libsodium's text form, which holds its own parameters and salt. Slow
 * on purpose: call on the hash pool only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PASSWORD_HASH_SIZE 128u /* text with its NUL */

struct password_cost {
    uint32_t opslimit; /* passes */
    uint32_t memory_kib;
};

/* False if memory is short. */
bool password_hash(const struct password_cost *cost, const char *password, uint32_t password_size,
                   char hash[PASSWORD_HASH_SIZE]);

enum password_answer {
    PASSWORD_RIGHT,
    PASSWORD_WRONG,
    PASSWORD_FAILED /* memory is short, or the hash cannot be read: nobody knows */
};

enum password_answer password_verify(const char *hash, const char *password,
                                     uint32_t password_size);

/* True if the hash was made at another cost. */
bool password_needs_rehash(const struct password_cost *cost, const char *hash);
