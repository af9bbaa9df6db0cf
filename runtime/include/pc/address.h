/* Where a stream socket listens or is: IPv4 or IPv6 with a port, or a path of this machine. Numeric
 * only; names are not resolved. */
#pragma once

#include <stdint.h>

#include "pc/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pc_family {
    PC_FAMILY_NONE,
    PC_FAMILY_IPV4,
    PC_FAMILY_IPV6,
    PC_FAMILY_UNIX /* "unix:PATH"; Linux only, elsewhere ports answer PC_UNSUPPORTED */
};

/* A small value, kept per session: so a path is not in it but in a table of the process, and the
 * address has its number. Equal addresses have equal bytes. */
struct pc_address {
    uint8_t ip[16]; /* network order; IPv4 uses the first four bytes */
    uint16_t port;  /* host order; 0 lets the system choose when listening. Of a path: its number,
                       0 for the nameless end of an accepted connection */
    uint8_t family; /* enum pc_family */
    uint8_t reserved;
};

/* Bytes of a path, its NUL included (sun_path of unix(7)), and paths in one process. */
#define PC_ADDRESS_PATH_SIZE 108u
#define PC_ADDRESS_PATHS_MAX 64u

/* Longest text: "unix:", a path and its NUL. */
#define PC_ADDRESS_TEXT_SIZE (5u + PC_ADDRESS_PATH_SIZE)

/* Parse "127.0.0.1:7000", "[::1]:7000", "localhost:7000" (127.0.0.1) or "unix:/run/game.sock".
 * A path is remembered for the life of the process. Texts with paths are for start-up: parse them
 * on one thread, before workers run. Returns PC_OK | PC_ADDRESS_INVALID | PC_FULL (paths). */
PC_NODISCARD enum pc_status pc_address_parse(const char *text, struct pc_address *address);

/* Write the text form with its NUL; returns text. */
const char *pc_address_format(const struct pc_address *address, char text[PC_ADDRESS_TEXT_SIZE]);

/* The path of a "unix:" address; NULL for other families and for a nameless end. */
const char *pc_address_path(const struct pc_address *address);

#ifdef __cplusplus
}
#endif
