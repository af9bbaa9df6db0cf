/* Path: [3] what a session sends: [9] queued by handlers, [10] sent once per turn.
 *
 * Happy path: reserve finds room, the encoder fills it, the session goes on the worker's flush
 * list; session_flush gathers all that is queued into one send; SENT releases what was taken.
 * Failure modes: the queue at its mark closes the slow consumer; memory that is short closes; a
 * broken connection closes; a shortage of buffers is waited out. */
#include "net/session.h"

#include <string.h>

#include "net/block.h"
#include "net/worker.h"
#include "pc/check.h"

void session_queue_latest(struct pc_session *session, bool all)
{
    struct buffer_pool *pool = &session->worker->buffers;
    uint32_t soft = session->type->policy.send_bytes_soft;
    while (session->latest.count > 0 && (all || session->queue.bytes <= soft)) {
        struct latest_frame *frame = latest_list_pop(&session->latest);
        uint8_t *place = send_queue_reserve(&session->queue, pool, frame->size);
        if (place != NULL) {
            memcpy(place, latest_frame_bytes(frame), frame->size);
            counter_add(&session_counters(session)->sent_packets, 1);
        }
        latest_list_free(frame, pool);
    }
}

/* The queue is above the soft mark: note since when. */
static PC_OUTLINE void session__mark_rise(struct pc_session *session)
{
    if (!session->is_congested) {
        session->is_congested = true;
        session->congested_ms = (uint32_t)session->worker->now_ms;
        counter_add(&session_counters(session)->soft_marks, 1);
        session_set_timer(session);
    }
}

bool pc_session_is_congested(const struct pc_session *session)
{
    return session->is_congested;
}

/* The queue has shrunk: at half of the soft mark there is room again. */
static PC_OUTLINE void session__mark_room(struct pc_session *session)
{
    if (session->queue.bytes > session->type->policy.send_bytes_soft / 2) {
        return;
    }
    session->is_congested = false;
    session_queue_latest(session, false);
    if (session->queue.bytes > session->type->policy.send_bytes_soft) {
        session__mark_rise(session);
    } else if (session->phase == SESSION_OPEN && session->type->policy.on_send_room != NULL) {
        session->type->policy.on_send_room(session);
    }
}

void session_on_sent(struct pc_session *session, const struct port_event *event)
{
    if (session->phase == SESSION_CLOSING) {
        return;
    }
    if (event->status == PC_NO_BUFFERS) {
        session_wait_for_buffers(session, SESSION_SHORT_SEND);
        return;
    }
    if (event->status != PC_OK) {
        session->close_status = (uint8_t)event->status;
        session->raw = event->raw;
        session_end_with(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
        return;
    }
    counter_add(&session_counters(session)->sent_bytes, event->size);
    send_queue_release(&session->queue, &session->worker->buffers, event->size);
    if (session->is_congested) {
        session__mark_room(session);
    }
    if (session->queue.bytes > 0) {
        worker_queue_flush(session->worker, session);
    } else if (session->phase == SESSION_DRAINING) {
        session_drain(session);
    }
}

static void session__send_queued(struct pc_session *session)
{
    struct port_span spans[PORT_SPANS_MAX];
    uint32_t span_count = send_queue_gather(&session->queue, spans, PORT_SPANS_MAX);
    counter_add(&session_counters(session)->sends, 1);
    enum pc_status status = port_send(session->worker->port, &session->socket, spans, span_count);
    if (status == PC_NO_BUFFERS) {
        session_wait_for_buffers(session, SESSION_SHORT_SEND);
    } else if (status != PC_OK) {
        session->close_status = (uint8_t)status;
        session_end_with(session, PC_CLOSE_RESET, PORT_ABORT_RESET);
    }
}

void session_flush(struct pc_session *session)
{
    session->flush_queued = false;
    session->hold_count--;
    PC_CHECK(session_check(session));
    bool may_send = (session->phase == SESSION_OPEN || session->phase == SESSION_DRAINING) &&
                    (session->short_of & SESSION_SHORT_SEND) == 0;
    if (may_send && !session->socket.send.in_flight) {
        if (PC_LIKELY(session->queue.bytes > 0)) {
            session__send_queued(session);
        } else if (session->phase == SESSION_DRAINING) {
            session_drain(session);
        }
    }
    session_try_release(session);
}

static PC_COLD enum pc_status session__no_room(struct pc_session *session)
{
    counter_add(&session_counters(session)->hard_marks, 1);
    session_end_with(session, PC_CLOSE_SLOW_CONSUMER, PORT_ABORT_RESET);
    return PC_FULL;
}

/* Room in the queue, or the session ends as a slow consumer. */
static enum pc_status session__admit_send(struct pc_session *session, uint32_t size)
{
    if (session->phase != SESSION_OPEN) {
        return PC_CLOSED;
    }
    PC_ASSERT(size >= PC_FRAME_HEADER_SIZE && size <= PC_FRAME_SIZE_LIMIT);
    uint32_t waiting = session->is_congested ? session->latest.bytes : 0;
    if (session->queue.bytes + waiting + size > session->type->policy.send_bytes_max) {
        return session__no_room(session);
    }
    return PC_OK;
}

static PC_COLD enum pc_status session__no_memory(struct pc_session *session)
{
    session_end_with(session, PC_CLOSE_NO_BUFFERS, PORT_ABORT_RESET);
    return PC_NO_MEMORY;
}

/* A frame was queued: count it, and see to its being sent. */
static PC_INLINE void session__queued(struct pc_session *session)
{
    counter_add(&session_counters(session)->sent_packets, 1);
    if (session->queue.bytes > session->type->policy.send_bytes_soft) {
        session__mark_rise(session);
    }
    if (PC_LIKELY(!session->flush_queued)) {
        worker_queue_flush(session->worker, session);
    }
}

enum pc_status pc_session_reserve(struct pc_session *session, uint32_t size, uint8_t **frame)
{
    enum pc_status status = session__admit_send(session, size);
    if (status != PC_OK) {
        return status;
    }
    *frame = send_queue_reserve(&session->queue, &session->worker->buffers, size);
    if (*frame == NULL) {
        return session__no_memory(session);
    }
    session__queued(session);
    return PC_OK;
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
    if (!send_queue_append_block(&session->queue, &session->worker->buffers, block)) {
        return session__no_memory(session);
    }
    session__queued(session);
    return PC_OK;
}

enum pc_status pc_session_send_latest(struct pc_session *session, uint64_t key,
                                      const uint8_t *frame, uint32_t size)
{
    if (!session->is_congested) {
        return pc_session_send(session, frame, size);
    }
    enum pc_status status = session__admit_send(session, size);
    if (status != PC_OK) {
        return status;
    }
    switch (latest_list_put(&session->latest, &session->worker->buffers, key, frame, size)) {
    case LATEST_ADDED:
        break;
    case LATEST_REPLACED:
        counter_add(&session_counters(session)->replaced, 1);
        break;
    case LATEST_EVICTED:
        counter_add(&session_counters(session)->evicted, 1);
        break;
    case LATEST_NO_MEMORY:
        return session__no_memory(session);
    }
    return PC_OK;
}
