/* See sim_coverage.h. */
#include "sim_coverage.h"

#include <stddef.h>
#include <stdio.h>

#include "pc/check.h"

#define P(phase) (1u << SESSION_##phase)

static uint64_t counts[SESSION_PHASE_COUNT][EVENT_COUNT];
static uint64_t closed[PC_CLOSE_REASON_COUNT];
static uint64_t faults[SIM_FAULT_COUNT];

static const char *const phase_names[SESSION_PHASE_COUNT] = {
    "free", "accepting", "connecting", "open", "draining", "closing",
};

/* Every event, and the phases in which it cannot come, with the reason. A session that is FREE has
 * no socket, no timer and no hold, and nobody has a pointer to it: nothing can come there. */
static const struct {
    const char *name;
    unsigned impossible; /* bits of phases, besides FREE */
    const char *reason;
} events[EVENT_COUNT] = {
    [EVENT_ACCEPTED] = {"accepted", P(CONNECTING) | P(OPEN) | P(DRAINING) | P(CLOSING),
                        "only ACCEPTING has an accept in flight"},
    [EVENT_ACCEPT_FAILED] = {"accept failed", P(CONNECTING) | P(OPEN) | P(DRAINING) | P(CLOSING),
                             "only ACCEPTING has an accept in flight"},
    [EVENT_CONNECTED] = {"connected", P(ACCEPTING) | P(OPEN) | P(DRAINING),
                         "the connect ends before the session opens"},
    [EVENT_CONNECT_FAILED] = {"connect failed", P(ACCEPTING) | P(OPEN) | P(DRAINING),
                              "the connect ends before the session opens"},
    [EVENT_RECEIVED] = {"received", P(ACCEPTING) | P(CONNECTING),
                        "the first receive is armed when the session has opened"},
    [EVENT_RECEIVED_END] = {"end received", P(ACCEPTING) | P(CONNECTING),
                            "the first receive is armed when the session has opened"},
    [EVENT_RECEIVE_FAILED] = {"receive failed", P(ACCEPTING) | P(CONNECTING),
                              "the first receive is armed when the session has opened"},
    [EVENT_SENT] = {"sent", P(ACCEPTING) | P(CONNECTING),
                    "nothing is sent before the session has opened"},
    [EVENT_SEND_FAILED] = {"send failed", P(ACCEPTING) | P(CONNECTING),
                           "nothing is sent before the session has opened"},
    [EVENT_CLOSED] = {"closed", P(ACCEPTING) | P(CONNECTING) | P(OPEN) | P(DRAINING),
                      "CLOSED follows an abort, which makes the session CLOSING"},
    [EVENT_TIMER] = {"timer", P(ACCEPTING) | P(CLOSING),
                     "set when connecting or opening, cancelled by the abort"},
    [EVENT_FLUSH] = {"flush", P(ACCEPTING) | P(CONNECTING),
                     "queued by sending and closing, which need an open session"},
    [EVENT_CONTINUE] = {"continue", P(ACCEPTING) | P(CONNECTING),
                        "queued by handling and sending, which need an open session"},
    [EVENT_SHUT_DOWN] = {"shut down", 0, ""},
    [EVENT_HANDED_OVER] = {"handed over", P(CONNECTING) | P(OPEN) | P(DRAINING) | P(CLOSING),
                           "a connection changes its worker before the session opens"},
    [EVENT_TAKEN_OVER] = {"taken over", P(CONNECTING) | P(OPEN) | P(DRAINING) | P(CLOSING),
                          "a connection changes its worker before the session opens"},
    [EVENT_BUDGET_SPENT] = {"budget spent", P(ACCEPTING) | P(CONNECTING) | P(DRAINING) | P(CLOSING),
                            "only what an open session handles costs its budget"},
    [EVENT_NO_MEMORY] = {"no memory", P(ACCEPTING) | P(CONNECTING) | P(DRAINING) | P(CLOSING),
                         "only handling and sending need memory, and only while open"},
    [EVENT_EVICTED] = {"evicted", P(ACCEPTING) | P(CONNECTING) | P(CLOSING),
                       "only who holds memory and is not ending is chosen to give it back"},
    [EVENT_APP_SEND] = {"app: send", P(ACCEPTING) | P(CONNECTING),
                        "the application knows a session from on_open on"},
    [EVENT_APP_LATEST] = {"app: latest", P(ACCEPTING) | P(CONNECTING),
                          "the application knows a session from on_open on"},
    [EVENT_APP_BLOCK] = {"app: block", P(ACCEPTING) | P(CONNECTING),
                         "the application knows a session from on_open on"},
    [EVENT_APP_CLOSE] = {"app: close", P(ACCEPTING) | P(CONNECTING),
                         "the application knows a session from on_open on"},
    [EVENT_APP_ABORT] = {"app: abort", P(ACCEPTING) | P(CONNECTING),
                         "the application knows a session from on_open on"},
    [EVENT_APP_DEADLINE] = {"app: deadline", P(ACCEPTING) | P(CONNECTING),
                            "the application knows a session from on_open on"},
    [EVENT_APP_PAUSE] = {"app: pause", P(ACCEPTING) | P(CONNECTING),
                         "the application knows a session from on_open on"},
    [EVENT_APP_RESUME] = {"app: resume", P(ACCEPTING) | P(CONNECTING),
                          "the application knows a session from on_open on"},
    [EVENT_APP_STATE] = {"app: state", P(ACCEPTING) | P(CONNECTING),
                         "the application knows a session from on_open on"},
    [EVENT_APP_BUDGET] = {"app: budget", P(ACCEPTING) | P(CONNECTING),
                          "the application knows a session from on_open on"},
    [EVENT_APP_DISPLACED] = {"app: displaced",
                             P(ACCEPTING) | P(CONNECTING) | P(DRAINING) | P(CLOSING),
                             "only an open session takes frames"},
};

