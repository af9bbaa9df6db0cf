/* Configuration of a server: a declarative table of keys, read from an ini file.
 *
 * Happy path: config_init sets every key to its default, config_load_file reads the file,
 * config_override applies `--set section.key=value`, and the values lie in the server's own
 * structs; config_check compares keys that bound each other. Failure modes: unknown section or key,
 * duplicate key, bad value, malformed or too long line, unreadable file. All errors are collected,
 * each with file and line and with what is allowed; the caller prints them and exits with status 2.
 * Nothing is silently ignored.
 *
 * Syntax: `[section]`, `key = value`, comment lines begin with `;` or `#`; ` ;` ends a value. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pc/status.h"

#define CONFIG_TABLES_MAX 4u
#define CONFIG_KEYS_MAX   128u
#define CONFIG_ERRORS_MAX 32u
#define CONFIG_ERROR_SIZE 1024u /* the names of the largest section must fit */
#define CONFIG_PATH_SIZE  256u  /* for members that hold a path */

enum config_kind {
    CONFIG_NUMBER,  /* uint32_t, min..max */
    CONFIG_BOOL,    /* bool; yes, no, true, false, on, off */
    CONFIG_WORD,    /* uint32_t, index into words */
    CONFIG_ADDRESS, /* struct pc_address */
    CONFIG_TEXT,    /* char[size], min..size - 1 bytes of UTF-8 */
    CONFIG_PATH     /* char[size], a file's name; relative ones start at the working directory */
};

/* One key. min, max: of a number; of a text only min counts, its bytes at least. */
struct config_key {
    const char *section;
    const char *name;
    const char *initial; /* the default, as one would write it in the file; must be valid */
    const char *doc;     /* one or more sentences; printed at 96 columns */
    const char *unit;    /* "ms", "bytes", "threads"; NULL if the number counts nothing special */
    const char *zero;    /* the only way to write the number 0 ("auto", "never"); NULL: none */
    const char *ceiling; /* a number of the same section that bounds this one; NULL: none */
    const char *const *words; /* of CONFIG_WORD, ends with NULL */
    enum config_kind kind;
    uint32_t offset; /* of the member in the table's target */
    uint32_t size;   /* bytes of the member */
    uint32_t min;
    uint32_t max;
    uint32_t ceiling_parts; /* not 0: the part of the ceiling that is allowed; 2 is half of it */
    bool is_optional;       /* address: empty is allowed and gives PC_FAMILY_NONE */
    bool is_power_of_two;   /* number */
};

/* For the tables: kind, place and size of a member at once. */
#define CONFIG_AT(kind_, type_, member_)                                                           \
    .kind = (kind_), .offset = (uint32_t)offsetof(type_, member_),                                 \
    .size = (uint32_t)sizeof(((type_ *)0)->member_)

/* Some keys and the struct that they fill. */
struct config_table {
    const struct config_key *keys;
    uint32_t key_count;
    void *target;
};

/* Where a key has its value from. */
struct config_place {
    uint32_t line;      /* in the file; 0: not there */
    bool is_overridden; /* by --set */
    bool is_bad;        /* a value was refused, so that the present one is not what was meant */
};

/* Invariant: error_count counts all errors; the texts of the first CONFIG_ERRORS_MAX are kept. */
struct config {
    struct config_table tables[CONFIG_TABLES_MAX];
    uint32_t table_count;
    uint32_t error_count;
    struct config_place places[CONFIG_KEYS_MAX]; /* in the order of the tables */
    char path[CONFIG_PATH_SIZE];                 /* of the file, for the messages */
    char errors[CONFIG_ERRORS_MAX][CONFIG_ERROR_SIZE];
};

/* Set every key of the tables to its default. Asserts that each default is valid and that the
 * tables name no key twice. */
void config_init(struct config *config, const struct config_table *tables, uint32_t table_count);

/* Read an ini file over the present values. Returns false if errors were added. */
bool config_load_file(struct config *config, const char *path);

/* The same from memory; path is only for the messages. */
bool config_load_text(struct config *config, const char *path, const char *text);

/* Apply one "section.key=value". Returns false if an error was added. */
bool config_override(struct config *config, const char *assignment);

/* Compare every key with its ceiling, when file and overrides are in. Returns false if errors were
 * added. */
bool config_check(struct config *config);

/* Add an error about the value of a key, which must exist: where it stands, and the problem, with
 * what is allowed. Nothing if the value was refused before. */
void config_refuse(struct config *config, const char *section, const char *name,
                   const char *problem);

/* One error per line, in the order found. */
void config_print_errors(const struct config *config, FILE *out);

/* Print an ini file that has every key with its doc, range and default, all commented out. */
void config_print(const struct config *config, FILE *out);
