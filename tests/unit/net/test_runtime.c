/* The process object before it runs. */
#include "pc/runtime.h"
#include "support/cmocka_all.h"

static void engine_parse_knows_the_engines_of_an_ini_file_only(void **state)
{
    static const struct {
        const char *text;
        enum pc_engine engine;
    } words[] = {
        {"auto", PC_ENGINE_AUTO},
        {"iocp", PC_ENGINE_IOCP},
        {"uring", PC_ENGINE_URING},
        {"epoll", PC_ENGINE_EPOLL},
    };
    static const char *const others[] = {"", "sim", "Epoll", "epoll ", "kqueue"};
    (void)state;
    for (uint32_t i = 0; i < COUNT_OF(words); i++) {
        enum pc_engine engine = PC_ENGINE_SIM;
        assert_true(pc_engine_parse(words[i].text, &engine));
        assert_int_equal(engine, words[i].engine);
    }
    for (uint32_t i = 0; i < COUNT_OF(others); i++) {
        enum pc_engine engine = PC_ENGINE_SIM;
        assert_false(pc_engine_parse(others[i], &engine));
        assert_int_equal(engine, PC_ENGINE_SIM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_parse_knows_the_engines_of_an_ini_file_only),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
