/* The load generator's options, phases and result; see load.h. */
#define _GNU_SOURCE
#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define EVENTS_MAX     1024
#define CONNECTS_MAX   64u   /* before a pause: the backlog must not overflow */
#define CONNECTS_US    3000u /* the pause */
#define LAZY_PERIOD_NS 1000000u
#define SECOND_NS      1000000000u
#define WARM_REPLIES                                                                               \
    24u /* of each client: a connection that is new, or was idle for longer than its               \
         * retransmission time-out, acknowledges its first 16 segments at once */
#define QUIET_NS (5ull * SECOND_NS) /* without a reply for so long: the server is stuck */

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

/* ---- processor time of the servers ---- */

static uint64_t load__thread_ns(int pid, const char *thread)
{
    char path[300];
    unsigned long long used_ns = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, thread);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fscanf(file, "%llu", &used_ns) != 1) {
            used_ns = 0;
        }
        (void)fclose(file);
    }
    return used_ns;
}

static uint64_t load__process_ns(int pid)
{
    char path[64];
    uint64_t used_ns = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        load_die("the server has gone");
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            used_ns += load__thread_ns(pid, entry->d_name);
        }
    }
    (void)closedir(folder);
    return used_ns;
}

/* ---- options ---- */

static const char *const load__mode_names[] = {"echo", "fragments", "shout", "churn", "hold"};

static enum load_mode load__parse_mode(const char *text)
{
    for (uint32_t i = 0; i < sizeof load__mode_names / sizeof *load__mode_names; i++) {
        if (strcmp(text, load__mode_names[i]) == 0) {
            return (enum load_mode)i;
        }
    }
    load_die("--mode");
    return LOAD_ECHO;
}

static uint32_t load__number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value > 1000000) {
        load_die(text);
    }
    return (uint32_t)value;
}

static bool load__parse_number(struct load_options *options, const char *name, uint32_t value)
{
    if (strcmp(name, "--port") == 0) {
        options->address.sin_port = htons((uint16_t)value);
    } else if (strcmp(name, "--clients") == 0) {
        options->client_count = value;
    } else if (strcmp(name, "--depth") == 0) {
        options->depth = value;
    } else if (strcmp(name, "--payload") == 0) {
        options->body_size = (uint16_t)(value - (WIRE_HEAD_SIZE - 4));
    } else if (strcmp(name, "--far") == 0) {
        options->request_id = value != 0 ? WIRE_FAR_ECHO : WIRE_ECHO;
    } else if (strcmp(name, "--lazy") == 0) {
        options->lazy_count = value;
    } else if (strcmp(name, "--lazy-reads") == 0) {
        options->lazy_reads = value != 0;
    } else if (strcmp(name, "--spin") == 0) {
        options->spins = value != 0;
    } else if (strcmp(name, "--steps") == 0) {
        options->is_stepped = value != 0;
    } else if (strcmp(name, "--warm-up") == 0) {
        options->warm_up_ms = value;
    } else if (strcmp(name, "--window") == 0) {
        options->window_ms = value;
    } else if (strcmp(name, "--pid") == 0 && options->pid_count < LOAD_PIDS_MAX) {
        options->pids[options->pid_count++] = (int)value;
    } else {
        return false;
    }
    return true;
}

static struct load_options load__parse(int argument_count, char **arguments)
{
    struct load_options options = {.client_count = 1,
                                   .depth = 1,
                                   .request_id = WIRE_ECHO,
                                   .body_size = 56,
                                   .warm_up_ms = 300,
                                   .window_ms = 1000};
    options.address.sin_family = AF_INET;
    options.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 1; i + 1 < argument_count; i += 2) {
        if (strcmp(arguments[i], "--mode") == 0) {
            options.mode = load__parse_mode(arguments[i + 1]);
        } else if (strcmp(arguments[i], "--path") == 0) {
            options.path = arguments[i + 1];
        } else if (!load__parse_number(&options, arguments[i], load__number(arguments[i + 1]))) {
            load_die(arguments[i]);
        }
    }
    return options;
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

