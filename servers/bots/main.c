/* The test client: options, one run, the report. Exit status 0: all was as expected; 1: it was not;
 * 2: a wrong option. */
#include <stdio.h>
#include <stdlib.h>

#include "bots.h"
#include "options.h"
#include "pc/os.h"
#include "report.h"

static void main__report(struct bots *bots, const struct bot_stats *stats, uint64_t total_ms)
{
    uint64_t began_ms = atomic_load(&bots->play_began_ms);
    uint64_t ended_ms = atomic_load(&bots->play_ended_ms);
    struct report report = {
        .options = &bots->options,
        .stats = stats,
        .engine = pc_runtime_engine_name(bots->runtime),
        .workers = bots->crew_count,
        .play_ms = ended_ms > began_ms ? ended_ms - began_ms : 0,
        .total_ms = total_ms,
        .unfinished = bots->bot_count - atomic_load(&bots->finished),
    };
    if (bots->options.json) {
        report_print_json(&report, stdout);
    } else if (bots->options.clients > 0) {
        report_print(&report, stdout);
    }
}

static int main__play(struct bots *bots)
{
    static struct bot_stats stats; /* its histograms are large for a stack */
    uint64_t began_ms = pc_os_monotonic_ms();
    bool is_whole = bots_run(bots);
    bots_sum(bots, &stats);
    main__report(bots, &stats, pc_os_monotonic_ms() - began_ms);
    bool is_good =
        is_whole && bot_stats_error_count(&stats) == 0 && stats.completed == bots->bot_count;
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argument_count, char **arguments)
{
    struct options options;
    char error[OPTIONS_ERROR_SIZE];
    arguments = pc_os_arguments(&argument_count, arguments);
    switch (options_parse(&options, argument_count, arguments, error)) {
    case OPTIONS_OK:
        break;
    case OPTIONS_HELP:
        options_print_help(stdout);
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        fprintf(stderr, "bots: %s\n", error);
        return 2;
    }
    pc_os_stop_signal_install();
    (void)pc_os_descriptors_raise();
    struct bots bots;
    if (!bots_create(&bots, &options)) {
        return EXIT_FAILURE;
    }
    int status = main__play(&bots);
    bots_destroy(&bots);
    return status;
}
