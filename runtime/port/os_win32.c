/* Windows' share of pc/os.h: threads, clocks, random bytes, stop signals, secret files.
 *
 * Happy path: thin calls of the system; what pc/os.h promises is exactly what they do.
 * Failure modes: what can run out (threads, memory) comes back as NULL; a system without a
 * generator of random bytes cannot run servers and ends the process.
 *
 * Path: none; nothing here is called per packet. */
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include "pc/os.h"

#include <stdlib.h>
#include <string.h>

#include "base/stop_hook.h"
#include "pc/check.h"

#include <windows.h>

#include <bcrypt.h>
#include <process.h>
#include <shellapi.h>

#define UNIX_EPOCH_100NS 116444736000000000ull /* from 1601, where Windows' time begins */
#define CHUNK_SIZE_MAX   0x40000000u

struct pc_thread {
    HANDLE handle;
    pc_thread_fn *run;
    void *argument;
};

struct pc_mutex {
    SRWLOCK lock;
};

struct pc_condition {
    CONDITION_VARIABLE variable;
};

/* Made at first use and never closed: the console handler runs on a thread of the system's own,
 * possibly while the process ends. */
static INIT_ONCE stop_event_once = INIT_ONCE_STATIC_INIT;

static unsigned __stdcall os__thread_main(void *pointer)
{
    struct pc_thread *thread = pointer;
    thread->run(thread->argument);
    return 0;
}

struct pc_thread *pc_thread_start(const char *name, pc_thread_fn *run, void *argument)
{
    PC_ASSERT(name != NULL);
    PC_ASSERT(run != NULL);
    struct pc_thread *thread = calloc(1, sizeof(*thread));
    if (thread == NULL) {
        return NULL;
    }
    thread->run = run;
    thread->argument = argument;
    /* The name is for debuggers only, and naming a thread needs a newer Windows than we ask for. */
    uintptr_t handle = _beginthreadex(NULL, 0, os__thread_main, thread, 0, NULL);
    if (handle == 0) {
        free(thread);
        return NULL;
    }
    thread->handle = (HANDLE)handle;
    return thread;
}

void pc_thread_join(struct pc_thread *thread)
{
    DWORD result = WaitForSingleObject(thread->handle, INFINITE);
    PC_ASSERT(result == WAIT_OBJECT_0);
    CloseHandle(thread->handle);
    free(thread);
}

struct pc_mutex *pc_mutex_create(void)
{
    struct pc_mutex *mutex = calloc(1, sizeof(*mutex));
    if (mutex != NULL) {
        InitializeSRWLock(&mutex->lock);
    }
    return mutex;
}

void pc_mutex_destroy(struct pc_mutex *mutex)
{
    free(mutex);
}

void pc_mutex_lock(struct pc_mutex *mutex)
{
    AcquireSRWLockExclusive(&mutex->lock);
}

void pc_mutex_unlock(struct pc_mutex *mutex)
{
    ReleaseSRWLockExclusive(&mutex->lock);
}

struct pc_condition *pc_condition_create(void)
{
    struct pc_condition *condition = calloc(1, sizeof(*condition));
    if (condition != NULL) {
        InitializeConditionVariable(&condition->variable);
    }
    return condition;
}

void pc_condition_destroy(struct pc_condition *condition)
{
    free(condition);
}

bool pc_condition_wait(struct pc_condition *condition, struct pc_mutex *mutex, uint32_t timeout_ms)
{
    /* UINT32_MAX is INFINITE. */
    return SleepConditionVariableSRW(&condition->variable, &mutex->lock, timeout_ms, 0) != 0;
}

void pc_condition_signal(struct pc_condition *condition)
{
    WakeConditionVariable(&condition->variable);
}

void pc_condition_broadcast(struct pc_condition *condition)
{
    WakeAllConditionVariable(&condition->variable);
}

uint64_t pc_os_monotonic_us(void)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER counter;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&counter);
    uint64_t ticks = (uint64_t)counter.QuadPart;
    uint64_t per_second = (uint64_t)frequency.QuadPart;
    /* In two parts, because ticks times a million overflows after some days of uptime. */
    return ticks / per_second * 1000000u + ticks % per_second * 1000000u / per_second;
}

uint64_t pc_os_monotonic_ms(void)
{
    return pc_os_monotonic_us() / 1000u;
}

uint64_t pc_os_wall_ms(void)
{
    FILETIME time;
    GetSystemTimeAsFileTime(&time);
    uint64_t ticks = ((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime;
    return (ticks - UNIX_EPOCH_100NS) / 10000u;
}

void pc_os_sleep_ms(uint32_t ms)
{
    Sleep(ms);
}

uint32_t pc_os_processor_count(void)
{
    DWORD_PTR process_mask = 0;
    DWORD_PTR system_mask = 0;
    uint32_t count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &process_mask, &system_mask)) {
        for (; process_mask != 0; process_mask &= process_mask - 1) {
            count++;
        }
    }
    /* The mask is 0 when the process spans more than one group of 64 processors. */
    if (count == 0) {
        count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    }
    return count > 0 ? count : 1;
}

