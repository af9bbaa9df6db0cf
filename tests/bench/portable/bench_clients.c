/* A load generator for every system, made of the runtime itself: for figures from Windows, where
 * bench_load, which is made of epoll and of /proc, does not run.
 *
 * Closed loop: each client keeps depth requests outstanding and checks every reply, content and
 * order. After a warm-up it measures for a while and prints one line. Exit status 0: every reply
 * was right; 1: one was not, or a connection was lost; 2: wrong options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "pc/os.h"
#include "pc/runtime.h"
#include "pc/session.h"
#include "pc/timer.h"
#include "pc/worker.h"
#include "proto/client_dispatch.h"
#include "proto/client_send.h"

#define DEPTH_MAX  64u
#define WARM_UP_MS 500u

struct options {
    struct pc_address server;
    enum pc_engine engine;
    uint32_t client_count;
    uint32_t depth;
    uint32_t body_size;
    uint32_t window_ms;
};

/* Of a session. Invariant: sequences expected..next are outstanding, in order. */
struct client {
    uint32_t next;
    uint32_t expected;
    uint64_t asked_us[DEPTH_MAX]; /* [sequence % depth] */
};

/* One worker owns all of it while the runtime runs. */
static struct {
    struct options options;
    struct histogram latencies; /* microseconds, of the window */
    struct pc_timer timer;
    uint64_t started_us;
    uint64_t ended_us;
    uint64_t errors;
    uint64_t lost;
    bool is_measuring;
    bool is_over;
} load;

static void client__ask(struct pc_session *session)
{
    static uint8_t body[BENCH_BODY_MAX];
    struct client *client = pc_session_user(session);
    memset(body, (int)(client->next & 0xff), load.options.body_size);
    const struct bench_echo request = {
        .sequence = client->next,
        .channel = BENCH_CHANNEL_PARTY,
        .urgent = client->next % 2 == 0,
        .body_size = (uint16_t)load.options.body_size,
        .body = body,
    };
    client->asked_us[client->next % load.options.depth] = pc_os_monotonic_us();
    client->next++;
    if (client_send_bench_echo(session, &request) != PC_OK) {
        load.errors++;
    }
}

static bool client__is_right(const struct client *client, const struct bench_echo_reply *reply)
{
    for (uint32_t i = 0; i < reply->body_size; i++) {
        if (reply->body[i] != (uint8_t)client->expected) {
            return false;
        }
    }
    return reply->sequence == client->expected && reply->channel == BENCH_CHANNEL_PARTY &&
           reply->urgent == (client->expected % 2 == 0) &&
           reply->body_size == load.options.body_size;
}

static void on_reply(struct pc_session *session, const struct bench_echo_reply *reply)
{
    struct client *client = pc_session_user(session);
    if (!client__is_right(client, reply)) {
        load.errors++;
    }
    if (load.is_measuring) {
        uint64_t asked_us = client->asked_us[client->expected % load.options.depth];
        histogram_record(&load.latencies, pc_os_monotonic_us() - asked_us);
    }
    client->expected++;
    if (!load.is_over) {
        client__ask(session);
    }
}

static void on_other(struct pc_session *session)
{
    load.errors++;
    pc_session_abort(session, PC_CLOSE_VIOLATION);
}

static void on_shout(struct pc_session *session, const struct bench_shout_notice *notice)
{
    (void)notice;
    on_other(session);
}

static void on_far_reply(struct pc_session *session, const struct bench_far_echo_reply *reply)
{
    (void)reply;
    on_other(session);
}

REGISTER_HANDLER(bench_echo_reply, on_reply);
REGISTER_HANDLER(bench_shout_notice, on_shout);
REGISTER_HANDLER(bench_far_echo_reply, on_far_reply);

static void client__on_open(struct pc_session *session)
{
    for (uint32_t i = 0; i < load.options.depth; i++) {
        client__ask(session);
    }
}

static void client__on_close(struct pc_session *session, enum pc_close_reason reason)
{
    (void)session;
    (void)reason;
    load.lost += load.is_over ? 0 : 1;
}

static void load__on_window_end(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)worker;
    (void)timer;
    load.ended_us = pc_os_monotonic_us();
    load.is_measuring = false;
    load.is_over = true;
    pc_os_stop_signal_raise();
}

static void load__on_warm(struct pc_worker *worker, struct pc_timer *timer)
{
    load.started_us = pc_os_monotonic_us();
    load.is_measuring = true;
    pc_timer_set(worker, timer, load.options.window_ms, load__on_window_end);
}

