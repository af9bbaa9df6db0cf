/* The command line of the test client. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pc/address.h"
#include "pc/runtime.h"

#define OPTIONS_CLIENTS_MAX 100000u

/* Invariant after options_parse returned OPTIONS_OK: every number is inside its range. */
struct options {
    const char *gate_text; /* as typed; "127.0.0.1:7000" */
    const char *text;      /* what is echoed and said */
    struct pc_address gate;
    enum pc_engine engine;
    uint32_t clients; /* 0: one session in full, each step printed */
    uint32_t seconds; /* of play, with clients */
    uint32_t rate;    /* actions per second and client */
    uint32_t workers;
    uint32_t timeout_ms;  /* for one answer */
    uint32_t patience_ms; /* for a step that is tried again */
    bool survive;         /* servers may go and come back: count it and go on */
    bool json;
    bool log; /* each connection's event on stderr */
};

enum options_result {
    OPTIONS_OK,
    OPTIONS_HELP, /* --help was given */
    OPTIONS_WRONG /* error says what, and what is allowed */
};

#define OPTIONS_ERROR_SIZE 256u

enum options_result options_parse(struct options *options, int argument_count,
                                  char *const *arguments, char error[OPTIONS_ERROR_SIZE]);

void options_print_help(FILE *file);
