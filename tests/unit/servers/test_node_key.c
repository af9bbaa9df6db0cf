/* The shared key's file: made private, read back, refused when missing, open to others or broken.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "common/node_key.h"
#include "temporary_file.h"

static enum node_key_result load_text(const char *text, struct node_key *key)
{
    char path[TEMPORARY_PATH_SIZE];
    temporary_path(path, ".key");
    assert_int_equal(pc_os_secret_file_create(path, text, strlen(text)), PC_OK);
    enum node_key_result result = node_key_load(path, key);
    remove(path);
    return result;
}

static void node_key_made_file_loads(void **state)
{
    (void)state;
    struct node_key key = {{0}};
    struct node_key again = {{0}};
    char path[TEMPORARY_PATH_SIZE];
    temporary_path(path, ".key");
    assert_int_equal(node_key_make(path), NODE_KEY_OK);
    assert_int_equal(node_key_load(path, &key), NODE_KEY_OK);
    assert_int_equal(node_key_load(path, &again), NODE_KEY_OK);
    assert_memory_equal(key.bytes, again.bytes, NODE_KEY_SIZE);
    remove(path);
}

static void node_key_existing_file_is_left_alone(void **state)
{
    (void)state;
    struct node_key key;
    struct node_key after;
    char path[TEMPORARY_PATH_SIZE];
    temporary_path(path, ".key");
    assert_int_equal(node_key_make(path), NODE_KEY_OK);
    assert_int_equal(node_key_load(path, &key), NODE_KEY_OK);
    assert_int_equal(node_key_make(path), NODE_KEY_EXISTS);
    assert_int_equal(node_key_load(path, &after), NODE_KEY_OK);
    assert_memory_equal(key.bytes, after.bytes, NODE_KEY_SIZE);
    remove(path);
}

static void node_key_two_keys_differ(void **state)
{
    (void)state;
    struct node_key keys[2];
    for (uint32_t i = 0; i < COUNT_OF(keys); i++) {
        char path[TEMPORARY_PATH_SIZE];
        temporary_path(path, ".key");
        assert_int_equal(node_key_make(path), NODE_KEY_OK);
        assert_int_equal(node_key_load(path, &keys[i]), NODE_KEY_OK);
        remove(path);
    }
    assert_memory_not_equal(keys[0].bytes, keys[1].bytes, NODE_KEY_SIZE);
}

static void node_key_missing_file_is_refused(void **state)
{
    (void)state;
    struct node_key key;
    assert_int_equal(node_key_load("no-such-file.key", &key), NODE_KEY_MISSING);
}

/* Windows keeps no such mode; there every file counts as private. */
static void node_key_file_of_all_is_refused(void **state)
{
    (void)state;
    struct node_key key;
    char path[TEMPORARY_PATH_SIZE];
    temporary_path(path, ".key");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fprintf(file, "%064d\n", 0);
    fclose(file);
    bool is_private = pc_os_secret_file_is_private(path);
    assert_int_equal(node_key_load(path, &key), is_private ? NODE_KEY_OK : NODE_KEY_NOT_PRIVATE);
    remove(path);
}

static void node_key_text_forms_are_accepted(void **state)
{
    (void)state;
    struct node_key key;
    static const char digits[] = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    static const char *const ends[] = {"", "\n", "\r\n"};
    for (uint32_t i = 0; i < COUNT_OF(ends); i++) {
        char text[80];
        snprintf(text, sizeof(text), "%s%s", digits, ends[i]);
        assert_int_equal(load_text(text, &key), NODE_KEY_OK);
        assert_int_equal(key.bytes[0], 0);
        assert_int_equal(key.bytes[31], 0xff);
    }
}

static void node_key_broken_text_is_refused(void **state)
{
    (void)state;
    struct node_key key;
    static const char *const broken[] = {
        "",
        "0011",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg",
        " 0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n\n\n\n\n\n\n\nx",
    };
    for (uint32_t i = 0; i < COUNT_OF(broken); i++) {
        assert_int_equal(load_text(broken[i], &key), NODE_KEY_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(node_key_made_file_loads),
        cmocka_unit_test(node_key_existing_file_is_left_alone),
        cmocka_unit_test(node_key_two_keys_differ),
        cmocka_unit_test(node_key_missing_file_is_refused),
        cmocka_unit_test(node_key_file_of_all_is_refused),
        cmocka_unit_test(node_key_text_forms_are_accepted),
        cmocka_unit_test(node_key_broken_text_is_refused),
    };
    return cmocka_run_group_tests_name("node_key", tests, NULL, NULL);
}
