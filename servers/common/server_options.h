/* Command line and configuration of a server process. Private to server_*.c. */
#pragma once

#include "common/server_main.h"

enum server_action {
    SERVER_RUN,
    SERVER_HELP,
    SERVER_PRINT_CONFIG,
    SERVER_MAKE_KEY,
    SERVER_BAD_OPTION /* has been said on stderr */
};

/* The strings are argv's. */
struct server_options {
    enum server_action action;
    const char *config_file; /* NULL: defaults only */
    const char *key_file;    /* of --make-key */
    bool stops_on_stdin_close;
};

struct server_options server_options_parse(int argc, char **argv,
                                           const struct server_program *program);

void server_options_print_help(const struct server_program *program, FILE *out);

/* Fill server->config and the program's config from defaults, file and --set, in this order. False:
 * the errors stand on stderr. */
bool server_config_load(struct server *server, const struct server_options *options, int argc,
                        char **argv);

void server_config_print(struct server *server, FILE *out);

/* Log what every session type has counted, once at the end. */
void server_report_counters(const struct server *server);
