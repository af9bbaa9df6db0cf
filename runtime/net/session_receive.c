/* Path: [3] what a session receives: [4] [5] bytes to frames, [6] judged, [7] decoded, [8] handled.
 *
 * Happy path: a RECEIVED event's bytes are cut into frames where they landed, each is admitted by
 * the accept table and handed to its handler; then the next receive is armed.
 * Failure modes: a refused frame closes at once (or is forgotten, if its rate says drop); the
 * peer's FIN starts draining; an error closes; a shortage of buffers is waited out. */
#include "net/session.h"

#include "net/assembler.h"
#include "net/dispatcher.h"
#include "net/worker.h"
#include "pc/check.h"

/* Frames of one session handled in one turn; the others' turn comes, then the rest is handled. */
#define FRAMES_OF_TURN_MAX 256u

void session_arm_receive(struct pc_session *session)
{
    bool is_wanted = session->phase == SESSION_OPEN
                         ? !session_is_blocked(session) && !session->resume_queued
                         : session->phase == SESSION_DRAINING;
    if (!is_wanted || session->socket.recv.in_flight || (session->ends & SESSION_END_PEER) != 0 ||
        (session->short_of & SESSION_SHORT_RECEIVE) != 0) {
        return;
    }
    enum pc_status status = port_recv(session->worker->port, &session->socket);
    if (status == PC_NO_BUFFERS) {
        session_wait_for_buffers(session, SESSION_SHORT_RECEIVE);
    } else if (status != PC_OK) {
        session->close_status = (uint8_t)status;
        session_end_with(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
    }
}

void pc_session_pause(struct pc_session *session)
{
    if (session->phase == SESSION_OPEN && !session->is_paused) {
        session->is_paused = true;
        counter_add(&session_counters(session)->pauses, 1);
    }
}

void pc_session_resume(struct pc_session *session)
{
    if (session->phase == SESSION_OPEN && session->is_paused) {
        session->is_paused = false;
        session->received_ms = session->worker->now_ms;
        session_set_timer(session);
        worker_queue_resume(session->worker, session);
    }
}

void pc_session_set_budget(struct pc_session *session, uint32_t packets, uint32_t bytes)
{
    session->has_budget = packets != 0 || bytes != 0;
    session->budget_packets = packets;
    session->budget_bytes = bytes;
}

/* Both return false when the session ends because its budget is used up. */
static bool session__spend_packet(struct pc_session *session)
{
    if (PC_LIKELY(!session->has_budget)) {
        return true;
    }
    if (session->budget_packets == 0) {
        session_end_with(session, PC_CLOSE_PACKET_BUDGET, PORT_ABORT_RESET);
        return false;
    }
    session->budget_packets--;
    return true;
}

static bool session__spend_bytes(struct pc_session *session, uint32_t size)
{
    if (PC_LIKELY(!session->has_budget)) {
        return true;
    }
    if (session->budget_bytes < size) {
        session_end_with(session, PC_CLOSE_BYTE_BUDGET, PORT_ABORT_RESET);
        return false;
    }
    session->budget_bytes -= size;
    return true;
}

/* The packet comes too fast and may wait: handle nothing until its time has come. */
static PC_COLD void session__delay(struct pc_session *session, struct dispatch_result result)
{
    session->resume_ms = session->worker->now_ms + (result.wait_ms == 0 ? 1 : result.wait_ms);
    counter_add(&session_counters(session)->over_rate[result.scope][PC_RATE_DELAY], 1);
    session_set_timer(session);
}

static PC_COLD void session__refuse(struct pc_session *session, const struct pc_frame *frame,
                                    struct dispatch_result result)
{
    struct type_counters *counters = session_counters(session);
    counter_add(&counters->refused[result.refusal], 1);
    if (result.refusal == PC_REFUSED_RATE) {
        counter_add(&counters->over_rate[result.scope][result.over], 1);
        if (result.over == PC_RATE_DROP) {
            return;
        }
    }
    struct pc_event event = session_event(session, PC_EVENT_REFUSED);
    event.refusal = result.refusal;
    event.wire_error = result.wire_error;
    event.packet_id = frame->id;
    event.packet_size = frame->size;
    worker_observe(session->worker, &event);
    session_end_with(session, PC_CLOSE_VIOLATION, PORT_ABORT_RESET);
}

/* What stays the same from frame to frame of one batch of bytes. */
struct session_parse {
    const struct pc_accept_table *accepts;
    struct counter *packets; /* one for each entry of accepts */
    struct dispatch_subject subject;
};

static struct session_parse session__begin_parse(struct pc_session *session)
{
    const struct session_type *type = session->type;
    return (struct session_parse){
        .accepts = type->policy.accepts,
        .packets = session_counters(session)->packets,
        .subject = {.rate = &type->policy.packets,
                    .total = &session->packets,
                    .buckets = (void *)((uint8_t *)session + type->buckets_offset),
                    .stamp = token_bucket_stamp(session->worker->now_ms)},
    };
}

/* The frame is not admitted; false if it must wait. */
static PC_COLD bool session__turn_away(struct pc_session *session,
                                       const struct session_parse *parse,
                                       const struct pc_accept_entry *entry,
                                       const struct pc_frame *frame, enum dispatch_verdict verdict)
{
    struct dispatch_result result =
        dispatcher_explain(parse->accepts, entry, &parse->subject, verdict);
    if (result.refusal == PC_REFUSED_RATE && result.over == PC_RATE_DELAY) {
        session__delay(session, result);
        return false;
    }
    if (session__spend_packet(session)) {
        session__refuse(session, frame, result);
    }
    return true;
}

/* Judge and handle a frame; false if it must wait. */
static bool session__handle_frame(struct pc_session *session, struct session_parse *parse,
                                  const struct pc_accept_entry *entry, const struct pc_frame *frame)
{
    parse->subject.state = session->protocol_state;
    enum dispatch_verdict verdict = dispatcher_judge(parse->accepts, entry, &parse->subject);
    if (verdict != DISPATCH_ADMITTED) {
        return session__turn_away(session, parse, entry, frame, verdict);
    }
    if (!session__spend_packet(session)) {
        return true;
    }
    if (entry->handle == NULL) {
        PC_ASSERT(session->type->policy.on_relay != NULL);
        session->type->policy.on_relay(session, entry, frame);
    } else {
        enum pc_wire_error wire_error = entry->handle(session, frame);
        if (wire_error != PC_WIRE_OK) {
            session__refuse(
                session, frame,
                (struct dispatch_result){.refusal = PC_REFUSED_DECODE, .wire_error = wire_error});
            return true;
        }
    }
    counter_add(&parse->packets[entry - parse->accepts->entries], 1);
    return true;
}

/* Handling stops with bytes left: keep them, and go on next turn unless something blocks. */
static PC_OUTLINE void session__keep(struct pc_session *session, struct assembler_input *input)
{
    if (!assembler_keep(&session->assembler, &session->worker->buffers, input)) {
        session_end_with(session, PC_CLOSE_NO_BUFFERS, PORT_ABORT_RESET);
    } else if (!session_is_blocked(session)) {
        uint32_t is_cut = session->assembler.tail.size > 0 ? 1 : 0;
        counter_add(&session_counters(session)->turns_cut, is_cut);
        worker_queue_resume(session->worker, session);
    }
}

/* The input is not used up. */
static PC_COLD void session__stop_parse(struct pc_session *session, enum assembler_result why,
                                        struct assembler_input *input,
                                        const struct assembler_output *output)
{
    if (why == ASSEMBLER_FRAME) {
        session__keep(session, input);
    } else if (why == ASSEMBLER_REFUSED) {
        const struct dispatch_result result = {.refusal = output->refusal};
        session__refuse(session, &output->frame, result);
    } else {
        session_end_with(session, PC_CLOSE_NO_BUFFERS, PORT_ABORT_RESET);
    }
}

/* Cut into frames and handle them, until the input ends, something blocks or the turn is over. */
static void session__parse(struct pc_session *session, struct assembler_input input)
{
    const struct assembler_memory memory = {
        .pool = &session->worker->buffers,
        .scratch = session->worker->frame_scratch,
    };
    struct session_parse parse = session__begin_parse(session);
    struct assembler_output output;
    enum assembler_result parsed = ASSEMBLER_FRAME;
    for (uint32_t left = FRAMES_OF_TURN_MAX;
         left > 0 && session->phase == SESSION_OPEN && !session_is_blocked(session); left--) {
        parsed = assembler_next(&session->assembler, &memory, parse.accepts, &input, &output);
        if (parsed != ASSEMBLER_FRAME) {
            break;
        }
        if (!session__handle_frame(session, &parse, output.entry, &output.frame)) {
            assembler_unget(&session->assembler, &input, &output);
        }
    }
    if (session->phase == SESSION_OPEN && parsed != ASSEMBLER_MORE) {
        session__stop_parse(session, parsed, &input, &output);
    }
}

static void session__on_bytes(struct pc_session *session, const struct port_event *event)
{
    struct type_counters *counters = session_counters(session);
    session->received_ms = session->worker->now_ms;
    counter_add(&counters->receives, 1);
    counter_add(&counters->received_bytes, event->size);
    if (session->phase == SESSION_OPEN && session__spend_bytes(session, event->size)) {
        struct assembler_input input = {.data = event->data, .size = event->size};
        session__parse(session, input);
    }
    session_arm_receive(session);
}

void session_continue(struct pc_session *session)
{
    session->resume_queued = false;
    session->hold_count--;
    if (session->phase == SESSION_OPEN && !session_is_blocked(session)) {
        session__parse(session, (struct assembler_input){.size = 0});
    }
    session_arm_receive(session);
    if (session->queue.bytes > 0) {
        worker_queue_flush(session->worker, session);
    }
    session_try_release(session);
}

static PC_COLD void session__on_peer_end(struct pc_session *session)
{
    session->ends |= SESSION_END_PEER;
    if (session->phase == SESSION_OPEN) {
        session_start_drain(session, PC_CLOSE_PEER, session->type->policy.drain_timeout_ms);
    } else if (session->phase == SESSION_DRAINING) {
        session_drain(session);
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
    } else if (event->status == PC_NO_BUFFERS) {
        session_wait_for_buffers(session, SESSION_SHORT_RECEIVE);
    } else {
        session->close_status = (uint8_t)event->status;
        session->raw = event->raw;
        session_end_with(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
    }
}
