/* The load generator's loop, phases and result; see load.h. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "wire.h"

#define EVENTS_MAX     1024
#define CONNECTS_MAX   64u   /* before a pause: the backlog must not overflow */
#define CONNECTS_US    3000u /* the pause */
#define MILLISECOND_NS 1000000u
#define SECOND_NS      1000000000u
#define WARM_REPLIES                                                                               \
    24u /* of each client: a connection that is new, or was idle for longer than its               \
         * retransmission time-out, acknowledges its first 16 segments at once */

/* A lazy client sends a frame in each period. After a long turn of the loop it makes up for no more
 * than a batch. They start one after another, for they are closed after about as long: not all in
 * the same moment then. */
#define LAZY_PERIOD_NS MILLISECOND_NS
#define LAZY_BATCH     32u
#define LAZY_STAGGER   50u /* frames */
#define LAZY_WARM_UP_S 20u /* and if the server has not closed them by then, it never will */

#define SPINS 64u /* receives of a client that is alone, for one look at the clock */

/* How long the server may take to fall asleep with all requests answered. A server that spins never
 * does; what its account lacks then is little of the window. */
#define SLEEP_POLL_US       30u
#define SLEEP_US            5000u
#define SLEEP_PER_CLIENT_US 20u

void load_die(const char *what)
{
    perror(what);
    exit(2);
}

uint64_t load_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* ---- the loop ---- */

static void load__create(struct load *load)
{
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    load->epoll = epoll_create1(0);
    load->clients = calloc(load->options.client_count, sizeof *load->clients);
    if (load->clients == NULL) {
        load_die("no memory");
    }
    load->is_alone = load->options.spins && load->options.mode == LOAD_ECHO &&
                     load->options.client_count == 1 && load->options.lazy_count == 0;
    load->now_ns = load_now_ns();
    uint32_t first_lazy = load->options.client_count - load->options.lazy_count;
    for (uint32_t i = 0; i < load->options.client_count; i++) {
        load->clients[i].index = i;
        load->clients[i].is_lazy = i >= first_lazy;
        client_open(load, &load->clients[i]);
        if (i % CONNECTS_MAX == CONNECTS_MAX - 1) {
            (void)usleep(CONNECTS_US);
        }
    }
}

/* Clients that have requests outstanding at the same time. */
static uint64_t load__asking_count(const struct load_options *options)
{
    uint32_t count = options->client_count - options->lazy_count;
    return options->in_flight_max != 0 ? options->in_flight_max : count;
}

static void load__start(struct load *load)
{
    const struct load_options *options = &load->options;
    if (options->mode == LOAD_CHURN) {
        return; /* each client asks when it is connected */
    }
    uint64_t asking_count = load__asking_count(options);
    for (uint32_t i = 0; i < asking_count; i++) {
        load->now_ns = load_now_ns();
        load->clients[i].turn_left = LOAD_TURN;
        for (uint32_t d = 0; d < options->depth; d++) {
            client_ask(load, &load->clients[i]);
        }
        client_flush(load, &load->clients[i]);
    }
}

