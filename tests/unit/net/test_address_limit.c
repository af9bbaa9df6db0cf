/* The per-address limit, against a plain model. */
#include <string.h>

#include "net/address_limit.h"
#include "support/cmocka_all.h"
#include "support/random.h"

static struct pc_address ipv4(uint32_t number)
{
    return (struct pc_address){
        .ip = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number},
        .family = PC_FAMILY_IPV4,
    };
}

static void address_limit_beyond_maximum_is_refused_until_one_leaves(void **state)
{
    (void)state;
    struct address_limit *limit = address_limit_create(16, 2);
    const struct pc_address here = ipv4(1);
    const struct pc_address there = ipv4(2);
    assert_true(address_limit_take(limit, &here));
    assert_true(address_limit_take(limit, &here));
    assert_false(address_limit_take(limit, &here));
    assert_true(address_limit_take(limit, &there));
    address_limit_put(limit, &here);
    assert_true(address_limit_take(limit, &here));
    address_limit_destroy(limit);
}

static void address_limit_counts_ipv6_by_its_first_half(void **state)
{
    (void)state;
    struct address_limit *limit = address_limit_create(16, 1);
    const struct pc_address one = {.ip = {0x20, 1, [15] = 1}, .family = PC_FAMILY_IPV6};
    const struct pc_address same = {.ip = {0x20, 1, [15] = 2}, .family = PC_FAMILY_IPV6};
    const struct pc_address other = {.ip = {0x20, 1, [7] = 1}, .family = PC_FAMILY_IPV6};
    assert_true(address_limit_take(limit, &one));
    assert_false(address_limit_take(limit, &same));
    assert_true(address_limit_take(limit, &other));
    address_limit_destroy(limit);
}

static void address_limit_random_use_agrees_with_a_model(void **state)
{
    (void)state;
    enum {
        ADDRESS_COUNT = 300,
        SESSIONS_MAX = 3
    };
    struct random_source random = random_begin("address_limit");
    struct address_limit *limit = address_limit_create(ADDRESS_COUNT, SESSIONS_MAX);
    uint32_t model[ADDRESS_COUNT] = {0};
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t number = random_below(&random, ADDRESS_COUNT);
        const struct pc_address address = ipv4(number * 977);
        if (random_below(&random, 2) == 0) {
            bool taken = address_limit_take(limit, &address);
            assert_int_equal(taken, model[number] < SESSIONS_MAX);
            model[number] += taken ? 1 : 0;
        } else if (model[number] > 0) {
            address_limit_put(limit, &address);
            model[number]--;
        }
    }
    address_limit_destroy(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_limit_beyond_maximum_is_refused_until_one_leaves),
        cmocka_unit_test(address_limit_counts_ipv6_by_its_first_half),
        cmocka_unit_test(address_limit_random_use_agrees_with_a_model),
    };
    return cmocka_run_group_tests_name("address_limit", tests, NULL, NULL);
}
