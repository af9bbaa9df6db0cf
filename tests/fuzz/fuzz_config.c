/* Fuzzes the loader of ini files: every kind of key, any bytes as the file.
 *
 * Whatever is in it: no crash, each value within what its key allows, and an error exactly when the
 * loader says so, with the file's name in it. A second load of the same text says the same. */
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "pc/address.h"
#include "pc/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
    uint32_t workers;
    uint32_t buffers;
    bool is_loud;
    uint32_t colour;
    struct pc_address listen;
    struct pc_address peer;
    char node[9];
    char file[CONFIG_PATH_SIZE];
};

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct config_key keys[] = {
    {CONFIG_AT(CONFIG_NUMBER, struct values, workers), .section = "a", .name = "workers",
     .initial = "auto", .min = 2, .max = 64, .unit = "threads", .zero = "auto", .doc = "Threads."},
    {CONFIG_AT(CONFIG_NUMBER, struct values, buffers), .section = "a", .name = "buffers",
     .initial = "256", .min = 8, .max = 1024, .is_power_of_two = true, .doc = "Buffers."},
    {CONFIG_AT(CONFIG_BOOL, struct values, is_loud), .section = "b", .name = "loud",
     .initial = "no", .doc = "Loud."},
    {CONFIG_AT(CONFIG_WORD, struct values, colour), .section = "b", .name = "colour",
     .initial = "red", .words = colours, .doc = "A colour."},
    {CONFIG_AT(CONFIG_ADDRESS, struct values, listen), .section = "c", .name = "listen",
     .initial = "127.0.0.1:7000", .doc = "An address."},
    {CONFIG_AT(CONFIG_ADDRESS, struct values, peer), .section = "c", .name = "peer", .initial = "",
     .is_optional = true, .doc = "An address or none."},
    {CONFIG_AT(CONFIG_TEXT, struct values, node), .section = "c", .name = "node", .initial = "one",
     .min = 1, .doc = "A name."},
    {CONFIG_AT(CONFIG_PATH, struct values, file), .section = "c", .name = "file",
     .initial = "a.key", .min = 1, .doc = "A file."},
};

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
    PC_ASSERT(values.workers == 0 || (values.workers >= 2 && values.workers <= 64));
    PC_ASSERT(values.buffers >= 8 && values.buffers <= 1024);
    PC_ASSERT((values.buffers & (values.buffers - 1)) == 0);
    PC_ASSERT(values.colour < 3);
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
