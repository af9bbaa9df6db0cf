/* A file in the working directory under a name that nobody else has; no OS header is needed. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "pc/os.h"

#define TEMPORARY_PATH_SIZE 64u

static inline void temporary_path(char path[TEMPORARY_PATH_SIZE], const char *suffix)
{
    uint64_t number;
    pc_os_random(&number, sizeof(number));
    snprintf(path, TEMPORARY_PATH_SIZE, "test-%08x%08x%s", (unsigned)(number >> 32),
             (unsigned)number, suffix);
}

/* A database comes with two more files. */
static inline void temporary_database_remove(const char *path)
{
    char beside[TEMPORARY_PATH_SIZE + 8];
    remove(path);
    snprintf(beside, sizeof(beside), "%s-wal", path);
    remove(beside);
    snprintf(beside, sizeof(beside), "%s-shm", path);
    remove(beside);
}
