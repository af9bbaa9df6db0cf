/* Counting reasons by their texts. */
#include "support/cmocka_all.h"

#include "reasons.h"

static void reasons_same_texts_count_in_one_entry(void **state)
{
    (void)state;
    static struct reasons reasons;
    char down[] = "db_down"; /* equal by text, not by address */
    reasons_add(&reasons, "db_down", "unavailable", 1);
    reasons_add(&reasons, down, "unavailable", 2);
    assert_int_equal(reasons.count, 1);
    assert_int_equal(reasons.entries[0].count, 3);
}

static void reasons_other_texts_count_apart(void **state)
{
    (void)state;
    static struct reasons reasons;
    reasons_add(&reasons, "db_down", "unavailable", 1);
    reasons_add(&reasons, "db_down", "busy", 1);
    reasons_add(&reasons, "game_down", "unavailable", 1);
    assert_int_equal(reasons.count, 3);
    assert_string_equal(reasons.entries[1].why, "busy");
    assert_string_equal(reasons.entries[2].what, "game_down");
}

static void reasons_merge_adds_what_both_have_and_takes_what_is_new(void **state)
{
    (void)state;
    static struct reasons target;
    static struct reasons source;
    reasons_add(&target, "refusal", "unavailable", 4);
    reasons_add(&source, "left_world", "server_lost", 2);
    reasons_add(&source, "refusal", "unavailable", 3);
    reasons_merge(&target, &source);
    assert_int_equal(target.count, 2);
    assert_int_equal(target.entries[0].count, 7);
    assert_string_equal(target.entries[1].why, "server_lost");
    assert_int_equal(target.entries[1].count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_same_texts_count_in_one_entry),
        cmocka_unit_test(reasons_other_texts_count_apart),
        cmocka_unit_test(reasons_merge_adds_what_both_have_and_takes_what_is_new),
    };
    return cmocka_run_group_tests_name("reasons", tests, NULL, NULL);
}
