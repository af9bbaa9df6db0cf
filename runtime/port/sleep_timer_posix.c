/* A timerfd; see sleep_timer_posix.h. Happy path: cover finds that it fires in time. Failures: only
 * open's. Path: beside [1], what bounds the wait for completions. */
#define _GNU_SOURCE
#include "port/sleep_timer_posix.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "pc/check.h"

uint64_t sleep_timer_now_us(void)
{
    struct timespec now;
    int result = clock_gettime(CLOCK_MONOTONIC, &now);
    PC_ASSERT(result == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t sleep_timer_deadline_us(uint64_t deadline_ms)
{
    return PC_LIKELY(deadline_ms < UINT64_MAX / 1000) ? deadline_ms * 1000 : UINT64_MAX;
}

int sleep_timer_open(struct sleep_timer *timer)
{
    *timer = (struct sleep_timer){.fires_us = 0};
    timer->descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return timer->descriptor < 0 ? -errno : 0;
}

void sleep_timer_close(struct sleep_timer *timer)
{
    if (timer->descriptor >= 0) {
        (void)close(timer->descriptor);
        timer->descriptor = -1;
    }
}

static PC_COLD void sleep_timer__move(struct sleep_timer *timer, uint64_t deadline_us)
{
    const struct itimerspec when = {
        .it_value.tv_sec = (time_t)(deadline_us / 1000000),
        .it_value.tv_nsec = (long)(deadline_us % 1000000) * 1000,
    };
    int result = timerfd_settime(timer->descriptor, TFD_TIMER_ABSTIME, &when, NULL);
    PC_ASSERT(result == 0);
    timer->fires_us = deadline_us;
}

void sleep_timer_cover(struct sleep_timer *timer, uint64_t deadline_us)
{
    bool is_covered = timer->fires_us != 0 && timer->fires_us <= deadline_us;
    if (deadline_us != UINT64_MAX && !is_covered) {
        sleep_timer__move(timer, deadline_us);
    }
}

void sleep_timer_fired(struct sleep_timer *timer)
{
    timer->fires_us = 0;
}
