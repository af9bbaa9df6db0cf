/* What every peer in C shares, on any system: dying with a word, and being ready for many. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#endif

static inline void peer_die(const char *what)
{
    perror(what);
    exit(2);
}

/* A peer has one option at most. */
static inline bool peer_has_option(int argument_count, char **arguments, const char *option)
{
    return argument_count > 1 && strcmp(arguments[1], option) == 0;
}

/* As many connections as may be, and a broken one is no reason to end. */
static inline void peer_prepare(void)
{
#ifdef RLIMIT_NOFILE
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
#endif
#ifdef SIGPIPE
    (void)signal(SIGPIPE, SIG_IGN);
#endif
}
