/* Two versions of one protocol, each reading what the other sends: now.yaml is old.yaml, grown.
 *
 * The generated names differ (old_chat, now_chat); the bytes know nothing of names. */
#include <string.h>

#include "pc/dispatch.h"
#include "pc/frame.h"
#include "proto/client_send.h"
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"
#include "proto/now_codec.h"
#include "proto/old_codec.h"
#include "support/cmocka_all.h"

#define FRAME_MAX 500u

static uint8_t frame[FRAME_MAX];

static const uint8_t *const payload = frame + PC_FRAME_HEADER_SIZE;

static void on_chat(struct pc_session *session, const struct now_chat *packet)
{
    (void)session;
    (void)packet;
}
REGISTER_HANDLER(now_chat, on_chat);

static void on_move(struct pc_session *session, const struct now_move *packet)
{
    (void)session;
    (void)packet;
}
REGISTER_HANDLER(now_move, on_move);

static void on_waved(struct pc_session *session, const struct now_waved *packet)
{
    (void)session;
    (void)packet;
}
REGISTER_HANDLER(now_waved, on_waved);

/* The sender's end of the runtime, which only takes notes. */
static struct {
    uint32_t size;
    uint32_t latest_count;
    uint64_t latest_key;
} sent_frame;

enum pc_status pc_session_reserve(struct pc_session *session, uint32_t size, uint8_t **place)
{
    (void)session;
    sent_frame.size = size;
    *place = frame;
    return PC_OK;
}

enum pc_status pc_session_send_latest(struct pc_session *session, uint64_t key,
                                      const uint8_t *bytes, uint32_t size)
{
    (void)session;
    sent_frame.latest_count++;
    sent_frame.latest_key = key;
    sent_frame.size = size;
    memcpy(frame, bytes, size);
    return PC_OK;
}

/* The payload's bytes of the frame that was just encoded. */
static uint32_t payload__size(void)
{
    return pc_frame_get_u16(frame) - PC_FRAME_HEADER_SIZE;
}

static struct now_chat chat__newest(void)
{
    struct now_chat chat = {.channel = NOW_CHANNEL_ZONE, .has_whisper = true, .volume = 1.0f};
    assert_true(pc_wire_set_text(chat.text, sizeof chat.text, &chat.text_size, "hi"));
    assert_true(pc_wire_set_text(chat.whisper, sizeof chat.whisper, &chat.whisper_size, "Bob"));
    return chat;
}

static void old_chat_gets_defaults_at_the_new_side(void **state)
{
    struct old_chat sent = {.text_size = 2, .text = "hi"};
    struct now_chat chat;
    (void)state;

    old_chat_encode(&sent, frame);
    assert_int_equal(now_chat_decode(payload, payload__size(), &chat), PC_WIRE_OK);
    assert_string_equal(chat.text, "hi");
    assert_int_equal(chat.channel, NOW_CHANNEL_GUILD);
    assert_false(chat.has_whisper);
    assert_int_equal(chat.whisper_size, 0);
    assert_true(chat.volume == 0.5f);
}

static void now_chat_at_version_1_is_read_by_the_old_side(void **state)
{
    struct now_chat sent = chat__newest();
    struct old_chat chat;
    (void)state;

    assert_int_equal(now_chat_frame_size_at(&sent, 1), PC_FRAME_HEADER_SIZE + 3);
    now_chat_encode_at(&sent, 1, frame);
    assert_int_equal(payload__size(), 3);
    assert_int_equal(old_chat_decode(payload, payload__size(), &chat), PC_WIRE_OK);
    assert_string_equal(chat.text, "hi");
}

static void now_chat_at_version_2_keeps_its_second_group(void **state)
{
    struct now_chat sent = chat__newest();
    struct now_chat chat;
    (void)state;

    now_chat_encode_at(&sent, 2, frame);
    assert_int_equal(payload__size() + 1, now_chat_frame_size(&sent) - PC_FRAME_HEADER_SIZE);
    assert_int_equal(now_chat_decode(payload, payload__size(), &chat), PC_WIRE_OK);
    assert_int_equal(chat.channel, NOW_CHANNEL_ZONE);
    assert_string_equal(chat.whisper, "Bob");
    assert_true(chat.volume == 0.5f);
}

static void now_chat_as_it_is_is_refused_by_the_old_side(void **state)
{
    struct now_chat sent = chat__newest();
    struct old_chat chat;
    (void)state;

    now_chat_encode(&sent, frame);
    assert_int_equal(old_chat_decode(payload, payload__size(), &chat), PC_WIRE_TRAILING);
}

