/* Is this a Windows program under Wine? Only there may a test do less: Wine answers each call
 * slowly and forgets some of what Windows tells. Wine says in the environment how it was started.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>

#include "port/port.h"

static inline bool wine_runs_us(void)
{
    return port_engine_iocp != NULL && getenv("WINELOADER") != NULL;
}
