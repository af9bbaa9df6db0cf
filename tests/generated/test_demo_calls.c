/* Calls of the test protocol over a real link: the gate calls, the game answers in every way there
 * is. Both ends are sessions of one worker, so that each step happens where the next one is seen.
 */
#include <string.h>

#include "generated/demo_parts.h"
#include "pc/os.h"
#include "pc/runtime.h"
#include "pc/timer.h"
#include "proto/game_calls.h"
#include "proto/gate_calls.h"
#include "support/cmocka_all.h"

#define CALLS_MAX  4u
#define WAIT_MS    20000u
#define PATIENT_MS 60000u
#define HASTY_MS   30u

extern const struct pc_accept_table gate_accepts_game;
extern const struct pc_accept_table game_accepts_gate;

/* How one call ended. */
struct ended {
    uint64_t user;
    enum pc_status status;
    uint32_t sum; /* of the reply; 0 without one */
};

/* Guarded by mutex but for runtime and begin. */
static struct calls_world {
    struct pc_runtime *runtime;
    void (*begin)(struct pc_session *link); /* on the worker, when the gate's end has opened */
    struct ended ended[16];
    uint32_t ended_count;
    uint32_t links_closed; /* of the gate */
    uint32_t closed_before_ends;
} world;

static struct pc_mutex *mutex;
static struct pc_condition *condition;

/* ---- the gate ---- */

static void gate__on_counted(const struct pc_caller *caller, enum pc_status status,
                             const struct inner_counted *reply)
{
    assert_ptr_equal(caller->context, &world);
    assert_true((status == PC_OK) == (reply != NULL));
    pc_mutex_lock(mutex);
    assert_true(world.ended_count < COUNT_OF(world.ended));
    world.ended[world.ended_count++] =
        (struct ended){caller->user, status, reply == NULL ? 0 : reply->sum};
    if (status == PC_CLOSED) {
        world.closed_before_ends += world.links_closed;
    }
    pc_condition_broadcast(condition);
    pc_mutex_unlock(mutex);
}

static enum pc_status gate__call(struct pc_session *link, uint64_t user, uint32_t timeout_ms)
{
    const struct pc_caller caller = {.context = &world, .user = user};
    const struct inner_count request = {.correlation = 999, .first = (uint32_t)user, .second = 5};
    return gate_call_inner_count(link, &request, timeout_ms, gate__on_counted, &caller);
}

static void gate__on_open(struct pc_session *link)
{
    world.begin(link);
}

static void gate__on_close(struct pc_session *link, enum pc_close_reason reason)
{
    (void)reason;
    assert_int_equal(gate__call(link, 77, PATIENT_MS), PC_CLOSED);
    pc_mutex_lock(mutex);
    world.links_closed++;
    pc_condition_broadcast(condition);
    pc_mutex_unlock(mutex);
}

/* ---- the game ---- */

static void game__answer(struct pc_session *session, const struct inner_count *packet)
{
    const struct inner_counted reply = {.correlation = 12345,
                                        .sum = packet->first + packet->second};
    assert_int_equal(game_answer_inner_count(session, packet->correlation, &reply), PC_OK);
}

static void game__answer_twice(struct pc_session *session, const struct inner_count *packet)
{
    game__answer(session, packet);
    game__answer(session, packet);
}

/* The second first. */
static void game__answer_in_other_order(struct pc_session *session,
                                        const struct inner_count *packet)
{
    static struct inner_count first;
    if (packet->first == 1) {
        first = *packet;
        return;
    }
    game__answer(session, packet);
    game__answer(session, &first);
}

/* The first only when the second comes, which is too late. */
static void game__answer_late(struct pc_session *session, const struct inner_count *packet)
{
    static struct inner_count first;
    if (packet->first == 1) {
        first = *packet;
        return;
    }
    game__answer(session, &first);
    game__answer(session, packet);
}

static void game__close(struct pc_session *session, const struct inner_count *packet)
{
    (void)packet;
    pc_session_abort(session, PC_CLOSE_KICKED);
}

/* ---- the world ---- */

static enum pc_status worker__start(struct pc_worker *worker)
{
    return pc_call_make_room(worker, CALLS_MAX);
}

static void world__start(void (*begin)(struct pc_session *link),
                         void (*on_count)(struct pc_session *session,
                                          const struct inner_count *packet))
{
    const struct pc_runtime_config config = {.worker_count = 1, .on_worker_start = worker__start};
    const struct pc_session_type game = {
        .name = "gate", .accepts = &game_accepts_gate, .sessions_max = 16};
    const struct pc_session_type gate = {.name = "game",
                                         .accepts = &gate_accepts_game,
                                         .sessions_max = 16,
                                         .drain_timeout_ms = 100,
                                         .on_open = gate__on_open,
                                         .on_close = gate__on_close};
    struct pc_listener_config listener = {.accepts_posted = 1};
    struct pc_connector_config connector = {.once = true};
    memset(&world, 0, sizeof world);
    world.begin = begin;
    demo_on_count = on_count;
    assert_int_equal(pc_runtime_create(&config, &world.runtime), PC_OK);
    listener.type = pc_runtime_add_type(world.runtime, &game);
    connector.type = pc_runtime_add_type(world.runtime, &gate);
    assert_int_equal(pc_address_parse("127.0.0.1:0", &listener.address), PC_OK);
    assert_int_equal(pc_runtime_listen(world.runtime, &listener, &connector.address), PC_OK);
    assert_int_equal(pc_runtime_connect(world.runtime, &connector), PC_OK);
    assert_int_equal(pc_runtime_start(world.runtime), PC_OK);
}

