/* The roster: what is saved when, and that nothing unsaved is ever forgotten. */
#include "support/cmocka_all.h"

#include "support/assertion.h"
#include "support/random.h"
#include "world/roster.h"

#define INTERVAL_MS 1000u

static struct roster roster;
static uint64_t player_places[64];

/* Only its address is used. */
static struct game_client *player(uint64_t number)
{
    return (struct game_client *)(void *)&player_places[number];
}

static int setup(void **state)
{
    const struct roster_config config = {
        .entries_max = 4, .saves_in_flight_max = 2, .save_interval_ms = INTERVAL_MS};
    (void)state;
    return roster_create(&roster, &config) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    roster_check(&roster);
    roster_destroy(&roster);
    return 0;
}

/* A player whose character is loaded. */
static struct roster_entry *enter(uint64_t account_id)
{
    struct common_character character = {.account_id = account_id, .character_id = account_id};
    struct roster_entry *entry = roster_add(&roster, account_id);
    assert_non_null(entry);
    entry->player = player(account_id);
    roster_loaded(&roster, entry, &character);
    return entry;
}

static struct roster_entry *send_next(uint64_t now_ms)
{
    struct roster_entry *entry = roster_next_save(&roster, now_ms);
    if (entry != NULL) {
        roster_sent(&roster, entry);
    }
    return entry;
}

static void roster_unchanged_player_leaves_nothing_is_saved(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    roster_leave(&roster, entry);
    assert_null(roster_find(&roster, 1));
    assert_null(send_next(1000000));
    assert_int_equal(roster.count, 0);
}

static void roster_changed_player_is_saved_after_the_interval(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    roster_changed(&roster, entry, 500);
    roster_changed(&roster, entry, 900);
    assert_null(send_next(500 + INTERVAL_MS - 1));
    assert_ptr_equal(send_next(500 + INTERVAL_MS), entry);
    assert_int_equal(roster_unsaved_count(&roster), 1);
    roster_saved(&roster, entry, true, 2000);
    assert_int_equal(roster_unsaved_count(&roster), 0);
    assert_null(send_next(1000000));
}

static void roster_change_during_save_is_saved_again(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    roster_changed(&roster, entry, 0);
    assert_ptr_equal(send_next(INTERVAL_MS), entry);
    roster_changed(&roster, entry, INTERVAL_MS + 1);
    roster_saved(&roster, entry, true, INTERVAL_MS + 5);
    assert_null(send_next(INTERVAL_MS + 5));
    assert_ptr_equal(send_next(2 * INTERVAL_MS + 5), entry);
}

static void roster_leaving_player_is_saved_at_once_then_forgotten(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    roster_changed(&roster, entry, 0);
    roster_leave(&roster, entry);
    assert_ptr_equal(send_next(1), entry);
    assert_ptr_equal(roster_find(&roster, 1), entry);
    roster_saved(&roster, entry, true, 2);
    assert_null(roster_find(&roster, 1));
}

static void roster_leaving_during_stale_save_is_saved_once_more(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    roster_changed(&roster, entry, 0);
    assert_ptr_equal(send_next(INTERVAL_MS), entry);
    roster_changed(&roster, entry, INTERVAL_MS);
    roster_leave(&roster, entry);
    assert_null(send_next(INTERVAL_MS));
    roster_saved(&roster, entry, true, INTERVAL_MS + 1);
    assert_ptr_equal(send_next(INTERVAL_MS + 1), entry);
    roster_saved(&roster, entry, true, INTERVAL_MS + 2);
    assert_null(roster_find(&roster, 1));
}

static void roster_returning_account_keeps_its_unsaved_state(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    entry->character.chat_count = 42;
    roster_changed(&roster, entry, 0);
    roster_leave(&roster, entry);
    assert_ptr_equal(send_next(0), entry);
    struct roster_entry *again = roster_find(&roster, 1);
    assert_ptr_equal(again, entry);
    again->player = player(2);
    roster_saved(&roster, entry, true, 1);
    assert_ptr_equal(roster_find(&roster, 1), entry);
    assert_int_equal(entry->character.chat_count, 42);
}

static void roster_failed_save_is_tried_again_after_the_interval(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    roster_changed(&roster, entry, 0);
    roster_leave(&roster, entry);
    assert_ptr_equal(send_next(0), entry);
    roster_saved(&roster, entry, false, 10);
    assert_null(send_next(10 + INTERVAL_MS - 1));
    assert_ptr_equal(send_next(10 + INTERVAL_MS), entry);
}

static void roster_link_lost_what_was_in_flight_goes_first(void **state)
{
    (void)state;
    struct roster_entry *first = enter(1);
    struct roster_entry *second = enter(2);
    roster_changed(&roster, first, 0);
    roster_changed(&roster, second, 500);
    assert_ptr_equal(send_next(INTERVAL_MS), first);
    roster_link_lost(&roster);
    assert_int_equal(roster_unsaved_count(&roster), 2);
    assert_ptr_equal(send_next(INTERVAL_MS), first);
    assert_null(send_next(INTERVAL_MS));
}

static void roster_saves_in_flight_are_bounded(void **state)
{
    (void)state;
    for (uint64_t account_id = 1; account_id <= 3; account_id++) {
        roster_changed(&roster, enter(account_id), 0);
    }
    struct roster_entry *first = send_next(INTERVAL_MS);
    assert_non_null(first);
    assert_non_null(send_next(INTERVAL_MS));
    assert_null(send_next(INTERVAL_MS));
    roster_saved(&roster, first, true, INTERVAL_MS);
    assert_non_null(send_next(INTERVAL_MS));
}

