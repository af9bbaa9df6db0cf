/* See sim_coverage.h. */
#include "sim_coverage.h"

#include <stddef.h>
#include <stdio.h>

#include "net/connector.h"
#include "net/listener.h"
#include "net/runtime.h"
#include "net/worker.h"
#include "pc/check.h"

#define P(phase) (1u << SESSION_##phase)

static uint64_t counts[SESSION_PHASE_COUNT][EVENT_COUNT];

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
    return is_complete;
}

/* ---- the runtime's calls, on their way ---- */

void __real_listener_on_accepted(struct pc_session *session, const struct port_event *event);
void __wrap_listener_on_accepted(struct pc_session *session, const struct port_event *event);
void __real_connector_on_connected(struct pc_session *session, const struct port_event *event);
void __wrap_connector_on_connected(struct pc_session *session, const struct port_event *event);
void __real_session_on_received(struct pc_session *session, const struct port_event *event);
void __wrap_session_on_received(struct pc_session *session, const struct port_event *event);
void __real_session_on_sent(struct pc_session *session, const struct port_event *event);
void __wrap_session_on_sent(struct pc_session *session, const struct port_event *event);
void __real_session_on_closed(struct pc_session *session);
void __wrap_session_on_closed(struct pc_session *session);
void __real_session_flush(struct pc_session *session);
void __wrap_session_flush(struct pc_session *session);
void __real_session_continue(struct pc_session *session);
void __wrap_session_continue(struct pc_session *session);
void __real_timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms,
                                struct pc_worker *worker);
void __wrap_timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms,
                                struct pc_worker *worker);
void __real_session_pool_visit(struct session_pool *pool,
                               void (*visit)(struct pc_session *session, void *context),
                               void *context);
void __wrap_session_pool_visit(struct session_pool *pool,
                               void (*visit)(struct pc_session *session, void *context),
                               void *context);

void __wrap_listener_on_accepted(struct pc_session *session, const struct port_event *event)
{
    coverage_note(session, event->status == PC_OK ? EVENT_ACCEPTED : EVENT_ACCEPT_FAILED);
    __real_listener_on_accepted(session, event);
}

void __wrap_connector_on_connected(struct pc_session *session, const struct port_event *event)
{
    coverage_note(session, event->status == PC_OK ? EVENT_CONNECTED : EVENT_CONNECT_FAILED);
    __real_connector_on_connected(session, event);
}

void __wrap_session_on_received(struct pc_session *session, const struct port_event *event)
{
    if (event->status == PC_OK) {
        coverage_note(session, EVENT_RECEIVED);
    } else {
        coverage_note(session, event->status == PC_END ? EVENT_RECEIVED_END : EVENT_RECEIVE_FAILED);
    }
    __real_session_on_received(session, event);
}

void __wrap_session_on_sent(struct pc_session *session, const struct port_event *event)
{
    coverage_note(session, event->status == PC_OK ? EVENT_SENT : EVENT_SEND_FAILED);
    __real_session_on_sent(session, event);
}

void __wrap_session_on_closed(struct pc_session *session)
{
    coverage_note(session, EVENT_CLOSED);
    __real_session_on_closed(session);
}

void __wrap_session_flush(struct pc_session *session)
{
    coverage_note(session, EVENT_FLUSH);
    __real_session_flush(session);
}

void __wrap_session_continue(struct pc_session *session)
{
    coverage_note(session, EVENT_CONTINUE);
    __real_session_continue(session);
}

/* Timers are static to their files; those that are due are found before they fire. */
void __wrap_timer_wheel_advance(struct timer_wheel *wheel, uint64_t now_ms,
                                struct pc_worker *worker)
{
    uint32_t type_count = worker == NULL ? 0 : worker->runtime->manager.type_count;
    for (uint32_t t = 0; t < type_count; t++) {
        const struct session_pool *pool = worker_pool(worker, t);
        for (uint32_t slot = 0; slot < pool->slab_count * SESSION_SLAB_COUNT; slot++) {
            const struct pc_session *session = session_pool_at(pool, slot);
            if (pc_timer_is_set(&session->timer) &&
                session->timer.expires_ms <= now_ms - now_ms % TIMER_TICK_MS) {
                coverage_note(session, EVENT_TIMER);
            }
        }
    }
    __real_timer_wheel_advance(wheel, now_ms, worker);
}

void __wrap_session_pool_visit(struct session_pool *pool,
                               void (*visit)(struct pc_session *session, void *context),
                               void *context)
{
    for (uint32_t slot = 0;
         visit == session_shut_down && slot < pool->slab_count * SESSION_SLAB_COUNT; slot++) {
        const struct pc_session *session = session_pool_at(pool, slot);
        if (session->phase != SESSION_FREE) {
            coverage_note(session, EVENT_SHUT_DOWN);
        }
    }
    __real_session_pool_visit(pool, visit, context);
}
