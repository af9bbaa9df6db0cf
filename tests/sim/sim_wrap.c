/* The runtime's own calls, on their way: the linker leads them through this file (--wrap), which
 * counts them (sim_coverage.h), looks whether they should be (sim_limits.h), lets some of them
 * fail, and passes them on. */
#include "net/connector.h"
#include "net/listener.h"
#include "net/runtime.h"
#include "net/worker.h"
#include "sim_coverage.h"
#include "sim_limits.h"
#include "sim_run.h"

/* ---- events of a session ---- */

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
        if (session->phase == SESSION_OPEN) {
            limits_received(session, event->size);
        }
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

/* ---- limits ---- */

void __real_session_end_with(struct pc_session *session, enum pc_close_reason reason,
                             enum port_abort_mode mode);
void __wrap_session_end_with(struct pc_session *session, enum pc_close_reason reason,
                             enum port_abort_mode mode);
void __real_session_discard(struct pc_session *session, enum port_abort_mode mode,
                            enum pc_close_reason reason);
void __wrap_session_discard(struct pc_session *session, enum port_abort_mode mode,
                            enum pc_close_reason reason);
enum pc_status __real_port_accept(struct port *port, struct port_listener *listener,
                                  struct port_socket *socket);
enum pc_status __wrap_port_accept(struct port *port, struct port_listener *listener,
                                  struct port_socket *socket);
struct port_handover __real_port_detach(struct port *port, struct port_socket *socket);
struct port_handover __wrap_port_detach(struct port *port, struct port_socket *socket);
enum pc_status __real_port_adopt_handover(struct port *port, struct port_socket *socket,
                                          const struct port_handover *handover);
enum pc_status __wrap_port_adopt_handover(struct port *port, struct port_socket *socket,
                                          const struct port_handover *handover);

void __wrap_session_end_with(struct pc_session *session, enum pc_close_reason reason,
                             enum port_abort_mode mode)
{
    if (reason == PC_CLOSE_SEND_BUDGET) {
        coverage_note(session, EVENT_EVICTED);
        limits_evicted(session);
    } else if (reason == PC_CLOSE_PACKET_BUDGET || reason == PC_CLOSE_BYTE_BUDGET) {
        coverage_note(session, EVENT_BUDGET_SPENT);
    } else if (reason == PC_CLOSE_NO_BUFFERS) {
        coverage_note(session, EVENT_NO_MEMORY);
    }
    __real_session_end_with(session, reason, mode);
}

/* Of a session that never opened its application hears nothing. */
void __wrap_session_discard(struct pc_session *session, enum port_abort_mode mode,
                            enum pc_close_reason reason)
{
    coverage_closed(reason);
    __real_session_discard(session, mode, reason);
}

enum pc_status __wrap_port_accept(struct port *port, struct port_listener *listener,
                                  struct port_socket *socket)
{
    enum pc_status status = __real_port_accept(port, listener, socket);
    if (status == PC_OK) {
        limits_accept_posted(session_of_socket(socket));
    }
    return status;
}

struct port_handover __wrap_port_detach(struct port *port, struct port_socket *socket)
{
    coverage_note(session_of_socket(socket), EVENT_HANDED_OVER);
    return __real_port_detach(port, socket);
}

enum pc_status __wrap_port_adopt_handover(struct port *port, struct port_socket *socket,
                                          const struct port_handover *handover)
{
    coverage_note(session_of_socket(socket), EVENT_TAKEN_OVER);
    return __real_port_adopt_handover(port, socket, handover);
}

/* ---- memory ---- */

static struct sim_world *memory_world; /* whose fault may strike; NULL: nobody's */
static bool memory_is_wanted;          /* by a pool, in which it may run out */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_buffer_pool_take(struct buffer_pool *pool, uint32_t size);
void *__wrap_buffer_pool_take(struct buffer_pool *pool, uint32_t size);
struct pc_session *__real_session_pool_take(struct session_pool *pool);
struct pc_session *__wrap_session_pool_take(struct session_pool *pool);

void sim_memory_begin(struct sim_world *world)
{
    memory_world = world;
}

void sim_memory_end(void)
{
    memory_world = NULL;
}

/* The simulation allocates, too, and cannot go on without; so only what a pool asks for fails. */
static bool memory__is_denied(void)
{
    return memory_is_wanted && sim_chance(memory_world, SIM_MEMORY_DENIED);
}

void *__wrap_malloc(size_t size)
{
    return memory__is_denied() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory__is_denied() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return memory__is_denied() ? NULL : __real_realloc(memory, size);
}

void *__wrap_buffer_pool_take(struct buffer_pool *pool, uint32_t size)
{
    memory_is_wanted = memory_world != NULL;
    void *buffer = __real_buffer_pool_take(pool, size);
    memory_is_wanted = false;
    return buffer;
}

struct pc_session *__wrap_session_pool_take(struct session_pool *pool)
{
    memory_is_wanted = memory_world != NULL;
    struct pc_session *session = __real_session_pool_take(pool);
    memory_is_wanted = false;
    return session;
}
