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

#define ROUNDS 2000u

static atomic_bool caller_ends;

static void call_until_told(void *argument)
{
    (void)argument;
    while (!atomic_load(&caller_ends)) {
        stop_hook_call();
    }
}

/* What it is called with may go then: a call that has begun is waited for. */
static void stop_hook_clear_returns_after_the_last_call(void **state)
{
    (void)state;
    struct pc_thread *thread = pc_thread_start("caller", call_until_told, NULL);
    assert_non_null(thread);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        atomic_uint calls = 0;
        stop_hook_set(count_call, &calls);
        while (atomic_load(&calls) == 0) {
        }
        stop_hook_clear();
        uint32_t calls_cleared = atomic_load(&calls);
        assert_int_equal(atomic_load(&calls), calls_cleared);
    }
    atomic_store(&caller_ends, true);
    pc_thread_join(thread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_hook_is_called_while_it_is_set),
        cmocka_unit_test(stop_hook_clear_returns_after_the_last_call),
    };
    return cmocka_run_group_tests_name("stop_hook", tests, NULL, NULL);
}
