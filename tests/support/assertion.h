/* Lets a test expect a failed PC_ASSERT. It defines pc_check_failed, which then takes the place of
 * the runtime's; include it in one file of the executable. */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "pc/check.h"

static jmp_buf assertion_caught;
static volatile bool assertion_is_expected;

void pc_check_failed(const char *expression, const char *file, int line)
{
    if (assertion_is_expected) {
        assertion_is_expected = false;
        longjmp(assertion_caught, 1);
    }
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    abort();
}

/* Fails the test unless call runs into a PC_ASSERT. */
#define EXPECT_ASSERTION(call)                                                                     \
    do {                                                                                           \
        if (setjmp(assertion_caught) == 0) {                                                       \
            assertion_is_expected = true;                                                          \
            (void)(call);                                                                          \
            assertion_is_expected = false;                                                         \
            fail_msg("no assertion in: %s", #call);                                                \
        }                                                                                          \
    } while (0)
