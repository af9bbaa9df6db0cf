/* The function that the stop signal calls. */
#include <stdatomic.h>

#include "base/stop_hook.h"
#include "pc/os.h"
#include "support/cmocka_all.h"

static void count_call(void *argument)
{
    atomic_fetch_add((atomic_uint *)argument, 1);
}

static void stop_hook_is_called_while_it_is_set(void **state)
{
    atomic_uint calls = 0;
    (void)state;
    stop_hook_call();
    stop_hook_set(count_call, &calls);
    stop_hook_call();
    pc_os_stop_signal_raise();
    stop_hook_clear();
    stop_hook_call();
    assert_int_equal(calls, 2);
}

struct slow_call {
    atomic_bool has_begun;
    atomic_bool has_ended;
};

static void take_time(void *argument)
{
    struct slow_call *call = argument;
    atomic_store(&call->has_begun, true);
    pc_os_sleep_ms(50);
    atomic_store(&call->has_ended, true);
}

static void signal_comes(void *argument)
{
    (void)argument;
    stop_hook_call();
}

/* What it is called with may go then. */
static void stop_hook_clear_waits_for_a_call_that_has_begun(void **state)
{
    struct slow_call call = {0};
    (void)state;
    stop_hook_set(take_time, &call);
    struct pc_thread *thread = pc_thread_start("signal", signal_comes, NULL);
    assert_non_null(thread);
    while (!atomic_load(&call.has_begun)) {
        pc_os_sleep_ms(1);
    }
    stop_hook_clear();
    assert_true(atomic_load(&call.has_ended));
    pc_thread_join(thread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_hook_is_called_while_it_is_set),
        cmocka_unit_test(stop_hook_clear_waits_for_a_call_that_has_begun),
    };
    return cmocka_run_group_tests_name("stop_hook", tests, NULL, NULL);
}
