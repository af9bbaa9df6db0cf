/* A TCP address: IPv4 or IPv6 with a port. Numeric only; names are not resolved. */
#pragma once

#include <stdint.h>

#include "pc/status.h"

enum pc_family {
    PC_FAMILY_NONE,
    PC_FAMILY_IPV4,
    PC_FAMILY_IPV6
};

struct pc_address {
    uint8_t ip[16]; /* network order; IPv4 uses the first four bytes */
    uint16_t port;  /* host order; 0 lets the system choose when listening */
    uint8_t family; /* enum pc_family */
    uint8_t reserved;
};

/* Longest text: "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535" and its NUL. */
#define PC_ADDRESS_TEXT_SIZE 56u

/* Parse "127.0.0.1:7000", "[::1]:7000" or "localhost:7000" (127.0.0.1).
 * Returns PC_OK | PC_ADDRESS_INVALID. */
PC_NODISCARD enum pc_status pc_address_parse(const char *text, struct pc_address *address);

/* Write the text form with its NUL; returns text. */
const char *pc_address_format(const struct pc_address *address, char text[PC_ADDRESS_TEXT_SIZE]);
