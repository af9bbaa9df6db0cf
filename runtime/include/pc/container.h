/* From an embedded member back to the struct around it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PC_CONTAINER_OF(pointer, type, member)                                                     \
    ((type *)(void *)((uint8_t *)(pointer)-offsetof(type, member)))
