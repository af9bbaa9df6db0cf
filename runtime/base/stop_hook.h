/* One function that the stop signal calls: how it reaches a thread that sleeps in a completion port
 * and not in pc_os_stop_signal_wait.
 *
 * Path: outside the byte path. */
#pragma once

/* Called in a signal handler or on any thread: only what is safe in both. */
typedef void stop_hook_fn(void *argument);

/* From now on the signal calls function(argument). None may be set. A signal that came before is
 * not made up for: ask pc_os_stop_signal_wait after setting. */
void stop_hook_set(stop_hook_fn *function, void *argument);

/* No more; a call that has begun on another thread has returned when this does. */
void stop_hook_clear(void);

/* The signal has come. Thread: any, also in a signal handler. */
void stop_hook_call(void);
