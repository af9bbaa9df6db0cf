/* Configuration: values, defaults, and every form of error with its place and what is allowed. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/config_keys.h"
#include "temporary_file.h"

struct fixture {
    struct config config;
    struct values values;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    const struct config_table table = {keys, COUNT_OF(keys), &fixture->values};
    config_init(&fixture->config, &table, 1);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* Load text and expect one error. */
static void expect_error(void **state, const char *text, const char *error)
{
    struct fixture *fixture = *state;
    assert_false(config_load_text(&fixture->config, "x.ini", text));
    assert_string_equal(fixture->config.errors[0], error);
    assert_int_equal(fixture->config.error_count, 1);
}

static void expect_override_error(void **state, const char *assignment, const char *error)
{
    struct fixture *fixture = *state;
    assert_false(config_override(&fixture->config, assignment));
    assert_string_equal(fixture->config.errors[0], error);
    assert_int_equal(fixture->config.error_count, 1);
}

static void config_no_file_has_defaults(void **state)
{
    const struct values *values = &((struct fixture *)*state)->values;
    assert_int_equal(values->workers, 0);
    assert_int_equal(values->buffers, 256);
    assert_int_equal(values->pause_ms, 1000);
    assert_false(values->is_loud);
    assert_int_equal(values->colour, 0);
    assert_int_equal(values->listen.port, 7000);
    assert_int_equal(values->peer.family, PC_FAMILY_NONE);
    assert_string_equal(values->node, "one");
    assert_string_equal(values->file, "a.key");
}

static void config_good_file_sets_values(void **state)
{
    struct fixture *fixture = *state;
    const char *text = "; a comment\n"
                       "[server]\r\n"
                       "workers = 64\r\n"
                       "  buffers=512\n"
                       "pause_ms = 4294967295 ; for ever\n"
                       "# another\n"
                       "[log]\n"
                       "loud = on\n"
                       "colour = blue\n"
                       "[net]\n"
                       "listen = [::1]:80\n"
                       "peer = 10.0.0.1:1\n"
                       "node = 12345678\n"
                       "file = dir with space/key";
    assert_true(config_load_text(&fixture->config, "x.ini", text));
    assert_int_equal(fixture->values.workers, 64);
    assert_int_equal(fixture->values.buffers, 512);
    assert_int_equal(fixture->values.pause_ms, 4294967295u);
    assert_true(fixture->values.is_loud);
    assert_int_equal(fixture->values.colour, 2);
    assert_int_equal(fixture->values.listen.family, PC_FAMILY_IPV6);
    assert_int_equal(fixture->values.peer.port, 1);
    assert_string_equal(fixture->values.node, "12345678");
    assert_string_equal(fixture->values.file, "dir with space/key");
}

static void config_not_a_number_is_refused(void **state)
{
    expect_error(state, "[server]\nworkers = abc\n",
                 "x.ini:2: key \"workers\": \"abc\" is not a number; "
                 "allowed: 1..64 threads, or auto");
}

static void config_signed_number_is_refused(void **state)
{
    expect_error(state, "[server]\npause_ms = -1\n",
                 "x.ini:2: key \"pause_ms\": \"-1\" is not a number; allowed: 0..4294967295 ms");
}

static void config_number_above_is_refused(void **state)
{
    expect_error(state, "[server]\nworkers = 65\n",
                 "x.ini:2: key \"workers\": 65 is out of range; allowed: 1..64 threads, or auto");
}

static void config_number_beyond_64_bits_is_refused(void **state)
{
    expect_error(state, "[server]\npause_ms = 18446744073709551616\n",
                 "x.ini:2: key \"pause_ms\": 18446744073709551616 is out of range; "
                 "allowed: 0..4294967295 ms");
}

static void config_no_power_of_two_is_refused(void **state)
{
    expect_error(state, "[server]\nbuffers = 100\n",
                 "x.ini:2: key \"buffers\": 100 is not a power of two; "
                 "allowed: 8..1024, a power of two");
}

