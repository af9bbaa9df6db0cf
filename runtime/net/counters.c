/* Reading the workers' counters, for the log and the dashboard; see counters.h.
 *
 * Path: beside [2]; any thread may look at any time. */
#include "net/counters.h"

#include "net/runtime.h"
#include "pc/check.h"

/* What holds traffic back. */
static void counters__add_limits(struct pc_type_counters *sum, const struct type_counters *part)
{
    sum->soft_marks += counter_read(&part->soft_marks);
    sum->soft_timeouts += counter_read(&part->soft_timeouts);
    sum->hard_marks += counter_read(&part->hard_marks);
    sum->memory_ends += counter_read(&part->memory_ends);
    sum->replaced += counter_read(&part->replaced);
    sum->evicted += counter_read(&part->evicted);
    sum->pauses += counter_read(&part->pauses);
    sum->turns_cut += counter_read(&part->turns_cut);
    sum->shortages += counter_read(&part->shortages);
    sum->accepts_failed += counter_read(&part->accepts_failed);
    sum->accepts_throttled += counter_read(&part->accepts_throttled);
    sum->accepts_no_room += counter_read(&part->accepts_no_room);
    sum->accepts_no_memory += counter_read(&part->accepts_no_memory);
    sum->accepts_given_up += counter_read(&part->accepts_given_up);
    sum->addresses_refused += counter_read(&part->addresses_refused);
    for (uint32_t scope = 0; scope < PC_RATE_SCOPE_COUNT; scope++) {
        for (uint32_t over = 0; over < PC_RATE_OVER_COUNT; over++) {
            sum->over_rate[scope][over] += counter_read(&part->over_rate[scope][over]);
        }
    }
}

static void counters__add(struct pc_type_counters *sum, const struct type_counters *part)
{
    for (uint32_t i = 0; i < PC_CLOSE_REASON_COUNT; i++) {
        sum->closed[i] += counter_read(&part->closed[i]);
    }
    for (uint32_t i = 0; i < PC_REFUSAL_COUNT; i++) {
        sum->refused[i] += counter_read(&part->refused[i]);
    }
    sum->opened += counter_read(&part->opened);
    sum->open_high += counter_read(&part->open_high);
    sum->pool_size += counter_read(&part->pool_size);
    sum->received_bytes += counter_read(&part->received_bytes);
    sum->sent_packets += counter_read(&part->sent_packets);
    sum->sent_bytes += counter_read(&part->sent_bytes);
    sum->sends += counter_read(&part->sends);
    sum->receives += counter_read(&part->receives);
    counters__add_limits(sum, part);
}

void pc_runtime_type_counters(const struct pc_runtime *runtime, uint32_t type,
                              struct pc_type_counters *counters)
{
    PC_ASSERT(type < runtime->manager.type_count);
    *counters = (struct pc_type_counters){
        .open =
            atomic_load_explicit(&runtime->manager.types[type].open_count, memory_order_relaxed),
    };
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        if (runtime->workers[i]->counters != NULL) {
            counters__add(counters, &runtime->workers[i]->counters[type]);
        }
    }
    uint32_t entry_count = runtime->manager.types[type].policy.accepts->entry_count;
    for (uint32_t i = 0; i < entry_count; i++) {
        counters->received_packets += pc_runtime_packet_count(runtime, type, i);
    }
}

void pc_runtime_port_counters(const struct pc_runtime *runtime, struct pc_port_counters *counters)
{
    *counters = (struct pc_port_counters){.receives_dry = 0};
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        const struct port *port = runtime->workers[i]->port;
        if (port != NULL) {
            counters->receives_dry += port->counters.receives_dry;
            counters->accepts_closed += port->counters.accepts_closed;
        }
    }
}

uint64_t pc_runtime_packet_count(const struct pc_runtime *runtime, uint32_t type,
                                 uint32_t entry_index)
{
    PC_ASSERT(type < runtime->manager.type_count);
    PC_ASSERT(entry_index < runtime->manager.types[type].policy.accepts->entry_count);
    uint64_t count = 0;
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        if (runtime->workers[i]->counters != NULL) {
            count += counter_read(&runtime->workers[i]->counters[type].packets[entry_index]);
        }
    }
    return count;
}
