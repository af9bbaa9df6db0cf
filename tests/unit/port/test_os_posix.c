/* What pc/os.h promises of signals, and only POSIX systems have. */
#include <errno.h>

#include <unistd.h>

#include "pc/os.h"
#include "support/cmocka_all.h"

/* As a server whose log nobody reads any more. */
static void write_to_a_closed_pipe_is_an_error_and_no_end(void **state)
{
    int ends[2];
    (void)state;
    pc_os_stop_signal_install();
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_to_a_closed_pipe_is_an_error_and_no_end),
    };
    return cmocka_run_group_tests_name("os_posix", tests, NULL, NULL);
}
