/* See slice_threads.h. */
#include "slice_threads.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"

#define WALL_START_MS UINT64_C(1700000000000)
#define THREADS_MAX   64u

enum thread_state {
    THREAD_READY,
    THREAD_WAITS_FOR_MUTEX,
    THREAD_WAITS_FOR_SIGNAL,
    THREAD_WAITS_FOR_END,
    THREAD_SLEEPS,
    THREAD_ENDED
};

/* Invariant: waits_for is what the state says, NULL otherwise; until_ms is UINT64_MAX unless it may
 * go on by time. */
struct slice_thread {
    struct pc_thread *real;
    struct pc_condition *turn;
    pc_thread_fn *run;
    void *argument;
    const void *waits_for;
    uint64_t until_ms;
    jmp_buf way_out;
    uint32_t owner;
    enum thread_state state;
    bool is_killed;
};

/* What the project's code holds instead of a lock and a condition of the system. */
struct slice_mutex {
    bool is_held;
};

struct slice_condition {
    uint32_t unused;
};

/* Invariant: running is NULL while the driver runs. Guarded by baton. */
static struct {
    struct sim_world *world;
    struct pc_mutex *baton;
    struct pc_condition *driver_turn;
    struct slice_thread *running;
    struct slice_thread *threads[THREADS_MAX];
    uint32_t thread_count;
    uint32_t owner;
} all;

#define WRAPPED(result, name, ...)                                                                 \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

WRAPPED(struct pc_thread *, pc_thread_start, const char *name, pc_thread_fn *run, void *argument);
WRAPPED(void, pc_thread_join, struct pc_thread *thread);
WRAPPED(struct pc_mutex *, pc_mutex_create, void);
WRAPPED(void, pc_mutex_destroy, struct pc_mutex *mutex);
WRAPPED(void, pc_mutex_lock, struct pc_mutex *mutex);
WRAPPED(void, pc_mutex_unlock, struct pc_mutex *mutex);
WRAPPED(struct pc_condition *, pc_condition_create, void);
WRAPPED(void, pc_condition_destroy, struct pc_condition *condition);
WRAPPED(bool, pc_condition_wait, struct pc_condition *condition, struct pc_mutex *mutex,
        uint32_t timeout_ms);
WRAPPED(void, pc_condition_signal, struct pc_condition *condition);
WRAPPED(void, pc_condition_broadcast, struct pc_condition *condition);
WRAPPED(uint64_t, pc_os_monotonic_ms, void);
WRAPPED(uint64_t, pc_os_wall_ms, void);
WRAPPED(void, pc_os_sleep_ms, uint32_t ms);
WRAPPED(void, pc_os_random, void *bytes, size_t size);

/* ---- the baton ---- */

void slice_threads_begin(struct sim_world *world)
{
    memset(&all, 0, sizeof all);
    all.world = world;
    all.baton = __real_pc_mutex_create();
    all.driver_turn = __real_pc_condition_create();
    PC_ASSERT(all.baton != NULL && all.driver_turn != NULL);
}

void slice_threads_end(void)
{
    PC_ASSERT(all.thread_count == 0);
    __real_pc_condition_destroy(all.driver_turn);
    __real_pc_mutex_destroy(all.baton);
    memset(&all, 0, sizeof all);
}

void slice_threads_set_owner(uint32_t owner)
{
    all.owner = owner;
}

uint32_t slice_threads_owner(void)
{
    return all.running != NULL ? all.running->owner : all.owner;
}

/* The driver lets the thread run until it gives the baton back. */
static void thread__run(struct slice_thread *thread)
{
    PC_ASSERT(all.running == NULL);
    __real_pc_mutex_lock(all.baton);
    all.running = thread;
    __real_pc_condition_signal(thread->turn);
    while (all.running != NULL) {
        (void)__real_pc_condition_wait(all.driver_turn, all.baton, UINT32_MAX);
    }
    __real_pc_mutex_unlock(all.baton);
}

static void thread__await_turn(struct slice_thread *thread)
{
    while (all.running != thread) {
        (void)__real_pc_condition_wait(thread->turn, all.baton, UINT32_MAX);
    }
}

static void thread__give_back(void)
{
    all.running = NULL;
    __real_pc_condition_signal(all.driver_turn);
}