static void group_that_is_not_whole_is_refused(void **state)
{
    struct now_chat sent = chat__newest();
    struct now_chat chat;
    (void)state;

    now_chat_encode_at(&sent, 2, frame);
    for (uint32_t size = 4; size < payload__size(); size++) {
        assert_int_equal(now_chat_decode(payload, size, &chat), PC_WIRE_TRUNCATED);
    }
}

static void fixed_packet_that_grew_has_both_layouts(void **state)
{
    struct old_move sent = {.x = 1.0f, .y = 2.0f};
    struct now_move move;
    struct old_move back;
    (void)state;

    old_move_encode(&sent, frame);
    assert_int_equal(now_move_decode(payload, payload__size(), &move), PC_WIRE_OK);
    assert_true(move.x == 1.0f && move.y == 2.0f && move.z == -1.0f);
    now_move_encode_at(&move, 1, frame);
    assert_int_equal(old_move_decode(payload, payload__size(), &back), PC_WIRE_OK);
    assert_true(back.x == 1.0f && back.y == 2.0f);
}

static void extensible_struct_is_read_by_both_sides(void **state)
{
    struct now_joined sent = {.profile = {.name_size = 3, .name = "Ann", .level = 5}};
    struct old_joined joined;
    struct now_joined back;
    (void)state;

    sent.mood = NOW_MOOD_SAD;
    sent.friends_count = 1;
    sent.friends[0] = (struct now_profile){.name_size = 3, .name = "Bob", .level = 60};
    sent.friends[0].scores_count = 1;
    now_joined_encode(&sent, frame);
    assert_int_equal(old_joined_decode(payload, payload__size(), &joined), PC_WIRE_OK);
    assert_string_equal(joined.profile.name, "Ann");
    assert_int_equal(joined.mood, 2); /* which the old side keeps without knowing it */
    assert_int_equal(joined.friends_count, 1);
    assert_string_equal(joined.friends[0].name, "Bob");
    assert_int_equal(joined.friends[0].level, 60);

    old_joined_encode(&joined, frame);
    assert_int_equal(now_joined_decode(payload, payload__size(), &back), PC_WIRE_OK);
    assert_int_equal(back.mood, NOW_MOOD_SAD);
    assert_string_equal(back.friends[0].title, "none");
    assert_int_equal(back.friends[0].scores_count, 2);
    assert_int_equal(back.friends[0].scores[1], 8);
}

static void case_that_the_old_side_does_not_know_is_sent_on_as_it_was(void **state)
{
    struct now_struck sent = {.effects_count = 2, .rest = 9};
    struct old_struck struck;
    struct now_struck back;
    uint8_t received[FRAME_MAX];
    (void)state;

    sent.effects[0].tag = NOW_EFFECT_HEAL;
    sent.effects[0].heal = 500;
    sent.effects[1].tag = NOW_EFFECT_NONE;
    now_struck_encode(&sent, frame);
    memcpy(received, payload, payload__size());
    assert_int_equal(old_struck_decode(received, payload__size(), &struck), PC_WIRE_OK);
    assert_int_equal(struck.effects[0].tag, OLD_EFFECT_UNKNOWN);
    assert_int_equal(struck.effects[0].unknown_tag, 2);
    assert_int_equal(struck.effects[0].unknown_size, 2);
    assert_int_equal(struck.effects[1].tag, OLD_EFFECT_NONE);

    old_struck_encode(&struck, frame);
    assert_int_equal(now_struck_decode(payload, payload__size(), &back), PC_WIRE_OK);
    assert_int_equal(back.effects[0].tag, NOW_EFFECT_HEAL);
    assert_int_equal(back.effects[0].heal, 500);
    assert_int_equal(back.rest, 9);
}

static void tail_is_skipped_or_takes_its_default(void **state)
{
    struct now_ticked sent = {.tick = 7, .load = 3};
    struct old_ticked ticked;
    struct now_ticked back;
    (void)state;

    now_ticked_encode(&sent, frame);
    assert_int_equal(old_ticked_decode(payload, payload__size(), &ticked), PC_WIRE_OK);
    assert_int_equal(ticked.tick, 7);
    old_ticked_encode(&ticked, frame);
    assert_int_equal(now_ticked_decode(payload, payload__size(), &back), PC_WIRE_OK);
    assert_int_equal(back.tick, 7);
    assert_int_equal(back.load, 9);
}

