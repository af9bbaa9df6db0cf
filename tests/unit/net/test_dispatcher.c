/* The dispatcher: state before rate before decode, each refusal with its own reason. */
#include <string.h>

#include "net/dispatcher.h"
#include "support/cmocka_all.h"
#include "support/test_table.h"

static struct token_bucket total;
static struct token_bucket buckets[3];
static uint32_t handled_count;

static void count_frame(void *receiver, const struct pc_frame *frame)
{
    (void)receiver;
    (void)frame;
    handled_count++;
}

static int set_up(void **state)
{
    (void)state;
    memset(&total, 0, sizeof total);
    memset(buckets, 0, sizeof buckets);
    handled_count = 0;
    test_table_handler = count_frame;
    return 0;
}

static struct dispatch_result admit(uint16_t id, uint8_t state, const struct pc_rate *rate,
                                    uint64_t now_ms)
{
    const struct dispatch_subject subject = {
        .rate = rate,
        .total = &total,
        .buckets = buckets,
        .stamp = token_bucket_stamp(now_ms),
        .state = state,
    };
    const struct pc_accept_entry *entry = pc_accept_find(&test_table, id);
    enum dispatch_verdict verdict = dispatcher_judge(&test_table, entry, &subject);
    return dispatcher_explain(&test_table, entry, &subject, verdict);
}

static const struct pc_rate unlimited;

static void dispatcher_wrong_state_is_refused_and_costs_no_token(void **state)
{
    (void)state;
    const struct pc_rate two = {.per_sec = 1, .burst = 2, .over = PC_RATE_KICK};
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(admit(TEST_ID_NUMBER, TEST_STATE_FRESH, &two, 1000).refusal,
                         PC_REFUSED_STATE);
    }
    assert_int_equal(admit(TEST_ID_NUMBER, TEST_STATE_READY, &two, 1000).refusal, PC_ACCEPTED);
}

static void dispatcher_rate_of_packet_says_kick_or_drop(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(admit(TEST_ID_KICK, 0, &unlimited, 1000).refusal, PC_ACCEPTED);
    }
    struct dispatch_result result = admit(TEST_ID_KICK, 0, &unlimited, 1000);
    assert_int_equal(result.refusal, PC_REFUSED_RATE);
    assert_int_equal(result.over, PC_RATE_KICK);
    assert_int_equal(admit(TEST_ID_DROP, 0, &unlimited, 1000).refusal, PC_ACCEPTED);
    assert_int_equal(admit(TEST_ID_DROP, 0, &unlimited, 1000).refusal, PC_ACCEPTED);
    result = admit(TEST_ID_DROP, 0, &unlimited, 1000);
    assert_int_equal(result.refusal, PC_REFUSED_RATE);
    assert_int_equal(result.over, PC_RATE_DROP);
    assert_int_equal(admit(TEST_ID_DROP, 0, &unlimited, 2000).refusal, PC_ACCEPTED);
}

static void dispatcher_rate_of_session_counts_all_packets(void **state)
{
    (void)state;
    const struct pc_rate two = {.per_sec = 1, .burst = 2, .over = PC_RATE_KICK};
    assert_int_equal(admit(TEST_ID_TEXT, 0, &two, 1000).refusal, PC_ACCEPTED);
    assert_int_equal(admit(TEST_ID_LARGE, 0, &two, 1000).refusal, PC_ACCEPTED);
    assert_int_equal(admit(TEST_ID_TEXT, 0, &two, 1000).refusal, PC_REFUSED_RATE);
}

/* TEST_ID_DELAY: 2 in the burst. What it waits for must not be taken from the other packets. */
static void dispatcher_packet_delayed_by_its_own_rate_costs_nothing(void **state)
{
    (void)state;
    const struct pc_rate four = {.per_sec = 1, .burst = 4, .over = PC_RATE_KICK};
    assert_int_equal(admit(TEST_ID_DELAY, 0, &four, 1000).refusal, PC_ACCEPTED);
    assert_int_equal(admit(TEST_ID_DELAY, 0, &four, 1000).refusal, PC_ACCEPTED);
    for (uint32_t i = 0; i < 10; i++) {
        struct dispatch_result result = admit(TEST_ID_DELAY, 0, &four, 1000);
        assert_int_equal(result.refusal, PC_REFUSED_RATE);
        assert_int_equal(result.over, PC_RATE_DELAY);
        assert_int_equal(result.scope, PC_RATE_PACKET);
        token_bucket_check(&total, four.burst);
    }
    assert_int_equal(admit(TEST_ID_TEXT, 0, &four, 1000).refusal, PC_ACCEPTED);
    assert_int_equal(admit(TEST_ID_TEXT, 0, &four, 1000).refusal, PC_ACCEPTED);
    assert_int_equal(admit(TEST_ID_TEXT, 0, &four, 1000).refusal, PC_REFUSED_RATE);
}

