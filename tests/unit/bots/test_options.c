/* The command line of the test client. */
#include "support/cmocka_all.h"

#include <string.h>

#include "options.h"

static void options_none_gives_one_session_in_full(void **state)
{
    (void)state;
    char *arguments[] = {"bots"};
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    assert_int_equal(options_parse(&options, (int)COUNT_OF(arguments), arguments, error),
                     OPTIONS_OK);
    assert_int_equal(options.clients, 0);
    assert_int_equal(options.gate.port, 7000);
    assert_int_equal(options.timeout_ms, 10000);
    assert_string_equal(options.text, "Hello from TestClient");
}

static void options_all_are_read(void **state)
{
    (void)state;
    char *arguments[] = {"bots", "--gate",    "[::1]:7001", "--clients", "1000",   "--seconds",
                         "3",    "--rate",    "20",         "--workers", "2",      "--timeout",
                         "500",  "--survive", "--json",     "--log",     "--text", "hi"};
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    assert_int_equal(options_parse(&options, (int)COUNT_OF(arguments), arguments, error),
                     OPTIONS_OK);
    assert_int_equal(options.gate.family, PC_FAMILY_IPV6);
    assert_int_equal(options.clients, 1000);
    assert_int_equal(options.seconds, 3);
    assert_int_equal(options.rate, 20);
    assert_int_equal(options.workers, 2);
    assert_int_equal(options.timeout_ms, 500);
    assert_true(options.survive);
    assert_true(options.json);
    assert_true(options.log);
    assert_string_equal(options.text, "hi");
}

static void options__assert_wrong(int count, char **arguments, const char *part)
{
    struct options options;
    char error[OPTIONS_ERROR_SIZE] = "";
    assert_int_equal(options_parse(&options, count, arguments, error), OPTIONS_WRONG);
    assert_non_null(strstr(error, part));
}

static void options_wrong_are_named_with_what_is_allowed(void **state)
{
    (void)state;
    char *unknown[] = {"bots", "--speed", "9"};
    char *missing[] = {"bots", "--rate"};
    char *text[] = {"bots", "--clients", "many"};
    char *range[] = {"bots", "--workers", "65"};
    char *sign[] = {"bots", "--rate", "-1"};
    char *engine[] = {"bots", "--engine", "kqueue"};
    char *gate[] = {"bots", "--gate", "nowhere"};
    options__assert_wrong(3, unknown, "'--speed'");
    options__assert_wrong(2, missing, "--rate: a value is missing");
    options__assert_wrong(3, text, "from 1 to 100000, got 'many'");
    options__assert_wrong(3, range, "from 1 to 64, got '65'");
    options__assert_wrong(3, sign, "got '-1'");
    options__assert_wrong(3, engine, "auto, iocp, uring or epoll");
    options__assert_wrong(3, gate, "127.0.0.1:7000");
}

static void options_help_wins(void **state)
{
    (void)state;
    char *arguments[] = {"bots", "--clients", "2", "--help"};
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    assert_int_equal(options_parse(&options, (int)COUNT_OF(arguments), arguments, error),
                     OPTIONS_HELP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_none_gives_one_session_in_full),
        cmocka_unit_test(options_all_are_read),
        cmocka_unit_test(options_wrong_are_named_with_what_is_allowed),
        cmocka_unit_test(options_help_wins),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
