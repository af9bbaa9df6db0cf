/* Sessions under simulation: random seeds, one seed again, or all interleavings of a small world.
 *
 *     sim_session --seconds N     random seeds for N seconds; the first one is printed
 *     sim_session --seeds N       N seeds from --first (default: random)
 *     sim_session --lives N       seeds until so many sessions have lived; with --seeds at least
 *                                 so many of them
 *     sim_session --seed S        one seed; with --trace every line of what happened
 *     sim_session --small N       all interleavings of 1 to N operations; with --path a,b,c that
 *                                 one, of N
 *
 * Many seeds end with the table of session phases x events, the reasons of closing and the faults;
 * a pair that is missing and not explained as impossible, a reason or a fault that never came is a
 * failure, from LONG_RUN seeds on or with --cover.
 *
 * Failure: an invariant that does not hold ends the process; the seed is printed last. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "pc/os.h"
#include "sim_coverage.h"
#include "sim_run.h"
#include "sim_small.h"

#define MOVES_DEFAULT 4000u
#define CALM_MS       3000u
#define LONG_RUN      2000u /* seeds that must bring all that the table wants */

struct options {
    uint64_t first;
    uint64_t seeds;
    uint64_t seconds;
    uint64_t lives;
    uint64_t moves;
    uint64_t small;
    const char *path;
    bool has_first;
    bool is_one;
    bool traces;
    bool covers; /* an incomplete table of coverage fails */
};

static uint64_t seed_now; /* what pc_check_failed names */
static bool in_small;

/* Takes the place of the runtime's own: says how to see the failure again. */
void pc_check_failed(const char *expression, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    if (in_small) {
        small_print_path(stderr);
    } else {
        fprintf(stderr, "FAILED seed %" PRIu64 "; again: scripts/sim --seed %" PRIu64 " --trace\n",
                seed_now, seed_now);
    }
    fflush(stderr);
    exit(1);
}

static void print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
}

static uint64_t run_seed(const struct options *options, uint64_t seed, struct sim_totals *totals)
{
    const struct sim_run_options run = {
        .seed = seed,
        .trace = options->traces ? print_line : NULL,
        .move_count = (uint32_t)options->moves,
        .calm_ms = CALM_MS,
    };
    seed_now = seed;
    return sim_run(&run, totals);
}

static void print_totals(uint64_t seeds, const struct sim_totals *totals)
{
    printf("%" PRIu64 " seeds, %" PRIu64 " session lives, %" PRIu64 " moves, %" PRIu64
           " turns, %" PRIu64 " frames of %" PRIu64 " bytes, %" PRIu64 " starts of processes\n",
           seeds, totals->lives, totals->moves, totals->turns, totals->frames, totals->bytes,
           totals->starts);
}

static uint64_t random_seed(void)
{
    uint64_t seed;
    pc_os_random(&seed, sizeof seed);
    return seed >> 16; /* short enough to be typed */
}

static int run_many(const struct options *options)
{
    struct sim_totals totals = {0};
    uint64_t first = options->has_first ? options->first : random_seed();
    uint64_t end_ms = pc_os_monotonic_ms() + options->seconds * 1000;
    uint64_t count = 0;
    printf("first seed %" PRIu64 "\n", first);
    fflush(stdout);
    while ((options->seconds > 0 && pc_os_monotonic_ms() < end_ms) || count < options->seeds ||
           totals.lives < options->lives) {
        (void)run_seed(options, first + count, &totals);
        count++;
    }
    print_totals(count, &totals);
    bool is_covered = coverage_print();
    if (!is_covered) {
        printf("coverage is incomplete\n");
    }
    bool must_cover = options->covers || count >= LONG_RUN;
    return is_covered || !must_cover ? 0 : 1;
}

/* The same seed twice in one process: nothing but the seed may have a say. */
static int run_one(const struct options *options)
{
    struct sim_totals totals = {0};
    struct options quiet = *options;
    quiet.traces = false;
    uint64_t hash = run_seed(options, options->first, &totals);
    printf("trace %016" PRIx64 "\n", hash);
    print_totals(1, &totals);
    if (run_seed(&quiet, options->first, &totals) != hash) {
        printf("FAILED: seed %" PRIu64 " is not deterministic\n", options->first);
        return 1;
    }
    return 0;
}

static int run_small(const struct options *options)
{
    in_small = true;
    if (options->path != NULL) {
        small_replay((uint32_t)options->small, options->path, print_line);
    } else {
        for (uint32_t operations = 1; operations <= options->small; operations++) {
            uint64_t count = small_explore(operations);
            printf("%" PRIu64 " interleavings of %u operations\n", count, operations);
            fflush(stdout);
        }
    }
    return 0;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: sim_session --seconds N | --seeds N [--first S] | --lives N [--seeds N] |\n"
            "                   --seed S [--trace] | --small N [--path a,b,c]\n"
            "       and: --moves N (of each seed), --cover (what never came fails)\n");
    return 2;
}

static bool parse_flag(struct options *options, const char *name)
{
    if (strcmp(name, "--trace") == 0) {
        options->traces = true;
        return true;
    }
    if (strcmp(name, "--cover") == 0) {
        options->covers = true;
        return true;
    }
    return false;
}

static bool parse_value(struct options *options, const char *name, const char *value)
{
    const struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {
        {"--seconds", &options->seconds}, {"--seeds", &options->seeds},
        {"--seed", &options->first},      {"--first", &options->first},
        {"--moves", &options->moves},     {"--small", &options->small},
        {"--lives", &options->lives},
    };
    if (strcmp(name, "--path") == 0) {
        options->path = value;
        return true;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            char *end;
            *numbers[i].value = strtoull(value, &end, 0);
            options->has_first |= numbers[i].value == &options->first;
            options->is_one |= strcmp(name, "--seed") == 0;
            return *value != '\0' && *end == '\0';
        }
    }
    return false;
}

int main(int argument_count, char **arguments)
{
    struct options options = {.moves = MOVES_DEFAULT};
    for (int i = 1; i < argument_count; i++) {
        if (parse_flag(&options, arguments[i])) {
            continue;
        }
        if (i + 1 == argument_count || !parse_value(&options, arguments[i], arguments[i + 1])) {
            return usage();
        }
        i++;
    }
    if (options.small > 0) {
        return run_small(&options);
    }
    if (options.is_one) {
        return run_one(&options);
    }
    bool is_many = options.seconds > 0 || options.seeds > 0 || options.lives > 0;
    return is_many ? run_many(&options) : usage();
}