static void config_bad_bool_is_refused(void **state)
{
    expect_error(state, "[log]\nloud = maybe\n",
                 "x.ini:2: key \"loud\": \"maybe\" is neither yes nor no; allowed: yes, no");
}

static void config_bad_word_is_refused(void **state)
{
    expect_error(state, "[log]\ncolour = pink\n",
                 "x.ini:2: key \"colour\": \"pink\" is not one of the words; "
                 "allowed: red, green, blue");
}

static void config_bad_address_is_refused(void **state)
{
    expect_error(
        state, "[net]\nlisten = nowhere\n",
        "x.ini:2: key \"listen\": \"nowhere\" is not an address; "
        "allowed: ADDRESS:PORT such as 127.0.0.1:7000 or [::1]:7000, or unix:PATH on Linux");
}

static void config_missing_address_is_refused(void **state)
{
    expect_error(
        state, "[net]\nlisten =\n",
        "x.ini:2: key \"listen\": \"\" is not an address; "
        "allowed: ADDRESS:PORT such as 127.0.0.1:7000 or [::1]:7000, or unix:PATH on Linux");
}

static void config_long_text_is_refused(void **state)
{
    expect_error(state, "[net]\nnode = 123456789\n",
                 "x.ini:2: key \"node\": \"123456789\" has 9 bytes; "
                 "allowed: text of 1..8 bytes");
}

static void config_empty_path_is_refused(void **state)
{
    expect_error(state, "[net]\nfile =\n",
                 "x.ini:2: key \"file\": \"\" has 0 bytes; allowed: a path of 1..255 bytes; "
                 "a line of the file has at most 198");
}

static void config_control_characters_are_refused(void **state)
{
    expect_error(state, "[net]\nnode = a\033[1m\n",
                 "x.ini:2: key \"node\": it has control characters; "
                 "allowed: text of 1..8 bytes");
}

static void config_mistyped_key_is_guessed(void **state)
{
    expect_error(state, "[server]\nwrokers = 3\n",
                 "x.ini:2: unknown key \"wrokers\" in [server]; did you mean \"workers\"?");
}

static void config_strange_key_lists_allowed(void **state)
{
    expect_error(state, "[server]\nzzzzzzzzzz = 3\n",
                 "x.ini:2: unknown key \"zzzzzzzzzz\" in [server]; "
                 "allowed: workers, buffers, pause_ms, soft, hard");
}

static void config_key_of_other_section_is_named(void **state)
{
    expect_error(state, "[server]\ncolour = red\n",
                 "x.ini:2: unknown key \"colour\" in [server]; it belongs to [log]");
}

static void config_mistyped_section_is_guessed(void **state)
{
    expect_error(state, "[sevrer]\nworkers = 3\n",
                 "x.ini:1: unknown section [sevrer]; did you mean [server]?");
}

static void config_strange_section_lists_allowed(void **state)
{
    expect_error(state, "[database]\nworkers = 3\n",
                 "x.ini:1: unknown section [database]; allowed: server, log, net");
}

static void config_section_without_keys_is_refused(void **state)
{
    expect_error(state, "[server]\nworkers = 3\n[sevrer]\n[log]\n",
                 "x.ini:3: unknown section [sevrer]; did you mean [server]?");
}

static void config_text_behind_section_is_refused(void **state)
{
    expect_error(state, "[server] ; a comment\n[log] x\n",
                 "x.ini:2: text behind the \"]\" of a section");
}

static void config_byte_order_mark_is_no_text(void **state)
{
    struct fixture *fixture = *state;
    assert_true(config_load_text(&fixture->config, "x.ini", "\xef\xbb\xbf[server]\nworkers = 3\n"));
    assert_int_equal(fixture->values.workers, 3);
}

static void config_key_before_section_is_refused(void **state)
{
    expect_error(state, "workers = 3\n",
                 "x.ini:1: key \"workers\" stands before the first [section]");
}

static void config_key_given_twice_is_refused(void **state)
{
    expect_error(state, "[server]\nworkers = 3\n\nworkers = 4\n",
                 "x.ini:4: key \"workers\" is given twice; first in line 2");
}

