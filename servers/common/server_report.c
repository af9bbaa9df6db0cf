/* The counters of a run, logged when the server has stopped.
 *
 * Happy path: one line of totals per session type, then one line for each close reason, refusal
 * and packet that occurred. Failure modes: none.
 * Path: beside all of it. */
#include "common/server_report.h"

#include "pc/call.h"

static void report__totals(const struct log *log, const char *type,
                           const struct pc_type_counters *counters)
{
    log_write(log, LOG_INFO, PC_HANDLE_NONE, "counters",
              LOG_FIELDS(log_text("type", type), log_number("open", counters->open),
                         log_number("open_high", counters->open_high),
                         log_number("pool_size", counters->pool_size),
                         log_number("opened", counters->opened),
                         log_number("received_packets", counters->received_packets),
                         log_number("received_bytes", counters->received_bytes),
                         log_number("receives", counters->receives),
                         log_number("sent_packets", counters->sent_packets),
                         log_number("sent_bytes", counters->sent_bytes),
                         log_number("sends", counters->sends)));
}

/* What held traffic back; the limits of the ini file are behind each. */
static void report__restraints(const struct log *log, const char *type,
                               const struct pc_type_counters *counters)
{
    log_write(log, LOG_INFO, PC_HANDLE_NONE, "counters_limits",
              LOG_FIELDS(log_text("type", type), log_number("soft_marks", counters->soft_marks),
                         log_number("soft_timeouts", counters->soft_timeouts),
                         log_number("hard_marks", counters->hard_marks),
                         log_number("memory_ends", counters->memory_ends),
                         log_number("replaced", counters->replaced),
                         log_number("evicted", counters->evicted),
                         log_number("pauses", counters->pauses),
                         log_number("turns_cut", counters->turns_cut),
                         log_number("shortages", counters->shortages),
                         log_number("accepts_failed", counters->accepts_failed),
                         log_number("accepts_throttled", counters->accepts_throttled),
                         log_number("accepts_no_room", counters->accepts_no_room),
                         log_number("accepts_no_memory", counters->accepts_no_memory),
                         log_number("accepts_given_up", counters->accepts_given_up),
                         log_number("addresses_refused", counters->addresses_refused)));
    const uint64_t *session = counters->over_rate[PC_RATE_SESSION];
    const uint64_t *packet = counters->over_rate[PC_RATE_PACKET];
    log_write(log, LOG_INFO, PC_HANDLE_NONE, "counters_rates",
              LOG_FIELDS(log_text("type", type), log_number("session_kicks", session[PC_RATE_KICK]),
                         log_number("session_drops", session[PC_RATE_DROP]),
                         log_number("session_delays", session[PC_RATE_DELAY]),
                         log_number("packet_kicks", packet[PC_RATE_KICK]),
                         log_number("packet_drops", packet[PC_RATE_DROP]),
                         log_number("packet_delays", packet[PC_RATE_DELAY])));
}

static void report__reasons(const struct log *log, const char *type,
                            const struct pc_type_counters *counters)
{
    for (uint32_t i = 0; i < PC_CLOSE_REASON_COUNT; i++) {
        if (counters->closed[i] > 0) {
            log_write(log, LOG_INFO, PC_HANDLE_NONE, "counter_closed",
                      LOG_FIELDS(log_text("type", type),
                                 log_text("reason", pc_close_reason_name((enum pc_close_reason)i)),
                                 log_number("count", counters->closed[i])));
        }
    }
    for (uint32_t i = 0; i < PC_REFUSAL_COUNT; i++) {
        if (counters->refused[i] > 0) {
            log_write(log, LOG_INFO, PC_HANDLE_NONE, "counter_refused",
                      LOG_FIELDS(log_text("type", type),
                                 log_text("reason", pc_refusal_name((enum pc_refusal)i)),
                                 log_number("count", counters->refused[i])));
        }
    }
}

static void report__packets(const struct server *server, uint32_t type)
{
    const struct pc_accept_table *accepts = server->types[type].accepts;
    for (uint32_t i = 0; i < accepts->entry_count; i++) {
        const struct pc_accept_entry *entry = &accepts->entries[i];
        uint64_t count = pc_runtime_packet_count(server->runtime, type, i);
        if (count > 0) {
            log_write(&server->log, LOG_INFO, PC_HANDLE_NONE, "counter_packet",
                      LOG_FIELDS(log_text("type", server->types[type].name),
                                 log_text("packet", entry->name), log_hex("id", entry->id),
                                 log_number("count", count)));
        }
    }
}

/* Of a server that calls others. */
static void report__calls(const struct server *server)
{
    struct pc_call_counters counters;
    pc_runtime_call_counters(server->runtime, &counters);
    if (counters.begun == 0 && counters.refused == 0) {
        return;
    }
    log_write(
        &server->log, LOG_INFO, PC_HANDLE_NONE, "counters_calls",
        LOG_FIELDS(
            log_number("begun", counters.begun), log_number("answered", counters.answered),
            log_number("timed_out", counters.timed_out), log_number("failed", counters.failed),
            log_number("unmatched", counters.unmatched), log_number("refused", counters.refused),
            log_number("waiting_high", counters.waiting_high)));
}

static void report__ports(const struct server *server)
{
    struct pc_port_counters counters;
    pc_runtime_port_counters(server->runtime, &counters);
    log_write(&server->log, LOG_INFO, PC_HANDLE_NONE, "counters_ports",
              LOG_FIELDS(log_number("receives_dry", counters.receives_dry),
                         log_number("accepts_closed", counters.accepts_closed)));
}

void server_report_counters(const struct server *server)
{
    for (uint32_t type = 0; type < server->type_count; type++) {
        struct pc_type_counters counters;
        pc_runtime_type_counters(server->runtime, type, &counters);
        report__totals(&server->log, server->types[type].name, &counters);
        report__restraints(&server->log, server->types[type].name, &counters);
        report__reasons(&server->log, server->types[type].name, &counters);
        report__packets(server, type);
    }
    report__ports(server);
    report__calls(server);
}
