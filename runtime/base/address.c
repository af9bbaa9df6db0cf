/* The text form of addresses: own parser and formatter, the same on every system.
 *
 * Happy path: "127.0.0.1:7000", "[2001:db8::1]:7000", "localhost:7000", "unix:/run/game.sock";
 * output is canonical (IPv6 as RFC 5952 wants it: lower case, the longest run of zero groups as
 * "::", mapped IPv4 in dots).
 * Failures: PC_ADDRESS_INVALID for all that is not exactly such a text: no names, no zones, no
 * blanks, no leading zeros, nothing behind the port. Path: beside it. */
#include "pc/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "pc/check.h"

#define IPV6_GROUPS 8u
#define IPV6_NO_GAP UINT32_MAX

static const char unix__prefix[] = "unix:";

/* Invariant: the first unix__path_count paths are not empty, differ, and never change. Number 0 is
 * no path: number n stands at n - 1. */
static char unix__paths[PC_ADDRESS_PATHS_MAX][PC_ADDRESS_PATH_SIZE];
static uint32_t unix__path_count;

/* What is left of the text, and the sticky verdict. */
struct address_cursor {
    const char *at;
    bool is_bad;
};

/* Invariant: count <= 8; gap <= count or IPV6_NO_GAP. */
struct ipv6_groups {
    uint16_t group[IPV6_GROUPS];
    uint32_t count;
    uint32_t gap; /* groups before "::" */
};

static bool cursor__take(struct address_cursor *cursor, char wanted);
static uint32_t cursor__decimal(struct address_cursor *cursor, uint32_t value_max);
static uint16_t cursor__hex_group(struct address_cursor *cursor);
static int hex__value(char digit);
static bool cursor__is_dotted(const struct address_cursor *cursor);
static void ipv4__parse(struct address_cursor *cursor, uint8_t ip[4]);
static void ipv6__parse(struct address_cursor *cursor, uint8_t ip[16]);
static void ipv6__parse_group(struct address_cursor *cursor, struct ipv6_groups *groups);
static bool ipv6__parse_separator(struct address_cursor *cursor, struct ipv6_groups *groups);
static void ipv6__store(const struct ipv6_groups *groups, uint8_t ip[16]);
static void ipv6__format(const uint8_t ip[16], char text[PC_ADDRESS_TEXT_SIZE]);
static void ipv6__longest_zeros(const uint16_t group[IPV6_GROUPS], uint32_t *start,
                                uint32_t *count);
static bool ipv6__is_mapped(const uint8_t ip[16]);
static enum pc_status unix__parse(const char *path, struct pc_address *address);
static bool unix__is_path(const char *path);
static void text__append(char text[PC_ADDRESS_TEXT_SIZE], const char *format, uint32_t value);
static void text__append_ipv4(char text[PC_ADDRESS_TEXT_SIZE], const uint8_t ip[4]);

enum pc_status pc_address_parse(const char *text, struct pc_address *address)
{
    static const char localhost[] = "localhost";
    if (strncmp(text, unix__prefix, sizeof unix__prefix - 1) == 0) {
        return unix__parse(text + sizeof unix__prefix - 1, address);
    }
    struct address_cursor cursor = {.at = text};
    struct pc_address parsed = {.family = PC_FAMILY_IPV4};
    if (strncmp(text, localhost, sizeof localhost - 1) == 0) {
        cursor.at += sizeof localhost - 1;
        memcpy(parsed.ip, "\x7f\x00\x00\x01", 4);
    } else if (cursor__take(&cursor, '[')) {
        parsed.family = PC_FAMILY_IPV6;
        ipv6__parse(&cursor, parsed.ip);
        cursor.is_bad |= !cursor__take(&cursor, ']');
    } else {
        ipv4__parse(&cursor, parsed.ip);
    }
    cursor.is_bad |= !cursor__take(&cursor, ':');
    parsed.port = (uint16_t)cursor__decimal(&cursor, UINT16_MAX);
    if (cursor.is_bad || *cursor.at != '\0') {
        return PC_ADDRESS_INVALID;
    }
    *address = parsed;
    return PC_OK;
}

