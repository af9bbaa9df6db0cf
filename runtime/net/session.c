/* Path: [3] sessions; see session.h.
 *
 * Happy path: OPEN, each RECEIVED event is cut into frames [5], judged [6], decoded and handled
 * [7] [8]; what handlers send is queued [9] and goes out once at the end of the turn [10].
 * Failure modes, each ending in one place, session__end: the peer finishes or breaks the
 * connection; a frame is refused; the send queue reaches its mark; a deadline passes; memory is
 * short; the application closes. */
#include "net/session.h"

#include <string.h>

#include "net/block.h"
#include "net/connector.h"
#include "net/dispatcher.h"
#include "net/listener.h"
#include "net/worker.h"
#include "pc/check.h"
#include "pc/container.h"

#define PHASE_BIT(phase) (1u << (phase))

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
    PC_ASSERT(!session->flush_queued || session->hold_count > 0);
    assembler_check(&session->assembler);
    send_queue_check(&session->queue);
}

void session_set_phase(struct pc_session *session, enum session_phase phase)
{
    PC_ASSERT((session__successors[session->phase] & PHASE_BIT(phase)) != 0);
    session->phase = (uint8_t)phase;
}

static struct type_counters *session__counters(const struct pc_session *session)
{
    return &session->worker->counters[session->type->index];
}

static struct pc_event session__event(const struct pc_session *session, enum pc_event_kind kind)
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
    if (idle_ms == 0 || session->phase != SESSION_OPEN) {
        return UINT64_MAX;
    }
    return session->received_ms + idle_ms;
}

/* One timer serves idle time and deadline: it is set to the earlier, and looks again when it
 * fires, so that receiving need not touch it. */
static void session__set_timer(struct pc_session *session)
{
    uint64_t due_ms = session__idle_at_ms(session);
    if (session->deadline_ms != 0 && session->deadline_ms < due_ms) {
        due_ms = session->deadline_ms;
    }
    if (due_ms == UINT64_MAX) {
        timer_wheel_cancel(&session->worker->timers, &session->timer);
        return;
    }
    timer_wheel_set(&session->worker->timers, &session->timer, due_ms, session__on_timer);
}

