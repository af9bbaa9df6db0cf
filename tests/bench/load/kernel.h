/* What the kernel knows of a window: the processor time of a process, whether it sleeps, and the
 * segments of TCP. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* User and system time of all threads of a process, those that have ended included. Of a process
 * that runs it is up to one tick of the kernel old (4 ms), so read it while the process sleeps. */
uint64_t kernel_cpu_ns(int pid);

/* True if no thread of the process runs or wants to. */
bool kernel_process_sleeps(int pid);

/* Of the whole machine, monotonic. */
struct kernel_tcp {
    uint64_t segments;     /* sent, those without data included */
    uint64_t delayed_acks; /* acknowledgements that a timer sent, for nothing else was to send */
};

struct kernel_tcp kernel_tcp_read(void);
