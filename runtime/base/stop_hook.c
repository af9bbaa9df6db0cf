/* See stop_hook.h.
 *
 * Happy path: the handler finds the function and calls it. Failure mode: it runs on another thread
 * while the hook is cleared: clearing waits until it is through. A handler that interrupts the
 * clearing thread itself is through before that thread goes on. */
#include "base/stop_hook.h"

#include <stdatomic.h>
#include <stddef.h>

#include "pc/check.h"

_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
               "a signal handler must not wait for a lock");

static _Atomic(stop_hook_fn *) stop_hook__function;
static void *stop_hook__argument; /* written before the function is, read after it */
static atomic_uint stop_hook__calls;

void stop_hook_set(stop_hook_fn *function, void *argument)
{
    PC_ASSERT(atomic_load(&stop_hook__function) == NULL);
    stop_hook__argument = argument;
    atomic_store(&stop_hook__function, function);
}

void stop_hook_clear(void)
{
    atomic_store(&stop_hook__function, NULL);
    while (atomic_load(&stop_hook__calls) > 0) {
    }
}

void stop_hook_call(void)
{
    atomic_fetch_add(&stop_hook__calls, 1);
    stop_hook_fn *function = atomic_load(&stop_hook__function);
    if (function != NULL) {
        function(stop_hook__argument);
    }
    atomic_fetch_sub(&stop_hook__calls, 1);
}