void pc_session_set_deadline(struct pc_session *session, uint32_t timeout_ms,
                             enum pc_close_reason reason)
{
    if (session->phase != SESSION_OPEN && session->phase != SESSION_CONNECTING) {
        return;
    }
    session->deadline_ms = timeout_ms == 0 ? 0 : session->worker->now_ms + timeout_ms;
    session->deadline_reason = (uint8_t)reason;
    session__set_timer(session);
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
 * have been reached. */
static void session__drain(struct pc_session *session)
{
    PC_ASSERT(session->phase == SESSION_DRAINING);
    if (session->queue.bytes > 0 || session->socket.send.in_flight) {
        worker_queue_flush(session->worker, session);
        return;
    }
    if (!session->send_finished) {
        session->send_finished = true;
        port_shutdown_send(session->worker->port, &session->socket);
    }
    if (session->peer_finished) {
        session__end(session, PORT_ABORT_GRACEFUL);
    }
}

static void session__start_drain(struct pc_session *session, enum pc_close_reason reason,
                                 uint32_t drain_ms)
{
    session__set_reason(session, reason);
    session_set_phase(session, SESSION_DRAINING);
    session->deadline_ms = session->worker->now_ms + drain_ms;
    session__set_timer(session);
    worker_queue_flush(session->worker, session);
}

void pc_session_close(struct pc_session *session, enum pc_close_reason reason)
{
    if (session->phase == SESSION_OPEN) {
        session__start_drain(session, reason, session->type->policy.drain_timeout_ms);
    }
}

static void session__abort(struct pc_session *session, enum pc_close_reason reason,
                           enum port_abort_mode mode)
{
    if (session->phase == SESSION_OPEN || session->phase == SESSION_DRAINING) {
        session__set_reason(session, reason);
        session__end(session, mode);
    }
}

void pc_session_abort(struct pc_session *session, enum pc_close_reason reason)
{
    session__abort(session, reason, PORT_ABORT_RESET);
}

void session_discard(struct pc_session *session, enum port_abort_mode mode,
                     enum pc_close_reason reason)
{
    PC_ASSERT(session->phase == SESSION_ACCEPTING || session->phase == SESSION_CONNECTING);
    session__set_reason(session, reason);
    session__end(session, mode);
}

void session_shut_down(struct pc_session *session, uint32_t drain_ms)
{
    switch ((enum session_phase)session->phase) {
    case SESSION_OPEN:
        session__start_drain(session, PC_CLOSE_SHUTDOWN, drain_ms);
        break;
    case SESSION_CONNECTING:
        session_discard(session, PORT_ABORT_RESET, PC_CLOSE_SHUTDOWN);
        break;
    case SESSION_DRAINING:
        if (session->deadline_ms > session->worker->now_ms + drain_ms) {
            session->deadline_ms = session->worker->now_ms + drain_ms;
            session__set_timer(session);
        }
        break;
    case SESSION_FREE:
    case SESSION_ACCEPTING: /* its listener stops it */
    case SESSION_CLOSING:   /* already on its way */
    case SESSION_PHASE_COUNT:
        break;
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
        session__abort(session, (enum pc_close_reason)session->deadline_reason, PORT_ABORT_RESET);
        return;
    }
    if (now_ms >= session__idle_at_ms(session)) {
        pc_session_close(session, PC_CLOSE_IDLE);
        return;
    }
    session__set_timer(session);
}

/* ---- opening and release ---- */

static void session__arm_receive(struct pc_session *session)
{
    enum pc_status status = port_recv(session->worker->port, &session->socket);
    if (status != PC_OK) {
        session->close_status = (uint8_t)status;
        session__abort(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
    }
}

void session_open(struct pc_session *session)
{
    struct pc_worker *worker = session->worker;
    session_set_phase(session, SESSION_OPEN);
    session->was_open = true;
    session->received_ms = worker->now_ms;
    session->deadline_ms = 0;
    session__set_timer(session);
    counter_add(&session__counters(session)->opened, 1);
    struct pc_event event =
        session__event(session, session->link == NULL ? PC_EVENT_ACCEPTED : PC_EVENT_CONNECTED);
    worker_observe(worker, &event);
    if (session->type->policy.on_open != NULL) {
        session->type->policy.on_open(session);
    }
    if (session->phase == SESSION_OPEN || session->phase == SESSION_DRAINING) {
        session__arm_receive(session);
    }
}

void session_release(struct pc_session *session)
{
    struct pc_worker *worker = session->worker;
    timer_wheel_cancel(&worker->timers, &session->timer);
    assembler_reset(&session->assembler, &worker->buffers);
    send_queue_clear(&session->queue, &worker->buffers);
    session_set_phase(session, SESSION_FREE);
    session_pool_put(worker_pool(worker, session->type->index), session);
}

static void session__tell_closed(struct pc_session *session)
{
    struct type_counters *counters = session__counters(session);
    counter_add(&counters->closed[session->close_reason], 1);
    struct pc_event event = session__event(session, PC_EVENT_CLOSED);
    event.reason = (enum pc_close_reason)session->close_reason;
    event.status = (enum pc_status)session->close_status;
    event.raw = session->raw;
    worker_observe(session->worker, &event);
    if (session->type->policy.on_close != NULL) {
        session->type->policy.on_close(session, event.reason);
    }
}

/* Closed, nothing in flight: let go as soon as nobody holds it. */
static void session__try_release(struct pc_session *session)
{
    if (session->phase != SESSION_CLOSING || session->socket.state != PORT_SOCKET_IDLE ||
        session->hold_count > 0) {
        return;
    }
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

void session_on_closed(struct pc_session *session)
{
    PC_ASSERT(session->phase == SESSION_CLOSING);
    session__try_release(session);
}

/* ---- receiving ---- */

static void session__refuse(struct pc_session *session, const struct pc_frame *frame,
                            const struct dispatch_result *result)
{
    counter_add(&session__counters(session)->refused[result->refusal], 1);
    if (result->refusal == PC_REFUSED_RATE && result->over == PC_RATE_DROP) {
        return;
    }
    struct pc_event event = session__event(session, PC_EVENT_REFUSED);
    event.refusal = result->refusal;
    event.wire_error = result->wire_error;
    event.packet_id = frame->id;
    event.packet_size = frame->size;
    worker_observe(session->worker, &event);
    session__abort(session, PC_CLOSE_VIOLATION, PORT_ABORT_RESET);
}

static void session__handle_frame(struct pc_session *session, const struct pc_accept_entry *entry,
                                  const struct pc_frame *frame)
{
    const struct session_type *type = session->type;
    const struct dispatch_subject subject = {
        .receiver = session,
        .rate = &type->policy.packets,
        .total = &session->packets,
        .buckets = (struct token_bucket *)(void *)((uint8_t *)session + type->buckets_offset),
        .now_ms = session->worker->now_ms,
        .state = session->protocol_state,
    };
    struct type_counters *counters = session__counters(session);
    struct dispatch_result result = dispatcher_admit(type->policy.accepts, entry, &subject);
    if (result.refusal == PC_ACCEPTED && entry->handle != NULL) {
        result.wire_error = entry->handle(session, frame);
        result.refusal = result.wire_error == PC_WIRE_OK ? PC_ACCEPTED : PC_REFUSED_DECODE;
    } else if (result.refusal == PC_ACCEPTED) {
        PC_ASSERT(type->policy.on_relay != NULL);
        type->policy.on_relay(session, entry, frame);
    }
    if (result.refusal != PC_ACCEPTED) {
        session__refuse(session, frame, &result);
        return;
    }
    counter_add(&counters->received_packets, 1);
    counter_add(&counters->packets[entry - type->policy.accepts->entries], 1);
}

static void session__parse(struct pc_session *session, struct assembler_input input)
{
    const struct assembler_memory memory = {
        .pool = &session->worker->buffers,
        .scratch = session->worker->frame_scratch,
    };
    struct assembler_output output;
    enum assembler_result parsed = ASSEMBLER_FRAME;
    while (parsed == ASSEMBLER_FRAME && session->phase == SESSION_OPEN) {
        parsed = assembler_next(&session->assembler, &memory, session->type->policy.accepts, &input,
                                &output);
        if (parsed == ASSEMBLER_FRAME) {
            session__handle_frame(session, output.entry, &output.frame);
        }
    }
    if (session->phase != SESSION_OPEN) {
        return;
    }
    if (parsed == ASSEMBLER_REFUSED) {
        const struct dispatch_result result = {.refusal = output.refusal};
        session__refuse(session, &output.frame, &result);
    } else if (parsed == ASSEMBLER_NO_MEMORY) {
        session__abort(session, PC_CLOSE_NO_BUFFERS, PORT_ABORT_RESET);
    }
}

static void session__on_bytes(struct pc_session *session, const struct port_event *event)
{
    struct type_counters *counters = session__counters(session);
    session->received_ms = session->worker->now_ms;
    counter_add(&counters->receives, 1);
    counter_add(&counters->received_bytes, event->size);
    if (session->phase == SESSION_OPEN) {
        struct assembler_input input = {.data = event->data, .size = event->size};
        session__parse(session, input);
    }
    if (session->phase == SESSION_OPEN || session->phase == SESSION_DRAINING) {
        session__arm_receive(session);
    }
}

static void session__on_peer_end(struct pc_session *session)
{
    session->peer_finished = true;
    if (session->phase == SESSION_OPEN) {
        session__start_drain(session, PC_CLOSE_PEER, session->type->policy.drain_timeout_ms);
    } else if (session->phase == SESSION_DRAINING) {
        session__drain(session);
    }
}

void session_on_received(struct pc_session *session, const struct port_event *event)
{
    if (session->phase == SESSION_CLOSING) {
        return;
    }
    if (event->status == PC_OK) {
        session__on_bytes(session, event);
    } else if (event->status == PC_END) {
        session__on_peer_end(session);
    } else {
        session->close_status = (uint8_t)event->status;
        session->raw = event->raw;
        session__abort(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
    }
}

/* ---- sending ---- */

void session_on_sent(struct pc_session *session, const struct port_event *event)
{
    if (session->phase == SESSION_CLOSING) {
        return;
    }
    if (event->status != PC_OK) {
        session->close_status = (uint8_t)event->status;
        session->raw = event->raw;
        session__abort(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
        return;
    }
    counter_add(&session__counters(session)->sent_bytes, event->size);
    send_queue_release(&session->queue, &session->worker->buffers, event->size);
    if (session->queue.bytes > 0) {
        worker_queue_flush(session->worker, session);
    } else if (session->phase == SESSION_DRAINING) {
        session__drain(session);
    }
}

static void session__send_queued(struct pc_session *session)
{
    struct port_span spans[PORT_SPANS_MAX];
    uint32_t span_count = send_queue_gather(&session->queue, spans, PORT_SPANS_MAX);
    counter_add(&session__counters(session)->sends, 1);
    enum pc_status status = port_send(session->worker->port, &session->socket, spans, span_count);
    if (status != PC_OK) {
        session->close_status = (uint8_t)status;
        session__abort(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
    }
}

void session_flush(struct pc_session *session)
{
    session->flush_queued = false;
    session->hold_count--;
    PC_CHECK(session_check(session));
    bool may_send = session->phase == SESSION_OPEN || session->phase == SESSION_DRAINING;
    if (may_send && !session->socket.send.in_flight) {
        if (session->queue.bytes > 0) {
            session__send_queued(session);
        } else if (session->phase == SESSION_DRAINING) {
            session__drain(session);
        }
    }
    session__try_release(session);
}

/* Room in the queue, or the session ends as a slow consumer. */
static enum pc_status session__admit_send(struct pc_session *session, uint32_t size)
{
    if (session->phase != SESSION_OPEN) {
        return PC_CLOSED;
    }
    PC_ASSERT(size >= PC_FRAME_HEADER_SIZE && size <= PC_FRAME_SIZE_LIMIT);
    if (session->queue.bytes + size > session->type->policy.send_bytes_max) {
        session__abort(session, PC_CLOSE_SLOW_CONSUMER, PORT_ABORT_RESET);
        return PC_FULL;
    }
    return PC_OK;
}

static enum pc_status session__queued(struct pc_session *session, bool queued)
{
    if (!queued) {
        session__abort(session, PC_CLOSE_NO_BUFFERS, PORT_ABORT_RESET);
        return PC_NO_MEMORY;
    }
    counter_add(&session__counters(session)->sent_packets, 1);
    worker_queue_flush(session->worker, session);
    return PC_OK;
}

enum pc_status pc_session_reserve(struct pc_session *session, uint32_t size, uint8_t **frame)
{
    enum pc_status status = session__admit_send(session, size);
    if (status != PC_OK) {
        return status;
    }
    *frame = send_queue_reserve(&session->queue, &session->worker->buffers, size);
    return session__queued(session, *frame != NULL);
}

enum pc_status pc_session_send(struct pc_session *session, const uint8_t *frame, uint32_t size)
{
    uint8_t *place;
    enum pc_status status = pc_session_reserve(session, size, &place);
    if (status == PC_OK) {
        memcpy(place, frame, size);
    }
    return status;
}

enum pc_status pc_session_send_block(struct pc_session *session, struct pc_block *block)
{
    PC_ASSERT(block->pool == &session->worker->buffers);
    enum pc_status status = session__admit_send(session, block->size);
    if (status != PC_OK) {
        return status;
    }
    bool queued = send_queue_append_block(&session->queue, &session->worker->buffers, block);
    return session__queued(session, queued);
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
