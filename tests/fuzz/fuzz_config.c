/* Fuzzes the loader of ini files: every kind of key, any bytes as the file.
 *
 * Whatever is in it: no crash, each value within what its key allows, and an error exactly when the
 * loader says so, with the file's name in it. A second load of the same text says the same. */
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "support/config_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config config;
static struct values values;

static bool fuzz__load(const char *text)
{
    const struct config_table table = {keys, sizeof keys / sizeof keys[0], &values};
    memset(&values, 0, sizeof values);
    config_init(&config, &table, 1);
    return config_load_text(&config, "fuzz.ini", text);
}

static void fuzz__check_values(void)
{
    PC_ASSERT(values.workers == 0 || (values.workers >= 1 && values.workers <= 64));
    PC_ASSERT(values.buffers >= 8 && values.buffers <= 1024);
    PC_ASSERT((values.buffers & (values.buffers - 1)) == 0);
    PC_ASSERT(values.colour < 3);
    PC_ASSERT(values.soft <= 100 && values.hard >= 1 && values.hard <= 100);
    PC_ASSERT(values.listen.family != PC_FAMILY_NONE);
    PC_ASSERT(memchr(values.node, '\0', sizeof values.node) != NULL && values.node[0] != '\0');
    PC_ASSERT(memchr(values.file, '\0', sizeof values.file) != NULL && values.file[0] != '\0');
}

static void fuzz__check_errors(void)
{
    for (uint32_t i = 0; i < config.error_count && i < CONFIG_ERRORS_MAX; i++) {
        PC_ASSERT(memchr(config.errors[i], '\0', CONFIG_ERROR_SIZE) != NULL);
        PC_ASSERT(strstr(config.errors[i], "fuzz.ini") != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    PC_ASSERT(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    bool is_good = fuzz__load(text);
    uint32_t error_count = config.error_count;
    PC_ASSERT(is_good == (error_count == 0));
    fuzz__check_values();
    fuzz__check_errors();
    PC_ASSERT(fuzz__load(text) == is_good && config.error_count == error_count);
    free(text);
    return 0;
}
