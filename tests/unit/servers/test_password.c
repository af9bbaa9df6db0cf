/* Password hashes, at the library's lowest cost. */
#include "support/cmocka_all.h"

#include <sodium.h>
#include <string.h>

#include "common/secret.h"
#include "password.h"

static const struct password_cost low = {.opslimit = 1, .memory_kib = 8};
static const struct password_cost higher = {.opslimit = 2, .memory_kib = 8};

static int set_up_group(void **state)
{
    (void)state;
    return sodium_init() < 0;
}

static void password_right_one_verifies(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_true(password_hash(&low, "correct horse", 13, hash));
    assert_int_equal(password_verify(hash, "correct horse", 13), PASSWORD_RIGHT);
}

static void password_wrong_one_does_not(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_true(password_hash(&low, "correct horse", 13, hash));
    assert_int_equal(password_verify(hash, "correct horsf", 13), PASSWORD_WRONG);
    assert_int_equal(password_verify(hash, "correct horse", 12), PASSWORD_WRONG);
    assert_int_equal(password_verify(hash, "", 0), PASSWORD_WRONG);
}

/* As libsodium itself says of them. */
static void password_old_hashes_verify(void **state)
{
    (void)state;
    for (uint32_t size = 1; size < 40; size++) {
        char password[40];
        char hash[PASSWORD_HASH_SIZE] = "";
        memset(password, 'p', size);
        assert_int_equal(crypto_pwhash_str_alg(hash, password, size, 1 + size % 3, 8192 * size,
                                               crypto_pwhash_ALG_ARGON2ID13),
                         0);
        assert_int_equal(password_verify(hash, password, size), PASSWORD_RIGHT);
        assert_int_equal(password_verify(hash, password, size - 1), PASSWORD_WRONG);
    }
}

static void password_unreadable_hash_is_no_answer(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_int_equal(password_verify("", "correct horse", 13), PASSWORD_FAILED);
    assert_int_equal(password_verify("no hash", "correct horse", 13), PASSWORD_FAILED);
    assert_true(password_hash(&low, "correct horse", 13, hash));
    for (size_t size = strlen(hash) - 1; size > 0; size--) {
        hash[size] = '\0';
        assert_int_equal(password_verify(hash, "correct horse", 13), PASSWORD_FAILED);
    }
    assert_true(password_hash(&low, "correct horse", 13, hash));
    hash[strlen(hash)] = 'A';
    assert_int_equal(password_verify(hash, "correct horse", 13), PASSWORD_FAILED);
}

static void password_hash_is_argon2id_and_hides_the_password(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_true(password_hash(&low, "correct horse", 13, hash));
    assert_memory_equal(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27);
    assert_null(strstr(hash, "horse"));
}

static void password_two_hashes_differ_by_salt(void **state)
{
    (void)state;
    char one[PASSWORD_HASH_SIZE];
    char other[PASSWORD_HASH_SIZE];
    assert_true(password_hash(&low, "correct horse", 13, one));
    assert_true(password_hash(&low, "correct horse", 13, other));
    assert_string_not_equal(one, other);
}

static void password_of_other_cost_needs_rehash(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_SIZE];
    assert_true(password_hash(&low, "correct horse", 13, hash));
    assert_false(password_needs_rehash(&low, hash));
    assert_true(password_needs_rehash(&higher, hash));
}

static void secret_wipe_leaves_zeros(void **state)
{
    (void)state;
    char bytes[16];
    static const char zeros[sizeof(bytes)];
    memset(bytes, 'x', sizeof(bytes));
    secret_wipe(bytes, sizeof(bytes));
    assert_memory_equal(bytes, zeros, sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password_right_one_verifies),
        cmocka_unit_test(password_wrong_one_does_not),
        cmocka_unit_test(password_old_hashes_verify),
        cmocka_unit_test(password_unreadable_hash_is_no_answer),
        cmocka_unit_test(password_hash_is_argon2id_and_hides_the_password),
        cmocka_unit_test(password_two_hashes_differ_by_salt),
        cmocka_unit_test(password_of_other_cost_needs_rehash),
        cmocka_unit_test(secret_wipe_leaves_zeros),
    };
    return cmocka_run_group_tests_name("password", tests, set_up_group, NULL);
}
