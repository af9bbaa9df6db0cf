/* How many sessions each remote address has: the per-IP limit of a listener.
 *
 * Taken on the accepting worker, given back on whichever worker the session closes, so it has a
 * lock; it is not on the packet path. IPv6 counts by /64, which is what one host is given. Sessions
 * over a path are not counted: they come from this machine's own user. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/address.h"

struct address_limit;

/* addresses_max: different addresses at a time, 1..2^20. NULL if memory is short. */
struct address_limit *address_limit_create(uint32_t addresses_max, uint32_t sessions_max);
void address_limit_destroy(struct address_limit *limit);

/* Count one more session. False if the address has its maximum already (or the table is full). */
PC_NODISCARD bool address_limit_take(struct address_limit *limit, const struct pc_address *address);

/* One session less; it was taken before. */
void address_limit_put(struct address_limit *limit, const struct pc_address *address);
