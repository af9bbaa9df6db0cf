/* Log lines of what happens in the runtime.
 *
 * Happy path: the runtime's observer hands every event here; each kind has its event name, level
 * and fields. Failure modes: none.
 * Path: beside [1] to [6] and [10]. */
#include "common/log.h"

#include "pc/check.h"

static void log__engine_fallback(const struct log *log, const struct pc_event *event)
{
    log_write(log, LOG_WARNING, PC_HANDLE_NONE, "engine_fallback",
              LOG_FIELDS(log_text("blocked", "uring"), log_text("used", "epoll"),
                         log_text("cause", event->cause),
                         log_text("status", pc_status_name(event->status)),
                         log_signed("code", event->raw)));
}

static void log__listening(const struct log *log, const struct pc_event *event)
{
    log_write(log, LOG_INFO, PC_HANDLE_NONE, "listening",
              LOG_FIELDS(log_address("address", &event->address), log_text("type", event->type)));
}

/* With a retry it is no failure yet: a killed server's address is its own again in a moment. */
static void log__listen_failed(const struct log *log, const struct pc_event *event)
{
    bool is_retried = event->retry_ms > 0;
    log_write(log, is_retried ? LOG_WARNING : LOG_ERROR, PC_HANDLE_NONE,
              is_retried ? "listen_retry" : "listen_failed",
              LOG_FIELDS(log_address("address", &event->address), log_text("type", event->type),
                         log_text("status", pc_status_name(event->status)),
                         log_signed("code", event->raw), log_number("retry_ms", event->retry_ms)));
}

static void log__opened(const struct log *log, const struct pc_event *event, const char *name)
{
    log_write(log, LOG_INFO, event->session, name,
              LOG_FIELDS(log_text("type", event->type), log_address("address", &event->address),
                         log_number("worker", event->worker)));
}

static void log__accept_failed(const struct log *log, const struct pc_event *event)
{
    log_write(log, LOG_WARNING, PC_HANDLE_NONE, "accept_failed",
              LOG_FIELDS(log_text("type", event->type),
                         log_text("status", pc_status_name(event->status)),
                         log_signed("code", event->raw)));
}

static void log__address_limit(const struct log *log, const struct pc_event *event)
{
    log_write(log, LOG_WARNING, PC_HANDLE_NONE, "address_limit",
              LOG_FIELDS(log_text("type", event->type), log_address("address", &event->address)));
}

static void log__connect_failed(const struct log *log, const struct pc_event *event)
{
    log_write(log, LOG_WARNING, PC_HANDLE_NONE, "connect_failed",
              LOG_FIELDS(log_text("type", event->type), log_address("address", &event->address),
                         log_text("status", pc_status_name(event->status)),
                         log_signed("code", event->raw), log_number("retry_ms", event->retry_ms)));
}

static void log__refused(const struct log *log, const struct pc_event *event)
{
    log_write(log, LOG_WARNING, event->session, "refused",
              LOG_FIELDS(log_text("type", event->type), log_address("address", &event->address),
                         log_text("reason", pc_refusal_name(event->refusal)),
                         log_hex("id", event->packet_id), log_number("size", event->packet_size),
                         log_text("wire_error", pc_wire_error_name(event->wire_error))));
}

static void log__stop_waits(const struct log *log, const struct pc_event *event)
{
    log_write(log, LOG_INFO, PC_HANDLE_NONE, "stop_waits",
              LOG_FIELDS(log_number("worker", event->worker),
                         log_number("sessions", event->session_count)));
}

static enum log_level log__close_level(enum pc_close_reason reason)
{
    bool is_notable = reason == PC_CLOSE_VIOLATION || reason == PC_CLOSE_SLOW_CONSUMER ||
                      reason == PC_CLOSE_NO_BUFFERS || reason == PC_CLOSE_AUTH;
    return is_notable ? LOG_WARNING : LOG_INFO;
}

static void log__closed(const struct log *log, const struct pc_event *event)
{
    enum pc_error_class class = pc_close_reason_class(event->reason);
    log_write(log, log__close_level(event->reason), event->session, "closed",
              LOG_FIELDS(log_text("type", event->type), log_address("address", &event->address),
                         log_text("reason", pc_close_reason_name(event->reason)),
                         log_text("class", pc_error_class_name(class)),
                         log_text("status", pc_status_name(event->status)),
                         log_signed("code", event->raw)));
}

void log_runtime_event(const struct log *log, const struct pc_event *event)
{
    switch (event->kind) {
    case PC_EVENT_ENGINE_FALLBACK:
        log__engine_fallback(log, event);
        return;
    case PC_EVENT_LISTENING:
        log__listening(log, event);
        return;
    case PC_EVENT_LISTEN_FAILED:
        log__listen_failed(log, event);
        return;
    case PC_EVENT_ACCEPTED:
        log__opened(log, event, "accepted");
        return;
    case PC_EVENT_ACCEPT_FAILED:
        log__accept_failed(log, event);
        return;
    case PC_EVENT_ADDRESS_LIMIT:
        log__address_limit(log, event);
        return;
    case PC_EVENT_CONNECTED:
        log__opened(log, event, "connected");
        return;
    case PC_EVENT_CONNECT_FAILED:
        log__connect_failed(log, event);
        return;
    case PC_EVENT_REFUSED:
        log__refused(log, event);
        return;
    case PC_EVENT_STOP_WAITS:
        log__stop_waits(log, event);
        return;
    case PC_EVENT_CLOSED:
        log__closed(log, event);
        return;
    }
    PC_ASSERT(false);
}
