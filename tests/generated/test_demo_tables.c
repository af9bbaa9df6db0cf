/* The accept tables of the test protocol: who takes what from whom, in which state, how often, and
 * which handler gets it. */
#include <string.h>

#include "generated/demo_parts.h"
#include "pc/dispatch.h"
#include "proto/demo_codec.h"
#include "proto/game_send.h"
#include "proto/inner_codec.h"
#include "support/cmocka_all.h"

/* Stands for a session: the handlers only pass its address on. */
struct pc_session {
    int unused;
};

#define ALL_STATES  UINT64_MAX
#define STATE(name) (UINT64_C(1) << DEMO_SESSION_##name)

/* Declared here, for a .c file includes the dispatch header of one role only. */
extern const struct pc_accept_table client_accepts_gate;
extern const struct pc_accept_table gate_accepts_client;
extern const struct pc_accept_table gate_accepts_game;
extern const struct pc_accept_table gate_relays_game_client;
extern const struct pc_accept_table game_accepts_client;
extern const struct pc_accept_table game_accepts_gate;

static const struct pc_accept_table *const tables[] = {
    &client_accepts_gate,     &gate_accepts_client, &gate_accepts_game,
    &gate_relays_game_client, &game_accepts_client, &game_accepts_gate,
};

static int seen__clear(void **state)
{
    (void)state;
    memset(&demo_seen, 0, sizeof demo_seen);
    memset(&demo_sent, 0, sizeof demo_sent);
    return 0;
}

static const struct pc_accept_entry *entry__of(const struct pc_accept_table *table, uint16_t id)
{
    const struct pc_accept_entry *entry = pc_accept_find(table, id);
    assert_non_null(entry);
    assert_int_equal(entry->id, id);
    return entry;
}

static void tables_every_id_is_found_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        uint32_t found = 0;
        for (uint32_t id = 0; id <= UINT16_MAX; id++) {
            const struct pc_accept_entry *entry = pc_accept_find(tables[i], (uint16_t)id);
            if (entry != NULL) {
                assert_int_equal(entry->id, id);
                found++;
            }
        }
        assert_int_equal(found, tables[i]->entry_count);
        assert_null(pc_accept_find(tables[i], 0));
    }
}

static void tables_sizes_and_rates_are_within_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const struct pc_accept_table *table = tables[i];
        uint16_t greatest = 0;
        for (uint32_t j = 0; j < table->entry_count; j++) {
            const struct pc_accept_entry *entry = &table->entries[j];
            assert_true(j == 0 || table->entries[j - 1].id < entry->id);
            assert_true(entry->frame_size_min >= PC_FRAME_HEADER_SIZE);
            assert_true(entry->frame_size_min <= entry->frame_size_max);
            assert_true(entry->rate <= table->rate_count);
            assert_true(entry->states != 0);
            greatest = entry->frame_size_max > greatest ? entry->frame_size_max : greatest;
        }
        assert_int_equal(table->frame_size_max, greatest);
        assert_true(table->state_count >= 1 && table->state_count <= 64);
    }
}

static void gate_client_table_holds_direct_and_relayed_packets(void **state)
{
    (void)state;
    assert_string_equal(gate_accepts_client.receiver, "gate");
    assert_string_equal(gate_accepts_client.sender, "client");
    assert_int_equal(gate_accepts_client.entry_count, 5);
    assert_non_null(entry__of(&gate_accepts_client, DEMO_NOTHING_ID)->handle);
    assert_non_null(entry__of(&gate_accepts_client, DEMO_NUMBERS_ID)->handle);
    assert_null(entry__of(&gate_accepts_client, DEMO_BLOBS_ID)->handle);
    assert_null(entry__of(&gate_accepts_client, DEMO_ARRAYS_ID)->handle);
    assert_null(pc_accept_find(&gate_accepts_client, DEMO_MOODS_ID));
    assert_null(pc_accept_find(&gate_accepts_client, INNER_FRAME_UP_ID));
}