static void load__start(struct load *load)
{
    const struct load_options *options = &load->options;
    if (options->mode == LOAD_CHURN) {
        return; /* each client asks when it is connected */
    }
    for (uint32_t i = 0; i < options->client_count; i++) {
        load->now_ns = load_now_ns();
        for (uint32_t d = 0; d < options->depth && !load->clients[i].is_lazy; d++) {
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
    if (load->options.mode == LOAD_CHURN && client->descriptor < 0) {
        client->asked_ns[0] = load->now_ns;
        client_open(load, client);
    }
}

/* Lazy clients send at a steady rate, whether or not they read. */
static void load__drive_lazy(struct load *load)
{
    if (load->now_ns < load->lazy_next_ns) {
        return;
    }
    load->lazy_next_ns = load->now_ns + LAZY_PERIOD_NS;
    for (uint32_t i = load->options.client_count - load->options.lazy_count;
         i < load->options.client_count; i++) {
        if (load->clients[i].out_size == 0) {
            client_ask(load, &load->clients[i]);
        }
        client_flush(load, &load->clients[i]);
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
    if (load->options.mode == LOAD_SHOUT && load->heard == load->options.client_count) {
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

static void load__turn(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    if (load->is_alone) {
        client_flush(load, &load->clients[0]);
        client_on_readable(load, &load->clients[0]);
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
    uint64_t messages_seen = load->messages;
    uint64_t quiet_ns = load_now_ns() + QUIET_NS;
    while ((load_now_ns() < deadline_ns || load->messages < replies_min) && load->errors == 0) {
        load__turn(load);
        if (load->messages != messages_seen) {
            messages_seen = load->messages;
            quiet_ns = load->now_ns + QUIET_NS;
        } else if (load_now_ns() > quiet_ns) {
            load->errors++;
        }
        if (load->options.mode == LOAD_HOLD && load->messages == load->options.client_count) {
            return;
        }
    }
}

/* ---- the result ---- */

static double load__percentile_us(const struct load *load, uint32_t permille)
{
    return (double)histogram_percentile(&load->latencies, permille) / 1000;
}

static void load__print(const struct load *load, uint64_t window_ns, const uint64_t *used_ns)
{
    (void)printf("{\"messages\": %llu, \"seconds\": %.6f, \"errors\": %llu, \"broken\": %llu, ",
                 (unsigned long long)load->messages, (double)window_ns / SECOND_NS,
                 (unsigned long long)load->errors, (unsigned long long)load->broken);
    (void)printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, ",
                 load__percentile_us(load, 500), load__percentile_us(load, 990),
                 load__percentile_us(load, 999));
    (void)printf("\"client_cpu_ns\": %llu, \"cpu_ns\": [",
                 (unsigned long long)used_ns[load->options.pid_count]);
    for (uint32_t i = 0; i < load->options.pid_count; i++) {
        (void)printf("%s%llu", i == 0 ? "" : ", ", (unsigned long long)used_ns[i]);
    }
    (void)printf("]}\n");
    (void)fflush(stdout);
}

/* One warm-up and one window. In between windows the clients keep still, their requests answered or
 * on the way; the warm-up takes up what waits since then. */
static void load__measure(struct load *load)
{
    uint64_t used_ns[LOAD_PIDS_MAX + 1];
    struct load_options *options = &load->options;
    options->pids[options->pid_count] = getpid();
    load->is_measuring = false;
    load->messages = 0;
    uint64_t clients = options->client_count - options->lazy_count;
    load__run_until(load, load_now_ns() + options->warm_up_ms * 1000000ull, clients * WARM_REPLIES);
    for (uint32_t i = 0; i <= options->pid_count; i++) {
        used_ns[i] = load__process_ns(options->pids[i]);
    }
    uint64_t began_ns = load_now_ns();
    load->messages = 0;
    memset(&load->latencies, 0, sizeof load->latencies);
    load->is_measuring = true;
    load__run_until(load, began_ns + options->window_ms * 1000000ull, 0);
    uint64_t window_ns = load_now_ns() - began_ns;
    for (uint32_t i = 0; i <= options->pid_count; i++) {
        used_ns[i] = load__process_ns(options->pids[i]) - used_ns[i];
    }
    load__print(load, window_ns, used_ns);
}

int main(int argument_count, char **arguments)
{
    static struct load load;
    wire_init();
    load.options = load__parse(argument_count, arguments);
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
    } else {
        load__measure(&load);
    }
    return load.errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
