/* See test_table.h. */
#include "support/test_table.h"

test_table_fn *test_table_handler;

static enum pc_wire_error test_table__on_text(void *receiver, const struct pc_frame *frame)
{
    if (pc_frame_payload_size(frame) > 0 && frame->payload[0] == 0xff) {
        return PC_WIRE_UTF8;
    }
    test_table_handler(receiver, frame);
    return PC_WIRE_OK;
}

static enum pc_wire_error test_table__on_number(void *receiver, const struct pc_frame *frame)
{
    test_table_handler(receiver, frame);
    return PC_WIRE_OK;
}

static const struct pc_accept_entry test_table__entries[] = {
    {.name = "test_text",
     .handle = test_table__on_text,
     .states = ~0ull,
     .id = TEST_ID_TEXT,
     .frame_size_min = 4,
     .frame_size_max = 1024},
    {.name = "test_number",
     .handle = test_table__on_number,
     .states = 1u << TEST_STATE_READY,
     .id = TEST_ID_NUMBER,
     .frame_size_min = 8,
     .frame_size_max = 8},
    {.name = "test_kick",
     .handle = test_table__on_number,
     .states = ~0ull,
     .id = TEST_ID_KICK,
     .frame_size_min = 4,
     .frame_size_max = 4,
     .rate = 1},
    {.name = "test_drop",
     .handle = test_table__on_number,
     .states = ~0ull,
     .id = TEST_ID_DROP,
     .frame_size_min = 4,
     .frame_size_max = 4,
     .rate = 2},
    {.name = "test_relay",
     .states = ~0ull,
     .id = TEST_ID_RELAY,
     .frame_size_min = 4,
     .frame_size_max = 64},
    {.name = "test_large",
     .handle = test_table__on_text,
     .states = ~0ull,
     .id = TEST_ID_LARGE,
     .frame_size_min = 4,
     .frame_size_max = TEST_FRAME_MAX},
    {.name = "test_delay",
     .handle = test_table__on_text,
     .states = ~0ull,
     .id = TEST_ID_DELAY,
     .frame_size_min = 4,
     .frame_size_max = 64,
     .rate = 3},
};

static const uint16_t test_table__index[] = {1, 2, 3, 4, 0, 5, 6, 7};

static const struct pc_rate test_table__rates[] = {
    {.per_sec = 1, .burst = 3, .over = PC_RATE_KICK},
    {.per_sec = 1, .burst = 2, .over = PC_RATE_DROP},
    {.per_sec = 50, .burst = 2, .over = PC_RATE_DELAY},
};

static const char *const test_table__states[] = {"fresh", "ready"};

const struct pc_accept_table test_table = {
    .receiver = "server",
    .sender = "client",
    .entries = test_table__entries,
    .index = test_table__index,
    .rates = test_table__rates,
    .state_names = test_table__states,
    .entry_count = 7,
    .index_count = 8,
    .rate_count = 3,
    .state_count = 2,
    .id_first = 1,
    .frame_size_max = TEST_FRAME_MAX,
};
