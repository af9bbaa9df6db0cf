/* The system's services behind pc/os.h, on whichever system this runs. */
#include <stdio.h>
#include <string.h>

#include "pc/os.h"
#include "support/cmocka_all.h"

#define THREADS   4u
#define ROUNDS    20000u
#define PATH_SIZE 64u

struct shared {
    struct pc_mutex *mutex;
    struct pc_condition *condition;
    uint64_t count;
    bool is_set;
};

static int setup(void **state)
{
    static struct shared shared;
    shared = (struct shared){.mutex = pc_mutex_create(), .condition = pc_condition_create()};
    *state = &shared;
    return shared.mutex != NULL && shared.condition != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct shared *shared = *state;
    pc_condition_destroy(shared->condition);
    pc_mutex_destroy(shared->mutex);
    return 0;
}

static void add_many(void *argument)
{
    struct shared *shared = argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        pc_mutex_lock(shared->mutex);
        shared->count++;
        pc_mutex_unlock(shared->mutex);
    }
}

static void set_and_signal(void *argument)
{
    struct shared *shared = argument;
    pc_mutex_lock(shared->mutex);
    shared->is_set = true;
    pc_condition_signal(shared->condition);
    pc_mutex_unlock(shared->mutex);
}

static void wait_and_count(void *argument)
{
    struct shared *shared = argument;
    pc_mutex_lock(shared->mutex);
    while (!shared->is_set) {
        (void)pc_condition_wait(shared->condition, shared->mutex, UINT32_MAX);
    }
    shared->count++;
    pc_mutex_unlock(shared->mutex);
}

static void raise_stop(void *argument)
{
    (void)argument;
    pc_os_sleep_ms(30);
    pc_os_stop_signal_raise();
}

static void mutex_many_threads_lose_no_count(void **state)
{
    struct shared *shared = *state;
    struct pc_thread *threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        threads[i] = pc_thread_start("adder", add_many, shared);
        assert_non_null(threads[i]);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pc_thread_join(threads[i]);
    }
    assert_int_equal(shared->count, (uint64_t)THREADS * ROUNDS);
}

static void condition_nobody_signals_time_runs_out(void **state)
{
    struct shared *shared = *state;
    uint64_t started_us = pc_os_monotonic_us();
    bool is_signalled = true;
    pc_mutex_lock(shared->mutex);
    /* Spurious wake-ups are allowed; the time must run out all the same. */
    for (uint32_t i = 0; i < 100 && is_signalled; i++) {
        is_signalled = pc_condition_wait(shared->condition, shared->mutex, 40);
    }
    pc_mutex_unlock(shared->mutex);
    assert_false(is_signalled);
    assert_true(pc_os_monotonic_us() - started_us >= 30000);
}

static void condition_signal_ends_the_wait(void **state)
{
    struct shared *shared = *state;
    struct pc_thread *thread = pc_thread_start("signaller", set_and_signal, shared);
    assert_non_null(thread);
    wait_and_count(shared);
    pc_thread_join(thread);
    assert_int_equal(shared->count, 1);
}

static void condition_broadcast_wakes_everybody(void **state)
{
    struct shared *shared = *state;
    struct pc_thread *threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        threads[i] = pc_thread_start("waiter", wait_and_count, shared);
        assert_non_null(threads[i]);
    }
    pc_os_sleep_ms(20);
    pc_mutex_lock(shared->mutex);
    shared->is_set = true;
    pc_condition_broadcast(shared->condition);
    pc_mutex_unlock(shared->mutex);
    for (uint32_t i = 0; i < THREADS; i++) {
        pc_thread_join(threads[i]);
    }
    assert_int_equal(shared->count, THREADS);
}

static void clock_monotonic_advances_with_sleep(void **state)
{
    (void)state;
    uint64_t before_ms = pc_os_monotonic_ms();
    uint64_t before_us = pc_os_monotonic_us();
    pc_os_sleep_ms(30);
    assert_in_range(pc_os_monotonic_ms() - before_ms, 25, 5000);
    assert_in_range(pc_os_monotonic_us() - before_us, 25000, 5000000);
    uint64_t last_us = pc_os_monotonic_us();
    for (uint32_t i = 0; i < 10000; i++) {
        uint64_t now_us = pc_os_monotonic_us();
        assert_true(now_us >= last_us);
        last_us = now_us;
    }
}

static void clock_wall_is_of_this_century(void **state)
{
    (void)state;
    assert_in_range(pc_os_wall_ms(), 1577836800000u, 4102444800000u); /* 2020 to 2100 */
}

static void processor_count_is_sane(void **state)
{
    (void)state;
    assert_in_range(pc_os_processor_count(), 1, 65536);
}

static void random_fills_every_byte_and_differs(void **state)
{
    (void)state;
    uint8_t seen[64] = {0};
    uint8_t first[64];
    uint8_t bytes[64];
    pc_os_random(first, sizeof(first));
    for (uint32_t round = 0; round < 16; round++) {
        pc_os_random(bytes, sizeof(bytes));
        assert_memory_not_equal(bytes, first, sizeof(bytes));
        for (uint32_t i = 0; i < sizeof(bytes); i++) {
            seen[i] |= bytes[i];
        }
    }
    for (uint32_t i = 0; i < sizeof(seen); i++) {
        assert_int_not_equal(seen[i], 0);
    }
}

static void secret_path(char path[PATH_SIZE])
{
    uint64_t number;
    pc_os_random(&number, sizeof(number));
    snprintf(path, PATH_SIZE, "test_os_%016llx.secret", (unsigned long long)number);
}

static void secret_file_is_private_and_made_once(void **state)
{
    char path[PATH_SIZE];
    char text[8] = {0};
    (void)state;
    secret_path(path);
    assert_int_equal(pc_os_secret_file_create(path, "a\nb", 3), PC_OK);
    assert_true(pc_os_secret_file_is_private(path));
    assert_int_equal(pc_os_secret_file_create(path, "other", 5), PC_FULL);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof(text), file), 3);
    fclose(file);
    assert_memory_equal(text, "a\nb", 3);
    remove(path);
}

static void secret_file_without_folder_is_refused(void **state)
{
    (void)state;
    assert_int_equal(pc_os_secret_file_create("no/such/folder/of/ours", "x", 1), PC_SYSTEM);
}

/* Last: a raised stop stays raised. */
static void stop_signal_raised_ends_every_wait(void **state)
{
    (void)state;
    pc_os_stop_signal_install();
    assert_false(pc_os_stop_signal_wait(20));
    struct pc_thread *thread = pc_thread_start("stopper", raise_stop, NULL);
    assert_non_null(thread);
    assert_true(pc_os_stop_signal_wait(UINT32_MAX));
    pc_thread_join(thread);
    assert_true(pc_os_stop_signal_wait(0));
}

#define WITH_SHARED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SHARED(mutex_many_threads_lose_no_count),
        WITH_SHARED(condition_nobody_signals_time_runs_out),
        WITH_SHARED(condition_signal_ends_the_wait),
        WITH_SHARED(condition_broadcast_wakes_everybody),
        cmocka_unit_test(clock_monotonic_advances_with_sleep),
        cmocka_unit_test(clock_wall_is_of_this_century),
        cmocka_unit_test(processor_count_is_sane),
        cmocka_unit_test(random_fills_every_byte_and_differs),
        cmocka_unit_test(secret_file_is_private_and_made_once),
        cmocka_unit_test(secret_file_without_folder_is_refused),
        cmocka_unit_test(stop_signal_raised_ends_every_wait),
    };
    return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
