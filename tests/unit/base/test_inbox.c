/* The inbox: order, the stub's comings and goings, and that no wake-up is ever lost. */
#include "support/cmocka_all.h"

#include "base/inbox.h"
#include "pc/container.h"
#include "pc/os.h"
#include "support/assertion.h"

#define PRODUCERS             4u
#define MESSAGES_PER_PRODUCER 20000u

struct numbered {
    struct pc_message message;
    uint32_t producer;
    uint32_t number;
};

static struct numbered *numbered_of(struct pc_message *message)
{
    return PC_CONTAINER_OF(message, struct numbered, message);
}

static void inbox_empty_pops_null(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox);
    assert_null(inbox_pop(&inbox));
    assert_null(inbox_pop(&inbox));
}

static void inbox_one_producer_order_is_kept(void **state)
{
    (void)state;
    struct inbox inbox;
    struct pc_message messages[5];
    inbox_init(&inbox);
    for (uint32_t count = 1; count <= 5; count++) {
        for (uint32_t i = 0; i < count; i++) {
            (void)inbox_push(&inbox, &messages[i]);
        }
        for (uint32_t i = 0; i < count; i++) {
            assert_ptr_equal(inbox_pop(&inbox), &messages[i]);
        }
        assert_null(inbox_pop(&inbox));
    }
}

static void inbox_popped_message_may_be_pushed_again_at_once(void **state)
{
    (void)state;
    struct inbox inbox;
    struct pc_message first;
    struct pc_message second;
    inbox_init(&inbox);
    (void)inbox_push(&inbox, &first);
    (void)inbox_push(&inbox, &second);
    for (uint32_t i = 0; i < 100; i++) {
        assert_ptr_equal(inbox_pop(&inbox), &first);
        (void)inbox_push(&inbox, &first);
        assert_ptr_equal(inbox_pop(&inbox), &second);
        (void)inbox_push(&inbox, &second);
    }
}

static void inbox_only_first_push_after_seen_wakes(void **state)
{
    (void)state;
    struct inbox inbox;
    struct pc_message messages[4];
    inbox_init(&inbox);
    assert_true(inbox_push(&inbox, &messages[0]));
    assert_false(inbox_push(&inbox, &messages[1]));
    inbox_wake_seen(&inbox);
    assert_true(inbox_push(&inbox, &messages[2]));
    assert_false(inbox_push(&inbox, &messages[3]));
}

/* The worst moment, made by hand: a producer has exchanged head and not linked yet. */
static void inbox_unlinked_message_hides_and_then_wakes(void **state)
{
    (void)state;
    struct inbox inbox;
    struct pc_message slow = {0};
    struct pc_message quick = {0};
    inbox_init(&inbox);
    struct pc_message *previous = atomic_exchange(&inbox.head, &slow);
    assert_true(inbox_push(&inbox, &quick));
    inbox_wake_seen(&inbox);
    assert_null(inbox_pop(&inbox));
    previous->next = &slow;
    assert_false(atomic_exchange(&inbox.wake_pending, true)); /* so the slow one wakes */
    inbox_wake_seen(&inbox);
    assert_ptr_equal(inbox_pop(&inbox), &slow);
    assert_ptr_equal(inbox_pop(&inbox), &quick);
    assert_null(inbox_pop(&inbox));
}

static void inbox_pushing_the_stub_asserts(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox);
    EXPECT_ASSERTION(inbox_push(&inbox, &inbox.stub));
}

/* Stands in for the port: wakes are counted as an auto-reset event, as eventfd or a posted
 * completion would. */
struct bell {
    struct pc_mutex *mutex;
    struct pc_condition *condition;
    bool has_rung;
};

struct crowd {
    struct inbox inbox;
    struct bell bell;
    struct numbered messages[PRODUCERS][MESSAGES_PER_PRODUCER];
};

struct producer {
    struct crowd *crowd;
    uint32_t index;
};

static void bell_ring(struct bell *bell)
{
    pc_mutex_lock(bell->mutex);
    bell->has_rung = true;
    pc_condition_signal(bell->condition);
    pc_mutex_unlock(bell->mutex);
}

/* False if nobody rang for ten seconds: a lost wake-up. */
static bool bell_wait(struct bell *bell)
{
    bool is_in_time = true;
    pc_mutex_lock(bell->mutex);
    while (!bell->has_rung && is_in_time) {
        is_in_time = pc_condition_wait(bell->condition, bell->mutex, 10000);
    }
    bool has_rung = bell->has_rung;
    bell->has_rung = false;
    pc_mutex_unlock(bell->mutex);
    return has_rung;
}

static void producer_run(void *argument)
{
    struct producer *producer = argument;
    struct crowd *crowd = producer->crowd;
    for (uint32_t i = 0; i < MESSAGES_PER_PRODUCER; i++) {
        struct numbered *numbered = &crowd->messages[producer->index][i];
        numbered->producer = producer->index;
        numbered->number = i;
        if (inbox_push(&crowd->inbox, &numbered->message)) {
            bell_ring(&crowd->bell);
        }
        if (i % 1000 == 0) {
            pc_os_sleep_ms(1); /* lets the consumer run dry and sleep */
        }
    }
}

/* Returns false when a wake-up was lost. */
static bool crowd_consume(struct crowd *crowd, uint32_t next[PRODUCERS])
{
    uint32_t received = 0;
    while (received < PRODUCERS * MESSAGES_PER_PRODUCER) {
        if (!bell_wait(&crowd->bell)) {
            return false;
        }
        inbox_wake_seen(&crowd->inbox);
        struct pc_message *message;
        while ((message = inbox_pop(&crowd->inbox)) != NULL) {
            struct numbered *numbered = numbered_of(message);
            assert_int_equal(numbered->number, next[numbered->producer]);
            next[numbered->producer]++;
            received++;
        }
    }
    return true;
}

static void inbox_many_producers_each_message_once_in_order(void **state)
{
    (void)state;
    static struct crowd crowd;
    struct pc_thread *threads[PRODUCERS];
    struct producer producers[PRODUCERS];
    uint32_t next[PRODUCERS] = {0};
    inbox_init(&crowd.inbox);
    crowd.bell.mutex = pc_mutex_create();
    crowd.bell.condition = pc_condition_create();
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){&crowd, i};
        threads[i] = pc_thread_start("producer", producer_run, &producers[i]);
        assert_non_null(threads[i]);
    }
    bool is_complete = crowd_consume(&crowd, next);
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        pc_thread_join(threads[i]);
    }
    assert_true(is_complete);
    assert_null(inbox_pop(&crowd.inbox));
    pc_condition_destroy(crowd.bell.condition);
    pc_mutex_destroy(crowd.bell.mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inbox_empty_pops_null),
        cmocka_unit_test(inbox_one_producer_order_is_kept),
        cmocka_unit_test(inbox_popped_message_may_be_pushed_again_at_once),
        cmocka_unit_test(inbox_only_first_push_after_seen_wakes),
        cmocka_unit_test(inbox_unlinked_message_hides_and_then_wakes),
        cmocka_unit_test(inbox_pushing_the_stub_asserts),
        cmocka_unit_test(inbox_many_producers_each_message_once_in_order),
    };
    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
