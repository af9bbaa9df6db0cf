/* All interleavings of a small world: one server, two connections, a few operations.
 *
 * Happy path: small_explore runs every sequence of that many operations, each chosen among those
 * that are possible at the time, and after each sequence lets the world come to rest, checks it,
 * and closes everything.
 * Failure: an invariant does not hold; small_print_path says which sequence it was. */
#pragma once

#include <stdint.h>
#include <stdio.h>

/* Returns the number of sequences. */
uint64_t small_explore(uint32_t operation_count);

/* Run one sequence, "0,3,12", with every line of what happens. */
void small_replay(uint32_t operation_count, const char *path,
                  void (*trace)(void *trace_user, const char *line));

void small_print_path(FILE *stream);