static enum pc_status load__on_start(struct pc_worker *worker)
{
    pc_timer_set(worker, &load.timer, WARM_UP_MS, load__on_warm);
    return PC_OK;
}

static void load__on_stop(struct pc_worker *worker)
{
    pc_timer_cancel(worker, &load.timer);
}

static int load__print(const struct pc_runtime *runtime)
{
    double seconds = (double)(load.ended_us - load.started_us) / 1e6;
    const struct histogram *latencies = &load.latencies;
    printf("engine %s, %u clients x depth %u, %u bytes: %.0f messages/s, us p50 %llu p99 %llu "
           "p99.9 %llu\n",
           pc_runtime_engine_name(runtime), load.options.client_count, load.options.depth,
           load.options.body_size, seconds > 0 ? (double)latencies->count / seconds : 0.0,
           (unsigned long long)histogram_percentile(latencies, 500),
           (unsigned long long)histogram_percentile(latencies, 990),
           (unsigned long long)histogram_percentile(latencies, 999));
    bool is_right = load.errors == 0 && load.lost == 0 && latencies->count > 0;
    if (!is_right) {
        fprintf(stderr, "bench_clients: %llu wrong replies, %llu lost connections, %llu right\n",
                (unsigned long long)load.errors, (unsigned long long)load.lost,
                (unsigned long long)latencies->count);
    }
    return is_right ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int load__run(void)
{
    const struct pc_runtime_config config = {.engine = load.options.engine,
                                             .worker_count = 1,
                                             .on_worker_start = load__on_start,
                                             .on_worker_stop = load__on_stop};
    const struct pc_session_type type = {.name = "server",
                                         .accepts = &client_accepts_gate,
                                         .user_size = sizeof(struct client),
                                         .sessions_start = load.options.client_count,
                                         .sessions_max = load.options.client_count,
                                         .on_open = client__on_open,
                                         .on_close = client__on_close};
    struct pc_runtime *runtime;
    pc_os_stop_signal_install();
    if (pc_runtime_create(&config, &runtime) != PC_OK) {
        return EXIT_FAILURE;
    }
    const struct pc_connector_config connector = {.type = pc_runtime_add_type(runtime, &type),
                                                  .address = load.options.server,
                                                  .connections = load.options.client_count,
                                                  .once = true};
    int status = EXIT_FAILURE;
    if (connector.type != PC_TYPE_NONE && pc_runtime_connect(runtime, &connector) == PC_OK &&
        pc_runtime_start(runtime) == PC_OK) {
        (void)pc_os_stop_signal_wait(WARM_UP_MS + load.options.window_ms + 10000);
        bool is_whole = pc_runtime_stop(runtime, 1000);
        status = load__print(runtime);
        status = is_whole ? status : EXIT_FAILURE;
    }
    pc_runtime_destroy(runtime);
    return status;
}

static void options__die(const char *what)
{
    fprintf(stderr,
            "bench_clients: %s\n"
            "usage: bench_clients --server ADDRESS:PORT [--engine E] [--clients 64] [--depth 1]\n"
            "                     [--body 64] [--window 3000]\n",
            what);
    exit(2);
}

static uint32_t options__number(const char *text, uint32_t min, uint32_t max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < min || value > max) {
        options__die("a number is out of range");
    }
    return (uint32_t)value;
}

static void options__set(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--server") == 0) {
        if (pc_address_parse(value, &options->server) != PC_OK) {
            options__die("--server: not an address");
        }
    } else if (strcmp(name, "--engine") == 0) {
        if (!pc_engine_parse(value, &options->engine)) {
            options__die("--engine: auto, iocp, uring or epoll");
        }
    } else if (strcmp(name, "--clients") == 0) {
        options->client_count = options__number(value, 1, 10000);
    } else if (strcmp(name, "--depth") == 0) {
        options->depth = options__number(value, 1, DEPTH_MAX);
    } else if (strcmp(name, "--body") == 0) {
        options->body_size = options__number(value, 0, BENCH_BODY_MAX);
    } else if (strcmp(name, "--window") == 0) {
        options->window_ms = options__number(value, 1, 600000);
    } else {
        options__die("no such option");
    }
}

int main(int argument_count, char **arguments)
{
    load.options =
        (struct options){.client_count = 64, .depth = 1, .body_size = 64, .window_ms = 3000};
    for (int i = 1; i < argument_count; i += 2) {
        if (i + 1 == argument_count) {
            options__die("an option needs a value");
        }
        options__set(&load.options, arguments[i], arguments[i + 1]);
    }
    if (load.options.server.family == PC_FAMILY_NONE) {
        options__die("--server is missing");
    }
    return load__run();
}
