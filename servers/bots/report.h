/* The summary at the end of a run, for people or as JSON. */
#pragma once

#include <stdio.h>

#include "options.h"
#include "stats.h"

struct report {
    const struct options *options;
    const struct bot_stats *stats;
    const char *engine;
    uint32_t workers;
    uint64_t play_ms;    /* from the first bot's play to the end of it; 0 if nobody played */
    uint64_t total_ms;   /* from start to stop */
    uint32_t unfinished; /* bots that were still at it when the run was ended */
};

void report_print(const struct report *report, FILE *file);
void report_print_json(const struct report *report, FILE *file);
