/* The configuration of a server process. Private to server_*.c. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/server_main.h"
#include "common/server_options.h"

/* Fill server->config and the program's config from defaults, file and --set, in this order. False:
 * the errors stand on stderr. */
bool server_config_load(struct server *server, const struct server_options *options, int argc,
                        char **argv);

/* For pc_runtime_config.congestion; NULL: the system's. */
const char *server_config_congestion(const struct server_config *config);

/* Every key with its meaning, range and default, as an ini file. */
void server_config_print(struct server *server, FILE *out);
