/* Path: [3] the life of a session: opening, deadlines, ending; see session.h. What it receives is
 * in session_receive.c, what it sends in session_send.c.
 *
 * Happy path: OPEN until the peer finishes, then DRAINING until all is sent, then CLOSING until the
 * socket's CLOSED event; then on_close, and back to the pool.
 * Failure modes, each ending in session_end_with: the connection breaks; a frame is refused; the
 * send queue reaches its mark; a deadline passes; memory is short; the application closes. That
 * the system is short of buffers is no end: see session_wait_for_buffers. */
#include "net/session.h"

#include "net/connector.h"
#include "net/listener.h"
#include "net/worker.h"
#include "pc/check.h"
#include "pc/container.h"

#define PHASE_BIT(phase) (1u << (phase))

/* Between tries while the system is short of buffers. The first is about what a turn takes; the
 * last keeps a server of many thousand sessions quiet, and no peer waits long after the end. */
#define SHORTAGE_PAUSE_FIRST_MS 8u
#define SHORTAGE_STEP_MAX       8u /* the pause is 1,024 ms then */
#define SHORTAGE_OVER_MS        1024u

/* Which phases may follow each. ACCEPTING returns to FREE when its connection moved to another
 * worker or its accept failed. */
static const uint8_t session__successors[SESSION_PHASE_COUNT] = {
    [SESSION_FREE] = PHASE_BIT(SESSION_ACCEPTING) | PHASE_BIT(SESSION_CONNECTING),
    [SESSION_ACCEPTING] =
        PHASE_BIT(SESSION_OPEN) | PHASE_BIT(SESSION_CLOSING) | PHASE_BIT(SESSION_FREE),
    [SESSION_CONNECTING] =
        PHASE_BIT(SESSION_OPEN) | PHASE_BIT(SESSION_CLOSING) | PHASE_BIT(SESSION_FREE),
    [SESSION_OPEN] = PHASE_BIT(SESSION_DRAINING) | PHASE_BIT(SESSION_CLOSING),
    [SESSION_DRAINING] = PHASE_BIT(SESSION_CLOSING),
    [SESSION_CLOSING] = PHASE_BIT(SESSION_FREE),
};

static void session__on_timer(struct pc_worker *worker, struct pc_timer *timer);

void session_check(const struct pc_session *session)
{
    bool is_ending = session->phase == SESSION_DRAINING || session->phase == SESSION_CLOSING;
    PC_ASSERT(session->phase != SESSION_FREE);
    PC_ASSERT(is_ending == (session->close_reason != PC_CLOSE_NONE));
    PC_ASSERT(session->hold_count == session->flush_queued + session->resume_queued);
    assembler_check(&session->assembler);
    send_queue_check(&session->queue);
    latest_list_check(&session->latest);
    PC_ASSERT(session->latest.count == 0 || session->is_congested);
    PC_ASSERT(session->phase != SESSION_OPEN || session->is_congested ||
              session->queue.bytes <= session->type->policy.send_bytes_soft);
}

void session_set_phase(struct pc_session *session, enum session_phase phase)
{
    PC_ASSERT((session__successors[session->phase] & PHASE_BIT(phase)) != 0);
    session->phase = (uint8_t)phase;
}

uint64_t session_memory(const struct pc_session *session)
{
    return (uint64_t)send_queue_memory(&session->queue) + latest_list_memory(&session->latest) +
           session->assembler.tail.capacity;
}

struct type_counters *session_counters(const struct pc_session *session)
{
    return &session->worker->counters[session->type->index];
}

struct pc_event session_event(const struct pc_session *session, enum pc_event_kind kind)
{
    return (struct pc_event){
        .kind = kind,
        .type = session->type->policy.name,
        .session = session->handle,
        .address = session->socket.peer,
    };
}

/* ---- timers ---- */