static void gate_client_table_knows_states(void **state)
{
    (void)state;
    assert_int_equal(gate_accepts_client.state_count, 3);
    assert_string_equal(gate_accepts_client.state_names[DEMO_SESSION_READY], "ready");
    assert_true(entry__of(&gate_accepts_client, DEMO_NOTHING_ID)->states == STATE(FRESH));
    assert_true(entry__of(&gate_accepts_client, DEMO_NUMBERS_ID)->states ==
                (STATE(FRESH) | STATE(READY)));
    assert_true(entry__of(&gate_accepts_client, DEMO_TEXTS_ID)->states == ALL_STATES);
    assert_true(entry__of(&gate_accepts_client, DEMO_ARRAYS_ID)->states ==
                (STATE(READY) | STATE(GONE)));
    assert_int_equal(client_accepts_gate.state_count, 1);
    assert_string_equal(client_accepts_gate.state_names[0], "any");
}

static void gate_client_table_shares_equal_rates(void **state)
{
    const struct pc_rate *rates = gate_accepts_client.rates;
    (void)state;
    assert_int_equal(gate_accepts_client.rate_count, 2);
    assert_int_equal(entry__of(&gate_accepts_client, DEMO_NOTHING_ID)->rate, 0);
    assert_int_equal(entry__of(&gate_accepts_client, DEMO_NUMBERS_ID)->rate, 1);
    assert_int_equal(entry__of(&gate_accepts_client, DEMO_TEXTS_ID)->rate, 1);
    assert_int_equal(entry__of(&gate_accepts_client, DEMO_BLOBS_ID)->rate, 2);
    assert_int_equal(rates[0].per_sec, 3);
    assert_int_equal(rates[0].burst, 6);
    assert_int_equal(rates[0].over, PC_RATE_DROP);
    assert_int_equal(rates[1].per_sec, 5);
    assert_int_equal(rates[1].burst, 5);
    assert_int_equal(rates[1].over, PC_RATE_KICK);
}

static void relayed_packets_stand_where_they_pass_and_end(void **state)
{
    (void)state;
    assert_int_equal(game_accepts_client.entry_count, 2);
    assert_non_null(entry__of(&game_accepts_client, DEMO_BLOBS_ID)->handle);
    assert_int_equal(game_accepts_gate.entry_count, 3);
    assert_null(pc_accept_find(&game_accepts_gate, DEMO_BLOBS_ID));
    assert_int_equal(gate_relays_game_client.entry_count, 1);
    assert_null(entry__of(&gate_relays_game_client, DEMO_NEAR_PLACES_ID)->handle);
    assert_int_equal(gate_relays_game_client.rate_count, 0);
    assert_null(pc_accept_find(&gate_accepts_game, DEMO_NEAR_PLACES_ID));
    assert_non_null(entry__of(&client_accepts_gate, DEMO_NEAR_PLACES_ID)->handle);
}

/* Run a frame through its entry; the frame is the demo's or the inner protocol's. */
static enum pc_wire_error frame__handle(const struct pc_accept_table *table, void *receiver,
                                        const uint8_t *bytes)
{
    struct pc_frame frame = pc_frame_at(bytes);
    return entry__of(table, frame.id)->handle(receiver, &frame);
}

static void handler_gets_session_and_packet(void **state)
{
    struct pc_session session;
    struct demo_numbers numbers = {.d = UINT64_C(0x0102030405060708)};
    uint8_t frame[DEMO_NUMBERS_FRAME_MAX];
    (void)state;

    demo_numbers_encode(&numbers, frame);
    assert_int_equal(frame__handle(&gate_accepts_client, &session, frame), PC_WIRE_OK);
    assert_string_equal(demo_seen.handler, "gate numbers");
    assert_ptr_equal(demo_seen.receiver, &session);
    assert_true(demo_seen.number == numbers.d);
}

