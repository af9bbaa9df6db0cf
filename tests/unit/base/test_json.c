/* JSON into a bounded buffer: commas, escapes, numbers, and what does not fit. */
#include "pc/json.h"

#include <float.h>
#include <string.h>

#include "support/cmocka_all.h"

static char text[400];
static struct pc_json json;

static int set_up(void **state)
{
    (void)state;
    memset(text, '#', sizeof text);
    json = (struct pc_json){text, sizeof text, 0, false};
    return 0;
}

static void assert_said(const char *expected)
{
    assert_int_equal(pc_json_end(&json), strlen(expected));
    assert_string_equal(text, expected);
}

static void json_commas_stand_between_values_only(void **state)
{
    (void)state;
    pc_json_open(&json, '{');
    pc_json_key(&json, "a");
    pc_json_open(&json, '[');
    pc_json_unsigned(&json, 1);
    pc_json_signed(&json, -2);
    pc_json_open(&json, '[');
    pc_json_close(&json, ']');
    pc_json_null(&json);
    pc_json_close(&json, ']');
    pc_json_key(&json, "b");
    pc_json_bool(&json, true);
    pc_json_key(&json, "c");
    pc_json_bool(&json, false);
    pc_json_close(&json, '}');
    assert_said("{\"a\":[1,-2,[],null],\"b\":true,\"c\":false}");
}

static void json_integers_of_all_bits_are_exact(void **state)
{
    (void)state;
    pc_json_open(&json, '[');
    pc_json_unsigned(&json, 0);
    pc_json_unsigned(&json, UINT64_MAX);
    pc_json_signed(&json, INT64_MIN);
    pc_json_signed(&json, INT64_MAX);
    pc_json_close(&json, ']');
    assert_said("[0,18446744073709551615,-9223372036854775808,9223372036854775807]");
}

static void json_floats_are_the_shortest_that_read_back(void **state)
{
    (void)state;
    pc_json_open(&json, '[');
    pc_json_f32(&json, 0.1f);
    pc_json_f32(&json, -1.5f);
    pc_json_f32(&json, 16777216.0f);
    pc_json_f32(&json, FLT_MAX);
    pc_json_f64(&json, 0.1);
    pc_json_f64(&json, 1.0 / 3.0);
    pc_json_f64(&json, 1e300);
    pc_json_close(&json, ']');
    assert_said("[0.1,-1.5,16777216,3.4028235e+38,0.1,0.3333333333333333,1e+300]");
}

static void json_floats_that_are_not_finite_are_null(void **state)
{
    volatile double zero = 0.0;
    (void)state;
    pc_json_open(&json, '[');
    pc_json_f64(&json, 1.0 / zero);
    pc_json_f64(&json, zero / zero);
    pc_json_f32(&json, (float)(-1.0 / zero));
    pc_json_close(&json, ']');
    assert_said("[null,null,null]");
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    static const char string[] = "a\"\\\n\x01\x7f/\xc3\xa9";
    pc_json_string(&json, string, sizeof string - 1);
    assert_said("\"a\\\"\\\\\\u000a\\u0001\\u007f/\xc3\xa9\"");
}

static void json_string_ends_at_its_size(void **state)
{
    (void)state;
    pc_json_string(&json, "abc", 2);
    assert_said("\"ab\"");
}

static void json_names_are_those_of_the_yaml_or_numbers(void **state)
{
    (void)state;
    pc_json_open(&json, '[');
    pc_json_name(&json, "name_2", 2);
    pc_json_name(&json, "?", -7);
    pc_json_close(&json, ']');
    assert_said("[\"NAME_2\",-7]");
}

static void json_flags_are_names_or_a_number(void **state)
{
    static const struct pc_json_name bits[] = {{"RUN", 1u}, {"FAR", UINT64_C(1) << 40}};
    (void)state;
    pc_json_open(&json, '[');
    pc_json_flags(&json, 0, bits, 2);
    pc_json_flags(&json, 1u | UINT64_C(1) << 40, bits, 2);
    pc_json_flags(&json, 3, bits, 2);
    pc_json_close(&json, ']');
    assert_said("[[],[\"RUN\",\"FAR\"],3]");
}

static void json_bytes_are_hexadecimal(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x9f, 0xff};
    (void)state;
    pc_json_open(&json, '[');
    pc_json_hex(&json, bytes, 3);
    pc_json_hex(&json, NULL, 0);
    pc_json_unknown(&json, 70000, bytes, 1);
    pc_json_close(&json, ']');
    assert_said("[\"009fff\",\"\",{\"unknown\":{\"tag\":70000,\"bytes\":\"00\"}}]");
}

static void json_that_does_not_fit_is_counted_and_cut(void **state)
{
    (void)state;
    for (uint32_t capacity = 0; capacity <= 8; capacity++) {
        memset(text, '#', sizeof text);
        json = (struct pc_json){text, capacity, 0, false};
        pc_json_string(&json, "abcd", 4);
        assert_int_equal(pc_json_end(&json), 6);
        for (uint32_t i = 0; i < capacity && i < 7; i++) {
            assert_int_equal(text[i], i + 1 == capacity ? '\0' : "\"abcd\""[i]);
        }
        assert_int_equal(text[capacity], '#');
    }
}

#define JSON_TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JSON_TEST(json_commas_stand_between_values_only),
        JSON_TEST(json_integers_of_all_bits_are_exact),
        JSON_TEST(json_floats_are_the_shortest_that_read_back),
        JSON_TEST(json_floats_that_are_not_finite_are_null),
        JSON_TEST(json_strings_are_escaped),
        JSON_TEST(json_string_ends_at_its_size),
        JSON_TEST(json_names_are_those_of_the_yaml_or_numbers),
        JSON_TEST(json_flags_are_names_or_a_number),
        JSON_TEST(json_bytes_are_hexadecimal),
        JSON_TEST(json_that_does_not_fit_is_counted_and_cut),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
