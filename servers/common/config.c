/* Configuration of a server: reading, overriding and the errors.
 *
 * Happy path: inih splits the text into section, name and value; config__set finds the key and
 * parses the value into its member.
 * Failure modes: see config.h. The reader handed to inih counts the lines, because the library need
 * not be built to report them, and strips indentation, so that an indented line is a line of its
 * own and not the continuation of a value. It also checks what inih would tell nobody about: every
 * malformed line (inih names the first) and sections without a key.
 * Path: outside the byte path, at start only. */
#include "common/config.h"

#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_value.h"
#include "pc/check.h"
#include "pc/os.h"

#define CONFIG_FILE_SIZE_MAX (1024u * 1024u)
#define CONFIG_NAME_MAX      64u /* longer names are no typing mistakes */
#define CONFIG_WHERE_SIZE    (CONFIG_PATH_SIZE + 16u)
#define CONFIG_BLANKS        " \t\r\v\f"

/* A text on its way through inih. line: of what was read last. */
struct config_source {
    struct config *config;
    const char *at;
    uint32_t line;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
config__add_error(struct config *config, const char *format, ...)
{
    if (config->error_count < CONFIG_ERRORS_MAX) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(config->errors[config->error_count], CONFIG_ERROR_SIZE, format, arguments);
        va_end(arguments);
    }
    config->error_count++;
}

static uint32_t config__key_count(const struct config *config)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < config->table_count; i++) {
        count += config->tables[i].key_count;
    }
    return count;
}

/* The key at a position that counts through all tables; member receives its place. */
static const struct config_key *config__key_at(const struct config *config, uint32_t index,
                                               void **member)
{
    const struct config_table *table = config->tables;
    while (index >= table->key_count) {
        index -= table->key_count;
        table++;
    }
    const struct config_key *key = &table->keys[index];
    *member = (uint8_t *)table->target + key->offset;
    return key;
}