static void config_indented_line_is_a_line(void **state)
{
    expect_error(state, "[server]\nworkers = 3\n    workers = 4\n",
                 "x.ini:3: key \"workers\" is given twice; first in line 2");
}

static void config_line_without_value_is_refused(void **state)
{
    expect_error(state, "[server]\n\nworkers\n",
                 "x.ini:3: neither \"key = value\" nor \"[section]\"");
}

static void config_all_malformed_lines_are_listed(void **state)
{
    struct fixture *fixture = *state;
    const char *text = "[server]\nworkers\n[log\ncolour = red\n[net]\nnode ; = x\n\t\r\nfile\n";
    const uint32_t lines[] = {2, 3, 6, 8};
    assert_false(config_load_text(&fixture->config, "x.ini", text));
    assert_int_equal(fixture->config.error_count, COUNT_OF(lines));
    for (uint32_t i = 0; i < COUNT_OF(lines); i++) {
        char error[CONFIG_ERROR_SIZE];
        snprintf(error, sizeof(error), "x.ini:%u: neither \"key = value\" nor \"[section]\"",
                 lines[i]);
        assert_string_equal(fixture->config.errors[i], error);
    }
}

static void config_long_line_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char text[1024] = "[net]\nfile = ";
    memset(text + strlen(text), 'x', 500);
    assert_false(config_load_text(&fixture->config, "x.ini", text));
    assert_int_equal(fixture->config.error_count, 1);
    assert_non_null(strstr(fixture->config.errors[0], "x.ini:2: the line is longer than "));
}

static void config_zero_is_written_as_its_word(void **state)
{
    expect_error(state, "[server]\nworkers = 0\n",
                 "x.ini:2: key \"workers\": 0 is out of range; allowed: 1..64 threads, or auto");
}

static void config_text_that_is_no_utf8_is_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_true(config_load_text(&fixture->config, "x.ini", "[net]\nnode = \xed\x95\x9c\n"));
    assert_true(config_override(&fixture->config, "net.file=\xff"));
    expect_override_error(state, "net.node=\xff",
                          "--set net.node=\xff: key \"node\": it is not UTF-8; "
                          "allowed: text of 1..8 bytes");
}

static void config_number_above_ceiling_is_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_true(config_load_text(&fixture->config, "x.ini", "[server]\nsoft = 31\n"));
    assert_false(config_check(&fixture->config));
    assert_string_equal(fixture->config.errors[0],
                        "x.ini:2: key \"soft\": 31 is above half of hard, which is 60 (default)");
    assert_true(config_override(&fixture->config, "server.hard=62"));
    assert_true(config_check(&fixture->config));
}

static void config_ceiling_below_number_is_named_with_its_place(void **state)
{
    struct fixture *fixture = *state;
    assert_true(config_override(&fixture->config, "server.soft=30"));
    assert_true(config_load_text(&fixture->config, "x.ini", "[server]\n\nhard = 59\n"));
    assert_false(config_check(&fixture->config));
    assert_string_equal(fixture->config.errors[0],
                        "--set: key \"soft\": 30 is above half of hard, which is 59 (x.ini:3)");
}

static void config_word_for_zero_is_below_every_ceiling(void **state)
{
    struct fixture *fixture = *state;
    assert_true(config_load_text(&fixture->config, "x.ini", "[server]\nhard = 1\nsoft = auto\n"));
    assert_true(config_check(&fixture->config));
}

static void config_bad_value_is_not_compared(void **state)
{
    struct fixture *fixture = *state;
    assert_false(config_load_text(&fixture->config, "x.ini", "[server]\nsoft = 40\nhard = x\n"));
    assert_true(config_check(&fixture->config));
    config_refuse(&fixture->config, "server", "hard", "too hard");
    assert_int_equal(fixture->config.error_count, 1);
    config_refuse(&fixture->config, "server", "soft", "too soft");
    assert_string_equal(fixture->config.errors[1], "x.ini:2: key \"soft\": too soft");
}

#define MANY_KEYS 40