/* Wait until so many calls have ended, then stop; the counters are final. */
static struct pc_call_counters world__finish(uint32_t wanted)
{
    uint64_t deadline_ms = pc_os_monotonic_ms() + WAIT_MS;
    pc_mutex_lock(mutex);
    while (world.ended_count < wanted && pc_os_monotonic_ms() < deadline_ms) {
        (void)pc_condition_wait(condition, mutex, 100);
    }
    pc_mutex_unlock(mutex);
    assert_true(pc_runtime_stop(world.runtime, 100));
    struct pc_call_counters counters;
    pc_runtime_call_counters(world.runtime, &counters);
    pc_runtime_destroy(world.runtime);
    world.runtime = NULL;
    assert_int_equal(world.ended_count, wanted);
    assert_int_equal(counters.waiting, 0);
    assert_int_equal(counters.begun, wanted);
    return counters;
}

static void assert_ended(uint32_t at, uint64_t user, enum pc_status status, uint32_t sum)
{
    assert_int_equal(world.ended[at].user, user);
    assert_int_equal(world.ended[at].status, status);
    assert_int_equal(world.ended[at].sum, sum);
}

/* ---- tests ---- */

static void begin_one(struct pc_session *link)
{
    assert_int_equal(gate__call(link, 1, PATIENT_MS), PC_OK);
}

static void begin_two(struct pc_session *link)
{
    assert_int_equal(gate__call(link, 1, PATIENT_MS), PC_OK);
    assert_int_equal(gate__call(link, 2, PATIENT_MS), PC_OK);
}

static void call_answered_ends_with_the_reply(void **state)
{
    (void)state;
    world__start(begin_one, game__answer);
    struct pc_call_counters counters = world__finish(1);
    assert_ended(0, 1, PC_OK, 6);
    assert_int_equal(counters.answered, 1);
    assert_int_equal(counters.unmatched, 0);
}

static void call_answered_twice_ends_once(void **state)
{
    (void)state;
    world__start(begin_two, game__answer_twice);
    struct pc_call_counters counters = world__finish(2);
    assert_ended(0, 1, PC_OK, 6);
    assert_ended(1, 2, PC_OK, 7);
    assert_in_range(counters.unmatched, 1, 2); /* the last may come after the stop */
}

static void call_answers_in_any_order_reach_their_callers(void **state)
{
    (void)state;
    world__start(begin_two, game__answer_in_other_order);
    (void)world__finish(2);
    assert_ended(0, 2, PC_OK, 7);
    assert_ended(1, 1, PC_OK, 6);
}

static void begin_hasty(struct pc_session *link)
{
    assert_int_equal(gate__call(link, 1, HASTY_MS), PC_OK);
}

static void call_without_answer_times_out(void **state)
{
    (void)state;
    world__start(begin_hasty, NULL);
    struct pc_call_counters counters = world__finish(1);
    assert_ended(0, 1, PC_TIMEOUT, 0);
    assert_int_equal(counters.timed_out, 1);
}

static struct pc_session *late_link;

static void begin_second(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)worker;
    (void)timer;
    assert_int_equal(gate__call(late_link, 2, PATIENT_MS), PC_OK);
}

static void begin_hasty_then_patient(struct pc_session *link)
{
    static struct pc_timer timer;
    late_link = link;
    begin_hasty(link);
    memset(&timer, 0, sizeof timer);
    pc_timer_set(pc_session_worker(link), &timer, 4 * HASTY_MS, begin_second);
}

static void call_answered_late_is_counted_only(void **state)
{
    (void)state;
    world__start(begin_hasty_then_patient, game__answer_late);
    struct pc_call_counters counters = world__finish(2);
    assert_ended(0, 1, PC_TIMEOUT, 0);
    assert_ended(1, 2, PC_OK, 7);
    assert_int_equal(counters.timed_out, 1);
    assert_int_equal(counters.unmatched, 1);
}

static void call_on_a_lost_link_ends_with_closed_after_on_close(void **state)
{
    (void)state;
    world__start(begin_two, game__close);
    struct pc_call_counters counters = world__finish(2);
    assert_ended(0, 1, PC_CLOSED, 0);
    assert_ended(1, 2, PC_CLOSED, 0);
    assert_int_equal(world.closed_before_ends, 2);
    assert_int_equal(counters.failed, 2);
}

static void begin_until_full(struct pc_session *link)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        assert_int_equal(gate__call(link, i, HASTY_MS), PC_OK);
    }
    assert_int_equal(gate__call(link, CALLS_MAX, HASTY_MS), PC_FULL);
}

static void call_without_a_place_is_refused(void **state)
{
    (void)state;
    world__start(begin_until_full, game__answer);
    struct pc_call_counters counters = world__finish(CALLS_MAX);
    assert_int_equal(counters.refused, 1);
    assert_int_equal(counters.waiting_high, CALLS_MAX);
}

static int set_up(void **state)
{
    (void)state;
    mutex = pc_mutex_create();
    condition = pc_condition_create();
    return mutex == NULL || condition == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    pc_condition_destroy(condition);
    pc_mutex_destroy(mutex);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_answered_ends_with_the_reply),
        cmocka_unit_test(call_answered_twice_ends_once),
        cmocka_unit_test(call_answers_in_any_order_reach_their_callers),
        cmocka_unit_test(call_without_answer_times_out),
        cmocka_unit_test(call_answered_late_is_counted_only),
        cmocka_unit_test(call_on_a_lost_link_ends_with_closed_after_on_close),
        cmocka_unit_test(call_without_a_place_is_refused),
    };
    return cmocka_run_group_tests_name("demo_calls", tests, set_up, tear_down);
}