const char *pc_address_format(const struct pc_address *address, char text[PC_ADDRESS_TEXT_SIZE])
{
    text[0] = '\0';
    switch ((enum pc_family)address->family) {
    case PC_FAMILY_NONE:
        text__append(text, "none", 0);
        return text;
    case PC_FAMILY_IPV4:
        text__append_ipv4(text, address->ip);
        break;
    case PC_FAMILY_IPV6:
        ipv6__format(address->ip, text);
        break;
    case PC_FAMILY_UNIX:
        snprintf(text, PC_ADDRESS_TEXT_SIZE, "%s%s", unix__prefix,
                 address->port == 0 ? "" : pc_address_path(address));
        return text;
    }
    text__append(text, ":%u", address->port);
    return text;
}

static bool cursor__take(struct address_cursor *cursor, char wanted)
{
    if (cursor->is_bad || *cursor->at != wanted) {
        return false;
    }
    cursor->at++;
    return true;
}

const char *pc_address_path(const struct pc_address *address)
{
    if (address->family != PC_FAMILY_UNIX || address->port == 0) {
        return NULL;
    }
    PC_ASSERT(address->port <= unix__path_count);
    return unix__paths[address->port - 1];
}

static enum pc_status unix__parse(const char *path, struct pc_address *address)
{
    if (!unix__is_path(path)) {
        return PC_ADDRESS_INVALID;
    }
    uint32_t index = 0;
    while (index < unix__path_count && strcmp(unix__paths[index], path) != 0) {
        index++;
    }
    if (index == PC_ADDRESS_PATHS_MAX) {
        return PC_FULL;
    }
    if (index == unix__path_count) {
        memcpy(unix__paths[index], path, strlen(path) + 1);
        unix__path_count++;
    }
    *address = (struct pc_address){.family = PC_FAMILY_UNIX, .port = (uint16_t)(index + 1)};
    return PC_OK;
}

static bool unix__is_path(const char *path)
{
    size_t size = strlen(path);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)path[i] < ' ' || path[i] == '\x7f') {
            return false;
        }
    }
    return size > 0 && size < PC_ADDRESS_PATH_SIZE;
}

/* At least one digit; no leading zero, for some read it as octal. */
static uint32_t cursor__decimal(struct address_cursor *cursor, uint32_t value_max)
{
    const char *start = cursor->at;
    uint32_t value = 0;
    while (!cursor->is_bad && *cursor->at >= '0' && *cursor->at <= '9') {
        value = value * 10 + (uint32_t)(*cursor->at++ - '0');
        cursor->is_bad = value > value_max;
    }
    ptrdiff_t digits = cursor->at - start;
    cursor->is_bad |= digits == 0 || (digits > 1 && *start == '0');
    return cursor->is_bad ? 0 : value;
}

/* One to four digits. */
static uint16_t cursor__hex_group(struct address_cursor *cursor)
{
    uint32_t value = 0;
    uint32_t digits = 0;
    while (digits < 4 && hex__value(*cursor->at) >= 0) {
        value = value * 16 + (uint32_t)hex__value(*cursor->at++);
        digits++;
    }
    cursor->is_bad |= digits == 0;
    return (uint16_t)value;
}

static int hex__value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* A dot ends the digits: what follows is an IPv4 address. */
static bool cursor__is_dotted(const struct address_cursor *cursor)
{
    const char *at = cursor->at;
    while (*at >= '0' && *at <= '9') {
        at++;
    }
    return at != cursor->at && *at == '.';
}

static void ipv4__parse(struct address_cursor *cursor, uint8_t ip[4])
{
    for (uint32_t i = 0; i < 4; i++) {
        cursor->is_bad |= i > 0 && !cursor__take(cursor, '.');
        ip[i] = (uint8_t)cursor__decimal(cursor, UINT8_MAX);
    }
}

static void ipv6__parse(struct address_cursor *cursor, uint8_t ip[16])
{
    struct ipv6_groups groups = {.gap = IPV6_NO_GAP};
    bool goes_on = true;
    if (*cursor->at == ':') {
        goes_on = ipv6__parse_separator(cursor, &groups);
        cursor->is_bad |= groups.gap != 0; /* one colon cannot begin an address */
    }
    while (goes_on && !cursor->is_bad) {
        ipv6__parse_group(cursor, &groups);
        goes_on = !cursor->is_bad && ipv6__parse_separator(cursor, &groups);
    }
    bool is_complete =
        groups.gap == IPV6_NO_GAP ? groups.count == IPV6_GROUPS : groups.count < IPV6_GROUPS;
    cursor->is_bad |= !is_complete;
    if (!cursor->is_bad) {
        ipv6__store(&groups, ip);
    }
}

