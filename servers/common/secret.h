/* Secrets in memory. */
#pragma once

#include <stddef.h>

/* Overwrite with zeros, not optimised away. */
void secret_wipe(void *bytes, size_t size);
