/* Congestion control on Windows: the system's alone, which its administrator chooses (netsh). */
#include "pc/check.h"
#include "pc/runtime.h"

enum pc_status pc_congestion_check(const char *name)
{
    (void)name;
    return PC_UNSUPPORTED;
}

void pc_congestion_names(char *text, size_t size)
{
    PC_ASSERT(size > 0);
    text[0] = '\0';
}
