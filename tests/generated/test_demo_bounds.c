/* What an encoder must refuse, the values of constants and the helpers for text. */
#include <string.h>

#include "pc/wire.h"
#include "proto/demo_codec.h"
#include "proto/inner_codec.h"
#include "support/cmocka_all.h"

static void frame_size_of_text_above_its_bound_is_none(void **state)
{
    struct demo_texts packet = {.first_size = 3, .second_size = BASE_LARGE};
    (void)state;

    assert_int_equal(demo_texts_frame_size(&packet), DEMO_TEXTS_FRAME_MIN + 3 + BASE_LARGE);
    packet.second_size++;
    assert_int_equal(demo_texts_frame_size(&packet), 0);
    packet.second_size = 0;
    packet.first_size = 4;
    assert_int_equal(demo_texts_frame_size(&packet), 0);
}

static void frame_size_of_bytes_above_their_bound_is_none(void **state)
{
    struct demo_blobs packet = {.tiny_size = DEMO_BLOCK};
    (void)state;

    assert_int_equal(demo_blobs_frame_size(&packet), DEMO_BLOBS_FRAME_MIN + DEMO_BLOCK);
    packet.tiny_size++;
    assert_int_equal(demo_blobs_frame_size(&packet), 0);
}

static void frame_size_of_array_above_its_bound_is_none(void **state)
{
    struct demo_arrays packet = {.some_bytes_count = 4, .some_words_count = BASE_LARGE};
    (void)state;

    assert_int_equal(demo_arrays_frame_size(&packet), DEMO_ARRAYS_FRAME_MIN + 4 + 4 * BASE_LARGE);
    packet.some_words_count++;
    assert_int_equal(demo_arrays_frame_size(&packet), 0);
    packet.some_words_count = 0;
    packet.some_bytes_count = 5;
    assert_int_equal(demo_arrays_frame_size(&packet), 0);
}

static void frame_size_of_nested_struct_above_its_bound_is_none(void **state)
{
    static struct demo_shapes packet; /* zeroed; too large for a test's stack habits */
    (void)state;

    packet.shape.label.text_size = BASE_NAME_MAX;
    packet.some_count = 2;
    packet.some[1].points_count = BASE_LIST_MAX;
    assert_true(demo_shapes_frame_size(&packet) > DEMO_SHAPES_FRAME_MIN);
    packet.some[1].points_count++;
    assert_int_equal(demo_shapes_frame_size(&packet), 0);
    packet.some[1].points_count = 0;
    packet.labels[1].text_size = BASE_NAME_MAX + 1;
    assert_int_equal(demo_shapes_frame_size(&packet), 0);
}

static void send_of_what_cannot_be_encoded_does_not_touch_the_session(void **state)
{
    struct demo_texts packet = {.first_size = 4};
    (void)state;
    assert_int_equal(demo_texts_send(NULL, &packet), PC_INVALID);
}

static void bytes_decode_borrows_from_the_payload(void **state)
{
    static const uint8_t payload[] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 'a', 'b'};
    struct inner_frame_up packet;
    (void)state;

    assert_int_equal(inner_frame_up_decode(payload, sizeof payload, &packet), PC_WIRE_OK);
    assert_int_equal(packet.frame_size, 2);
    assert_ptr_equal(packet.frame, payload + 10);
}

static void text_decode_ends_with_nul(void **state)
{
    static const uint8_t payload[] = {2, 'h', 'i', 0, 0, 0, 0, 0};
    struct demo_texts packet;
    (void)state;

    memset(&packet, 'x', sizeof packet);
    assert_int_equal(demo_texts_decode(payload, sizeof payload, &packet), PC_WIRE_OK);
    assert_string_equal(packet.first, "hi");
    assert_string_equal(packet.third, "");
}

static void set_text_takes_what_fits_and_nothing_else(void **state)
{
    struct demo_texts packet = {.first_size = 9};
    (void)state;

    assert_true(pc_wire_set_text(packet.first, sizeof packet.first, &packet.first_size, "abc"));
    assert_string_equal(packet.first, "abc");
    assert_int_equal(packet.first_size, 3);
    assert_false(pc_wire_set_text(packet.first, sizeof packet.first, &packet.first_size, "abcd"));
    assert_string_equal(packet.first, "abc");
    assert_int_equal(packet.first_size, 3);
    assert_true(pc_wire_set_text(packet.first, sizeof packet.first, &packet.first_size, ""));
    assert_int_equal(packet.first_size, 0);
}

static void plain_ascii_knows_every_byte_at_every_place(void **state)
{
    uint8_t bytes[19];
    (void)state;

    for (uint32_t size = 1; size <= sizeof bytes; size++) {
        for (uint32_t at = 0; at < size; at++) {
            for (uint32_t value = 0; value <= UINT8_MAX; value++) {
                memset(bytes, 'a', sizeof bytes);
                bytes[at] = (uint8_t)value;
                assert_int_equal(pc_wire_is_plain_ascii(bytes, size), value >= 1 && value <= 127);
            }
        }
    }
}

static void utf8_all_code_points_are_valid_but_nul_and_surrogates(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x110100u; point++) {
        uint8_t bytes[4];
        uint32_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        bool expected = point != 0 && (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff;
        for (uint32_t i = size - 1; i > 0; i--) {
            bytes[i] = (uint8_t)(0x80u | (point >> (6 * (size - 1 - i)) & 0x3fu));
        }
        bytes[0] = (uint8_t)(point >> (6 * (size - 1)));
        bytes[0] |= (uint8_t)(size == 1 ? 0 : size == 2 ? 0xc0 : size == 3 ? 0xe0 : 0xf0);
        assert_int_equal(pc_wire_utf8_is_valid(bytes, size), expected);
    }
}

static void constants_keep_their_values(void **state)
{
    (void)state;
    assert_int_equal(BASE_NAME_MAX, 16);
    assert_true(BASE_NEGATIVE == -5);
    assert_true(BASE_HUGE == UINT64_MAX);
    assert_int_equal(DEMO_VERSION, 2);
    assert_string_equal(DEMO_NAME, "demo");
    assert_int_equal(DEMO_NOTHING_FRAME_MAX, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_size_of_text_above_its_bound_is_none),
        cmocka_unit_test(frame_size_of_bytes_above_their_bound_is_none),
        cmocka_unit_test(frame_size_of_array_above_its_bound_is_none),
        cmocka_unit_test(frame_size_of_nested_struct_above_its_bound_is_none),
        cmocka_unit_test(send_of_what_cannot_be_encoded_does_not_touch_the_session),
        cmocka_unit_test(bytes_decode_borrows_from_the_payload),
        cmocka_unit_test(text_decode_ends_with_nul),
        cmocka_unit_test(set_text_takes_what_fits_and_nothing_else),
        cmocka_unit_test(plain_ascii_knows_every_byte_at_every_place),
        cmocka_unit_test(utf8_all_code_points_are_valid_but_nul_and_surrogates),
        cmocka_unit_test(constants_keep_their_values),
    };
    return cmocka_run_group_tests_name("demo_bounds", tests, NULL, NULL);
}
