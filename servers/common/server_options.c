/* The command line of a server process.
 *
 * Happy path: options are read into a struct; --set is left for server_config_load, because it
 * applies after the file whatever its place.
 * Failure modes: an unknown option, a missing argument, one given twice: said on stderr.
 * Path: outside the byte path, at start only. */
#include "common/server_options.h"

#include <string.h>

void server_options_print_help(const struct server_program *program, FILE *out)
{
    fprintf(out,
            "%s: %s\n\n"
            "  --config FILE            read the configuration from an ini file\n"
            "  --set SECTION.KEY=VALUE  set one key, after the file; may be repeated\n"
            "  --print-config           print every key with its meaning, range and default\n"
            "  --make-key FILE          make the key file that all servers share, and end\n"
            "  --stop-on-stdin-close    stop in order when standard input ends\n"
            "  --help                   print this text\n\n"
            "Exit status: 0 stopped in order, 1 could not start or stop, 2 bad configuration.\n",
            program->name, program->doc);
}

static void options__fail(struct server_options *options, const struct server_program *program,
                          const char *option, const char *problem)
{
    fprintf(stderr, "%s: %s: %s; see --help\n", program->name, option, problem);
    options->action = SERVER_BAD_OPTION;
}

/* Set an option that takes an argument, once. */
static void options__set_once(struct server_options *options, const struct server_program *program,
                              const char *option, const char **place, const char *argument)
{
    if (*place != NULL) {
        options__fail(options, program, option, "given twice");
    }
    *place = argument;
}

static void options__take_pair(struct server_options *options, const struct server_program *program,
                               const char *option, const char *argument)
{
    if (strcmp(option, "--config") == 0) {
        options__set_once(options, program, option, &options->config_file, argument);
    } else if (strcmp(option, "--make-key") == 0) {
        options->action = SERVER_MAKE_KEY;
        options__set_once(options, program, option, &options->key_file, argument);
    }
}

struct server_options server_options_parse(int argc, char **argv,
                                           const struct server_program *program)
{
    struct server_options options = {.action = SERVER_RUN};
    for (int i = 1; i < argc && options.action != SERVER_BAD_OPTION; i++) {
        const char *option = argv[i];
        bool takes_argument = strcmp(option, "--config") == 0 || strcmp(option, "--set") == 0 ||
                              strcmp(option, "--make-key") == 0;
        if (takes_argument && i + 1 == argc) {
            options__fail(&options, program, option, "its argument is missing");
        } else if (takes_argument) {
            i++;
            options__take_pair(&options, program, option, argv[i]);
        } else if (strcmp(option, "--help") == 0) {
            options.action = SERVER_HELP;
        } else if (strcmp(option, "--stop-on-stdin-close") == 0) {
            options.stops_on_stdin_close = true;
        } else if (strcmp(option, "--print-config") == 0) {
            options.action = SERVER_PRINT_CONFIG;
        } else {
            options__fail(&options, program, option, "unknown option");
        }
    }
    return options;
}
