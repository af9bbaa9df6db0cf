/* The text form of addresses: what is read, what is refused, what is written. */
#include "support/cmocka_all.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "pc/address.h"
#include "support/random.h"

static void assert_reads_as(const char *text, const char *canonical)
{
    struct pc_address address;
    char written[PC_ADDRESS_TEXT_SIZE];
    if (pc_address_parse(text, &address) != PC_OK) {
        fail_msg("refused: %s", text);
    }
    assert_ptr_equal(pc_address_format(&address, written), written);
    assert_string_equal(written, canonical);
}

static void address_ipv4_fields_are_network_order(void **state)
{
    (void)state;
    static const uint8_t ip[16] = {192, 168, 1, 200};
    struct pc_address address;
    assert_int_equal(pc_address_parse("192.168.1.200:65535", &address), PC_OK);
    assert_int_equal(address.family, PC_FAMILY_IPV4);
    assert_memory_equal(address.ip, ip, 16);
    assert_int_equal(address.port, 65535);
    assert_int_equal(address.reserved, 0);
}

static void address_ipv6_fields_are_network_order(void **state)
{
    (void)state;
    static const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [14] = 0xab, [15] = 0xcd};
    struct pc_address address;
    assert_int_equal(pc_address_parse("[2001:db8::abcd]:80", &address), PC_OK);
    assert_int_equal(address.family, PC_FAMILY_IPV6);
    assert_memory_equal(address.ip, ip, 16);
    assert_int_equal(address.port, 80);
}

static void address_valid_text_is_written_canonically(void **state)
{
    (void)state;
    assert_reads_as("127.0.0.1:7000", "127.0.0.1:7000");
    assert_reads_as("0.0.0.0:0", "0.0.0.0:0");
    assert_reads_as("255.255.255.255:1", "255.255.255.255:1");
    assert_reads_as("localhost:7000", "127.0.0.1:7000");
    assert_reads_as("[::]:0", "[::]:0");
    assert_reads_as("[::1]:7000", "[::1]:7000");
    assert_reads_as("[1::]:7000", "[1::]:7000");
    assert_reads_as("[2001:DB8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1");
    assert_reads_as("[2001:0db8:0000:0001:0001:0001:0001:0001]:1", "[2001:db8:0:1:1:1:1:1]:1");
    assert_reads_as("[2001:0:0:1:0:0:0:1]:1", "[2001:0:0:1::1]:1");
    assert_reads_as("[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1");
    assert_reads_as("[::2:3:4:5:6:7:8]:1", "[0:2:3:4:5:6:7:8]:1");
    assert_reads_as("[0:0:0:0:0:0:0:0]:1", "[::]:1");
    assert_reads_as("[::ffff:10.1.2.3]:1", "[::ffff:10.1.2.3]:1");
    assert_reads_as("[::ffff:a01:203]:1", "[::ffff:10.1.2.3]:1");
    assert_reads_as("[64:ff9b::1.2.3.4]:1", "[64:ff9b::102:304]:1");
    assert_reads_as("[1:2:3:4:5:6:1.2.3.4]:1", "[1:2:3:4:5:6:102:304]:1");
}

static void address_invalid_text_is_refused_untouched(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        ":7000",
        "127.0.0:1",
        "127.0.0.0.1:1",
        "256.0.0.1:1",
        "01.0.0.1:1",
        "1.2.3.4:01",
        "1.2.3.4:-1",
        "1.2.3.4:+1",
        " 1.2.3.4:1",
        "1.2.3.4:1 ",
        "1.2.3.4 :1",
        "1.2.3.4:1x",
        "1.2.3.a:1",
        "1..3.4:1",
        "1.2.3.4:99999999999999999999",
        "::1:7000",
        "[::1]",
        "[::1]7000",
        "[::1:7000",
        "[]:1",
        "[:]:1",
        "[:::]:1",
        "[1::2::3]:1",
        "[1:2:3]:1",
        "[1:2:3:4:5:6:7:8:9]:1",
        "[1:2:3:4:5:6:7:8::]:1",
        "[::1:2:3:4:5:6:7:8]:1",
        "[12345::]:1",
        "[g::]:1",
        "[:1::]:1",
        "[1:]:1",
        "[1:2:3:4:5:6:7:]:1",
        "[::1%lo]:1",
        "[1.2.3.4]:1",
        "[::1.2.3]:1",
        "[::1.2.3.4:5]:1",
        "[1:2:3:4:5:6:7:1.2.3.4]:1",
        "localhost",
        "localhosts:1",
        "LOCALHOST:1",
        "example.org:80",
        "0x7f.0.0.1:1",
        "[127.0.0.1:1",
        "[[::1]]:1",
        "1.2.3.4:1:2",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct pc_address address;
        struct pc_address before;
        memset(&address, 0x5a, sizeof address);
        before = address;
        if (pc_address_parse(texts[i], &address) != PC_ADDRESS_INVALID) {
            fail_msg("taken: %s", texts[i]);
        }
        assert_memory_equal(&address, &before, sizeof address);
    }
}

