/* The keys of an ini file of the tests' own: one of each kind, for the unit tests of the loader and
 * for its fuzzer. */
#pragma once

#include "common/config.h"
#include "pc/address.h"

struct values {
    uint32_t workers;
    uint32_t buffers;
    uint32_t pause_ms;
    uint32_t soft;
    uint32_t hard;
    bool is_loud;
    uint32_t colour;
    struct pc_address listen;
    struct pc_address peer;
    char node[9];
    char file[CONFIG_PATH_SIZE];
};

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct config_key keys[] = {
    {CONFIG_AT(CONFIG_NUMBER, struct values, workers), .section = "server", .name = "workers",
     .initial = "auto", .min = 1, .max = 64, .unit = "threads", .zero = "auto", .doc = "Threads."},
    {CONFIG_AT(CONFIG_NUMBER, struct values, buffers), .section = "server", .name = "buffers",
     .initial = "256", .min = 8, .max = 1024, .is_power_of_two = true, .doc = "Buffers."},
    {CONFIG_AT(CONFIG_NUMBER, struct values, pause_ms), .section = "server", .name = "pause_ms",
     .initial = "1000", .min = 0, .max = 4294967295u, .unit = "ms", .doc = "A pause."},
    {CONFIG_AT(CONFIG_NUMBER, struct values, soft), .section = "server", .name = "soft",
     .initial = "auto", .min = 1, .max = 100, .unit = "bytes", .zero = "auto", .ceiling = "hard",
     .ceiling_parts = 2, .doc = "A mark."},
    {CONFIG_AT(CONFIG_NUMBER, struct values, hard), .section = "server", .name = "hard",
     .initial = "60", .min = 1, .max = 100, .unit = "bytes", .doc = "Another mark."},
    {CONFIG_AT(CONFIG_BOOL, struct values, is_loud), .section = "log", .name = "loud",
     .initial = "no", .doc = "Loud."},
    {CONFIG_AT(CONFIG_WORD, struct values, colour), .section = "log", .name = "colour",
     .initial = "red", .words = colours, .doc = "A colour."},
    {CONFIG_AT(CONFIG_ADDRESS, struct values, listen), .section = "net", .name = "listen",
     .initial = "127.0.0.1:7000", .doc = "An address."},
    {CONFIG_AT(CONFIG_ADDRESS, struct values, peer), .section = "net", .name = "peer",
     .initial = "", .is_optional = true, .doc = "An address or none."},
    {CONFIG_AT(CONFIG_TEXT, struct values, node), .section = "net", .name = "node",
     .initial = "one", .min = 1, .doc = "A name."},
    {CONFIG_AT(CONFIG_PATH, struct values, file), .section = "net", .name = "file",
     .initial = "a.key", .min = 1, .doc = "A file."},
};
