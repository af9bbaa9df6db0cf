/* What a server process tells at its end. Private to server_*.c. */
#pragma once

#include "common/server_main.h"

/* Log what every session type has counted, once at the end. */
void server_report_counters(const struct server *server);