/* One group, or an IPv4 address that fills the last two. */
static void ipv6__parse_group(struct address_cursor *cursor, struct ipv6_groups *groups)
{
    uint32_t wanted = cursor__is_dotted(cursor) ? 2 : 1;
    if (groups->count + wanted > IPV6_GROUPS) {
        cursor->is_bad = true;
        return;
    }
    if (wanted == 1) {
        groups->group[groups->count++] = cursor__hex_group(cursor);
        return;
    }
    uint8_t ip[4];
    ipv4__parse(cursor, ip);
    cursor->is_bad |= *cursor->at != ']';
    groups->group[groups->count++] = (uint16_t)(ip[0] << 8 | ip[1]);
    groups->group[groups->count++] = (uint16_t)(ip[2] << 8 | ip[3]);
}

/* ":" or "::". True if another group must follow. */
static bool ipv6__parse_separator(struct address_cursor *cursor, struct ipv6_groups *groups)
{
    if (!cursor__take(cursor, ':')) {
        return false;
    }
    if (!cursor__take(cursor, ':')) {
        return true;
    }
    cursor->is_bad |= groups->gap != IPV6_NO_GAP;
    groups->gap = groups->count;
    return *cursor->at != ']';
}

static void ipv6__store(const struct ipv6_groups *groups, uint8_t ip[16])
{
    uint32_t zeros = IPV6_GROUPS - groups->count;
    for (uint32_t i = 0; i < groups->count; i++) {
        uint32_t target = i < groups->gap ? i : i + zeros;
        ip[2 * target] = (uint8_t)(groups->group[i] >> 8);
        ip[2 * target + 1] = (uint8_t)groups->group[i];
    }
}

static void ipv6__format(const uint8_t ip[16], char text[PC_ADDRESS_TEXT_SIZE])
{
    uint16_t group[IPV6_GROUPS];
    uint32_t zeros_start = 0;
    uint32_t zeros = 0;
    for (uint32_t i = 0; i < IPV6_GROUPS; i++) {
        group[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    }
    if (ipv6__is_mapped(ip)) {
        text__append(text, "[::ffff:", 0);
        text__append_ipv4(text, ip + 12);
        text__append(text, "]", 0);
        return;
    }
    ipv6__longest_zeros(group, &zeros_start, &zeros);
    text__append(text, "[", 0);
    for (uint32_t i = 0; i < IPV6_GROUPS; i++) {
        if (zeros > 0 && i == zeros_start) {
            text__append(text, "::", 0);
            i += zeros - 1;
            continue;
        }
        bool is_after_gap = zeros > 0 && i == zeros_start + zeros;
        text__append(text, i == 0 || is_after_gap ? "%x" : ":%x", group[i]);
    }
    text__append(text, "]", 0);
}

/* The first of the longest runs of two and more zero groups; count 0 if there is none. */
static void ipv6__longest_zeros(const uint16_t group[IPV6_GROUPS], uint32_t *start, uint32_t *count)
{
    uint32_t run = 0;
    *count = 0;
    for (uint32_t i = 0; i < IPV6_GROUPS; i++) {
        run = group[i] == 0 ? run + 1 : 0;
        if (run > *count && run >= 2) {
            *count = run;
            *start = i + 1 - run;
        }
    }
}

static bool ipv6__is_mapped(const uint8_t ip[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(ip, prefix, sizeof prefix) == 0;
}

static void text__append(char text[PC_ADDRESS_TEXT_SIZE], const char *format, uint32_t value)
{
    size_t used = strlen(text);
    int written = snprintf(text + used, PC_ADDRESS_TEXT_SIZE - used, format, value);
    PC_ASSERT(written >= 0 && (size_t)written < PC_ADDRESS_TEXT_SIZE - used);
}

static void text__append_ipv4(char text[PC_ADDRESS_TEXT_SIZE], const uint8_t ip[4])
{
    for (uint32_t i = 0; i < 4; i++) {
        text__append(text, i == 0 ? "%u" : ".%u", ip[i]);
    }
}
