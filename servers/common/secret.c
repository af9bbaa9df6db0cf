/* Secrets in memory. See secret.h. Path: beside [8]. */
#include "common/secret.h"

#include <sodium.h>

void secret_wipe(void *bytes, size_t size)
{
    sodium_memzero(bytes, size);
}
