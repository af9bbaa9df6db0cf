/* One configuration value: from text to its member and what may be written.
 *
 * Happy path: the text is parsed by the key's kind and copied into the member.
 * Failure modes: not of the kind, out of range, too long; the problem names the text, never more.
 * Path: outside the byte path, at start only. */
#include "common/config_value.h"

#include <ini.h>
#include <string.h>

#include "pc/address.h"
#include "pc/check.h"
#include "pc/wire.h"

#define VALUE_DIGITS_MAX 10u                /* of 4294967295 */
#define VALUE_LINE_MAX   (INI_MAX_LINE - 2) /* bytes; inih is built so */

static const char *const value__yes_words[] = {"yes", "true", "on", NULL};
static const char *const value__no_words[] = {"no", "false", "off", NULL};

/* Index of text in words, -1 if it is not there. */
static int value__find_word(const char *const *words, const char *text)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static bool value__parse_digits(const char *text, uint64_t *number)
{
    size_t count = strlen(text);
    if (count == 0 || count != strspn(text, "0123456789")) {
        return false;
    }
    *number = UINT64_MAX;
    if (count <= VALUE_DIGITS_MAX) {
        *number = 0;
        for (size_t i = 0; i < count; i++) {
            *number = *number * 10u + (uint64_t)(text[i] - '0');
        }
    }
    return true;
}

static bool value__parse_number(const struct config_key *key, const char *text, void *member,
                                char *problem, size_t problem_size)
{
    PC_ASSERT(key->size == sizeof(uint32_t));
    uint64_t number = 0;
    bool is_word = key->zero != NULL && strcmp(text, key->zero) == 0;
    PC_ASSERT(key->zero == NULL || key->min > 0);
    if (!is_word && !value__parse_digits(text, &number)) {
        snprintf(problem, problem_size, "\"%s\" is not a number", text);
        return false;
    }
    if (!is_word && (number < key->min || number > key->max)) {
        snprintf(problem, problem_size, "%s is out of range", text);
        return false;
    }
    if (key->is_power_of_two && (number & (number - 1)) != 0) {
        snprintf(problem, problem_size, "%s is not a power of two", text);
        return false;
    }
    uint32_t value = (uint32_t)number;
    memcpy(member, &value, sizeof(value));
    return true;
}

static bool value__parse_bool(const struct config_key *key, const char *text, void *member,
                              char *problem, size_t problem_size)
{
    PC_ASSERT(key->size == sizeof(bool));
    bool value = value__find_word(value__yes_words, text) >= 0;
    if (!value && value__find_word(value__no_words, text) < 0) {
        snprintf(problem, problem_size, "\"%s\" is neither yes nor no", text);
        return false;
    }
    memcpy(member, &value, sizeof(value));
    return true;
}

static bool value__parse_word(const struct config_key *key, const char *text, void *member,
                              char *problem, size_t problem_size)
{
    PC_ASSERT(key->size == sizeof(uint32_t));
    int index = value__find_word(key->words, text);
    if (index < 0) {
        snprintf(problem, problem_size, "\"%s\" is not one of the words", text);
        return false;
    }
    uint32_t value = (uint32_t)index;
    memcpy(member, &value, sizeof(value));
    return true;
}

static bool value__parse_address(const struct config_key *key, const char *text, void *member,
                                 char *problem, size_t problem_size)
{
    PC_ASSERT(key->size == sizeof(struct pc_address));
    struct pc_address value = {.family = PC_FAMILY_NONE};
    bool is_absent = text[0] == '\0' && key->is_optional;
    if (!is_absent && pc_address_parse(text, &value) != PC_OK) {
        snprintf(problem, problem_size, "\"%s\" is not an address", text);
        return false;
    }
    memcpy(member, &value, sizeof(value));
    return true;
}

static bool value__has_control_bytes(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Of CONFIG_TEXT and CONFIG_PATH. */
static bool value__parse_text(const struct config_key *key, const char *text, void *member,
                              char *problem, size_t problem_size)
{
    size_t count = strlen(text);
    if (value__has_control_bytes(text)) {
        snprintf(problem, problem_size, "it has control characters");
        return false;
    }
    if (key->kind == CONFIG_TEXT &&
        !pc_wire_utf8_is_valid((const uint8_t *)text, (uint32_t)count)) {
        snprintf(problem, problem_size, "it is not UTF-8");
        return false;
    }
    if (count < key->min || count >= key->size) {
        snprintf(problem, problem_size, "\"%.80s\" has %zu bytes", text, count);
        return false;
    }
    memcpy(member, text, count + 1);
    return true;
}

bool config_value_parse(const struct config_key *key, const char *text, void *member, char *problem,
                        size_t problem_size)
{
    switch (key->kind) {
    case CONFIG_NUMBER:
        return value__parse_number(key, text, member, problem, problem_size);
    case CONFIG_BOOL:
        return value__parse_bool(key, text, member, problem, problem_size);
    case CONFIG_WORD:
        return value__parse_word(key, text, member, problem, problem_size);
    case CONFIG_ADDRESS:
        return value__parse_address(key, text, member, problem, problem_size);
    case CONFIG_TEXT:
    case CONFIG_PATH:
        return value__parse_text(key, text, member, problem, problem_size);
    }
    PC_ASSERT(false);
    return false;
}

const char *config_value_part(const struct config_key *key)
{
    PC_ASSERT(key->ceiling_parts <= 2);
    return key->ceiling_parts == 2 ? "half of " : "";
}

static void value__allowed_number(const struct config_key *key, char *text, size_t text_size)
{
    const char *space = key->unit != NULL ? " " : "";
    const char *unit = key->unit != NULL ? key->unit : "";
    const char *power = key->is_power_of_two ? ", a power of two" : "";
    const char * or = key->zero != NULL ? ", or " : "";
    const char *zero = key->zero != NULL ? key->zero : "";
    const char *bound = key->ceiling == NULL ? "" : "; at most ";
    const char *ceiling = key->ceiling != NULL ? key->ceiling : "";
    snprintf(text, text_size, "%u..%u%s%s%s%s%s%s%s%s", key->min, key->max, space, unit, power, or,
             zero, bound, config_value_part(key), ceiling);
}

static void value__allowed_words(const struct config_key *key, char *text, size_t text_size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; key->words[i] != NULL && used < text_size; i++) {
        const char *comma = i == 0 ? "" : ", ";
        int size = snprintf(text + used, text_size - used, "%s%s", comma, key->words[i]);
        used += (size_t)size;
    }
}

void config_value_allowed(const struct config_key *key, char *text, size_t text_size)
{
    switch (key->kind) {
    case CONFIG_NUMBER:
        value__allowed_number(key, text, text_size);
        return;
    case CONFIG_BOOL:
        snprintf(text, text_size, "yes, no");
        return;
    case CONFIG_WORD:
        value__allowed_words(key, text, text_size);
        return;
    case CONFIG_ADDRESS:
        snprintf(text, text_size,
                 "ADDRESS:PORT such as 127.0.0.1:7000 or [::1]:7000, or unix:PATH on Linux%s",
                 key->is_optional ? ", or nothing" : "");
        return;
    case CONFIG_TEXT:
        snprintf(text, text_size, "text of %u..%u bytes", key->min, key->size - 1);
        return;
    case CONFIG_PATH:
        snprintf(text, text_size, "a path of %u..%u bytes; a line of the file has at most %d",
                 key->min, key->size - 1, VALUE_LINE_MAX);
        return;
    }
    PC_ASSERT(false);
}