static void load__on_event(struct load *load, const struct epoll_event *event)
{
    struct load_client *client = event->data.ptr;
    if (client->descriptor < 0) {
        return;
    }
    if (load->options.mode == LOAD_CHURN && client->next == 0 && (event->events & EPOLLOUT) != 0) {
        client_ask(load, client);
    }
    if ((event->events & EPOLLOUT) != 0) {
        client_flush(load, client);
    }
    if ((event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && client->descriptor >= 0) {
        client_on_readable(load, client);
    }
    if (load->options.mode == LOAD_CHURN && client->descriptor < 0 && !load->is_draining) {
        client->asked_ns[0] = load->now_ns;
        client_open(load, client);
    }
}

/* Lazy clients send at a steady rate, whether or not they read. */
static void load__drive_lazy(struct load *load)
{
    const uint64_t passed_max_ns = (uint64_t)LAZY_BATCH * LAZY_PERIOD_NS;
    uint64_t passed_ns = load->now_ns - load->lazy_now_ns;
    load->lazy_now_ns = load->now_ns;
    load->lazy_owed_ns += passed_ns < passed_max_ns ? passed_ns : passed_max_ns;
    uint32_t frames = (uint32_t)(load->lazy_owed_ns / LAZY_PERIOD_NS);
    load->lazy_owed_ns %= LAZY_PERIOD_NS;
    load->lazy_frames += frames;
    uint32_t first = load->options.client_count - load->options.lazy_count;
    for (uint32_t i = 0; i < load->options.lazy_count; i++) {
        if (load->lazy_frames >= (uint64_t)i * LAZY_STAGGER) {
            client_press(load, &load->clients[first + i], frames);
        }
    }
}

/* What is not an answer to an event. True if the loop must not sleep. */
static bool load__drive(struct load *load)
{
    bool is_pending = false;
    if (load->options.lazy_count > 0) {
        load->now_ns = load_now_ns();
        load__drive_lazy(load);
    }
    if (load->options.mode == LOAD_SHOUT && load->heard == load->options.client_count &&
        !load->is_draining) {
        load->heard = 0;
        load->options.request_id = WIRE_SHOUT; /* the first round was echoes: all are connected */
        load->now_ns = load_now_ns();
        client_ask(load, &load->clients[0]);
        client_flush(load, &load->clients[0]);
    }
    for (uint32_t i = 0; load->options.mode == LOAD_FRAGMENTS && i < load->options.client_count;
         i++) {
        client_flush_piece(&load->clients[i]);
        is_pending = is_pending || load->clients[i].out_size > 0;
    }
    return is_pending;
}

/* Until a reply has come, but no longer than a look at the clock can wait. */
static void load__spin(struct load *load)
{
    uint64_t messages_seen = load->messages;
    for (uint32_t i = 0; i < SPINS && load->messages == messages_seen && load->errors == 0; i++) {
        client_flush(load, &load->clients[0]);
        client_on_readable(load, &load->clients[0]);
    }
}

static void load__turn(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    if (load->is_alone) {
        load__spin(load);
        return;
    }
    bool is_pending = load__drive(load) || load->options.spins;
    int timeout_ms = is_pending ? 0 : load->options.lazy_count > 0 ? 1 : 100;
    int count = epoll_wait(load->epoll, events, EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) {
        load__on_event(load, &events[i]);
    }
}

/* Until the deadline, and until so many replies have come. */
static void load__run_until(struct load *load, uint64_t deadline_ns, uint64_t replies_min)
{
    const uint64_t patience_ns = (uint64_t)load->options.patience_ms * MILLISECOND_NS;
    uint64_t messages_seen = load->messages;
    uint64_t quiet_ns = load_now_ns() + patience_ns;
    while ((load_now_ns() < deadline_ns || load->messages < replies_min) && load->errors == 0) {
        load__turn(load);
        if (load->messages != messages_seen) {
            messages_seen = load->messages;
            quiet_ns = load->now_ns + patience_ns;
        } else if (load_now_ns() > quiet_ns) {
            load->errors++;
        }
        if (load->options.mode == LOAD_HOLD && load->messages == load->options.client_count) {
            return;
        }
    }
}

static bool load__is_answered(const struct load *load, const struct load_client *client)
{
    bool is_answered = client->expected == client->next;
    switch (load->options.mode) {
    case LOAD_ECHO:
    case LOAD_FRAGMENTS:
    case LOAD_HOLD:
        break;
    case LOAD_SHOUT:
        is_answered = client->expected == load->clients[0].next;
        break;
    case LOAD_CHURN:
        is_answered = client->descriptor < 0;
        break;
    }
    return is_answered || client->is_lazy;
}

/* Ask nothing more, and see that nothing is missing: while others are answered, a client that is
 * not would be noticed by nobody. */
static void load__drain(struct load *load)
{
    uint64_t deadline_ns = load_now_ns() + (uint64_t)load->options.patience_ms * MILLISECOND_NS;
    load->is_draining = true;
    load->began_ns = UINT64_MAX; /* these replies have waited: not in the latencies */
    for (uint32_t i = 0; i < load->options.client_count && load->errors == 0; i++) {
        while (!load__is_answered(load, &load->clients[i]) && load->errors == 0) {
            load__turn(load);
            load->errors += load_now_ns() > deadline_ns ? 1 : 0;
        }
    }
}

/* ---- a window ---- */

/* The accounts at one end of a window. */
struct load_accounts {
    uint64_t now_ns;
    uint64_t messages;
    uint64_t used_ns[LOAD_PIDS_MAX];
    struct kernel_tcp tcp;
};

static bool load__servers_sleep(const struct load_options *options)
{
    bool sleep = true;
    for (uint32_t i = 0; i < options->pid_count; i++) {
        sleep = sleep && kernel_process_sleeps(options->pids[i]);
    }
    return sleep;
}

/* Stand still until the servers have answered everything and sleep. Their accounts are complete
 * then, and at both ends of a window the same number of requests is answered and not yet counted.
 * Seen twice: of two servers one may wake the other behind the first look. */
static void load__await_sleep(const struct load *load)
{
    const struct load_options *options = &load->options;
    uint64_t patience_us =
        SLEEP_US + SLEEP_PER_CLIENT_US * load__asking_count(options) * options->depth;
    uint64_t deadline_ns = load_now_ns() + patience_us * 1000;
    uint32_t times_seen = 0;
    while (times_seen < 2 && load_now_ns() < deadline_ns) {
        (void)usleep(SLEEP_POLL_US);
        times_seen = load__servers_sleep(options) ? times_seen + 1 : 0;
    }
}

static struct load_accounts load__read_accounts(const struct load *load)
{
    struct load_accounts accounts = {.messages = load->messages};
    load__await_sleep(load);
    for (uint32_t i = 0; i < load->options.pid_count; i++) {
        accounts.used_ns[i] = kernel_cpu_ns(load->options.pids[i]);
    }
    accounts.tcp = kernel_tcp_read();
    accounts.now_ns = load_now_ns();
    return accounts;
}

static double load__percentile_us(const struct load *load, uint32_t permille)
{
    return (double)histogram_percentile(&load->latencies, permille) / 1000;
}

static void load__print(const struct load *load, const struct load_accounts *first,
                        const struct load_accounts *last, double own_share)
{
    (void)printf("{\"messages\": %llu, \"seconds\": %.6f, \"errors\": %llu, \"broken\": %llu, ",
                 (unsigned long long)(last->messages - first->messages),
                 (double)(last->now_ns - first->now_ns) / SECOND_NS,
                 (unsigned long long)load->errors, (unsigned long long)load->broken);
    (void)printf("\"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, ",
                 load__percentile_us(load, 500), load__percentile_us(load, 990),
                 load__percentile_us(load, 999));
    (void)printf("\"segments\": %llu, \"delayed_acks\": %llu, \"client_load\": %.3f, ",
                 (unsigned long long)(last->tcp.segments - first->tcp.segments),
                 (unsigned long long)(last->tcp.delayed_acks - first->tcp.delayed_acks), own_share);
    (void)printf("\"cpu_ns\": [");
    for (uint32_t i = 0; i < load->options.pid_count; i++) {
        (void)printf("%s%llu", i == 0 ? "" : ", ",
                     (unsigned long long)(last->used_ns[i] - first->used_ns[i]));
    }
    (void)printf("]}\n");
    (void)fflush(stdout);
}

/* In between windows the clients keep still, their requests answered or on the way; the warm-up
 * takes up what waits since then. Lazy clients that do not read press until each has been closed
 * for it: only then are the server's queues as full as they get. */
static void load__warm_up(struct load *load)
{
    const struct load_options *options = &load->options;
    uint64_t began_ns = load_now_ns();
    load->began_ns = UINT64_MAX;
    load->messages = 0;
    load->lazy_now_ns = began_ns;
    load__run_until(load, began_ns + (uint64_t)options->warm_up_ms * MILLISECOND_NS,
                    load__asking_count(options) * WARM_REPLIES);
    while (!options->lazy_reads && load->broken < options->lazy_count && load->errors == 0 &&
           load_now_ns() < began_ns + (uint64_t)LAZY_WARM_UP_S * SECOND_NS) {
        load__turn(load);
    }
}

/* Replies that a window has at least: twice what is outstanding when it begins, for what was asked
 * before it has no latency, and the rotations that were asked for. */
static uint64_t load__replies_min(const struct load_options *options)
{
    uint64_t twice = 2 * load__asking_count(options) * options->depth;
    uint64_t rotations = (uint64_t)options->rotations * options->client_count * LOAD_TURN;
    return twice > rotations ? twice : rotations;
}

/* One warm-up and one window. */
static void load__measure(struct load *load)
{
    const struct load_options *options = &load->options;
    load__warm_up(load);
    const struct load_accounts first = load__read_accounts(load);
    uint64_t own_ns = kernel_cpu_ns(getpid());
    memset(&load->latencies, 0, sizeof load->latencies);
    load->began_ns = load->lazy_now_ns = load_now_ns();
    load__run_until(load, load->began_ns + (uint64_t)options->window_ms * MILLISECOND_NS,
                    first.messages + load__replies_min(options));
    own_ns = kernel_cpu_ns(getpid()) - own_ns;
    double own_share = (double)own_ns / (double)(load_now_ns() - load->began_ns);
    const struct load_accounts last = load__read_accounts(load);
    if (!options->is_stepped) {
        load__drain(load);
    }
    load__print(load, &first, &last, own_share);
}

int main(int argument_count, char **arguments)
{
    static struct load load;
    wire_init();
    load.options = load_parse(argument_count, arguments);
    load__create(&load);
    load__start(&load);
    if (load.options.mode == LOAD_HOLD) {
        load__run_until(&load, load_now_ns() + 60ull * SECOND_NS, 0);
        (void)printf("{\"held\": %llu, \"errors\": %llu}\n", (unsigned long long)load.messages,
                     (unsigned long long)load.errors);
        (void)fflush(stdout);
        (void)getchar();
    } else if (load.options.is_stepped) {
        (void)printf("ready\n");
        (void)fflush(stdout);
        while (getchar() != EOF && load.errors == 0) {
            load__measure(&load);
        }
        load__drain(&load);
    } else {
        load__measure(&load);
    }
    return load.errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
