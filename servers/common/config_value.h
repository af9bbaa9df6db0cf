/* One configuration value: from text to its member and what may be written. Private to config*.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/config.h"

/* Put the value into member. False: not allowed; problem says why, member is unchanged. */
bool config_value_parse(const struct config_key *key, const char *text, void *member, char *problem,
                        size_t problem_size);

/* Before the name of the key's ceiling: "half of " or nothing. */
const char *config_value_part(const struct config_key *key);

/* What the key takes, for messages and docs: "1..64 threads, or auto". */
void config_value_allowed(const struct config_key *key, char *text, size_t text_size);