static void roster_full_refuses_new_accounts_and_loses_none(void **state)
{
    (void)state;
    for (uint64_t account_id = 1; account_id <= 4; account_id++) {
        struct roster_entry *entry = enter(account_id);
        roster_changed(&roster, entry, 0);
        roster_leave(&roster, entry);
    }
    assert_null(roster_add(&roster, 5));
    assert_int_equal(roster_unsaved_count(&roster), 4);
    roster_saved(&roster, send_next(0), true, 1);
    assert_non_null(roster_add(&roster, 5));
}

static void roster_flush_makes_everything_due(void **state)
{
    (void)state;
    struct roster_entry *entry = enter(1);
    roster_changed(&roster, entry, 0);
    assert_null(send_next(1));
    roster_flush(&roster);
    assert_ptr_equal(send_next(1), entry);
    roster_saved(&roster, entry, false, 1);
    assert_ptr_equal(send_next(1), entry);
}

static void roster_load_nobody_waits_for_is_dropped(void **state)
{
    (void)state;
    struct common_character character = {.account_id = 1};
    struct roster_entry *entry = roster_add(&roster, 1);
    entry->player = player(1);
    roster_leave(&roster, entry);
    assert_ptr_equal(roster_find(&roster, 1), entry);
    roster_loaded(&roster, entry, &character);
    assert_null(roster_find(&roster, 1));
}

static void roster_change_before_load_asserts(void **state)
{
    (void)state;
    struct roster_entry *entry = roster_add(&roster, 1);
    entry->player = player(1);
    EXPECT_ASSERTION(roster_changed(&roster, entry, 0));
    roster_drop(&roster, entry);
}

/* What the db would hold, followed through a long random life. */
struct model {
    uint32_t saved[4];
    uint32_t latest[4];
    struct roster_entry *sent[4]; /* with the value under way */
    uint32_t sent_value[4];
};

static void model_answer(struct model *model, struct random_source *source, uint64_t now_ms)
{
    uint32_t i = random_below(source, 4);
    if (model->sent[i] == NULL) {
        return;
    }
    bool is_saved = random_below(source, 3) != 0;
    if (is_saved) {
        model->saved[i] = model->sent_value[i];
    }
    struct roster_entry *entry = model->sent[i];
    model->sent[i] = NULL;
    roster_saved(&roster, entry, is_saved, now_ms);
}

static void model_live(struct model *model, struct random_source *source, uint64_t now_ms)
{
    uint32_t i = random_below(source, 4);
    struct roster_entry *entry = roster_find(&roster, i);
    if (entry == NULL) {
        entry = enter(i);
        entry->character.chat_count = model->saved[i]; /* what the db gives back */
        assert_int_equal(model->saved[i], model->latest[i]);
    } else if (entry->player == NULL) {
        entry->player = player(i);
    } else if (random_below(source, 3) == 0) {
        roster_leave(&roster, entry);
        return;
    }
    assert_int_equal(entry->character.chat_count, model->latest[i]);
    model->latest[i]++;
    entry->character.chat_count = model->latest[i];
    roster_changed(&roster, entry, now_ms);
}

static void model_send(struct model *model, uint64_t now_ms)
{
    struct roster_entry *entry = send_next(now_ms);
    if (entry != NULL) {
        model->sent[entry->account_id] = entry;
        model->sent_value[entry->account_id] = entry->character.chat_count;
    }
}

static void roster_random_life_never_loses_the_latest_state(void **state)
{
    (void)state;
    struct random_source source = random_begin(__func__);
    struct model model = {0};
    uint64_t now_ms = 0;
    for (uint32_t round = 0; round < 50000; round++) {
        now_ms += random_below(&source, 200);
        model_live(&model, &source, now_ms);
        model_send(&model, now_ms);
        model_answer(&model, &source, now_ms);
        if (random_below(&source, 500) == 0) {
            roster_link_lost(&roster);
            model = (struct model){
                .saved = {model.saved[0], model.saved[1], model.saved[2], model.saved[3]},
                .latest = {model.latest[0], model.latest[1], model.latest[2], model.latest[3]}};
        }
        roster_check(&roster);
    }
    roster_flush(&roster);
    while (roster_unsaved_count(&roster) > 0) {
        model_send(&model, now_ms);
        model_answer(&model, &source, now_ms);
    }
    assert_memory_equal(model.saved, model.latest, sizeof(model.saved));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(roster_unchanged_player_leaves_nothing_is_saved, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(roster_changed_player_is_saved_after_the_interval, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(roster_change_during_save_is_saved_again, setup, teardown),
        cmocka_unit_test_setup_teardown(roster_leaving_player_is_saved_at_once_then_forgotten,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(roster_leaving_during_stale_save_is_saved_once_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(roster_returning_account_keeps_its_unsaved_state, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(roster_failed_save_is_tried_again_after_the_interval, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(roster_link_lost_what_was_in_flight_goes_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(roster_saves_in_flight_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(roster_full_refuses_new_accounts_and_loses_none, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(roster_flush_makes_everything_due, setup, teardown),
        cmocka_unit_test_setup_teardown(roster_load_nobody_waits_for_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(roster_change_before_load_asserts, setup, teardown),
        cmocka_unit_test_setup_teardown(roster_random_life_never_loses_the_latest_state, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
