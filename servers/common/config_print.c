/* The configuration's own documentation: an ini file with every key at its default.
 *
 * Happy path: for every section in order of first appearance, every key with its doc, what it takes
 * and its default, commented out. Failure modes: none but a full disk.
 * Path: outside the byte path; `--print-config` only. */
#include <string.h>

#include "common/config.h"
#include "common/config_value.h"

#define PRINT_COLUMNS 96u

/* Print text as comment lines, broken at spaces. */
static void print__comment(const char *text, FILE *out)
{
    while (*text != '\0') {
        size_t size = strlen(text);
        if (size > PRINT_COLUMNS) {
            size = PRINT_COLUMNS;
            while (size > 1 && text[size] != ' ') {
                size--;
            }
        }
        fprintf(out, "# %.*s\n", (int)size, text);
        text += size;
        text += strspn(text, " ");
    }
}

static void print__key(const struct config_key *key, FILE *out)
{
    char allowed[256];
    config_value_allowed(key, allowed, sizeof(allowed));
    fprintf(out, "\n");
    print__comment(key->doc, out);
    fprintf(out, "# Allowed: %s.\n", allowed);
    fprintf(out, ";%s = %s\n", key->name, key->initial);
}

static void print__section(const struct config *config, const char *section, FILE *out)
{
    fprintf(out, "\n[%s]\n", section);
    for (uint32_t i = 0; i < config->table_count; i++) {
        const struct config_table *table = &config->tables[i];
        for (uint32_t j = 0; j < table->key_count; j++) {
            if (strcmp(table->keys[j].section, section) == 0) {
                print__key(&table->keys[j], out);
            }
        }
    }
}

/* True if no key before this one is of its section. */
static bool print__opens_section(const struct config *config, uint32_t table_index,
                                 uint32_t key_index)
{
    const char *section = config->tables[table_index].keys[key_index].section;
    for (uint32_t i = 0; i <= table_index; i++) {
        uint32_t count = i == table_index ? key_index : config->tables[i].key_count;
        for (uint32_t j = 0; j < count; j++) {
            if (strcmp(config->tables[i].keys[j].section, section) == 0) {
                return false;
            }
        }
    }
    return true;
}

void config_print(const struct config *config, FILE *out)
{
    for (uint32_t i = 0; i < config->table_count; i++) {
        for (uint32_t j = 0; j < config->tables[i].key_count; j++) {
            if (print__opens_section(config, i, j)) {
                print__section(config, config->tables[i].keys[j].section, out);
            }
        }
    }
}
