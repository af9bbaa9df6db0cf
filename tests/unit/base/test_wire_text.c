/* Text to the wire and from it: every size, bound and surrounding, in blocks of memory of exactly
 * the size that may be touched, so that a sanitizer sees a step too far. */
#include "support/cmocka_all.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pc/wire.h"

#define BOUND_MAX 140u
#define FILLING   0xeeu

/* How a text lies in a payload. */
struct setting {
    uint32_t size;
    uint32_t size_max;
    uint32_t behind; /* bytes of the payload behind it */
    uint32_t room;   /* what the decoder is told that there is */
};

static uint8_t *make_block(uint32_t size)
{
    uint8_t *block = malloc(size + (size == 0));
    assert_non_null(block);
    memset(block, FILLING, size);
    return block;
}

static uint8_t letter(uint32_t i)
{
    return (uint8_t)(1 + i * 7 % 127);
}

/* Decode size letters, of which the one at bad_at is a byte of its own. */
static enum pc_wire_error take(const struct setting *setting, uint32_t bad_at, uint8_t bad)
{
    uint8_t *payload = make_block(setting->size + setting->behind);
    char *text = (char *)make_block(setting->size_max + 1);
    for (uint32_t i = 0; i < setting->size; i++) {
        payload[i] = i == bad_at ? bad : letter(i);
    }
    struct pc_wire_reader reader = {payload, payload + setting->size + setting->behind};
    enum pc_wire_error error =
        pc_wire_take_text(&reader, setting->size, setting->size_max, setting->room, text);
    if (error == PC_WIRE_OK) {
        assert_memory_equal(text, payload, setting->size);
        assert_int_equal(text[setting->size], 0);
        assert_ptr_equal(reader.at, payload + setting->size);
    }
    free(payload);
    free(text);
    return error;
}

typedef void setting_check(const struct setting *setting);

static void each_setting(setting_check *check)
{
    static const uint32_t surroundings[] = {0, 1, 7, 8, 9, 15, 16, 31, 32, 200};
    for (uint32_t size_max = 1; size_max <= BOUND_MAX; size_max += size_max < 34 ? 1 : 15) {
        for (uint32_t size = 0; size <= size_max; size++) {
            for (uint32_t i = 0; i < sizeof surroundings / sizeof surroundings[0]; i++) {
                struct setting setting = {size, size_max, surroundings[i], 0};
                check(&setting);
                setting.room = surroundings[i];
                check(&setting);
            }
        }
    }
}

static void check_comes_back(const struct setting *setting)
{
    assert_int_equal(take(setting, UINT32_MAX, 0), PC_WIRE_OK);
}

static void text_of_any_size_comes_back(void **state)
{
    (void)state;
    each_setting(check_comes_back);
}

static void check_nul_and_lone_byte(const struct setting *setting)
{
    for (uint32_t at = 0; at < setting->size; at++) {
        assert_int_equal(take(setting, at, 0), PC_WIRE_UTF8);
        assert_int_equal(take(setting, at, 0x80), PC_WIRE_UTF8);
    }
}

static void text_with_one_bad_byte_is_refused_wherever_it_is(void **state)
{
    (void)state;
    each_setting(check_nul_and_lone_byte);
}

static void check_what_follows_does_not_matter(const struct setting *setting)
{
    uint8_t *payload = make_block(setting->size + setting->behind);
    char text[BOUND_MAX + 1];
    memset(payload, 'a', setting->size);
    for (int filling = 0; filling < 256; filling += 51) {
        memset(payload + setting->size, filling, setting->behind);
        struct pc_wire_reader reader = {payload, payload + setting->size + setting->behind};
        assert_int_equal(
            pc_wire_take_text(&reader, setting->size, setting->size_max, setting->room, text),
            PC_WIRE_OK);
        assert_int_equal(strlen(text), setting->size);
    }
    free(payload);
}

static void text_is_judged_without_what_follows_it(void **state)
{
    (void)state;
    each_setting(check_what_follows_does_not_matter);
}

static void text_above_its_bound_is_refused(void **state)
{
    (void)state;
    uint8_t payload[64] = {0};
    char text[64];
    struct pc_wire_reader reader = {payload, payload + sizeof payload};
    assert_int_equal(pc_wire_take_text(&reader, 25, 24, 0, text), PC_WIRE_COUNT);
    assert_int_equal(pc_wire_take_text(&reader, 1, 0, 8, text), PC_WIRE_COUNT);
    assert_ptr_equal(reader.at, payload);
}

static void check_cut_short(const struct setting *setting)
{
    char text[BOUND_MAX + 1];
    for (uint32_t present = 0; present < setting->size; present++) {
        uint8_t *payload = make_block(present);
        memset(payload, 'a', present);
        struct pc_wire_reader reader = {payload, payload + present};
        assert_int_equal(
            pc_wire_take_text(&reader, setting->size, setting->size_max, setting->room, text),
            PC_WIRE_TRUNCATED);
        assert_ptr_equal(reader.at, payload);
        free(payload);
    }
}

static void text_that_is_cut_short_is_refused(void **state)
{
    (void)state;
    each_setting(check_cut_short);
}

static void text_beyond_ascii_is_taken(void **state)
{
    (void)state;
    static const char *const texts[] = {"\xc3\xa9t\xc3\xa9", "\xec\x95\x88\xeb\x85\x95",
                                        "a\xf0\x9f\x8e\xae",
                                        "Zo\xc3\xab the very long and much adored"};
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint32_t size = (uint32_t)strlen(texts[i]);
        for (uint32_t bound = size; bound < size + 40; bound++) {
            char text[128];
            struct pc_wire_reader reader = {(const uint8_t *)texts[i],
                                            (const uint8_t *)texts[i] + size};
            assert_int_equal(pc_wire_take_text(&reader, size, bound, 0, text), PC_WIRE_OK);
            assert_string_equal(text, texts[i]);
        }
    }
}

/* What is behind the text is written later, so it may be anything; beyond that nothing may change.
 */
static void check_is_stored(const struct setting *setting)
{
    uint8_t *frame = make_block(setting->size + setting->behind);
    char *text = (char *)make_block(setting->size_max + 1);
    for (uint32_t i = 0; i < setting->size; i++) {
        text[i] = (char)letter(i);
    }
    uint8_t *end = pc_wire_put_text(frame, text, setting->size, setting->size_max, setting->room);
    assert_ptr_equal(end, frame + setting->size);
    assert_memory_equal(frame, text, setting->size);
    for (uint32_t i = setting->room; i < setting->behind; i++) {
        assert_int_equal(frame[setting->size + i], FILLING);
    }
    free(frame);
    free(text);
}

static void text_is_stored_within_its_room(void **state)
{
    (void)state;
    each_setting(check_is_stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_any_size_comes_back),
        cmocka_unit_test(text_with_one_bad_byte_is_refused_wherever_it_is),
        cmocka_unit_test(text_is_judged_without_what_follows_it),
        cmocka_unit_test(text_above_its_bound_is_refused),
        cmocka_unit_test(text_that_is_cut_short_is_refused),
        cmocka_unit_test(text_beyond_ascii_is_taken),
        cmocka_unit_test(text_is_stored_within_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
