/* Command line of a server process. Private to server_*.c. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

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