/* More names than a message holds: it says so, and where they are. */
static void config_list_that_does_not_fit_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct config_key many[MANY_KEYS];
    char names[MANY_KEYS][32];
    for (uint32_t i = 0; i < MANY_KEYS; i++) {
        snprintf(names[i], sizeof(names[i]), "a_name_of_some_length_%02u", i);
        many[i] = (struct config_key){CONFIG_AT(CONFIG_NUMBER, struct values, hard),
                                      .section = "server",
                                      .name = names[i],
                                      .initial = "1",
                                      .max = 1,
                                      .doc = ""};
    }
    const struct config_table table = {many, MANY_KEYS, &fixture->values};
    config_init(&fixture->config, &table, 1);
    assert_false(config_override(&fixture->config, "server.zzz=1"));
    const char *end = strstr(fixture->config.errors[0], ", ... (--print-config shows all)");
    assert_non_null(end);
    assert_string_equal(end, ", ... (--print-config shows all)");
}

static void config_several_errors_are_all_listed(void **state)
{
    struct fixture *fixture = *state;
    const char *text = "[server]\nworkers = x\nbuffers = y\n[log]\ncolour = z\n";
    assert_false(config_load_text(&fixture->config, "x.ini", text));
    assert_int_equal(fixture->config.error_count, 3);
    assert_non_null(strstr(fixture->config.errors[0], "x.ini:2: "));
    assert_non_null(strstr(fixture->config.errors[1], "x.ini:3: "));
    assert_non_null(strstr(fixture->config.errors[2], "x.ini:5: "));
}

static void config_very_many_errors_are_counted(void **state)
{
    struct fixture *fixture = *state;
    static const char line[] = "workers = x\n";
    char text[4096] = "[server]\n";
    size_t used = strlen(text);
    for (uint32_t i = 0; i < CONFIG_ERRORS_MAX + 8; i++) {
        memcpy(text + used, line, sizeof(line));
        used += sizeof(line) - 1;
    }
    assert_false(config_load_text(&fixture->config, "x.ini", text));
    assert_int_equal(fixture->config.error_count, CONFIG_ERRORS_MAX + 8);
}

static void config_bad_value_keeps_the_old_one(void **state)
{
    struct fixture *fixture = *state;
    assert_false(config_load_text(&fixture->config, "x.ini", "[server]\nbuffers = 7\n"));
    assert_int_equal(fixture->values.buffers, 256);
}

static void config_override_beats_file(void **state)
{
    struct fixture *fixture = *state;
    assert_true(config_load_text(&fixture->config, "x.ini", "[server]\nworkers = 3\n"));
    assert_true(config_override(&fixture->config, "server.workers=5"));
    assert_true(config_override(&fixture->config, "net.file=a=b"));
    assert_int_equal(fixture->values.workers, 5);
    assert_string_equal(fixture->values.file, "a=b");
}

static void config_override_without_value_is_refused(void **state)
{
    expect_override_error(state, "server.workers",
                          "--set server.workers: expected section.key=value");
}

static void config_override_without_section_is_refused(void **state)
{
    expect_override_error(state, "workers=3", "--set workers=3: expected section.key=value");
}

static void config_override_of_unknown_key_is_refused(void **state)
{
    expect_override_error(state, "server.worker=3",
                          "--set server.worker=3: unknown key \"worker\" in [server]; "
                          "did you mean \"workers\"?");
}

static void config_override_with_bad_value_is_refused(void **state)
{
    expect_override_error(state, "log.loud=2",
                          "--set log.loud=2: key \"loud\": \"2\" is neither yes nor no; "
                          "allowed: yes, no");
}

static void config_missing_file_is_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_false(config_load_file(&fixture->config, "no-such-file.ini"));
    assert_string_equal(fixture->config.errors[0],
                        "no-such-file.ini: there is no such text file that can be read");
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void config_binary_file_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char path[TEMPORARY_PATH_SIZE];
    temporary_path(path, ".ini");
    write_file(path, "[server]\0\n", 10);
    assert_false(config_load_file(&fixture->config, path));
    remove(path);
}