static void address_longest_text_fits(void **state)
{
    (void)state;
    struct pc_address address = {.family = PC_FAMILY_IPV6, .port = 65535};
    char text[PC_ADDRESS_TEXT_SIZE];
    memset(address.ip, 0xff, sizeof address.ip);
    assert_string_equal(pc_address_format(&address, text),
                        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void address_none_is_written_as_none(void **state)
{
    (void)state;
    struct pc_address address = {0};
    char text[PC_ADDRESS_TEXT_SIZE];
    assert_string_equal(pc_address_format(&address, text), "none");
}

static void address_random_roundtrip_is_equal(void **state)
{
    (void)state;
    struct random_source source = random_begin(__func__);
    for (uint32_t round = 0; round < 20000; round++) {
        struct pc_address address = {.family = (uint8_t)(1 + random_below(&source, 2))};
        struct pc_address again;
        char text[PC_ADDRESS_TEXT_SIZE];
        uint32_t ip_size = address.family == PC_FAMILY_IPV4 ? 4 : 16;
        uint64_t zeros = random_u64(&source);
        for (uint32_t i = 0; i < ip_size; i++) {
            bool is_zero = (zeros >> (i / 2) & 1) != 0;
            address.ip[i] = is_zero ? 0 : (uint8_t)random_u64(&source);
        }
        address.port = (uint16_t)random_u64(&source);
        assert_int_equal(pc_address_parse(pc_address_format(&address, text), &again), PC_OK);
        assert_memory_equal(&address, &again, sizeof address);
    }
}

static void address_path_is_kept_once(void **state)
{
    (void)state;
    struct pc_address first;
    struct pc_address again;
    struct pc_address other;
    assert_int_equal(pc_address_parse("unix:/run/portcullis/game.sock", &first), PC_OK);
    assert_int_equal(pc_address_parse("unix:/run/portcullis/game.sock", &again), PC_OK);
    assert_int_equal(pc_address_parse("unix:db.sock", &other), PC_OK);
    assert_memory_equal(&first, &again, sizeof first);
    assert_string_equal(pc_address_path(&first), "/run/portcullis/game.sock");
    assert_string_equal(pc_address_path(&other), "db.sock");
    assert_reads_as("unix:db.sock", "unix:db.sock");
}

static void address_path_out_of_bounds_is_invalid(void **state)
{
    (void)state;
    char text[5 + PC_ADDRESS_PATH_SIZE + 1] = "unix:";
    struct pc_address address;
    memset(text + 5, 'p', PC_ADDRESS_PATH_SIZE);
    assert_int_equal(pc_address_parse(text, &address), PC_ADDRESS_INVALID);
    text[5 + PC_ADDRESS_PATH_SIZE - 1] = '\0';
    assert_int_equal(pc_address_parse(text, &address), PC_OK);
    assert_int_equal(strlen(pc_address_path(&address)), PC_ADDRESS_PATH_SIZE - 1);
    assert_int_equal(pc_address_parse("unix:", &address), PC_ADDRESS_INVALID);
    assert_int_equal(pc_address_parse("unix:a\nb", &address), PC_ADDRESS_INVALID);
}

static void address_nameless_end_is_written_without_path(void **state)
{
    (void)state;
    const struct pc_address nameless = {.family = PC_FAMILY_UNIX};
    char text[PC_ADDRESS_TEXT_SIZE];
    assert_null(pc_address_path(&nameless));
    assert_string_equal(pc_address_format(&nameless, text), "unix:");
}

/* The last test of the group: it uses the table up. */
static void address_more_paths_than_fit_is_full(void **state)
{
    (void)state;
    struct pc_address address;
    enum pc_status status = PC_OK;
    for (uint32_t i = 0; i <= PC_ADDRESS_PATHS_MAX && status == PC_OK; i++) {
        char text[32];
        snprintf(text, sizeof text, "unix:path%u", i);
        status = pc_address_parse(text, &address);
    }
    assert_int_equal(status, PC_FULL);
    assert_int_equal(pc_address_parse("unix:path0", &address), PC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_ipv4_fields_are_network_order),
        cmocka_unit_test(address_ipv6_fields_are_network_order),
        cmocka_unit_test(address_valid_text_is_written_canonically),
        cmocka_unit_test(address_invalid_text_is_refused_untouched),
        cmocka_unit_test(address_longest_text_fits),
        cmocka_unit_test(address_none_is_written_as_none),
        cmocka_unit_test(address_random_roundtrip_is_equal),
        cmocka_unit_test(address_path_is_kept_once),
        cmocka_unit_test(address_path_out_of_bounds_is_invalid),
        cmocka_unit_test(address_nameless_end_is_written_without_path),
        cmocka_unit_test(address_more_paths_than_fit_is_full),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
