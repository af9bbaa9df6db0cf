/* A small accept table written by hand, for tests of the runtime without the generator.
 *
 *     id  frame size  legal in      rate             handler
 *     1   4..1024     all states    -                test_table_on_text
 *     2   8           ready         -                test_table_on_number
 *     3   4           all states    burst 3, kick    test_table_on_number
 *     4   4           all states    burst 2, drop    test_table_on_number
 *     6   4..64       all states    -                none: relayed
 *     7   4..60000    all states    -                test_table_on_text
 *     8   4..64       all states    burst 2, delay   test_table_on_text
 *
 * The handlers call test_table_handler with the receiver and the frame. A text whose first payload
 * byte is 0xff does not decode. */
#pragma once

#include <stdint.h>

#include "pc/dispatch.h"

enum test_state {
    TEST_STATE_FRESH,
    TEST_STATE_READY
};

#define TEST_ID_TEXT   1u
#define TEST_ID_NUMBER 2u
#define TEST_ID_KICK   3u
#define TEST_ID_DROP   4u
#define TEST_ID_HOLE   5u
#define TEST_ID_RELAY  6u
#define TEST_ID_LARGE  7u
#define TEST_ID_DELAY  8u
#define TEST_FRAME_MAX 60000u

typedef void test_table_fn(void *receiver, const struct pc_frame *frame);

/* Called for every frame that decodes. */
extern test_table_fn *test_table_handler;

extern const struct pc_accept_table test_table;