/* Called by the thread that runs: stop here until the driver lets it go on. */
static void thread__stop(enum thread_state state, const void *waits_for, uint64_t until_ms)
{
    struct slice_thread *own = all.running;
    own->state = state;
    own->waits_for = waits_for;
    own->until_ms = until_ms;
    __real_pc_mutex_lock(all.baton);
    thread__give_back();
    thread__await_turn(own);
    __real_pc_mutex_unlock(all.baton);
    if (own->is_killed) {
        longjmp(own->way_out, 1);
    }
    own->state = THREAD_READY;
    own->waits_for = NULL;
}

static void thread__body(void *argument)
{
    struct slice_thread *own = argument;
    __real_pc_mutex_lock(all.baton);
    thread__await_turn(own);
    __real_pc_mutex_unlock(all.baton);
    if (!own->is_killed && setjmp(own->way_out) == 0) {
        own->run(own->argument);
    }
    own->state = THREAD_ENDED;
    __real_pc_mutex_lock(all.baton);
    thread__give_back();
    __real_pc_mutex_unlock(all.baton);
}

static bool thread__is_ready(const struct slice_thread *thread)
{
    uint64_t now_ms = sim_world_now_ms(all.world);
    switch (thread->state) {
    case THREAD_READY:
        return true;
    case THREAD_WAITS_FOR_MUTEX:
        return !((const struct slice_mutex *)thread->waits_for)->is_held;
    case THREAD_WAITS_FOR_END:
        return ((const struct slice_thread *)thread->waits_for)->state == THREAD_ENDED;
    case THREAD_WAITS_FOR_SIGNAL:
    case THREAD_SLEEPS:
        return thread->until_ms <= now_ms;
    case THREAD_ENDED:
        break;
    }
    return false;
}

static struct slice_thread *thread__ready_at(uint32_t index)
{
    for (uint32_t i = 0; i < all.thread_count; i++) {
        if (thread__is_ready(all.threads[i]) && index-- == 0) {
            return all.threads[i];
        }
    }
    return NULL;
}

uint32_t slice_threads_ready_count(void)
{
    uint32_t count = 0;
    while (thread__ready_at(count) != NULL) {
        count++;
    }
    return count;
}

void slice_thread_run(uint32_t index)
{
    struct slice_thread *thread = thread__ready_at(index);
    PC_ASSERT(thread != NULL);
    sim_note(all.world, "process %u: a thread goes on", thread->owner, 0, 0);
    thread__run(thread);
}

uint64_t slice_threads_due_ms(void)
{
    uint64_t due_ms = UINT64_MAX;
    for (uint32_t i = 0; i < all.thread_count; i++) {
        bool waits = all.threads[i]->state == THREAD_SLEEPS ||
                     all.threads[i]->state == THREAD_WAITS_FOR_SIGNAL;
        if (waits && all.threads[i]->until_ms < due_ms) {
            due_ms = all.threads[i]->until_ms;
        }
    }
    return due_ms;
}

static void thread__free(struct slice_thread *thread)
{
    uint32_t i = 0;
    while (all.threads[i] != thread) {
        i++;
    }
    all.threads[i] = all.threads[--all.thread_count];
    __real_pc_thread_join(thread->real);
    __real_pc_condition_destroy(thread->turn);
    free(thread);
}

void slice_threads_kill(uint32_t owner)
{
    PC_ASSERT(all.running == NULL);
    for (uint32_t i = 0; i < all.thread_count;) {
        struct slice_thread *thread = all.threads[i];
        if (thread->owner != owner) {
            i++;
            continue;
        }
        if (thread->state != THREAD_ENDED) {
            thread->is_killed = true;
            thread__run(thread);
        }
        thread__free(thread);
    }
}

void slice_thread_yield(void)
{
    if (all.running != NULL) {
        thread__stop(THREAD_READY, NULL, UINT64_MAX);
    }
}

/* ---- what the project's code calls ---- */

