/* What a packet has beside its codec: builders, checks, views, prints and descriptors. That they
 * agree with the reference on every vector is tests/codegen/test_parts.py's matter. */
#include <math.h>
#include <string.h>

#include "proto/wide_build.h"
#include "proto/wide_check.h"
#include "proto/wide_codec.h"
#include "proto/wide_meta.h"
#include "proto/wide_print.h"
#include "proto/wide_view.h"
#include "support/cmocka_all.h"

static struct wide_numbers numbers;
static struct wide_texts texts;
static struct wide_maybe maybe;
static struct wide_secrets secrets;
static struct wide_unions unions;

static const uint8_t key[] = {1, 2, 3, 4};
static const uint8_t digest[] = {7, 8, 9};

static void numbers__build(void)
{
    static const uint16_t levels[] = {2, 9};
    static const enum wide_mood moods[] = {WIDE_MOOD_SAD, WIDE_MOOD_GLAD};
    static const float angles[] = {0.25f};
    assert_true(wide_numbers_set_all(&numbers, 60, -300, 5000000000u, 1.0f, -2.0, 180.0f, 0.5f,
                                     WIDE_MOOD_CALM, WIDE_STEP_RUN | WIDE_STEP_FLY, 0x80, levels, 2,
                                     moods, angles, 1));
}

static void unions__build(void)
{
    const struct wide_target person = {
        .tag = WIDE_TARGET_PERSON,
        .person = {.name_size = 2, .name = "ab", .age = 7, .spots_count = 0}};
    const struct wide_effect effect = {
        .tag = WIDE_EFFECT_UNKNOWN, .unknown_tag = 999, .unknown_size = 4, .unknown = key};
    const struct wide_effect two[2] = {{.tag = WIDE_EFFECT_NONE},
                                       {.tag = WIDE_EFFECT_DAMAGE, .damage = 12}};
    const struct wide_profile profile = {
        .name_size = 3, .name = "abc", .spots_count = 1, .spots = {{.x = 1.5f, .level = 60}}};
    assert_true(
        wide_unions_set_all(&unions, &person, &person, 1, &effect, two, &profile, NULL, 0, 5));
}

static int set_up(void **state)
{
    (void)state;
    memset(&maybe, 0, sizeof maybe);
    numbers__build();
    unions__build();
    assert_true(wide_texts_set_all(&texts, "abc", "d\"e", key, 4));
    assert_true(wide_secrets_set_all(&secrets, "d\"e", "open", digest));
    assert_int_equal(wide_numbers_validate(&numbers), PC_WIRE_OK);
    assert_int_equal(wide_texts_validate(&texts), PC_WIRE_OK);
    assert_int_equal(wide_maybe_validate(&maybe), PC_WIRE_OK);
    assert_int_equal(wide_unions_validate(&unions), PC_WIRE_OK);
    return 0;
}

/* ---- builders ---- */

static void set_all_fills_every_field(void **state)
{
    (void)state;
    assert_int_equal(numbers.tiny, 60);
    assert_int_equal(numbers.steps, 0x8001);
    assert_int_equal(numbers.levels_count, 2);
    assert_int_equal(numbers.levels[1], 9);
    assert_int_equal(numbers.moods[1], WIDE_MOOD_GLAD);
    assert_int_equal(texts.plain_size, 3);
    assert_string_equal(texts.plain, "abc");
    assert_ptr_equal(texts.key, key);
    assert_true(secrets.has_word);
    assert_int_equal(secrets.word_size, 4);
    assert_memory_equal(secrets.digest, digest, sizeof digest);
    assert_int_equal(unions.all[0].person.age, 7);
    assert_int_equal(unions.two[1].damage, 12);
}

static void set_all_null_leaves_an_optional_out(void **state)
{
    const uint32_t number = 4;
    (void)state;
    memset(&maybe, 0xff, sizeof maybe);
    assert_true(wide_maybe_set_all(&maybe, &number, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL,
                                   NULL, NULL, NULL));
    assert_true(maybe.has_number && maybe.number == 4);
    assert_false(maybe.has_kind || maybe.has_text || maybe.has_words || maybe.has_target);
    assert_int_equal(wide_maybe_validate(&maybe), PC_WIRE_OK);
}