static bool config__find(const struct config *config, const char *section, const char *name,
                         uint32_t *index)
{
    uint32_t count = config__key_count(config);
    void *member;
    for (uint32_t i = 0; i < count; i++) {
        const struct config_key *key = config__key_at(config, i, &member);
        if (strcmp(key->section, section) == 0 && strcmp(key->name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static uint32_t config__min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance; UINT32_MAX if one is too long to be compared. */
static uint32_t config__distance(const char *a, const char *b)
{
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    uint32_t row[CONFIG_NAME_MAX + 1];
    if (a_size > CONFIG_NAME_MAX || b_size > CONFIG_NAME_MAX) {
        return UINT32_MAX;
    }
    for (uint32_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (uint32_t i = 1; i <= a_size; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b_size; j++) {
            uint32_t above = row[j];
            uint32_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u);
            row[j] = config__min(replaced, config__min(above, row[j - 1]) + 1u);
            diagonal = above;
        }
    }
    return row[b_size];
}

/* The most similar key name of the section, or the most similar section if section is NULL; NULL if
 * none is near enough to be meant. */
static const char *config__nearest(const struct config *config, const char *section,
                                   const char *text)
{
    uint32_t best = 1u + (uint32_t)strlen(text) / 3u;
    const char *nearest = NULL;
    void *member;
    for (uint32_t i = 0; i < config__key_count(config); i++) {
        const struct config_key *key = config__key_at(config, i, &member);
        if (section != NULL && strcmp(key->section, section) != 0) {
            continue;
        }
        const char *candidate = section != NULL ? key->name : key->section;
        uint32_t distance = config__distance(candidate, text);
        if (distance <= best && (nearest == NULL || distance < best)) {
            best = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

static bool config__has_section(const struct config *config, const char *section)
{
    void *member;
    for (uint32_t i = 0; i < config__key_count(config); i++) {
        if (strcmp(config__key_at(config, i, &member)->section, section) == 0) {
            return true;
        }
    }
    return false;
}

/* The section that has a key of this name, or NULL. */
static const char *config__other_section(const struct config *config, const char *name)
{
    void *member;
    for (uint32_t i = 0; i < config__key_count(config); i++) {
        const struct config_key *key = config__key_at(config, i, &member);
        if (strcmp(key->name, name) == 0) {
            return key->section;
        }
    }
    return NULL;
}

/* Append ", word", or, for want of room, where more can be found; then false. */
static bool config__append(char *list, size_t list_size, const char *word)
{
    static const char more[] = ", ... (--print-config shows all)";
    size_t used = strlen(list);
    bool fits = used + strlen(", ") + strlen(word) + sizeof(more) <= list_size;
    snprintf(list + used, list_size - used, "%s%s", used == 0 ? "" : ", ", fits ? word : more + 2);
    return fits;
}

/* Is no key before this one of its section? */
static bool config__opens_section(const struct config *config, uint32_t index)
{
    void *member;
    const char *section = config__key_at(config, index, &member)->section;
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(config__key_at(config, i, &member)->section, section) == 0) {
            return false;
        }
    }
    return true;
}

/* All sections, or all keys of a section. */
static void config__list(const struct config *config, const char *section, char *list,
                         size_t list_size)
{
    bool has_room = true;
    void *member;
    list[0] = '\0';
    for (uint32_t i = 0; i < config__key_count(config) && has_room; i++) {
        const struct config_key *key = config__key_at(config, i, &member);
        if (section != NULL && strcmp(key->section, section) == 0) {
            has_room = config__append(list, list_size, key->name);
        }
        if (section == NULL && config__opens_section(config, i)) {
            has_room = config__append(list, list_size, key->section);
        }
    }
}

static void config__report_section(struct config *config, const char *where, const char *section)
{
    char list[CONFIG_ERROR_SIZE / 2];
    const char *nearest = config__nearest(config, NULL, section);
    config__list(config, NULL, list, sizeof(list));
    if (nearest != NULL) {
        config__add_error(config, "%s: unknown section [%s]; did you mean [%s]?", where, section,
                          nearest);
    } else {
        config__add_error(config, "%s: unknown section [%s]; allowed: %s", where, section, list);
    }
}

/* Of a section that is known. */
static void config__report_key(struct config *config, const char *where, const char *section,
                               const char *name)
{
    char list[CONFIG_ERROR_SIZE / 2];
    const char *nearest = config__nearest(config, section, name);
    const char *other = config__other_section(config, name);
    config__list(config, section, list, sizeof(list));
    if (other != NULL) {
        config__add_error(config, "%s: unknown key \"%s\" in [%s]; it belongs to [%s]", where, name,
                          section, other);
    } else if (nearest != NULL) {
        config__add_error(config, "%s: unknown key \"%s\" in [%s]; did you mean \"%s\"?", where,
                          name, section, nearest);
    } else {
        config__add_error(config, "%s: unknown key \"%s\" in [%s]; allowed: %s", where, name,
                          section, list);
    }
}

static void config__set(struct config *config, const char *where, uint32_t index, const char *value)
{
    char problem[CONFIG_ERROR_SIZE / 4];
    char allowed[CONFIG_ERROR_SIZE / 4];
    void *member;
    const struct config_key *key = config__key_at(config, index, &member);
    if (!config_value_parse(key, value, member, problem, sizeof(problem))) {
        config->places[index].is_bad = true;
        config_value_allowed(key, allowed, sizeof(allowed));
        config__add_error(config, "%s: key \"%s\": %s; allowed: %s", where, key->name, problem,
                          allowed);
    }
}

static void config__line_text(const struct config *config, uint32_t line, char *where)
{
    snprintf(where, CONFIG_WHERE_SIZE, "%s:%u", config->path, line);
}

/* Where the value of a key is from. */
static void config__place_text(const struct config *config, uint32_t index, char *where)
{
    const struct config_place *place = &config->places[index];
    if (place->is_overridden || place->line == 0) {
        snprintf(where, CONFIG_WHERE_SIZE, "%s", place->is_overridden ? "--set" : "default");
    } else {
        config__line_text(config, place->line, where);
    }
}

void config_init(struct config *config, const struct config_table *tables, uint32_t table_count)
{
    PC_ASSERT(table_count <= CONFIG_TABLES_MAX);
    memset(config, 0, sizeof(*config));
    memcpy(config->tables, tables, table_count * sizeof(*tables));
    config->table_count = table_count;
    uint32_t count = config__key_count(config);
    PC_ASSERT(count <= CONFIG_KEYS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        void *member;
        uint32_t found;
        const struct config_key *key = config__key_at(config, i, &member);
        bool is_found = config__find(config, key->section, key->name, &found);
        PC_ASSERT(is_found && found == i);
        config__set(config, "default", i, key->initial);
    }
    if (config->error_count > 0) {
        config_print_errors(config, stderr);
    }
    PC_ASSERT(config->error_count == 0);
}

/* inih's handler: one key. Always 1, so that inih reports only what it could not split. */
static int config__on_value(void *user, const char *section, const char *name, const char *value)
{
    struct config_source *source = user;
    struct config *config = source->config;
    char where[CONFIG_WHERE_SIZE];
    uint32_t index;
    config__line_text(config, source->line, where);
    if (section[0] == '\0') {
        config__add_error(config, "%s: key \"%s\" stands before the first [section]", where, name);
    } else if (!config__has_section(config, section)) {
        return 1; /* the line of the section was reported */
    } else if (!config__find(config, section, name, &index)) {
        config__report_key(config, where, section, name);
    } else if (config->places[index].line != 0) {
        config__add_error(config, "%s: key \"%s\" is given twice; first in line %u", where, name,
                          config->places[index].line);
    } else {
        config->places[index].line = source->line;
        config__set(config, where, index, value);
    }
    return 1;
}

/* The first of chars that stands before an inline comment, where inih looks for it too; or NULL. */
static char *config__find_char(char *line, const char *chars)
{
    char last = 'x';
    for (; *line != '\0'; line++) {
        if (strchr(chars, *line) != NULL) {
            return line;
        }
        if (*line == ';' && strchr(CONFIG_BLANKS, last) != NULL) {
            return NULL;
        }
        last = *line;
    }
    return NULL;
}

/* The line of a section; end: its closing bracket. */
static void config__check_section(struct config_source *source, char *line, char *end)
{
    char where[CONFIG_WHERE_SIZE];
    const char *rest = end + 1 + strspn(end + 1, CONFIG_BLANKS);
    config__line_text(source->config, source->line, where);
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        config__add_error(source->config, "%s: text behind the \"]\" of a section", where);
    }
    *end = '\0';
    if (!config__has_section(source->config, line + 1)) {
        config__report_section(source->config, where, line + 1);
    }
    *end = ']';
}

/* Report what is wrong with a line, and then leave inih nothing to stumble over. */
static void config__check_line(struct config_source *source, char *line)
{
    bool is_section = line[0] == '[';
    char *mark = is_section ? config__find_char(line + 1, "]") : config__find_char(line, "=:");
    if (is_section && mark != NULL) {
        config__check_section(source, line, mark);
    } else if (mark == NULL && strchr(";#", line[0]) == NULL &&
               line[strspn(line, CONFIG_BLANKS)] != '\0') {
        config__add_error(source->config, "%s:%u: neither \"key = value\" nor \"[section]\"",
                          source->config->path, source->line);
        /* What follows a broken section is in no section that is known. */
        snprintf(line, 4, "%s", is_section ? "[?]" : "");
    }
}

/* inih's reader: the next line without its indentation, or NULL. */
static char *config__read_line(char *line, int line_capacity, void *stream)
{
    struct config_source *source = stream;
    if (*source->at == '\0') {
        return NULL;
    }
    source->line++;
    source->at += strspn(source->at, CONFIG_BLANKS);
    size_t size = strcspn(source->at, "\n");
    line[0] = '\0';
    if (size + 2 > (size_t)line_capacity) {
        config__add_error(source->config, "%s:%u: the line is longer than %d bytes",
                          source->config->path, source->line, line_capacity - 2);
    } else {
        memcpy(line, source->at, size);
        line[size] = '\0';
        config__check_line(source, line);
    }
    memcpy(line + strlen(line), "\n", 2);
    source->at += size + (source->at[size] == '\n' ? 1u : 0u);
    return line;
}

bool config_load_text(struct config *config, const char *path, const char *text)
{
    uint32_t errors_before = config->error_count;
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    size_t mark_size = sizeof(byte_order_mark) - 1;
    bool has_mark = strncmp(text, byte_order_mark, mark_size) == 0;
    struct config_source source = {.config = config, .at = text + (has_mark ? mark_size : 0)};
    snprintf(config->path, sizeof(config->path), "%s", path);
    int line = ini_parse_stream(config__read_line, &source, config__on_value, &source);
    if (line != 0 && config->error_count == errors_before) {
        config__add_error(config, "%s:%d: cannot be parsed", path, line);
    }
    return config->error_count == errors_before;
}

/* The whole file as text, to be freed; NULL if it cannot be read, is too large or holds a NUL. */
static char *config__read_file(const char *path)
{
    FILE *file = pc_os_file_open(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = malloc(CONFIG_FILE_SIZE_MAX + 1);
    size_t size = text != NULL ? fread(text, 1, CONFIG_FILE_SIZE_MAX + 1, file) : 0;
    bool is_whole = text != NULL && ferror(file) == 0 && size <= CONFIG_FILE_SIZE_MAX &&
                    memchr(text, '\0', size) == NULL;
    fclose(file);
    if (!is_whole) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

bool config_load_file(struct config *config, const char *path)
{
    char *text = config__read_file(path);
    if (text == NULL) {
        config__add_error(config, "%s: there is no such text file that can be read", path);
        return false;
    }
    bool is_good = config_load_text(config, path, text);
    free(text);
    return is_good;
}

bool config_override(struct config *config, const char *assignment)
{
    uint32_t errors_before = config->error_count;
    char where[CONFIG_ERROR_SIZE / 4];
    char section[CONFIG_NAME_MAX];
    char name[CONFIG_NAME_MAX];
    size_t section_size = strcspn(assignment, ".=");
    const char *rest = assignment + section_size + 1;
    snprintf(where, sizeof(where), "--set %s", assignment);
    size_t name_size = assignment[section_size] == '.' ? strcspn(rest, "=") : 0;
    bool is_whole = name_size > 0 && rest[name_size] == '=';
    if (!is_whole || section_size >= sizeof(section) || name_size >= sizeof(name)) {
        config__add_error(config, "%s: expected section.key=value", where);
        return false;
    }
    snprintf(section, sizeof(section), "%.*s", (int)section_size, assignment);
    snprintf(name, sizeof(name), "%.*s", (int)name_size, rest);
    uint32_t index;
    if (config__find(config, section, name, &index)) {
        config->places[index].is_overridden = true;
        config__set(config, where, index, rest + name_size + 1);
    } else if (config__has_section(config, section)) {
        config__report_key(config, where, section, name);
    } else {
        config__report_section(config, where, section);
    }
    return config->error_count == errors_before;
}

/* A number that is not 0 by its word, so that it can be compared. */
static bool config__is_comparable(const struct config *config, uint32_t index, uint32_t *number)
{
    void *member;
    const struct config_key *key = config__key_at(config, index, &member);
    PC_ASSERT(key->kind == CONFIG_NUMBER);
    memcpy(number, member, sizeof(*number));
    return !config->places[index].is_bad && (key->zero == NULL || *number != 0);
}

static void config__check_ceiling(struct config *config, uint32_t index)
{
    char problem[CONFIG_ERROR_SIZE / 2];
    char place[CONFIG_WHERE_SIZE];
    void *member;
    uint32_t ceiling_index;
    uint32_t number;
    uint32_t ceiling;
    const struct config_key *key = config__key_at(config, index, &member);
    bool is_found = config__find(config, key->section, key->ceiling, &ceiling_index);
    PC_ASSERT(is_found);
    if (!config__is_comparable(config, index, &number) ||
        !config__is_comparable(config, ceiling_index, &ceiling) ||
        number <= ceiling / (key->ceiling_parts > 0 ? key->ceiling_parts : 1)) {
        return;
    }
    config__place_text(config, ceiling_index, place);
    snprintf(problem, sizeof(problem), "%u is above %s%s, which is %u (%s)", number,
             config_value_part(key), key->ceiling, ceiling, place);
    config_refuse(config, key->section, key->name, problem);
}

bool config_check(struct config *config)
{
    uint32_t errors_before = config->error_count;
    for (uint32_t i = 0; i < config__key_count(config); i++) {
        void *member;
        if (config__key_at(config, i, &member)->ceiling != NULL) {
            config__check_ceiling(config, i);
        }
    }
    return config->error_count == errors_before;
}

void config_refuse(struct config *config, const char *section, const char *name,
                   const char *problem)
{
    char where[CONFIG_WHERE_SIZE];
    uint32_t index = 0;
    bool is_found = config__find(config, section, name, &index);
    PC_ASSERT(is_found);
    if (!config->places[index].is_bad) {
        config__place_text(config, index, where);
        config__add_error(config, "%s: key \"%s\": %s", where, name, problem);
    }
}

void config_print_errors(const struct config *config, FILE *out)
{
    for (uint32_t i = 0; i < config->error_count && i < CONFIG_ERRORS_MAX; i++) {
        fprintf(out, "%s\n", config->errors[i]);
    }
    if (config->error_count > CONFIG_ERRORS_MAX) {
        fprintf(out, "... and %u more errors\n", config->error_count - CONFIG_ERRORS_MAX);
    }
}
