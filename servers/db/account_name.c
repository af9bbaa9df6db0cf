/* What an account may be called.
 *
 * Happy path: every character is ASCII and allowed, or a Hangul syllable. Failure modes: too short,
 * a character that is not allowed.
 * Path: [8] of account_create. */
#include "account_name.h"

#include <string.h>

#define HANGUL_FIRST 0xac00u
#define HANGUL_LAST  0xd7a3u

static bool account_name__is_ascii_allowed(char byte)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return byte != '\0' && strchr(allowed, byte) != NULL;
}

/* A Hangul syllable is three bytes of UTF-8. */
static bool account_name__is_hangul(const char *text)
{
    if ((text[0] & 0xf0) != 0xe0 || text[1] == '\0' || text[2] == '\0') {
        return false;
    }
    uint32_t code = ((uint32_t)text[0] & 0x0fu) << 12 | ((uint32_t)text[1] & 0x3fu) << 6 |
                    ((uint32_t)text[2] & 0x3fu);
    return code >= HANGUL_FIRST && code <= HANGUL_LAST;
}

bool account_name_is_valid(const char *name)
{
    if (strlen(name) < ACCOUNT_NAME_MIN) {
        return false;
    }
    while (*name != '\0') {
        if (account_name__is_ascii_allowed(*name)) {
            name++;
        } else if (account_name__is_hangul(name)) {
            name += 3;
        } else {
            return false;
        }
    }
    return true;
}

uint64_t account_name_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *name != '\0'; name++) {
        bool is_upper = *name >= 'A' && *name <= 'Z';
        uint8_t byte = (uint8_t)(is_upper ? *name - 'A' + 'a' : *name);
        hash = (hash ^ byte) * UINT64_C(0x100000001b3);
    }
    return hash;
}
