/* What an account may be called: ASCII letters, digits, '_' and '-', and Hangul syllables; at least
 * ACCOUNT_NAME_MIN bytes. The upper bound is the protocol's. None of the letters beyond ASCII has a
 * case or a second spelling, so that comparing without ASCII case makes names unique. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ACCOUNT_NAME_MIN 3u /* bytes; one Hangul syllable has three */
#define PASSWORD_MIN     8u /* bytes */

/* name: UTF-8, checked by the decoder; NUL-terminated. */
bool account_name_is_valid(const char *name);

/* The same for names that differ in ASCII case only; spreads over the lanes. */
uint64_t account_name_hash(const char *name);
