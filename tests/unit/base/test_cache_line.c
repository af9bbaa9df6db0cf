/* Memory on cache lines: it begins one, ends one, and is zeroed. */
#include "base/cache_line.h"

#include <stdint.h>
#include <string.h>

#include "support/cmocka_all.h"

static void cache_line_round_up_keeps_whole_lines(void **state)
{
    (void)state;
    assert_int_equal(cache_line_round_up(0), 0);
    assert_int_equal(cache_line_round_up(1), 64);
    assert_int_equal(cache_line_round_up(64), 64);
    assert_int_equal(cache_line_round_up(65), 128);
}

/* Every byte up to the end of the last line may be written; a sanitizer sees one that may not. */
static void cache_line_allocate_begins_a_line_and_shares_none(void **state)
{
    static const size_t sizes[] = {1, 8, 63, 64, 65, 100000};
    (void)state;
    for (uint32_t i = 0; i < COUNT_OF(sizes); i++) {
        uint8_t *memory = cache_line_allocate(sizes[i]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % CACHE_LINE_SIZE, 0);
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(memory[k], 0);
        }
        memset(memory, 0xff, cache_line_round_up(sizes[i]));
        cache_line_free(memory);
    }
    cache_line_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache_line_round_up_keeps_whole_lines),
        cmocka_unit_test(cache_line_allocate_begins_a_line_and_shares_none),
    };
    return cmocka_run_group_tests_name("cache_line", tests, NULL, NULL);
}
