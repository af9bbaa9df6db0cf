/* Which engine a configuration means. Place in the byte path: before [1], at start. */
#pragma once

#include "pc/runtime.h"
#include "port/port.h"

/* NULL: this build does not have it. AUTO is the first choice of the system. */
const struct port_engine *engine_find(enum pc_engine engine);