static uint64_t session__idle_at_ms(const struct pc_session *session)
{
    uint32_t idle_ms = session->type->policy.idle_timeout_ms;
    bool is_deaf = session_is_blocked(session) || (session->short_of & SESSION_SHORT_RECEIVE) != 0;
    if (idle_ms == 0 || session->phase != SESSION_OPEN || is_deaf) {
        return UINT64_MAX;
    }
    return session->received_ms + idle_ms;
}

static uint64_t session__slow_at_ms(const struct pc_session *session)
{
    if (!session->is_congested || session->phase != SESSION_OPEN) {
        return UINT64_MAX;
    }
    return session_near_ms(session->worker->now_ms, session->congested_ms) +
           session->type->policy.soft_timeout_ms;
}

static uint64_t session__earlier(uint64_t due_ms, uint64_t other_ms)
{
    return other_ms != 0 && other_ms < due_ms ? other_ms : due_ms;
}

/* One timer serves all that time can bring: it is set to the earliest, and looks again when it
 * fires, so that receiving need not touch it. */
void session_set_timer(struct pc_session *session)
{
    uint64_t due_ms = session__earlier(session__idle_at_ms(session), session->deadline_ms);
    due_ms = session__earlier(due_ms, session__slow_at_ms(session));
    due_ms = session__earlier(due_ms, session->resume_ms);
    if (session->short_of != 0) {
        due_ms =
            session__earlier(due_ms, session_near_ms(session->worker->now_ms, session->retry_ms));
    }
    if (due_ms == UINT64_MAX) {
        timer_wheel_cancel(&session->worker->timers, &session->timer);
        return;
    }
    timer_wheel_set(&session->worker->timers, &session->timer, due_ms, session__on_timer);
}

/* What is short already waits for both directions; a long time without a shortage ends the
 * doubling, so that no success need be noted. */
void session_wait_for_buffers(struct pc_session *session, enum session_shortage shortage)
{
    counter_add(&session_counters(session)->shortages, 1);
    bool waits = session->short_of != 0;
    session->short_of |= (uint8_t)shortage;
    if (waits) {
        return;
    }
    uint64_t now_ms = session->worker->now_ms;
    uint64_t last_ms = session_near_ms(now_ms, session->retry_ms);
    bool is_new = session->retry_step == 0 || now_ms > last_ms + SHORTAGE_OVER_MS;
    if (is_new) {
        session->retry_step = 1;
    } else if (session->retry_step < SHORTAGE_STEP_MAX) {
        session->retry_step++;
    }
    uint32_t pause_ms = SHORTAGE_PAUSE_FIRST_MS << (session->retry_step - 1);
    session->retry_ms = (uint32_t)now_ms + pause_ms;
    session_set_timer(session);
}

void pc_session_set_deadline(struct pc_session *session, uint32_t timeout_ms,
                             enum pc_close_reason reason)
{
    if (session->phase != SESSION_OPEN && session->phase != SESSION_CONNECTING) {
        return;
    }
    session->deadline_ms = timeout_ms == 0 ? 0 : session->worker->now_ms + timeout_ms;
    session->deadline_reason = (uint8_t)reason;
    session_set_timer(session);
}

/* ---- closing ---- */

/* Abort the socket; what is queued is lost. Events of what is in flight, then CLOSED follow. */
static void session__end(struct pc_session *session, enum port_abort_mode mode)
{
    session_set_phase(session, SESSION_CLOSING);
    timer_wheel_cancel(&session->worker->timers, &session->timer);
    port_abort(session->worker->port, &session->socket, mode);
}

static void session__set_reason(struct pc_session *session, enum pc_close_reason reason)
{
    if (session->close_reason == PC_CLOSE_NONE) {
        session->close_reason = (uint8_t)reason;
    }
}

/* Draining is a chain: queue empty -> FIN -> the peer's FIN -> end. Called when a link of it may
 * have been reached. If the peer's FIN is there first, closing sends ours: a system call less, and
 * 4 % of a connection with one echo. */
