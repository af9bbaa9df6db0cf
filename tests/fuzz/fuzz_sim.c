/* Fuzzes sessions under simulation: the input makes the choices of a simulated run, so libFuzzer
 * looks for the order of events and faults that reaches new code. tests/sim has the run and its
 * invariants.
 *
 * Input: each choice takes as many bytes as its bound needs. When the bytes end nothing new begins,
 * and what has begun comes to rest with choices of a generator. */
#include "sim_run.h"

#define FUZZ_MOVES_MAX 4000u
#define FUZZ_CALM_MS   200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_choices {
    const uint8_t *data;
    size_t size;
    size_t at;
    uint32_t random; /* behind the end */
};

static uint32_t fuzz__byte(struct fuzz_choices *choices)
{
    if (choices->at < choices->size) {
        return choices->data[choices->at++];
    }
    choices->random = choices->random * 1664525u + 1013904223u;
    return choices->random >> 24;
}

static uint32_t fuzz__choose(void *source, uint32_t bound)
{
    uint32_t value = fuzz__byte(source);
    for (uint32_t reach = 256; reach < bound; reach <<= 8) {
        value = value << 8 | fuzz__byte(source);
        if (reach > UINT32_MAX >> 8) {
            break;
        }
    }
    return value % bound;
}

static bool fuzz__goes_on(void *source)
{
    const struct fuzz_choices *choices = source;
    return choices->at < choices->size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_choices choices = {.data = data, .size = size};
    struct sim_totals totals = {0};
    const struct sim_run_options options = {
        .choose = fuzz__choose,
        .goes_on = fuzz__goes_on,
        .source = &choices,
        .move_count = FUZZ_MOVES_MAX,
        .calm_ms = FUZZ_CALM_MS,
    };
    (void)sim_run(&options, &totals);
    return 0;
}
