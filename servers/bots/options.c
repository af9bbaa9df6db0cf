/* The command line. Happy path: defaults, then each "--name value" or "--flag" in order. Failure
 * modes: an unknown name, a value missing or out of range: one sentence that says what is allowed.
 */
#include "options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"

struct options__number {
    const char *name;
    const char *help;
    size_t offset;
    uint32_t min;
    uint32_t max;
};

struct options__flag {
    const char *name;
    const char *help;
    size_t offset;
};

static const struct options__number options__numbers[] = {
    {"--clients", "sessions at once; without it one session, each step printed",
     offsetof(struct options, clients), 1, OPTIONS_CLIENTS_MAX},
    {"--seconds", "how long they play (10)", offsetof(struct options, seconds), 1, 1000000},
    {"--rate", "actions per second and client (5)", offsetof(struct options, rate), 1, 10000},
    {"--workers", "threads; cut to a divisor of clients (1)", offsetof(struct options, workers), 1,
     64},
    {"--timeout", "milliseconds to wait for an answer (10000)",
     offsetof(struct options, timeout_ms), 10, 600000},
    {"--patience", "milliseconds to try again while a server is busy or away (120000)",
     offsetof(struct options, patience_ms), 10, 3600000},
};

static const struct options__flag options__flags[] = {
    {"--survive", "servers may go and come back: count it and go on",
     offsetof(struct options, survive)},
    {"--json", "print the summary as one JSON object", offsetof(struct options, json)},
    {"--log", "print what happens to each connection on stderr", offsetof(struct options, log)},
};

#define NUMBER_COUNT (sizeof options__numbers / sizeof options__numbers[0])
#define FLAG_COUNT   (sizeof options__flags / sizeof options__flags[0])

static void options__set_defaults(struct options *options)
{
    memset(options, 0, sizeof *options);
    options->gate_text = "127.0.0.1:7000";
    options->text = "Hello from TestClient";
    options->engine = PC_ENGINE_AUTO;
    options->seconds = 10;
    options->rate = 5;
    options->workers = 1;
    options->timeout_ms = 10000;
    options->patience_ms = 120000;
}

static bool options__set_number(struct options *options, const struct options__number *number,
                                const char *value, char error[OPTIONS_ERROR_SIZE])
{
    char *end = NULL;
    unsigned long parsed = strtoul(value, &end, 10);
    bool is_number = value[0] >= '0' && value[0] <= '9' && *end == '\0';
    if (!is_number || parsed < number->min || parsed > number->max) {
        snprintf(error, OPTIONS_ERROR_SIZE,
                 "%s: expected a number from %" PRIu32 " to %" PRIu32 ", got '%.60s'", number->name,
                 number->min, number->max, value);
        return false;
    }
    uint32_t *field = (uint32_t *)(void *)((uint8_t *)options + number->offset);
    *field = (uint32_t)parsed;
    return true;
}

static bool options__set_text(struct options *options, const char *name, const char *value,
                              char error[OPTIONS_ERROR_SIZE])
{
    if (strcmp(name, "--gate") == 0) {
        options->gate_text = value;
        return true;
    }
    if (strcmp(name, "--engine") == 0) {
        if (pc_engine_parse(value, &options->engine)) {
            return true;
        }
        snprintf(error, OPTIONS_ERROR_SIZE,
                 "--engine: expected auto, iocp, uring or epoll, got '%.60s'", value);
        return false;
    }
    size_t size = strlen(value);
    if (size == 0 || size > 100) {
        snprintf(error, OPTIONS_ERROR_SIZE, "--text: expected 1 to 100 bytes, got %zu", size);
        return false;
    }
    options->text = value;
    return true;
}

static bool options__is_text(const char *name)
{
    return strcmp(name, "--gate") == 0 || strcmp(name, "--engine") == 0 ||
           strcmp(name, "--text") == 0;
}

static bool options__set_flag(struct options *options, const char *name)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (strcmp(name, options__flags[i].name) == 0) {
            *(bool *)((uint8_t *)options + options__flags[i].offset) = true;
            return true;
        }
    }
    return false;
}

static const struct options__number *options__find_number(const char *name)
{
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        if (strcmp(name, options__numbers[i].name) == 0) {
            return &options__numbers[i];
        }
    }
    return NULL;
}

/* One option that takes a value. */
static bool options__set_valued(struct options *options, const char *name, const char *value,
                                char error[OPTIONS_ERROR_SIZE])
{
    const struct options__number *number = options__find_number(name);
    if (number == NULL && !options__is_text(name)) {
        snprintf(error, OPTIONS_ERROR_SIZE, "unknown option '%.60s'; --help lists all", name);
        return false;
    }
    if (value == NULL) {
        snprintf(error, OPTIONS_ERROR_SIZE, "%s: a value is missing", name);
        return false;
    }
    return number != NULL ? options__set_number(options, number, value, error)
                          : options__set_text(options, name, value, error);
}

enum options_result options_parse(struct options *options, int argument_count,
                                  char *const *arguments, char error[OPTIONS_ERROR_SIZE])
{
    options__set_defaults(options);
    for (int i = 1; i < argument_count; i++) {
        const char *name = arguments[i];
        if (strcmp(name, "--help") == 0) {
            return OPTIONS_HELP;
        }
        if (options__set_flag(options, name)) {
            continue;
        }
        const char *value = i + 1 < argument_count ? arguments[i + 1] : NULL;
        if (!options__set_valued(options, name, value, error)) {
            return OPTIONS_WRONG;
        }
        i++;
    }
    if (pc_address_parse(options->gate_text, &options->gate) != PC_OK) {
        snprintf(error, OPTIONS_ERROR_SIZE,
                 "--gate: expected an address such as 127.0.0.1:7000 or [::1]:7000, got '%.60s'",
                 options->gate_text);
        return OPTIONS_WRONG;
    }
    return OPTIONS_OK;
}

void options_print_help(FILE *file)
{
    fputs("bots: the test client of Portcullis\n\n"
          "usage: bots [options]\n"
          "  --gate HOST:PORT  the gate (127.0.0.1:7000)\n"
          "  --text TEXT       what is echoed and said (Hello from TestClient)\n"
          "  --engine NAME     auto, iocp, uring or epoll (auto)\n",
          file);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        char label[32];
        snprintf(label, sizeof label, "%s N", options__numbers[i].name);
        fprintf(file, "  %-17s %s\n", label, options__numbers[i].help);
    }
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        fprintf(file, "  %-17s %s\n", options__flags[i].name, options__flags[i].help);
    }
    fputs("  --help            this text\n\n"
          "exit status: 0 if everything was as expected, 1 if not, 2 for a wrong option\n",
          file);
}