void session_drain(struct pc_session *session)
{
    PC_ASSERT(session->phase == SESSION_DRAINING);
    if (session->queue.bytes > 0 || session->socket.send.in_flight) {
        worker_queue_flush(session->worker, session);
        return;
    }
    if ((session->ends & SESSION_END_PEER) != 0) {
        session__end(session, PORT_ABORT_GRACEFUL);
    } else if ((session->ends & SESSION_END_OWN) == 0) {
        session->ends |= SESSION_END_OWN;
        port_shutdown_send(session->worker->port, &session->socket);
    }
}

void session_start_drain(struct pc_session *session, enum pc_close_reason reason, uint32_t drain_ms)
{
    session__set_reason(session, reason);
    session_set_phase(session, SESSION_DRAINING);
    session->deadline_ms = session->worker->now_ms + drain_ms;
    session->resume_ms = 0;
    session_set_timer(session);
    session_queue_latest(session, true);
    worker_queue_flush(session->worker, session);
    session_arm_receive(session); /* a paused session would not see the peer's FIN */
}

void pc_session_close(struct pc_session *session, enum pc_close_reason reason)
{
    if (session->phase == SESSION_OPEN) {
        session_start_drain(session, reason, session->type->policy.drain_timeout_ms);
    }
}

void session_end_with(struct pc_session *session, enum pc_close_reason reason,
                      enum port_abort_mode mode)
{
    if (session->phase == SESSION_OPEN || session->phase == SESSION_DRAINING) {
        session__set_reason(session, reason);
        session__end(session, mode);
    }
}

void pc_session_abort(struct pc_session *session, enum pc_close_reason reason)
{
    session_end_with(session, reason, PORT_ABORT_RESET);
}

void session_discard(struct pc_session *session, enum port_abort_mode mode,
                     enum pc_close_reason reason)
{
    PC_ASSERT(session->phase == SESSION_ACCEPTING || session->phase == SESSION_CONNECTING);
    session__set_reason(session, reason);
    session__end(session, mode);
}

void session_shut_down(struct pc_session *session, void *context)
{
    const uint32_t drain_ms = *(const uint32_t *)context;
    switch ((enum session_phase)session->phase) {
    case SESSION_OPEN:
        session_start_drain(session, PC_CLOSE_SHUTDOWN, drain_ms);
        break;
    case SESSION_CONNECTING:
        session_discard(session, PORT_ABORT_RESET, PC_CLOSE_SHUTDOWN);
        break;
    case SESSION_DRAINING:
        if (session->deadline_ms > session->worker->now_ms + drain_ms) {
            session->deadline_ms = session->worker->now_ms + drain_ms;
            session_set_timer(session);
        }
        break;
    case SESSION_FREE:
    case SESSION_ACCEPTING: /* its listener stops it */
    case SESSION_CLOSING:   /* already on its way */
    case SESSION_PHASE_COUNT:
        break;
    }
}

/* A delayed packet's time has come, or that of another try. The peer could not be heard meanwhile.
 */
static void session__end_waits(struct pc_session *session)
{
    uint64_t now_ms = session->worker->now_ms;
    bool may_handle = session->resume_ms != 0 && now_ms >= session->resume_ms;
    bool may_retry = session->short_of != 0 && now_ms >= session_near_ms(now_ms, session->retry_ms);
    if (may_handle) {
        session->resume_ms = 0;
    }
    if (may_handle || (may_retry && (session->short_of & SESSION_SHORT_RECEIVE) != 0)) {
        session->received_ms = now_ms;
    }
    if (may_retry) {
        session->short_of = 0;
    }
    if (may_handle || may_retry) {
        worker_queue_resume(session->worker, session);
    }
}

