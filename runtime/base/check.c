/* What a failed assertion does: say where, then end the process at once.
 *
 * Happy path: never called.
 * Failures: it is the failure. abort() leaves a core and lets a sanitizer print its stack.
 * Path: beside it. */
#include "pc/check.h"

#include <stdio.h>
#include <stdlib.h>

void pc_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    fflush(stderr);
    abort();
}
