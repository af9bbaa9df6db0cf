/* Options, start and stop of the benchmark's Portcullis servers; see server.h. */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/os.h"

#define STOP_DRAIN_MS 1000u

static void server__die(const char *what)
{
    (void)fprintf(stderr, "bench server: %s\n", what);
    exit(2);
}

static uint32_t server__number(const char *text, uint32_t max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value > max) {
        server__die("a number is out of range");
    }
    return (uint32_t)value;
}

static void server__parse_one(struct server_options *options, const char *name, const char *value)
{
    if (strcmp(name, "--engine") == 0) {
        if (!pc_engine_parse(value, &options->engine)) {
            server__die("--engine: auto, iocp, uring or epoll");
        }
    } else if (strcmp(name, "--workers") == 0) {
        options->worker_count = server__number(value, 64);
    } else if (strcmp(name, "--busy-poll") == 0) {
        options->busy_poll_us = server__number(value, 1000000);
    } else if (strcmp(name, "--congestion") == 0) {
        options->congestion = value;
    } else if (strcmp(name, "--listen") == 0) {
        if (pc_address_parse(value, &options->listen) != PC_OK) {
            server__die("--listen: not an address");
        }
    } else if (strcmp(name, "--game") == 0) {
        options->has_game = true;
        if (pc_address_parse(value, &options->game) != PC_OK) {
            server__die("--game: not an address");
        }
    } else {
        server__die("usage: [--engine E] [--workers N] [--busy-poll US] [--congestion NAME] "
                    "[--listen ADDRESS] [--game ADDRESS]");
    }
}

struct server_options server_parse(int argument_count, char **arguments)
{
    struct server_options options = {.worker_count = 1};
    if (pc_address_parse("0.0.0.0:0", &options.listen) != PC_OK) {
        server__die("no IPv4");
    }
    for (int i = 1; i < argument_count; i += 2) {
        if (i + 1 == argument_count) {
            server__die("an option needs a value");
        }
        server__parse_one(&options, arguments[i], arguments[i + 1]);
    }
    return options;
}

static void server__listen(struct pc_runtime *runtime, const struct server_options *options,
                           uint32_t type)
{
    const struct pc_listener_config listener = {
        .type = type, .address = options->listen, .backlog = 4096};
    struct pc_address bound;
    if (pc_runtime_listen(runtime, &listener, &bound) != PC_OK) {
        server__die("cannot listen");
    }
    (void)printf("port %u\n", bound.port);
}

static void server__connect(struct pc_runtime *runtime, const struct server_options *options,
                            uint32_t type)
{
    const struct pc_connector_config connector = {.type = type, .address = options->game};
    if (options->has_game && pc_runtime_connect(runtime, &connector) != PC_OK) {
        server__die("cannot connect");
    }
}

static void server__print_counters(const struct pc_runtime *runtime, uint32_t type)
{
    struct pc_type_counters counters;
    pc_runtime_type_counters(runtime, type, &counters);
    (void)printf("opened %llu received %llu sent %llu receives %llu sends %llu\n",
                 (unsigned long long)counters.opened, (unsigned long long)counters.received_packets,
                 (unsigned long long)counters.sent_packets, (unsigned long long)counters.receives,
                 (unsigned long long)counters.sends);
    for (int i = 0; i < PC_CLOSE_REASON_COUNT; i++) {
        if (counters.closed[i] > 0) {
            (void)printf("closed %s %llu\n", pc_close_reason_name((enum pc_close_reason)i),
                         (unsigned long long)counters.closed[i]);
        }
    }
}

int server_run(const struct server_options *options, const struct pc_session_type *type,
               const struct pc_session_type *link_type, void *user)
{
    const struct pc_runtime_config config = {.engine = options->engine,
                                             .worker_count = options->worker_count,
                                             .busy_poll_us = options->busy_poll_us,
                                             .congestion = options->congestion,
                                             .main_is_worker = true,
                                             .user = user};
    struct pc_runtime *runtime;
    pc_os_stop_signal_install();
    if (pc_runtime_create(&config, &runtime) != PC_OK) {
        server__die("the engine or its congestion control cannot be had");
    }
    uint32_t type_index = pc_runtime_add_type(runtime, type);
    server__listen(runtime, options, type_index);
    if (link_type != NULL) {
        server__connect(runtime, options, pc_runtime_add_type(runtime, link_type));
    }
    if (pc_runtime_start(runtime) != PC_OK) {
        server__die("cannot start");
    }
    (void)printf("engine %s\n", pc_runtime_engine_name(runtime));
    (void)fflush(stdout);
    pc_runtime_serve(runtime);
    bool is_whole = pc_runtime_stop(runtime, STOP_DRAIN_MS);
    server__print_counters(runtime, type_index);
    pc_runtime_destroy(runtime);
    return is_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
