/* pc/os.h on POSIX systems: threads, clocks, descriptors, random bytes, the stop signal, secret
 * files.
 *
 * Happy path: main installs the stop signal, starts threads, waits; a signal writes one byte into a
 * pipe, the wait sees it, and sees it ever after (the byte is never read).
 * Failure modes: no memory or no thread (NULL), a file that exists (PC_FULL) or may not be written.
 * Path: none; the packet path does not come here. */
#define _GNU_SOURCE /* pthread_setname_np, sched_getaffinity, getrandom, pipe2 */
#include "pc/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/stop_hook.h"
#include "pc/check.h"

#define THREAD_NAME_SIZE 16u

struct pc_thread {
    pthread_t handle;
    pc_thread_fn *run;
    void *argument;
    char name[THREAD_NAME_SIZE];
};

struct pc_mutex {
    pthread_mutex_t handle;
};

struct pc_condition {
    pthread_cond_t handle;
};

static pthread_once_t stop__once = PTHREAD_ONCE_INIT;
static int stop__pipe[2]; /* readable from the first stop signal on */

static void *thread__main(void *context)
{
    struct pc_thread *thread = context;
    (void)pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->argument);
    return NULL;
}

struct pc_thread *pc_thread_start(const char *name, pc_thread_fn *run, void *argument)
{
    struct pc_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return NULL;
    }
    size_t name_size = strlen(name);
    PC_ASSERT(name_size < THREAD_NAME_SIZE);
    memcpy(thread->name, name, name_size);
    thread->run = run;
    thread->argument = argument;
    if (pthread_create(&thread->handle, NULL, thread__main, thread) != 0) {
        free(thread);
        return NULL;
    }
    return thread;
}

void pc_thread_join(struct pc_thread *thread)
{
    int result = pthread_join(thread->handle, NULL);
    PC_ASSERT(result == 0);
    free(thread);
}

struct pc_mutex *pc_mutex_create(void)
{
    struct pc_mutex *mutex = malloc(sizeof *mutex);
    if (mutex != NULL && pthread_mutex_init(&mutex->handle, NULL) != 0) {
        free(mutex);
        return NULL;
    }
    return mutex;
}

void pc_mutex_destroy(struct pc_mutex *mutex)
{
    int result = pthread_mutex_destroy(&mutex->handle);
    PC_ASSERT(result == 0);
    free(mutex);
}

void pc_mutex_lock(struct pc_mutex *mutex)
{
    int result = pthread_mutex_lock(&mutex->handle);
    PC_ASSERT(result == 0);
}

void pc_mutex_unlock(struct pc_mutex *mutex)
{
    int result = pthread_mutex_unlock(&mutex->handle);
    PC_ASSERT(result == 0);
}

/* On the monotonic clock: a step of the wall clock must not stretch a time-out. */
struct pc_condition *pc_condition_create(void)
{
    pthread_condattr_t attributes;
    struct pc_condition *condition = malloc(sizeof *condition);
    if (condition == NULL) {
        return NULL;
    }
    if (pthread_condattr_init(&attributes) != 0) {
        goto fail_free;
    }
    if (pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0) {
        goto fail_attributes;
    }
    if (pthread_cond_init(&condition->handle, &attributes) != 0) {
        goto fail_attributes;
    }
    (void)pthread_condattr_destroy(&attributes);
    return condition;

fail_attributes:
    (void)pthread_condattr_destroy(&attributes);
fail_free:
    free(condition);
    return NULL;
}

void pc_condition_destroy(struct pc_condition *condition)
{
    int result = pthread_cond_destroy(&condition->handle);
    PC_ASSERT(result == 0);
    free(condition);
}

