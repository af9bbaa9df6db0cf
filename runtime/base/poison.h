/* Tells AddressSanitizer which pooled memory nobody owns, so that a use after put is found like a
 * use after free. Costs nothing in other builds. */
#pragma once

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ENABLED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POISON_ENABLED 1
#endif

#ifdef POISON_ENABLED
void __asan_poison_memory_region(void const volatile *address, size_t size);
void __asan_unpoison_memory_region(void const volatile *address, size_t size);
#endif

static inline void memory_poison(void *address, size_t size)
{
#ifdef POISON_ENABLED
    __asan_poison_memory_region(address, size);
#else
    (void)address;
    (void)size;
#endif
}

static inline void memory_unpoison(void *address, size_t size)
{
#ifdef POISON_ENABLED
    __asan_unpoison_memory_region(address, size);
#else
    (void)address;
    (void)size;
#endif
}