uint32_t pc_os_descriptors_raise(void)
{
    return UINT32_MAX; /* memory alone limits the handles of a process */
}

void pc_os_random(void *bytes, size_t size)
{
    uint8_t *target = bytes;
    while (size > 0) {
        ULONG chunk = size < CHUNK_SIZE_MAX ? (ULONG)size : CHUNK_SIZE_MAX;
        NTSTATUS status = BCryptGenRandom(NULL, target, chunk, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
        PC_ASSERT(status >= 0);
        target += chunk;
        size -= chunk;
    }
}

static BOOL CALLBACK os__stop_event_make(PINIT_ONCE once, PVOID argument, PVOID *event)
{
    (void)once;
    (void)argument;
    *event = CreateEventW(NULL, TRUE, FALSE, NULL);
    return *event != NULL;
}

static HANDLE os__stop_event(void)
{
    void *event = NULL;
    BOOL is_made = InitOnceExecuteOnce(&stop_event_once, os__stop_event_make, NULL, &event);
    PC_ASSERT(is_made);
    return event;
}

static void os__stop(void)
{
    SetEvent(os__stop_event());
    stop_hook_call();
}

static BOOL WINAPI os__console_event(DWORD event)
{
    os__stop();
    /* After a close, logoff or shutdown event Windows ends the process as soon as this returns, so
     * the servers get the time the system allows to finish. */
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) {
        Sleep(INFINITE);
    }
    return TRUE;
}

void pc_os_stop_signal_install(void)
{
    /* A parent may have switched Ctrl-C off for the group it started us in. */
    SetConsoleCtrlHandler(NULL, FALSE);
    BOOL is_installed = SetConsoleCtrlHandler(os__console_event, TRUE);
    PC_ASSERT(is_installed);
    /* Names and chat are UTF-8; without this the console shows them in its own code page. */
    SetConsoleOutputCP(CP_UTF8);
}

bool pc_os_stop_signal_wait(uint32_t timeout_ms)
{
    return WaitForSingleObject(os__stop_event(), timeout_ms) == WAIT_OBJECT_0;
}

void pc_os_stop_signal_raise(void)
{
    os__stop();
}

/* To be freed; NULL if it is no UTF-8 or memory is short. */
static wchar_t *os__wide(const char *text)
{
    int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = size > 0 ? calloc((size_t)size, sizeof(*wide)) : NULL;
    if (wide != NULL) {
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, size);
    }
    return wide;
}

static char *os__narrow(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = calloc((size_t)size, 1);
    PC_ASSERT(size > 0 && text != NULL);
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    return text;
}

char **pc_os_arguments(int *count, char **arguments)
{
    (void)arguments;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), count);
    PC_ASSERT(wide != NULL);
    char **texts = calloc((size_t)*count + 1, sizeof(*texts));
    PC_ASSERT(texts != NULL);
    for (int i = 0; i < *count; i++) {
        texts[i] = os__narrow(wide[i]);
    }
    LocalFree(wide);
    return texts;
}

FILE *pc_os_file_open(const char *path, const char *mode)
{
    wchar_t *wide_path = os__wide(path);
    wchar_t *wide_mode = os__wide(mode);
    FILE *file = wide_path != NULL && wide_mode != NULL ? _wfopen(wide_path, wide_mode) : NULL;
    free(wide_mode);
    free(wide_path);
    return file;
}

static enum pc_status os__file_status(DWORD error)
{
    switch (error) {
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return PC_FULL;
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
        return PC_DENIED;
    default:
        return PC_SYSTEM;
    }
}

static enum pc_status os__file_create(const wchar_t *path, const void *bytes, DWORD size)
{
    HANDLE file =
        CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return os__file_status(GetLastError());
    }
    DWORD written = 0;
    BOOL whole = WriteFile(file, bytes, size, &written, NULL) && written == size;
    CloseHandle(file);
    if (!whole) {
        DeleteFileW(path);
        return PC_SYSTEM;
    }
    return PC_OK;
}

enum pc_status pc_os_secret_file_create(const char *path, const void *bytes, size_t size)
{
    PC_ASSERT(size <= CHUNK_SIZE_MAX);
    wchar_t *wide = os__wide(path);
    if (wide == NULL) {
        return PC_SYSTEM;
    }
    enum pc_status status = os__file_create(wide, bytes, (DWORD)size);
    free(wide);
    return status;
}

bool pc_os_secret_file_is_private(const char *path)
{
    (void)path;
    return true;
}
