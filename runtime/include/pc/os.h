/* What servers need of the system besides sockets, without an OS header: threads, clocks, random
 * bytes, stop signals, secret files. Not for the packet path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pc/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pc_thread;
struct pc_mutex;
struct pc_condition;

typedef void pc_thread_fn(void *argument);

/* NULL if the system has no room for another thread. name: at most 15 characters. */
struct pc_thread *pc_thread_start(const char *name, pc_thread_fn *run, void *argument);
void pc_thread_join(struct pc_thread *thread); /* and free it */

struct pc_mutex *pc_mutex_create(void); /* NULL if memory is short */
void pc_mutex_destroy(struct pc_mutex *mutex);
void pc_mutex_lock(struct pc_mutex *mutex);
void pc_mutex_unlock(struct pc_mutex *mutex);

struct pc_condition *pc_condition_create(void); /* NULL if memory is short */
void pc_condition_destroy(struct pc_condition *condition);
/* Spurious wake-ups happen. timeout_ms: UINT32_MAX waits for ever. False if the time ran out. */
bool pc_condition_wait(struct pc_condition *condition, struct pc_mutex *mutex, uint32_t timeout_ms);
void pc_condition_signal(struct pc_condition *condition);
void pc_condition_broadcast(struct pc_condition *condition);

uint64_t pc_os_monotonic_ms(void);
uint64_t pc_os_monotonic_us(void);
uint64_t pc_os_wall_ms(void); /* since 1970-01-01 UTC */
void pc_os_sleep_ms(uint32_t ms);
uint32_t pc_os_processor_count(void); /* that this process may use; at least 1 */

/* Raise what limits the descriptors of this process, and so its connections, as far as the process
 * may. Returns how many it may have open then; UINT32_MAX where nothing limits them (Windows). */
uint32_t pc_os_descriptors_raise(void);

/* From the system's cryptographic generator; ends the process if there is none. */
void pc_os_random(void *bytes, size_t size);

/* Catch SIGINT and SIGTERM (Windows: console control events) from now on. SIGPIPE is ignored: who
 * reads the log may end before the server. */
void pc_os_stop_signal_install(void);
/* Wait until one has come or pc_os_stop_signal_raise was called. False if timeout_ms ran out first
 * (UINT32_MAX: never). */
bool pc_os_stop_signal_wait(uint32_t timeout_ms);
void pc_os_stop_signal_raise(void);

/* Paths and arguments are UTF-8 on every system. */

/* The arguments of main, which Windows gives in a code page of its own; there they are read anew,
 * counted, and kept until the process ends. Ends the process if memory is short. */
char **pc_os_arguments(int *count, char **arguments);

/* As fopen. */
FILE *pc_os_file_open(const char *path, const char *mode);

/* Make a file of the bytes that only its owner may read and write (mode 0600; on Windows in the
 * user's own folder permissions). Returns PC_OK | PC_FULL (it exists) | PC_DENIED | PC_SYSTEM. */
PC_NODISCARD enum pc_status pc_os_secret_file_create(const char *path, const void *bytes,
                                                     size_t size);
/* True if nobody but the owner can read the file; always true on Windows. */
bool pc_os_secret_file_is_private(const char *path);

#ifdef __cplusplus
}
#endif