static void set_all_refuses_what_is_above_its_bound(void **state)
{
    static const uint8_t bytes[41];
    (void)state;
    assert_false(wide_texts_set_all(&texts, "123456789012345678901", "", key, 4));
    assert_true(wide_texts_set_all(&texts, "12345678901234567890", "", bytes, 40));
    assert_false(wide_texts_set_all(&texts, "abc", "", bytes, 41));
    assert_false(wide_secrets_set_all(&secrets, "", "1234567890", digest));
}

static void set_all_refuses_more_elements_than_there_is_room(void **state)
{
    static const uint16_t words[5] = {2, 2, 2, 2, 2};
    static const enum wide_mood moods[2] = {WIDE_MOOD_CALM, WIDE_MOOD_CALM};
    static const float angles[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    static const struct wide_target targets[4] = {{.tag = WIDE_TARGET_NOBODY}};
    struct wide_unions other;
    (void)state;
    assert_true(wide_numbers_set_all(&numbers, 1, 0, 5, 0.0f, 0.0, 0.0f, 0.0f, WIDE_MOOD_CALM, 0, 0,
                                     words, 4, moods, angles, 3));
    assert_false(wide_numbers_set_all(&numbers, 1, 0, 5, 0.0f, 0.0, 0.0f, 0.0f, WIDE_MOOD_CALM, 0,
                                      0, words, 5, moods, angles, 3));
    assert_false(wide_numbers_set_all(&numbers, 1, 0, 5, 0.0f, 0.0, 0.0f, 0.0f, WIDE_MOOD_CALM, 0,
                                      0, words, 4, moods, angles, 4));
    assert_false(wide_maybe_set_all(&maybe, NULL, NULL, NULL, NULL, NULL, NULL, 0, words, 4, NULL,
                                    NULL, NULL, NULL));
    assert_false(wide_maybe_set_all(&maybe, NULL, NULL, NULL, NULL, NULL, key, 13, NULL, 0, NULL,
                                    NULL, NULL, NULL));
    assert_false(wide_unions_set_all(&other, targets, targets, 4, &unions.effect, unions.two,
                                     &unions.profile, NULL, 0, 5));
}

/* ---- validate ---- */

#define REFUSED(packet, change, reason)                                                            \
    do {                                                                                           \
        struct wide_##packet packet##_before = packet;                                             \
        change;                                                                                    \
        assert_int_equal(wide_##packet##_validate(&packet), reason);                               \
        packet = packet##_before;                                                                  \
    } while (0)

static void validate_finds_what_a_peer_would_refuse_of_numbers(void **state)
{
    (void)state;
    REFUSED(numbers, numbers.tiny = 0, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.tiny = 61, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.cold = -301, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.large = 4, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.ratio = 1.01f, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.ratio = NAN, PC_WIRE_FLOAT);
    REFUSED(numbers, numbers.wide = -INFINITY, PC_WIRE_FLOAT);
    REFUSED(numbers, numbers.turn = 180.3f, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.turn = NAN, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.steps = 4, PC_WIRE_FLAGS);
    REFUSED(numbers, numbers.levels_count = 5, PC_WIRE_COUNT);
    REFUSED(numbers, numbers.levels[1] = 10, PC_WIRE_RANGE);
    REFUSED(numbers, numbers.mood = (enum wide_mood)1234, PC_WIRE_OK); /* unknown: keep */
    REFUSED(numbers, numbers.mood = (enum wide_mood)40000, PC_WIRE_ENUM);
    REFUSED(numbers, numbers.mark = 0xff, PC_WIRE_OK); /* unknown: keep */
}

static void validate_finds_what_a_peer_would_refuse_of_texts(void **state)
{
    (void)state;
    REFUSED(texts, texts.plain_size = 2, PC_WIRE_COUNT);
    REFUSED(texts, texts.plain_size = 21, PC_WIRE_COUNT);
    REFUSED(texts, texts.plain[0] = '\xc3', PC_WIRE_UTF8);
    REFUSED(texts, memcpy(texts.plain, "\xc3\xa9", 2), PC_WIRE_CHARSET);
    REFUSED(texts, texts.shown[0] = '\x1f', PC_WIRE_CHARSET);
    REFUSED(texts, texts.shown[0] = '\xff', PC_WIRE_UTF8);
    REFUSED(texts, texts.key_size = 3, PC_WIRE_COUNT);
    REFUSED(secrets, secrets.word_size = 10, PC_WIRE_COUNT);
}

static void validate_looks_into_optionals_that_are_there(void **state)
{
    (void)state;
    maybe.kind = (enum wide_kind)9;
    assert_int_equal(wide_maybe_validate(&maybe), PC_WIRE_OK);
    maybe.has_kind = true;
    assert_int_equal(wide_maybe_validate(&maybe), PC_WIRE_ENUM);
    maybe.kind = (enum wide_kind)257; /* would be ONE in a byte */
    assert_int_equal(wide_maybe_validate(&maybe), PC_WIRE_ENUM);
    maybe.kind = WIDE_KIND_ONE;
    maybe.has_spot = true;
    maybe.spot.level = 0;
    assert_int_equal(wide_maybe_validate(&maybe), PC_WIRE_RANGE);
}

static void validate_looks_into_the_case_of_a_union(void **state)
{
    (void)state;
    REFUSED(unions, unions.first.person.name_size = 1, PC_WIRE_COUNT);
    REFUSED(unions, unions.first.tag = (enum wide_target_tag)3, PC_WIRE_TAG);
    REFUSED(unions, unions.all[0].person.spots_count = 3, PC_WIRE_COUNT);
    REFUSED(unions, unions.effect.unknown_tag = 300, PC_WIRE_TAG);
    REFUSED(unions, unions.two[0].tag = (enum wide_effect_tag)5, PC_WIRE_TAG);
    REFUSED(unions, unions.profile.spots[0].x = INFINITY, PC_WIRE_FLOAT);
}

/* ---- equal ---- */

#define DIFFERS(packet, change)                                                                    \
    do {                                                                                           \
        struct wide_##packet packet##_other = packet;                                              \
        assert_true(wide_##packet##_equal(&packet, &packet##_other));                              \
        struct wide_##packet *other = &packet##_other;                                             \
        change;                                                                                    \
        assert_false(wide_##packet##_equal(&packet, other));                                       \
        assert_false(wide_##packet##_equal(other, &packet));                                       \
    } while (0)

static void equal_sees_every_sort_of_difference(void **state)
{
    uint8_t other_key[] = {1, 2, 3, 5};
    (void)state;
    DIFFERS(numbers, other->tiny = 1);
    DIFFERS(numbers, other->levels_count = 1);
    DIFFERS(numbers, other->levels[1] = 8);
    DIFFERS(numbers, other->moods[0] = WIDE_MOOD_GLAD);
    DIFFERS(numbers, other->fine = 0.75f);
    DIFFERS(texts, other->plain[2] = 'x');
    DIFFERS(texts, other->key_size = 3);
    DIFFERS(texts, other->key = other_key);
    DIFFERS(secrets, other->has_word = false);
    DIFFERS(secrets, other->digest[2] = 0);
    DIFFERS(unions, other->first.tag = WIDE_TARGET_NOBODY);
    DIFFERS(unions, other->first.person.age = 8);
    DIFFERS(unions, other->effect.unknown_tag = 1000);
    DIFFERS(unions, other->effect.unknown = other_key);
    DIFFERS(unions, other->two[1].damage = 13);
    DIFFERS(unions, other->profile.spots[0].level = 1);
}

static void equal_sees_what_is_there_on_one_side_only(void **state)
{
    (void)state;
    maybe.has_number = maybe.has_words = maybe.has_target = maybe.has_blob = true;
    maybe.words_count = 1;
    maybe.target.tag = WIDE_TARGET_ENTITY;
    maybe.blob = key;
    maybe.blob_size = 4;
    DIFFERS(maybe, other->has_number = false);
    DIFFERS(maybe, other->number = 1);
    DIFFERS(maybe, other->has_words = false);
    DIFFERS(maybe, other->words_count = 0);
    DIFFERS(maybe, other->words[0] = 1);
    DIFFERS(maybe, other->target.entity = 1);
    DIFFERS(maybe, other->has_blob = false);
    DIFFERS(maybe, other->blob_size = 3);
    DIFFERS(maybe, other->has_truth = true);
}

static void equal_passes_over_what_is_not_there(void **state)
{
    struct wide_numbers other = numbers;
    struct wide_texts borrowed = texts;
    struct wide_secrets hidden = secrets;
    uint8_t same_key[] = {1, 2, 3, 4};
    (void)state;
    other.levels[3] = 77;
    assert_true(wide_numbers_equal(&numbers, &other));
    borrowed.key = same_key;
    borrowed.plain[10] = 'x';
    assert_true(wide_texts_equal(&texts, &borrowed));
    secrets.has_word = hidden.has_word = false;
    hidden.word[0] = 'x';
    assert_true(wide_secrets_equal(&secrets, &hidden));
}

/* ---- views ---- */

static void view_reads_the_fields_before_the_first_of_variable_size(void **state)
{
    uint8_t frame[WIDE_NUMBERS_FRAME_MAX];
    const uint8_t *payload = frame + PC_FRAME_HEADER_SIZE;
    (void)state;
    wide_numbers_encode(&numbers, frame);
    assert_int_equal(wide_numbers_view_tiny(payload), 60);
    assert_int_equal(wide_numbers_view_cold(payload), -300);
    assert_true(wide_numbers_view_large(payload) == 5000000000u);
    assert_true(wide_numbers_view_ratio(payload) == 1.0f);
    assert_true(wide_numbers_view_wide(payload) == -2.0);
    assert_true(wide_numbers_view_turn(payload) == 180.0f);
    assert_true(wide_numbers_view_fine(payload) == 0.5f);
    assert_int_equal(wide_numbers_view_mood(payload), WIDE_MOOD_CALM);
    assert_int_equal(wide_numbers_view_steps(payload), 0x8001);
    assert_int_equal(wide_numbers_view_mark(payload), 0x80);
}

/* ---- prints ---- */

static void print_hides_secrets(void **state)
{
    static const char expected[] =
        "{\"name\":\"d\\\"e\",\"word\":\"<secret>\",\"digest\":\"<secret>\"}";
    char text[200];
    (void)state;
    assert_int_equal(wide_secrets_print(&secrets, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(wide_secrets_print(&secrets, text, 9), strlen(expected));
    assert_string_equal(text, "{\"name\":");
}

static void print_escapes_and_names_what_it_can(void **state)
{
    static const char expected[] = "{\"plain\":\"a\\u0001b\",\"shown\":\"d\\\"\\\\e\",\"key\":"
                                   "\"01020304\"}";
    char text[600];
    (void)state;
    assert_true(wide_texts_set_all(&texts,
                                   "a\x01"
                                   "b",
                                   "d\"\\e", key, 4));
    assert_int_equal(wide_texts_print(&texts, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    numbers.mood = (enum wide_mood)1234;
    assert_true(wide_numbers_print(&numbers, text, sizeof text) < sizeof text);
    assert_non_null(strstr(text, "\"mood\":1234,"));
    maybe.has_kind = true;
    maybe.kind = WIDE_KIND_TWO;
    assert_true(wide_maybe_print(&maybe, text, sizeof text) < sizeof text);
    assert_non_null(strstr(text, "{\"number\":null,\"kind\":\"TWO\",\"steps\":null,"));
    assert_true(wide_unions_print(&unions, text, sizeof text) < sizeof text);
    assert_non_null(strstr(text, "\"damage\":12"));
}

static void print_writes_nothing_beyond_its_room(void **state)
{
    char text[200];
    uint32_t size = wide_secrets_print(&secrets, NULL, 0);
    (void)state;
    for (uint32_t capacity = 1; capacity <= size + 1; capacity++) {
        memset(text, '#', sizeof text);
        assert_int_equal(wide_secrets_print(&secrets, text, capacity), size);
        assert_int_equal(strlen(text), capacity - 1);
        assert_int_equal(text[capacity], '#');
    }
}

static void print_frame_refuses_what_it_cannot_decode(void **state)
{
    uint8_t frame[WIDE_NUMBERS_FRAME_MAX];
    char text[400];
    (void)state;
    wide_numbers_encode(&numbers, frame);
    struct pc_frame there = pc_frame_at(frame);
    uint32_t size = wide_print_frame(&there, text, sizeof text);
    assert_int_equal(size, strlen(text));
    assert_non_null(strstr(text, "\"mood\":\"CALM\",\"steps\":[\"RUN\",\"FLY\"],\"mark\":128,"));
    frame[PC_FRAME_HEADER_SIZE] = 0;
    assert_int_equal(wide_print_frame(&there, text, sizeof text), 0);
    there.id = 0x0699;
    assert_int_equal(wide_print_frame(&there, text, sizeof text), 0);
}

/* ---- descriptors ---- */

static void meta_describes_packets_and_fields(void **state)
{
    const struct pc_meta_packet *packet = pc_meta_find(&wide_meta, WIDE_SECRETS_ID);
    (void)state;
    assert_string_equal(wide_meta.name, "wide");
    assert_int_equal(wide_meta.version, WIDE_VERSION);
    assert_true(wide_meta.compat_hash == WIDE_COMPAT_HASH);
    assert_non_null(packet);
    assert_string_equal(packet->name, "secrets");
    assert_int_equal(packet->struct_size, sizeof(struct wide_secrets));
    assert_int_equal(packet->frame_max, WIDE_SECRETS_FRAME_MAX);
    assert_int_equal(packet->field_count, 3);
    const struct pc_meta_field *word = &packet->fields[1];
    assert_string_equal(word->name, "word");
    assert_string_equal(word->type, "string<9>?");
    assert_int_equal(word->offset, offsetof(struct wide_secrets, word));
    assert_int_equal(word->flags, PC_META_SECRET | PC_META_OPTIONAL);
    assert_int_equal(packet->fields[2].flags, PC_META_SECRET | PC_META_DEPRECATED);
    assert_int_equal(word->size_min, 1);
    assert_int_equal(word->size_max, 11);
}

static void meta_finds_each_packet_and_no_other(void **state)
{
    uint32_t found = 0;
    (void)state;
    for (uint32_t id = 0; id <= UINT16_MAX; id++) {
        const struct pc_meta_packet *packet = pc_meta_find(&wide_meta, (uint16_t)id);
        if (packet != NULL) {
            assert_int_equal(packet->id, id);
            assert_string_equal(packet->name, wide_packet_name(packet->id));
            found++;
        }
    }
    assert_int_equal(found, wide_meta.packet_count);
}

#define PARTS_TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARTS_TEST(set_all_fills_every_field),
        PARTS_TEST(set_all_null_leaves_an_optional_out),
        PARTS_TEST(set_all_refuses_what_is_above_its_bound),
        PARTS_TEST(set_all_refuses_more_elements_than_there_is_room),
        PARTS_TEST(validate_finds_what_a_peer_would_refuse_of_numbers),
        PARTS_TEST(validate_finds_what_a_peer_would_refuse_of_texts),
        PARTS_TEST(validate_looks_into_optionals_that_are_there),
        PARTS_TEST(validate_looks_into_the_case_of_a_union),
        PARTS_TEST(equal_sees_every_sort_of_difference),
        PARTS_TEST(equal_sees_what_is_there_on_one_side_only),
        PARTS_TEST(equal_passes_over_what_is_not_there),
        PARTS_TEST(view_reads_the_fields_before_the_first_of_variable_size),
        PARTS_TEST(print_hides_secrets),
        PARTS_TEST(print_escapes_and_names_what_it_can),
        PARTS_TEST(print_writes_nothing_beyond_its_room),
        PARTS_TEST(print_frame_refuses_what_it_cannot_decode),
        PARTS_TEST(meta_describes_packets_and_fields),
        PARTS_TEST(meta_finds_each_packet_and_no_other),
    };
    return cmocka_run_group_tests_name("wide_parts", tests, NULL, NULL);
}