bool pc_condition_wait(struct pc_condition *condition, struct pc_mutex *mutex, uint32_t timeout_ms)
{
    if (timeout_ms == UINT32_MAX) {
        int result = pthread_cond_wait(&condition->handle, &mutex->handle);
        PC_ASSERT(result == 0);
        return true;
    }
    uint64_t deadline_us = pc_os_monotonic_us() + (uint64_t)timeout_ms * 1000;
    struct timespec deadline = {
        .tv_sec = (time_t)(deadline_us / 1000000),
        .tv_nsec = (long)(deadline_us % 1000000) * 1000,
    };
    int result = pthread_cond_timedwait(&condition->handle, &mutex->handle, &deadline);
    PC_ASSERT(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

void pc_condition_signal(struct pc_condition *condition)
{
    int result = pthread_cond_signal(&condition->handle);
    PC_ASSERT(result == 0);
}

void pc_condition_broadcast(struct pc_condition *condition)
{
    int result = pthread_cond_broadcast(&condition->handle);
    PC_ASSERT(result == 0);
}

static uint64_t clock__us(clockid_t clock)
{
    struct timespec now;
    int result = clock_gettime(clock, &now);
    PC_ASSERT(result == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t pc_os_monotonic_ms(void)
{
    return clock__us(CLOCK_MONOTONIC) / 1000;
}

uint64_t pc_os_monotonic_us(void)
{
    return clock__us(CLOCK_MONOTONIC);
}

uint64_t pc_os_wall_ms(void)
{
    return clock__us(CLOCK_REALTIME) / 1000;
}

void pc_os_sleep_ms(uint32_t ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
        /* A signal cut the sleep short; rest holds what is left. */
    }
}

uint32_t pc_os_processor_count(void)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        int count = CPU_COUNT(&allowed);
        return count > 0 ? (uint32_t)count : 1;
    }
    /* More processors than a cpu_set_t holds. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

uint32_t pc_os_descriptors_raise(void)
{
    struct rlimit limit;
    int result = getrlimit(RLIMIT_NOFILE, &limit);
    PC_ASSERT(result == 0);
    const struct rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        limit = raised;
    }
    return limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
}

void pc_os_random(void *bytes, size_t size)
{
    uint8_t *target = bytes;
    while (size > 0) {
        ssize_t got = getrandom(target, size, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        PC_ASSERT(got > 0);
        target += got;
        size -= (size_t)got;
    }
}

static void stop__open(void)
{
    int result = pipe2(stop__pipe, O_CLOEXEC | O_NONBLOCK);
    PC_ASSERT(result == 0);
}

/* Async-signal-safe. A full pipe is as good as a written one. */
static void stop__tell(void)
{
    int code = errno;
    ssize_t written = write(stop__pipe[1], "", 1);
    (void)written;
    stop_hook_call();
    errno = code;
}

static void stop__handle(int signal_number)
{
    (void)signal_number;
    stop__tell();
}

static void stop__catch(int signal_number, void (*handle)(int))
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    int result = sigaction(signal_number, &action, NULL);
    PC_ASSERT(result == 0);
}

void pc_os_stop_signal_install(void)
{
    int result = pthread_once(&stop__once, stop__open);
    PC_ASSERT(result == 0);
    stop__catch(SIGINT, stop__handle);
    stop__catch(SIGTERM, stop__handle);
    stop__catch(SIGPIPE, SIG_IGN);
}

static int stop__poll_ms(uint64_t deadline_ms, uint32_t timeout_ms)
{
    if (timeout_ms == UINT32_MAX) {
        return -1;
    }
    uint64_t now_ms = pc_os_monotonic_ms();
    uint64_t rest_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    return rest_ms > INT32_MAX ? INT32_MAX : (int)rest_ms;
}

bool pc_os_stop_signal_wait(uint32_t timeout_ms)
{
    int result = pthread_once(&stop__once, stop__open);
    PC_ASSERT(result == 0);
    uint64_t deadline_ms = pc_os_monotonic_ms() + timeout_ms;
    struct pollfd entry = {.fd = stop__pipe[0], .events = POLLIN};
    do {
        result = poll(&entry, 1, stop__poll_ms(deadline_ms, timeout_ms));
    } while (result < 0 && errno == EINTR);
    PC_ASSERT(result >= 0);
    return result > 0;
}

void pc_os_stop_signal_raise(void)
{
    int result = pthread_once(&stop__once, stop__open);
    PC_ASSERT(result == 0);
    stop__tell();
}

char **pc_os_arguments(int *count, char **arguments)
{
    (void)count;
    return arguments;
}

FILE *pc_os_file_open(const char *path, const char *mode)
{
    return fopen(path, mode);
}

static bool file__write_all(int descriptor, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static enum pc_status file__status(int code)
{
    if (code == EEXIST) {
        return PC_FULL;
    }
    return code == EACCES || code == EPERM || code == EROFS ? PC_DENIED : PC_SYSTEM;
}

enum pc_status pc_os_secret_file_create(const char *path, const void *bytes, size_t size)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return file__status(errno);
    }
    /* An odd umask could have taken our own bits away. */
    bool ok = fchmod(descriptor, 0600) == 0 && file__write_all(descriptor, bytes, size) &&
              fsync(descriptor) == 0;
    if (close(descriptor) != 0 || !ok) {
        (void)unlink(path);
        return PC_SYSTEM;
    }
    return PC_OK;
}

bool pc_os_secret_file_is_private(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return false;
    }
    return S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}
