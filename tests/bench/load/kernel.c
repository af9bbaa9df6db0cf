/* Reading the kernel's accounts; see kernel.h.
 *
 * Failure modes: a process that is gone ends the load generator; a counter that this kernel does
 * not have is 0. */
#define _GNU_SOURCE
#include "kernel.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <time.h>

#include "load.h"

#define LINE_SIZE 8192u /* of TcpExt more than 3,000 are in use */

uint64_t kernel_cpu_ns(int pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        load_die("the server has gone");
    }
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* The state in "7 (a name) S 1 ...", '?' if there is none. A name may hold brackets itself. */
static char kernel__thread_state(int pid, const char *thread)
{
    char path[300];
    char line[512];
    char state = '?';
    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/stat", pid, thread);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return state;
    }
    if (fgets(line, sizeof line, file) != NULL) {
        const char *end = strrchr(line, ')');
        state = end != NULL && end[1] == ' ' ? end[2] : '?';
    }
    (void)fclose(file);
    return state;
}

bool kernel_process_sleeps(int pid)
{
    char path[64];
    bool sleeps = true;
    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        load_die("the server has gone");
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        sleeps =
            sleeps && (entry->d_name[0] == '.' || kernel__thread_state(pid, entry->d_name) == 'S');
    }
    (void)closedir(folder);
    return sleeps;
}

/* A counter from a file in which a line of names stands above each line of numbers. */
static uint64_t kernel__counter(const char *path, const char *group, const char *name)
{
    static char names[LINE_SIZE];
    static char numbers[LINE_SIZE];
    uint64_t value = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    while (fgets(names, sizeof names, file) != NULL &&
           fgets(numbers, sizeof numbers, file) != NULL) {
        if (strncmp(names, group, strlen(group)) != 0) {
            continue;
        }
        char *names_left;
        char *numbers_left;
        const char *word = strtok_r(names, " \n", &names_left);
        const char *number = strtok_r(numbers, " \n", &numbers_left);
        while (word != NULL && number != NULL && strcmp(word, name) != 0) {
            word = strtok_r(NULL, " \n", &names_left);
            number = strtok_r(NULL, " \n", &numbers_left);
        }
        value = word != NULL && number != NULL ? strtoull(number, NULL, 10) : 0;
        break;
    }
    (void)fclose(file);
    return value;
}

struct kernel_tcp kernel_tcp_read(void)
{
    return (struct kernel_tcp){
        .segments = kernel__counter("/proc/net/snmp", "Tcp:", "OutSegs"),
        .delayed_acks = kernel__counter("/proc/net/netstat", "TcpExt:", "DelayedACKs"),
    };
}
