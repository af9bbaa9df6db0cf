/* See sim_table.h. */
#include "sim_table.h"

static enum pc_wire_error sim__on_text(void *receiver, const struct pc_frame *frame)
{
    if (pc_frame_payload_size(frame) > 0 && frame->payload[0] == SIM_BAD_BYTE) {
        return PC_WIRE_UTF8;
    }
    sim_app_on_frame(receiver, frame);
    return PC_WIRE_OK;
}

static enum pc_wire_error sim__on_any(void *receiver, const struct pc_frame *frame)
{
    sim_app_on_frame(receiver, frame);
    return PC_WIRE_OK;
}

static const struct pc_accept_entry sim__entries[] = {
    {.name = "sim_text",
     .handle = sim__on_text,
     .states = ~0ull,
     .id = SIM_ID_TEXT,
     .frame_size_min = 4,
     .frame_size_max = SIM_TEXT_MAX},
    {.name = "sim_number",
     .handle = sim__on_any,
     .states = 1u << SIM_STATE_READY,
     .id = SIM_ID_NUMBER,
     .frame_size_min = 8,
     .frame_size_max = 8},
    {.name = "sim_kick",
     .handle = sim__on_any,
     .states = ~0ull,
     .id = SIM_ID_KICK,
     .frame_size_min = 4,
     .frame_size_max = 8,
     .rate = 1},
    {.name = "sim_drop",
     .handle = sim__on_any,
     .states = ~0ull,
     .id = SIM_ID_DROP,
     .frame_size_min = 4,
     .frame_size_max = SIM_SMALL_MAX,
     .rate = 2},
    {.name = "sim_relay",
     .states = ~0ull,
     .id = SIM_ID_RELAY,
     .frame_size_min = 4,
     .frame_size_max = SIM_SMALL_MAX},
    {.name = "sim_large",
     .handle = sim__on_text,
     .states = ~0ull,
     .id = SIM_ID_LARGE,
     .frame_size_min = 4,
     .frame_size_max = SIM_LARGE_MAX},
    {.name = "sim_delay",
     .handle = sim__on_any,
     .states = ~0ull,
     .id = SIM_ID_DELAY,
     .frame_size_min = 4,
     .frame_size_max = SIM_SMALL_MAX,
     .rate = 3},
    {.name = "sim_latest",
     .handle = sim__on_any,
     .states = ~0ull,
     .id = SIM_ID_LATEST,
     .frame_size_min = SIM_LATEST,
     .frame_size_max = SIM_LATEST},
};

static const uint16_t sim__index[] = {1, 2, 3, 4, 0, 5, 6, 7, 8};

static const struct pc_rate sim__rates[] = {
    {.per_sec = 2, .burst = 4, .over = PC_RATE_KICK},
    {.per_sec = 2, .burst = 2, .over = PC_RATE_DROP},
    {.per_sec = 20, .burst = 2, .over = PC_RATE_DELAY},
};

static const char *const sim__states[] = {"new", "ready"};

const struct pc_accept_table sim_table = {
    .receiver = "server",
    .sender = "client",
    .entries = sim__entries,
    .index = sim__index,
    .rates = sim__rates,
    .state_names = sim__states,
    .entry_count = sizeof sim__entries / sizeof sim__entries[0],
    .index_count = sizeof sim__index / sizeof sim__index[0],
    .rate_count = sizeof sim__rates / sizeof sim__rates[0],
    .state_count = 2,
    .id_first = 1,
    .frame_size_max = SIM_LARGE_MAX,
};
