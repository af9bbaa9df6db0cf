/* The summary. No failure modes: writing to a closed file is nobody's business here. */
#include "report.h"

#include <inttypes.h>

static double report__ms(uint64_t us)
{
    return (double)us / 1000.0;
}

/* Requests and answers per second of play; 0 for what is done before it. */
static double report__rate(const struct report *report, enum bot_action action)
{
    if (report->play_ms == 0 || action > ACTION_PING) {
        return 0;
    }
    uint64_t messages = report->stats->sent[action] + report->stats->answered[action];
    return (double)messages * 1000.0 / (double)report->play_ms;
}

static double report__total_rate(const struct report *report)
{
    double total = 0;
    for (enum bot_action action = ACTION_ECHO; action <= ACTION_PING; action++) {
        total += report__rate(report, action);
    }
    if (report->play_ms > 0) {
        total += (double)report->stats->notices * 1000.0 / (double)report->play_ms;
    }
    return total;
}

static void report__print_actions(const struct report *report, FILE *file)
{
    fprintf(file, "%-9s %10s %10s %9s %9s %9s %9s\n", "", "sent", "answered", "per s", "p50 ms",
            "p99 ms", "max ms");
    for (enum bot_action action = ACTION_ECHO; action < ACTION_COUNT; action++) {
        const struct histogram *latency = &report->stats->latency_us[action];
        fprintf(file, "%-9s %10" PRIu64 " %10" PRIu64 " %9.1f %9.2f %9.2f %9.2f\n",
                bot_action_name(action), report->stats->sent[action],
                report->stats->answered[action], report__rate(report, action),
                report__ms(histogram_percentile(latency, 500)),
                report__ms(histogram_percentile(latency, 990)), report__ms(latency->max));
    }
}

static void report__print_reasons(const struct report *report, FILE *file)
{
    const struct reasons *reasons = &report->stats->reasons;
    for (uint32_t i = 0; i < reasons->count; i++) {
        const struct reason *reason = &reasons->entries[i];
        fprintf(file, "%s %s: %s %" PRIu64, i == 0 ? "reasons:" : ",", reason->what, reason->why,
                reason->count);
    }
    fputs(reasons->count > 0 ? "\n" : "", file);
}

static void report__print_errors(const struct report *report, FILE *file)
{
    if (bot_stats_error_count(report->stats) == 0) {
        fputs("errors: none\n", file);
        return;
    }
    fputs("errors:", file);
    for (enum bot_error error = 0; error < BOT_ERROR_COUNT; error++) {
        if (report->stats->errors[error] > 0) {
            fprintf(file, " %s %" PRIu64, bot_error_name(error), report->stats->errors[error]);
        }
    }
    fputs("\n", file);
}

void report_print(const struct report *report, FILE *file)
{
    const struct bot_stats *stats = report->stats;
    fprintf(file, "%" PRIu32 " clients on %" PRIu32 " workers (%s): ", report->options->clients,
            report->workers, report->engine);
    fprintf(file, "%" PRIu64 " logged in, %" PRIu64 " entered, %" PRIu64 " finished in %.1f s\n",
            stats->logins, stats->entered, stats->completed, report__ms(report->total_ms));
    fprintf(file, "play: %.1f s, %.0f messages per second, %" PRIu64 " notices about others\n",
            report__ms(report->play_ms), report__total_rate(report), stats->notices);
    report__print_actions(report, file);
    fprintf(file, "retries %" PRIu64 ", held back %" PRIu64 ", moves coalesced %" PRIu64 "\n",
            stats->retries, stats->held, stats->moves_coalesced);
    if (report->options->survive) {
        fprintf(file,
                "servers down %" PRIu64 ", up %" PRIu64 ", left the world %" PRIu64
                ", refusals %" PRIu64 "\n",
                stats->servers_down, stats->servers_up, stats->left_world, stats->refusals);
        fprintf(file,
                "connections lost %" PRIu64 " (without a word %" PRIu64
                "), answers lost with them %" PRIu64 "\n",
                stats->connections_lost, stats->connections_silent, stats->answers_lost);
    }
    report__print_reasons(report, file);
    if (report->unfinished > 0) {
        fprintf(file, "ended early: %" PRIu32 " clients were not finished\n", report->unfinished);
    }
    report__print_errors(report, file);
}

