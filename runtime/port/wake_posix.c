/* An eventfd; see wake_posix.h. Happy path: one write for any number of wakes. Failures: only
 * open's. Path: beside [1], how other threads reach the worker. */
#include "port/wake_posix.h"

#include <errno.h>
#include <stdint.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include "pc/check.h"

int wake_open(struct wake *wake, int flags)
{
    atomic_init(&wake->is_written, false);
    wake->descriptor = eventfd(0, EFD_CLOEXEC | flags);
    return wake->descriptor < 0 ? -errno : 0;
}

void wake_close(struct wake *wake)
{
    if (wake->descriptor >= 0) {
        (void)close(wake->descriptor);
        wake->descriptor = -1;
    }
}

void wake_post(struct wake *wake)
{
    const uint64_t one = 1;
    if (!atomic_exchange(&wake->is_written, true)) {
        ssize_t written;
        do {
            written = write(wake->descriptor, &one, sizeof one);
        } while (written < 0 && errno == EINTR);
        PC_ASSERT(written == (ssize_t)sizeof one);
    }
}

void wake_seen(struct wake *wake)
{
    (void)atomic_exchange(&wake->is_written, false);
}
