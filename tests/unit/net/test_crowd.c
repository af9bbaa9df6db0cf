/* Much of the same at once, over every real engine of the platform: a million small writes in
 * order, a thousand stops at random moments. Fewer under Wine, which answers each call slowly. */
#include <stdio.h>

#include "pc/os.h"
#include "support/cmocka_all.h"
#include "support/loop_world.h"
#include "support/random.h"
#include "support/test_table.h"
#include "support/wine.h"

#define WRITERS           50u
#define FRAME_SIZE        8u
#define WRITES_OF_A_ROUND 1000u
#define ROUNDS            20u /* 50 x 1,000 x 20: a million */
#define ROUNDS_WINE       1u
#define STOPS             1000u
#define STOPS_WINE        15u

/* The user area of the server's sessions. */
struct reader {
    uint32_t next;
};

static uint32_t rounds;
static uint32_t wrong_order_count;

static int tear_down(void **state)
{
    (void)state;
    loop_stop();
    return 0;
}

static uint32_t less_under_wine(const char *of_what, uint32_t full, uint32_t less)
{
    if (!wine_runs_us()) {
        return full;
    }
    printf("LESS under Wine: %u %s of %u\n", less, of_what, full);
    return less;
}

static void write_round(struct pc_session *session, uint32_t first)
{
    for (uint32_t i = 0; i < WRITES_OF_A_ROUND; i++) {
        uint8_t *frame;
        if (pc_session_reserve(session, FRAME_SIZE, &frame) != PC_OK) {
            return;
        }
        uint32_t number = first + i;
        pc_frame_put_header(frame, FRAME_SIZE, TEST_ID_TEXT);
        frame[4] = (uint8_t)(number & 0x7fu);
        frame[5] = (uint8_t)(number >> 7 & 0x7fu);
        frame[6] = (uint8_t)(number >> 14 & 0x7fu);
        frame[7] = 0;
    }
}

static void begin_writing(struct pc_session *session)
{
    write_round(session, 0);
}

/* In order? The last frame of a round is answered with its number, which asks for the next one. */
static void read_one(struct pc_session *session, const struct pc_frame *frame)
{
    struct reader *reader = pc_session_user(session);
    const uint8_t *bytes = frame->payload;
    uint32_t number = bytes[0] | (uint32_t)bytes[1] << 7 | (uint32_t)bytes[2] << 14;
    wrong_order_count += number != reader->next ? 1 : 0;
    reader->next++;
    if (reader->next % WRITES_OF_A_ROUND == 0 && reader->next / WRITES_OF_A_ROUND < rounds) {
        loop_echo(session, frame);
    }
}

static void go_on_writing(struct pc_session *session, const struct pc_frame *frame)
{
    const uint8_t *bytes = frame->payload;
    write_round(session, 1 + (bytes[0] | (uint32_t)bytes[1] << 7 | (uint32_t)bytes[2] << 14));
}

static void writes_many_and_small_arrive_in_order(void **state)
{
    (void)state;
    const struct loop_options options = {
        .client_count = WRITERS,
        .type = {.user_size = sizeof(struct reader)},
        .on_server_frame = read_one,
        .on_client_open = begin_writing,
        .on_client_frame = go_on_writing,
    };
    rounds = less_under_wine("rounds of 50,000 writes", ROUNDS, ROUNDS_WINE);
    wrong_order_count = 0;
    loop_start(&options);
    loop_await(&loop_server.counts.frames, WRITERS * WRITES_OF_A_ROUND * rounds);
    loop_stop();
    assert_int_equal(wrong_order_count, 0);
}

static void runtime_stops_at_a_thousand_moments_are_whole(void **state)
{
    (void)state;
    struct random_source random = random_begin("runtime_stops");
    const struct loop_options options = {
        .server_workers = 2,
        .client_count = 4,
        .reconnect = true,
        .on_client_open = begin_writing,
        .on_server_frame = loop_echo,
    };
    uint32_t count = less_under_wine("stops", STOPS, STOPS_WINE);
    for (uint32_t i = 0; i < count; i++) {
        loop_start(&options);
        pc_os_sleep_ms(random_below(&random, 4));
        if (random_below(&random, 2) == 0) {
            loop_stop_server(random_below(&random, 4));
            loop_stop_client(random_below(&random, 4));
        } else {
            loop_stop_client(random_below(&random, 4));
            loop_stop_server(random_below(&random, 4));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(writes_many_and_small_arrive_in_order, tear_down),
        cmocka_unit_test_teardown(runtime_stops_at_a_thousand_moments_are_whole, tear_down),
    };
    return loop_run("crowd", tests, sizeof tests / sizeof tests[0]);
}
