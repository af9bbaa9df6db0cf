/* Loaded before a server's own libraries (LD_PRELOAD) it lets a test break the system under it.
 *
 * PC_FAULT_FOLDER names a folder. While the file disk_full is in it, every pwrite fails with
 * ENOSPC: only the database is written so, the log is not. The file clock_step holds seconds that
 * are added to the wall clock; the monotonic clock is left alone, as by somebody who sets the time.
 * Failure modes: none; without the folder or the files all calls go through. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 512

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset);

static bool shim__path(const char *name, char path[PATH_SIZE])
{
    const char *folder = getenv("PC_FAULT_FOLDER");
    if (folder == NULL) {
        return false;
    }
    int length = snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return length > 0 && length < PATH_SIZE;
}

static bool shim__is_disk_full(void)
{
    char path[PATH_SIZE];
    return shim__path("disk_full", path) && access(path, F_OK) == 0;
}

static time_t shim__clock_step(void)
{
    char path[PATH_SIZE];
    char text[32] = {0};
    if (!shim__path("clock_step", path)) {
        return 0;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    return size > 0 ? (time_t)strtoll(text, NULL, 10) : 0;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    return pwrite64(descriptor, data, size, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off64_t);
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
    }
    if (shim__is_disk_full()) {
        errno = ENOSPC;
        return -1;
    }
    return next(descriptor, data, size, offset);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*next)(clockid_t, struct timespec *);
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
    }
    int result = next(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += shim__clock_step();
    }
    return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
    static int (*next)(struct timeval *, void *);
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "gettimeofday");
    }
    int result = next(now, zone);
    if (result == 0) {
        now->tv_sec += shim__clock_step();
    }
    return result;
}

time_t time(time_t *place)
{
    struct timespec now;
    time_t result = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : (time_t)-1;
    if (place != NULL) {
        *place = result;
    }
    return result;
}