/* What --print-config prints can be read back, and names every key. */
static void config_printed_text_is_a_valid_file(void **state)
{
    struct fixture *fixture = *state;
    char path[TEMPORARY_PATH_SIZE];
    char line[256];
    uint32_t key_count = 0;
    temporary_path(path, ".ini");
    FILE *file = fopen(path, "w+b");
    assert_non_null(file);
    config_print(&fixture->config, file);
    rewind(file);
    char text[8192] = "";
    size_t used = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        bool is_key = line[0] == ';';
        key_count += is_key ? 1u : 0u;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", line + (is_key ? 1 : 0));
        assert_true(used < sizeof(text));
    }
    fclose(file);
    remove(path);
    assert_int_equal(key_count, COUNT_OF(keys));
    assert_true(config_load_text(&fixture->config, "printed", text));
    assert_int_equal(fixture->values.buffers, 256);
    assert_non_null(strstr(text, "# Allowed: 1..64 threads, or auto.\nworkers = auto\n"));
}

#define CONFIG_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(config_no_file_has_defaults),
        CONFIG_TEST(config_good_file_sets_values),
        CONFIG_TEST(config_not_a_number_is_refused),
        CONFIG_TEST(config_signed_number_is_refused),
        CONFIG_TEST(config_number_above_is_refused),
        CONFIG_TEST(config_number_beyond_64_bits_is_refused),
        CONFIG_TEST(config_no_power_of_two_is_refused),
        CONFIG_TEST(config_bad_bool_is_refused),
        CONFIG_TEST(config_bad_word_is_refused),
        CONFIG_TEST(config_bad_address_is_refused),
        CONFIG_TEST(config_missing_address_is_refused),
        CONFIG_TEST(config_long_text_is_refused),
        CONFIG_TEST(config_empty_path_is_refused),
        CONFIG_TEST(config_control_characters_are_refused),
        CONFIG_TEST(config_mistyped_key_is_guessed),
        CONFIG_TEST(config_strange_key_lists_allowed),
        CONFIG_TEST(config_key_of_other_section_is_named),
        CONFIG_TEST(config_mistyped_section_is_guessed),
        CONFIG_TEST(config_strange_section_lists_allowed),
        CONFIG_TEST(config_section_without_keys_is_refused),
        CONFIG_TEST(config_text_behind_section_is_refused),
        CONFIG_TEST(config_byte_order_mark_is_no_text),
        CONFIG_TEST(config_key_before_section_is_refused),
        CONFIG_TEST(config_key_given_twice_is_refused),
        CONFIG_TEST(config_indented_line_is_a_line),
        CONFIG_TEST(config_line_without_value_is_refused),
        CONFIG_TEST(config_all_malformed_lines_are_listed),
        CONFIG_TEST(config_long_line_is_refused),
        CONFIG_TEST(config_zero_is_written_as_its_word),
        CONFIG_TEST(config_text_that_is_no_utf8_is_refused),
        CONFIG_TEST(config_number_above_ceiling_is_refused),
        CONFIG_TEST(config_ceiling_below_number_is_named_with_its_place),
        CONFIG_TEST(config_word_for_zero_is_below_every_ceiling),
        CONFIG_TEST(config_bad_value_is_not_compared),
        CONFIG_TEST(config_list_that_does_not_fit_says_so),
        CONFIG_TEST(config_several_errors_are_all_listed),
        CONFIG_TEST(config_very_many_errors_are_counted),
        CONFIG_TEST(config_bad_value_keeps_the_old_one),
        CONFIG_TEST(config_override_beats_file),
        CONFIG_TEST(config_override_without_value_is_refused),
        CONFIG_TEST(config_override_without_section_is_refused),
        CONFIG_TEST(config_override_of_unknown_key_is_refused),
        CONFIG_TEST(config_override_with_bad_value_is_refused),
        CONFIG_TEST(config_missing_file_is_refused),
        CONFIG_TEST(config_binary_file_is_refused),
        CONFIG_TEST(config_printed_text_is_a_valid_file),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