static void sender_sends_at_the_version_of_the_peer(void **state)
{
    struct now_chat sent = chat__newest();
    struct old_chat chat;
    (void)state;

    assert_int_equal(client_send_now_chat_at(NULL, &sent, 1), PC_OK);
    assert_int_equal(sent_frame.size, pc_frame_get_u16(frame));
    assert_int_equal(old_chat_decode(payload, payload__size(), &chat), PC_WIRE_OK);
    assert_int_equal(client_send_now_chat(NULL, &sent), PC_OK);
    assert_int_equal(old_chat_decode(payload, payload__size(), &chat), PC_WIRE_TRAILING);
    assert_int_equal(sent_frame.latest_count, 0);
}

static void sender_of_states_names_what_they_are_about(void **state)
{
    struct now_stood stood = {.who = -2, .x = 1.0f, .y = 2.0f};
    struct now_stood back;
    (void)state;

    assert_int_equal(gate_send_now_stood_at(NULL, &stood, 2), PC_OK);
    assert_int_equal(sent_frame.latest_count, 1);
    assert_true(sent_frame.latest_key == UINT64_MAX - 1);
    assert_int_equal(now_stood_decode(payload, payload__size(), &back), PC_WIRE_OK);
    assert_true(back.who == -2 && back.x == 1.0f && back.y == 0.0f);
    assert_int_equal(gate_send_now_stood(NULL, &stood), PC_OK);
    assert_int_equal(sent_frame.latest_count, 2);
    assert_int_equal(sent_frame.size, NOW_STOOD_FRAME_MAX);
}

static void hashes_agree_at_the_common_version(void **state)
{
    (void)state;
    assert_true(now_compat_hash(1) == OLD_COMPAT_HASH);
    assert_true(old_compat_hash(1) == OLD_COMPAT_HASH);
    assert_true(now_compat_hash(2) != OLD_COMPAT_HASH);
    assert_true(now_compat_hash(3) == NOW_COMPAT_HASH);
    assert_true(now_compat_hash(4) == 0 && now_compat_hash(0) == 0);
}

static struct pc_accept_version bounds__of(uint16_t id, uint16_t version)
{
    const struct pc_accept_entry *entry = pc_accept_find(&gate_accepts_client, id);
    assert_non_null(entry);
    return pc_accept_at(&gate_accepts_client, entry, version);
}

static void table_knows_the_sizes_of_each_version(void **state)
{
    (void)state;
    assert_int_equal(bounds__of(NOW_CHAT_ID, 1).frame_size_max, OLD_CHAT_FRAME_MAX);
    assert_int_equal(bounds__of(NOW_CHAT_ID, 1).frame_size_max, NOW_CHAT_V1_FRAME_MAX);
    assert_int_equal(bounds__of(NOW_CHAT_ID, 2).frame_size_min, OLD_CHAT_FRAME_MIN + 2);
    assert_int_equal(bounds__of(NOW_CHAT_ID, 3).frame_size_max, NOW_CHAT_FRAME_MAX);
    assert_int_equal(bounds__of(NOW_CHAT_ID, 9).version, 3);
    assert_int_equal(bounds__of(NOW_MOVE_ID, 2).frame_size_max, OLD_MOVE_FRAME_MAX);
    assert_int_equal(bounds__of(NOW_WAVED_ID, 1).version, 2);
    assert_int_equal(bounds__of(NOW_WAVED_ID, 2).frame_size_max, NOW_WAVED_V2_FRAME_MAX);
    assert_int_equal(bounds__of(NOW_WAVED_ID, 3).frame_size_min, NOW_WAVED_V3_FRAME_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_chat_gets_defaults_at_the_new_side),
        cmocka_unit_test(now_chat_at_version_1_is_read_by_the_old_side),
        cmocka_unit_test(now_chat_at_version_2_keeps_its_second_group),
        cmocka_unit_test(now_chat_as_it_is_is_refused_by_the_old_side),
        cmocka_unit_test(group_that_is_not_whole_is_refused),
        cmocka_unit_test(fixed_packet_that_grew_has_both_layouts),
        cmocka_unit_test(extensible_struct_is_read_by_both_sides),
        cmocka_unit_test(case_that_the_old_side_does_not_know_is_sent_on_as_it_was),
        cmocka_unit_test(tail_is_skipped_or_takes_its_default),
        cmocka_unit_test(sender_sends_at_the_version_of_the_peer),
        cmocka_unit_test(sender_of_states_names_what_they_are_about),
        cmocka_unit_test(hashes_agree_at_the_common_version),
        cmocka_unit_test(table_knows_the_sizes_of_each_version),
    };
    return cmocka_run_group_tests_name("versions", tests, NULL, NULL);
}