static void dispatcher_packet_dropped_by_its_own_rate_counts_in_that_of_the_session(void **state)
{
    (void)state;
    const struct pc_rate four = {.per_sec = 1, .burst = 4, .over = PC_RATE_KICK};
    for (uint32_t i = 0; i < 4; i++) {
        struct dispatch_result result = admit(TEST_ID_DROP, 0, &four, 1000);
        assert_int_equal(result.refusal, i < 2 ? PC_ACCEPTED : PC_REFUSED_RATE);
        assert_int_equal(result.over, i < 2 ? PC_RATE_KICK : PC_RATE_DROP);
    }
    struct dispatch_result result = admit(TEST_ID_TEXT, 0, &four, 1000);
    assert_int_equal(result.refusal, PC_REFUSED_RATE);
    assert_int_equal(result.scope, PC_RATE_SESSION);
}

static enum pc_refusal dispatch(uint16_t id, uint32_t size, uint8_t first)
{
    uint8_t bytes[2048] = {0};
    pc_frame_put_header(bytes, size, id);
    bytes[4] = first;
    const struct pc_frame frame = pc_frame_at(bytes);
    return pc_dispatch(&test_table, NULL, TEST_STATE_FRESH, &frame);
}

static void dispatch_of_relayed_frames_checks_everything(void **state)
{
    (void)state;
    assert_int_equal(dispatch(TEST_ID_TEXT, 10, 'a'), PC_ACCEPTED);
    assert_int_equal(handled_count, 1);
    assert_int_equal(dispatch(TEST_ID_HOLE, 10, 'a'), PC_REFUSED_ID);
    assert_int_equal(dispatch(TEST_ID_RELAY, 10, 'a'), PC_REFUSED_ID);
    assert_int_equal(dispatch(TEST_ID_TEXT, 1025, 'a'), PC_REFUSED_SIZE);
    assert_int_equal(dispatch(TEST_ID_NUMBER, 8, 'a'), PC_REFUSED_STATE);
    assert_int_equal(dispatch(TEST_ID_TEXT, 10, 0xff), PC_REFUSED_DECODE);
    assert_int_equal(handled_count, 1);
}

static void key_of_a_relayed_frame_is_the_field_lowest_byte_first(void **state)
{
    (void)state;
    const struct pc_accept_key places[] = {{4, 8}, {7, 2}, {12, 1}};
    const struct pc_accept_table table = {.keys = places, .key_count = COUNT_OF(places)};
    const uint8_t frame[13] = {13, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 0x88, 0xff};
    const uint64_t keys[] = {0x8807060504030201, 0x0504, 0xff};
    for (uint8_t i = 0; i < COUNT_OF(places); i++) {
        const struct pc_accept_entry entry = {.latest = (uint8_t)(i + 1)};
        assert_true(pc_accept_key_of(&table, &entry, frame) == keys[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(dispatcher_wrong_state_is_refused_and_costs_no_token, set_up),
        cmocka_unit_test_setup(dispatcher_rate_of_packet_says_kick_or_drop, set_up),
        cmocka_unit_test_setup(dispatcher_rate_of_session_counts_all_packets, set_up),
        cmocka_unit_test_setup(dispatcher_packet_delayed_by_its_own_rate_costs_nothing, set_up),
        cmocka_unit_test_setup(
            dispatcher_packet_dropped_by_its_own_rate_counts_in_that_of_the_session, set_up),
        cmocka_unit_test_setup(dispatch_of_relayed_frames_checks_everything, set_up),
        cmocka_unit_test(key_of_a_relayed_frame_is_the_field_lowest_byte_first),
    };
    return cmocka_run_group_tests_name("dispatcher", tests, NULL, NULL);
}