struct pc_thread *__wrap_pc_thread_start(const char *name, pc_thread_fn *run, void *argument)
{
    struct slice_thread *thread = calloc(1, sizeof *thread);
    PC_ASSERT(thread != NULL && all.thread_count < THREADS_MAX);
    thread->run = run;
    thread->argument = argument;
    thread->until_ms = UINT64_MAX;
    thread->owner = slice_threads_owner();
    thread->turn = __real_pc_condition_create();
    thread->real = __real_pc_thread_start(name, thread__body, thread);
    PC_ASSERT(thread->turn != NULL && thread->real != NULL);
    all.threads[all.thread_count++] = thread;
    return (struct pc_thread *)(void *)thread;
}

void __wrap_pc_thread_join(struct pc_thread *joined)
{
    struct slice_thread *thread = (struct slice_thread *)(void *)joined;
    if (all.running != NULL && thread->state != THREAD_ENDED) {
        thread__stop(THREAD_WAITS_FOR_END, thread, UINT64_MAX);
    }
    PC_ASSERT(thread->state == THREAD_ENDED); /* the driver joins only what has ended */
    thread__free(thread);
}

struct pc_mutex *__wrap_pc_mutex_create(void)
{
    return calloc(1, sizeof(struct slice_mutex));
}

void __wrap_pc_mutex_destroy(struct pc_mutex *mutex)
{
    PC_ASSERT(!((struct slice_mutex *)(void *)mutex)->is_held);
    free(mutex);
}

void __wrap_pc_mutex_lock(struct pc_mutex *mutex)
{
    struct slice_mutex *own = (struct slice_mutex *)(void *)mutex;
    slice_thread_yield();
    while (all.running != NULL && own->is_held) {
        thread__stop(THREAD_WAITS_FOR_MUTEX, own, UINT64_MAX);
    }
    PC_ASSERT(!own->is_held); /* no thread stops with a lock that the driver takes, too */
    own->is_held = true;
}

void __wrap_pc_mutex_unlock(struct pc_mutex *mutex)
{
    struct slice_mutex *own = (struct slice_mutex *)(void *)mutex;
    PC_ASSERT(own->is_held);
    own->is_held = false;
}

struct pc_condition *__wrap_pc_condition_create(void)
{
    return calloc(1, sizeof(struct slice_condition));
}

void __wrap_pc_condition_destroy(struct pc_condition *condition)
{
    free(condition);
}

bool __wrap_pc_condition_wait(struct pc_condition *condition, struct pc_mutex *mutex,
                              uint32_t timeout_ms)
{
    uint64_t until_ms = UINT64_MAX;
    PC_ASSERT(all.running != NULL); /* the driver never waits */
    if (timeout_ms != UINT32_MAX) {
        until_ms = sim_world_now_ms(all.world) + timeout_ms;
    }
    __wrap_pc_mutex_unlock(mutex);
    struct slice_thread *own = all.running;
    thread__stop(THREAD_WAITS_FOR_SIGNAL, condition, until_ms);
    bool is_signalled = own->until_ms != until_ms;
    __wrap_pc_mutex_lock(mutex);
    return is_signalled;
}

/* A thread that was woken is one whose time has come. */
static bool condition__wake_one(const struct pc_condition *condition)
{
    for (uint32_t i = 0; i < all.thread_count; i++) {
        struct slice_thread *thread = all.threads[i];
        if (thread->state == THREAD_WAITS_FOR_SIGNAL && thread->waits_for == condition &&
            thread->until_ms != 0) {
            thread->until_ms = 0;
            return true;
        }
    }
    return false;
}

void __wrap_pc_condition_signal(struct pc_condition *condition)
{
    (void)condition__wake_one(condition);
}

void __wrap_pc_condition_broadcast(struct pc_condition *condition)
{
    while (condition__wake_one(condition)) {
    }
}

uint64_t __wrap_pc_os_monotonic_ms(void)
{
    return sim_world_now_ms(all.world);
}

uint64_t __wrap_pc_os_wall_ms(void)
{
    return WALL_START_MS + sim_world_now_ms(all.world);
}

void __wrap_pc_os_sleep_ms(uint32_t ms)
{
    PC_ASSERT(all.running != NULL);
    thread__stop(THREAD_SLEEPS, NULL, sim_world_now_ms(all.world) + ms);
}

void __wrap_pc_os_random(void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)bytes)[i] = (uint8_t)sim_choose(all.world, 256);
    }
}
