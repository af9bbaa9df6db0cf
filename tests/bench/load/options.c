/* The load generator's options; see load.h. */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "load.h"
#include "wire.h"

static const char *const options__mode_names[] = {"echo", "fragments", "shout", "churn", "hold"};

static enum load_mode options__parse_mode(const char *text)
{
    for (uint32_t i = 0; i < sizeof options__mode_names / sizeof *options__mode_names; i++) {
        if (strcmp(text, options__mode_names[i]) == 0) {
            return (enum load_mode)i;
        }
    }
    load_die("--mode");
    return LOAD_ECHO;
}

static uint32_t options__number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value > 10000000) {
        load_die(text);
    }
    return (uint32_t)value;
}

/* What the clients do. */
static bool options__parse_shape(struct load_options *options, const char *name, uint32_t value)
{
    if (strcmp(name, "--clients") == 0) {
        options->client_count = value;
    } else if (strcmp(name, "--depth") == 0) {
        options->depth = value;
    } else if (strcmp(name, "--in-flight") == 0) {
        options->in_flight_max = value;
    } else if (strcmp(name, "--rotations") == 0) {
        options->rotations = value;
    } else if (strcmp(name, "--payload") == 0) {
        options->body_size = (uint16_t)(value - (WIRE_HEAD_SIZE - 4));
    } else if (strcmp(name, "--far") == 0) {
        options->request_id = value != 0 ? WIRE_FAR_ECHO : WIRE_ECHO;
    } else if (strcmp(name, "--lazy") == 0) {
        options->lazy_count = value;
    } else if (strcmp(name, "--lazy-reads") == 0) {
        options->lazy_reads = value != 0;
    } else {
        return false;
    }
    return true;
}

/* Where, when and how it is measured. */
static bool options__parse_window(struct load_options *options, const char *name, uint32_t value)
{
    if (strcmp(name, "--port") == 0) {
        options->address.sin_port = htons((uint16_t)value);
    } else if (strcmp(name, "--spin") == 0) {
        options->spins = value != 0;
    } else if (strcmp(name, "--steps") == 0) {
        options->is_stepped = value != 0;
    } else if (strcmp(name, "--warm-up") == 0) {
        options->warm_up_ms = value;
    } else if (strcmp(name, "--window") == 0) {
        options->window_ms = value;
    } else if (strcmp(name, "--patience") == 0) {
        options->patience_ms = value;
    } else if (strcmp(name, "--pid") == 0 && options->pid_count < LOAD_PIDS_MAX) {
        options->pids[options->pid_count++] = (int)value;
    } else {
        return false;
    }
    return true;
}

/* Clients that take turns have one request outstanding each, and turns that fit one another. */
static void options__check(const struct load_options *options)
{
    uint32_t in_flight_max = options->in_flight_max;
    bool fits = in_flight_max == 0 ||
                (options->mode == LOAD_ECHO && options->depth == 1 && options->lazy_count == 0 &&
                 options->client_count % in_flight_max == 0);
    if (!fits) {
        load_die("--in-flight: of echo and depth 1, a divisor of --clients");
    }
}

struct load_options load_parse(int argument_count, char **arguments)
{
    struct load_options options = {.client_count = 1,
                                   .depth = 1,
                                   .request_id = WIRE_ECHO,
                                   .body_size = 56,
                                   .warm_up_ms = 300,
                                   .window_ms = 1000,
                                   .patience_ms = 5000};
    options.address.sin_family = AF_INET;
    options.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 1; i + 1 < argument_count; i += 2) {
        const char *name = arguments[i];
        const char *text = arguments[i + 1];
        if (strcmp(name, "--mode") == 0) {
            options.mode = options__parse_mode(text);
        } else if (strcmp(name, "--path") == 0) {
            options.path = text;
        } else if (!options__parse_shape(&options, name, options__number(text)) &&
                   !options__parse_window(&options, name, options__number(text))) {
            load_die(name);
        }
    }
    options__check(&options);
    return options;
}