static void session__on_timer(struct pc_worker *worker, struct pc_timer *timer)
{
    struct pc_session *session = PC_CONTAINER_OF(timer, struct pc_session, timer);
    uint64_t now_ms = worker->now_ms;
    if (session->deadline_ms != 0 && now_ms >= session->deadline_ms) {
        if (session->phase == SESSION_CONNECTING) {
            session->close_status = PC_TIMEOUT;
            connector_on_timeout(session->link);
            return;
        }
        session_end_with(session, (enum pc_close_reason)session->deadline_reason, PORT_ABORT_RESET);
        return;
    }
    if (now_ms >= session__slow_at_ms(session)) {
        counter_add(&session_counters(session)->soft_timeouts, 1);
        session_end_with(session, PC_CLOSE_SLOW_CONSUMER, PORT_ABORT_RESET);
        return;
    }
    if (now_ms >= session__idle_at_ms(session)) {
        pc_session_close(session, PC_CLOSE_IDLE);
        return;
    }
    session__end_waits(session);
    session_set_timer(session);
}

/* ---- opening and release ---- */

void session_open(struct pc_session *session)
{
    struct pc_worker *worker = session->worker;
    session_set_phase(session, SESSION_OPEN);
    session->was_open = true;
    session->received_ms = worker->now_ms;
    session->deadline_ms = 0;
    session_set_timer(session);
    counter_add(&session_counters(session)->opened, 1);
    struct pc_event event =
        session_event(session, session->link == NULL ? PC_EVENT_ACCEPTED : PC_EVENT_CONNECTED);
    worker_observe(worker, &event);
    if (session->type->policy.on_open != NULL) {
        session->type->policy.on_open(session);
    }
    session_arm_receive(session);
}

void session_release(struct pc_session *session)
{
    struct pc_worker *worker = session->worker;
    timer_wheel_cancel(&worker->timers, &session->timer);
    assembler_reset(&session->assembler, &worker->buffers);
    send_queue_clear(&session->queue, &worker->buffers);
    latest_list_clear(&session->latest, &worker->buffers);
    session_set_phase(session, SESSION_FREE);
    session_pool_put(worker_pool(worker, session->type->index), session);
}

static void session__tell_closed(struct pc_session *session)
{
    struct type_counters *counters = session_counters(session);
    counter_add(&counters->closed[session->close_reason], 1);
    struct pc_event event = session_event(session, PC_EVENT_CLOSED);
    event.reason = (enum pc_close_reason)session->close_reason;
    event.status = (enum pc_status)session->close_status;
    event.raw = session->raw;
    worker_observe(session->worker, &event);
    if (session->type->policy.on_close != NULL) {
        session->type->policy.on_close(session, event.reason);
    }
    if (session->makes_calls) {
        call_table_fail(&session->worker->calls, session->handle);
    }
}

static PC_COLD void session__let_go(struct pc_session *session)
{
    struct connector_link *link = session->link;
    if (session->was_open) {
        session__tell_closed(session);
    }
    worker_count_session(session->worker, session->type->index, -1);
    if (session->listener != NULL) {
        listener_forget_address(session->listener, &session->socket.peer);
    }
    session_release(session);
    if (link != NULL) {
        connector_on_released(link);
    }
}

/* Closed, nothing in flight: let go as soon as nobody holds it. */
void session_try_release(struct pc_session *session)
{
    if (session->phase == SESSION_CLOSING && session->socket.state == PORT_SOCKET_IDLE &&
        session->hold_count == 0) {
        session__let_go(session);
    }
}

void session_on_closed(struct pc_session *session)
{
    PC_ASSERT(session->phase == SESSION_CLOSING);
    session_try_release(session);
}

/* ---- what the application reads ---- */

pc_handle pc_session_handle(const struct pc_session *session)
{
    return session->handle;
}

struct pc_worker *pc_session_worker(const struct pc_session *session)
{
    return session->worker;
}

void *pc_session_user(struct pc_session *session)
{
    return (uint8_t *)session + session->type->user_offset;
}

uint32_t pc_session_tag(const struct pc_session *session)
{
    return session->tag;
}

const struct pc_address *pc_session_peer(const struct pc_session *session)
{
    return &session->socket.peer;
}

uint8_t pc_session_protocol_state(const struct pc_session *session)
{
    return session->protocol_state;
}

void pc_session_set_protocol_state(struct pc_session *session, uint8_t state)
{
    PC_ASSERT(state < session->type->policy.accepts->state_count);
    session->protocol_state = state;
}
