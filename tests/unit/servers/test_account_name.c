/* Which names an account may have. */
#include "support/cmocka_all.h"

#include "account_name.h"

static void account_name_allowed_characters_are_valid(void **state)
{
    (void)state;
    static const char *const names[] = {"abc",
                                        "Anna_1-x",
                                        "000",
                                        "\xea\xb0\x80", /* U+AC00, first syllable */
                                        "\xed\x9e\xa3", /* U+D7A3, last syllable */
                                        "a\xed\x95\x9c\xea\xb8\x80" /* mixed */};
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        assert_true(account_name_is_valid(names[i]));
    }
}

static void account_name_too_short_is_invalid(void **state)
{
    (void)state;
    assert_false(account_name_is_valid(""));
    assert_false(account_name_is_valid("a"));
    assert_false(account_name_is_valid("ab"));
}

static void account_name_other_characters_are_invalid(void **state)
{
    (void)state;
    static const char *const names[] = {"a b c",
                                        " abc",
                                        "abc ",
                                        "abc\n",
                                        "abc;",
                                        "abc'",
                                        "abc@",
                                        "abc.",
                                        "\x7f\x7f\x7f",
                                        "\xed\x9e\xa4",             /* U+D7A4, behind the last */
                                        "\xea\xaf\xbf",             /* U+ABFF, before the first */
                                        "\xe1\x84\x80\xe1\x85\xa1", /* the same syllable in parts */
                                        "\xc3\xa9\xc3\xa9",         /* accents */
                                        "\xf0\x9f\x98\x80",         /* emoji */
                                        "\xef\xbd\x81\xef\xbd\x82"}; /* wide letters */
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        assert_false(account_name_is_valid(names[i]));
    }
}

static void account_name_hash_ignores_ascii_case_only(void **state)
{
    (void)state;
    assert_true(account_name_hash("Anna_Z") == account_name_hash("aNNA_z"));
    assert_true(account_name_hash("anna") != account_name_hash("anne"));
    assert_true(account_name_hash("a[") != account_name_hash("a{"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(account_name_allowed_characters_are_valid),
        cmocka_unit_test(account_name_too_short_is_invalid),
        cmocka_unit_test(account_name_other_characters_are_invalid),
        cmocka_unit_test(account_name_hash_ignores_ascii_case_only),
    };
    return cmocka_run_group_tests_name("account_name", tests, NULL, NULL);
}