void coverage_note(const struct pc_session *session, enum coverage_event event)
{
    PC_ASSERT(session->phase != SESSION_FREE);
    counts[session->phase][event]++;
}

static bool coverage__print_event(enum coverage_event event)
{
    bool is_complete = true;
    printf("%-16s", events[event].name);
    for (uint32_t phase = SESSION_ACCEPTING; phase < SESSION_PHASE_COUNT; phase++) {
        bool is_impossible = (events[event].impossible & 1u << phase) != 0;
        if (counts[phase][event] > 0) {
            printf("%12llu%s", (unsigned long long)counts[phase][event], is_impossible ? "!" : " ");
            is_complete = is_complete && !is_impossible;
        } else {
            printf("%12s ", is_impossible ? "-" : "MISSING");
            is_complete = is_complete && is_impossible;
        }
    }
    printf(" %s\n", events[event].reason);
    return is_complete;
}

void coverage_closed(enum pc_close_reason reason)
{
    closed[reason]++;
}

void coverage_add_faults(const struct sim_world *world)
{
    for (uint32_t fault = 0; fault < SIM_FAULT_COUNT; fault++) {
        faults[fault] += sim_world_fault_count(world, (enum sim_fault)fault);
    }
}

static bool coverage__print_count(const char *name, uint64_t count)
{
    printf(" %s %llu%s", name, (unsigned long long)count, count == 0 ? " MISSING" : "");
    return count > 0;
}

static bool coverage__print_closed(void)
{
    bool is_complete = true;
    printf("closed by:");
    for (uint32_t reason = PC_CLOSE_NONE + 1; reason < PC_CLOSE_REASON_COUNT; reason++) {
        const char *name = pc_close_reason_name((enum pc_close_reason)reason);
        is_complete = coverage__print_count(name, closed[reason]) && is_complete;
    }
    printf("\n");
    return is_complete;
}

static bool coverage__print_faults(void)
{
    bool is_complete = true;
    printf("faults:");
    for (uint32_t fault = 0; fault < SIM_FAULT_COUNT; fault++) {
        const char *name = sim_fault_name((enum sim_fault)fault);
        is_complete = coverage__print_count(name, faults[fault]) && is_complete;
    }
    printf("\n");
    return is_complete;
}

bool coverage_print(void)
{
    bool is_complete = true;
    printf("%-16s", "event");
    for (uint32_t phase = SESSION_ACCEPTING; phase < SESSION_PHASE_COUNT; phase++) {
        printf("%12s ", phase_names[phase]);
    }
    printf(" why there is none (-)\n");
    for (uint32_t event = 0; event < EVENT_COUNT; event++) {
        is_complete = coverage__print_event((enum coverage_event)event) && is_complete;
    }
    printf("free: nothing comes to a session in its pool (asserted).\n");
    is_complete = coverage__print_closed() && is_complete;
    return coverage__print_faults() && is_complete;
}