static void report__json_number(FILE *file, const char *name, uint64_t value)
{
    fprintf(file, "\"%s\": %" PRIu64 ", ", name, value);
}

static void report__json_actions(const struct report *report, FILE *file)
{
    fputs("\"actions\": {", file);
    for (enum bot_action action = ACTION_ECHO; action < ACTION_COUNT; action++) {
        const struct histogram *latency = &report->stats->latency_us[action];
        fprintf(file, "%s\"%s\": {", action == ACTION_ECHO ? "" : ", ", bot_action_name(action));
        report__json_number(file, "sent", report->stats->sent[action]);
        report__json_number(file, "answered", report->stats->answered[action]);
        fprintf(file, "\"per_second\": %.1f, ", report__rate(report, action));
        report__json_number(file, "p50_us", histogram_percentile(latency, 500));
        report__json_number(file, "p99_us", histogram_percentile(latency, 990));
        fprintf(file, "\"max_us\": %" PRIu64 "}", latency->max);
    }
    fputs("}, ", file);
}

static void report__json_reasons(const struct report *report, FILE *file)
{
    const struct reasons *reasons = &report->stats->reasons;
    fputs("\"reasons\": {", file);
    for (uint32_t i = 0; i < reasons->count; i++) {
        const struct reason *reason = &reasons->entries[i];
        fprintf(file, "%s\"%s: %s\": %" PRIu64, i == 0 ? "" : ", ", reason->what, reason->why,
                reason->count);
    }
    fputs("}, ", file);
}

static void report__json_errors(const struct report *report, FILE *file)
{
    fputs("\"errors\": {", file);
    for (enum bot_error error = 0; error < BOT_ERROR_COUNT; error++) {
        fprintf(file, "%s\"%s\": %" PRIu64, error == 0 ? "" : ", ", bot_error_name(error),
                report->stats->errors[error]);
    }
    fprintf(file, "}, \"error_count\": %" PRIu64, bot_stats_error_count(report->stats));
}

void report_print_json(const struct report *report, FILE *file)
{
    const struct bot_stats *stats = report->stats;
    fprintf(file, "{\"engine\": \"%s\", ", report->engine);
    report__json_number(file, "clients", report->options->clients);
    report__json_number(file, "workers", report->workers);
    report__json_number(file, "total_ms", report->total_ms);
    report__json_number(file, "play_ms", report->play_ms);
    report__json_number(file, "connected", stats->connected);
    report__json_number(file, "registered", stats->registered);
    report__json_number(file, "logins", stats->logins);
    report__json_number(file, "entered", stats->entered);
    report__json_number(file, "completed", stats->completed);
    report__json_number(file, "unfinished", report->unfinished);
    report__json_number(file, "retries", stats->retries);
    report__json_number(file, "held", stats->held);
    report__json_number(file, "moves_coalesced", stats->moves_coalesced);
    report__json_number(file, "notices", stats->notices);
    report__json_number(file, "servers_down", stats->servers_down);
    report__json_number(file, "servers_up", stats->servers_up);
    report__json_number(file, "left_world", stats->left_world);
    report__json_number(file, "refusals", stats->refusals);
    report__json_number(file, "connections_lost", stats->connections_lost);
    report__json_number(file, "connections_silent", stats->connections_silent);
    report__json_number(file, "answers_lost", stats->answers_lost);
    fprintf(file, "\"messages_per_second\": %.1f, ", report__total_rate(report));
    report__json_actions(report, file);
    report__json_reasons(report, file);
    report__json_errors(report, file);
    fputs("}\n", file);
}