static void handler_of_unwrapped_packet_gets_the_client(void **state)
{
    struct game_client client;
    struct demo_arrays arrays = {.some_words_count = 7};
    uint8_t frame[DEMO_ARRAYS_FRAME_MAX];
    (void)state;

    demo_arrays_encode(&arrays, frame);
    assert_int_equal(frame__handle(&game_accepts_client, &client, frame), PC_WIRE_OK);
    assert_string_equal(demo_seen.handler, "game arrays");
    assert_ptr_equal(demo_seen.receiver, &client);
    assert_int_equal(demo_seen.number, 7);
}

static void handler_of_packet_both_ways_is_the_role_s_own(void **state)
{
    struct pc_session session;
    struct inner_echo echo = {.point = {.x = 5.0f, .y = 1.0}};
    uint8_t frame[INNER_ECHO_FRAME_MAX];
    (void)state;

    inner_echo_encode(&echo, frame);
    assert_int_equal(frame__handle(&gate_accepts_game, &session, frame), PC_WIRE_OK);
    assert_string_equal(demo_seen.handler, "gate echo");
    assert_int_equal(frame__handle(&game_accepts_gate, &session, frame), PC_WIRE_OK);
    assert_string_equal(demo_seen.handler, "game echo");
}

static void handler_is_not_called_for_a_bad_payload(void **state)
{
    struct pc_session session;
    struct demo_numbers numbers = {.k = true};
    uint8_t frame[DEMO_NUMBERS_FRAME_MAX];
    (void)state;

    demo_numbers_encode(&numbers, frame);
    frame[DEMO_NUMBERS_FRAME_MAX - 1] = 2;
    assert_int_equal(frame__handle(&gate_accepts_client, &session, frame), PC_WIRE_BOOL);
    assert_null(demo_seen.handler);
}

static void sender_behind_a_relay_hands_out_the_frame(void **state)
{
    struct game_client client;
    struct demo_near_places places = {.place = {.x = 1.0f, .y = 2.0}};
    uint8_t frame[DEMO_NEAR_PLACES_FRAME_MAX];
    (void)state;

    demo_near_places_encode(&places, frame);
    assert_int_equal(game_send_demo_near_places(&client, &places), PC_OK);
    assert_ptr_equal(demo_sent.client, &client);
    assert_int_equal(demo_sent.size, DEMO_NEAR_PLACES_FRAME_MAX);
    assert_memory_equal(demo_sent.frame, frame, sizeof frame);
}

static void names_are_those_of_the_yaml(void **state)
{
    (void)state;
    assert_string_equal(base_mood_name(BASE_MOOD_SLEEPY), "sleepy");
    assert_string_equal(base_mood_name((enum base_mood)99), "?");
    assert_string_equal(base_height_name(BASE_HEIGHT_LOW), "low");
    assert_string_equal(demo_session_state_name(DEMO_SESSION_GONE), "gone");
    assert_string_equal(demo_packet_name(DEMO_NEAR_PLACES_ID), "near_places");
    assert_string_equal(demo_packet_name(0), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_every_id_is_found_or_refused),
        cmocka_unit_test(tables_sizes_and_rates_are_within_bounds),
        cmocka_unit_test(gate_client_table_holds_direct_and_relayed_packets),
        cmocka_unit_test(gate_client_table_knows_states),
        cmocka_unit_test(gate_client_table_shares_equal_rates),
        cmocka_unit_test(relayed_packets_stand_where_they_pass_and_end),
        cmocka_unit_test_setup(handler_gets_session_and_packet, seen__clear),
        cmocka_unit_test_setup(handler_of_unwrapped_packet_gets_the_client, seen__clear),
        cmocka_unit_test_setup(handler_of_packet_both_ways_is_the_role_s_own, seen__clear),
        cmocka_unit_test_setup(handler_is_not_called_for_a_bad_payload, seen__clear),
        cmocka_unit_test_setup(sender_behind_a_relay_hands_out_the_frame, seen__clear),
        cmocka_unit_test(names_are_those_of_the_yaml),
    };
    return cmocka_run_group_tests_name("demo_tables", tests, NULL, NULL);
}
