/* Every packet of a protocol against its generated vectors: exact bytes both ways, every
 * truncation, every kind of wrong value, and single bytes changed at random places.
 *
 * Payloads and packets lie in memory of exactly their size, so that AddressSanitizer sees the first
 * byte read or written beyond. */
#include "generated/codec_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/frame.h"
#include "support/cmocka_all.h"

#define SITUATIONS       7u
#define TESTS_MAX        2000u
#define NAME_SIZE        96u
#define CHANGED_SIZE_MAX 1500u /* larger payloads are not changed byte by byte */

static size_t cases_run; /* of all packets; main compares it with the table */

/* A copy of exactly size bytes; size 0 still has an address. */
static uint8_t *copy__make(const uint8_t *bytes, uint32_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static enum pc_wire_error case__decode(const struct codec_case *item, const uint8_t *payload,
                                       uint32_t size, void *packet)
{
    uint8_t *copy = copy__make(payload, size);
    enum pc_wire_error error = item->decode(copy, size, packet);
    free(copy);
    return error;
}

/* A frame of that size, filled by nobody yet. */
static uint8_t *frame__make(uint32_t frame_size, uint32_t payload_size)
{
    uint8_t *frame;
    assert_int_equal(frame_size, payload_size + PC_FRAME_HEADER_SIZE);
    frame = malloc(frame_size);
    assert_non_null(frame);
    memset(frame, 0x5a, frame_size);
    return frame;
}

/* Compare with header and payload, and free it. */
static void frame__expect(const struct codec_case *item, uint8_t *frame, const uint8_t *payload,
                          uint32_t size)
{
    assert_int_equal(pc_frame_get_u16(frame), size + PC_FRAME_HEADER_SIZE);
    assert_int_equal(pc_frame_get_u16(frame + 2), item->id);
    assert_memory_equal(frame + PC_FRAME_HEADER_SIZE, payload, size);
    free(frame);
}

/* Encode packet and compare with the payload. */
static void case__expect_bytes(const struct codec_case *item, const void *packet,
                               const uint8_t *payload, uint32_t size)
{
    uint8_t *frame = frame__make(item->frame_size(packet), size);
    item->encode(packet, frame);
    frame__expect(item, frame, payload, size);
}

static void codec_value_becomes_its_bytes(void **state)
{
    const struct codec_case *item = *state;
    for (size_t i = 0; i < item->accept_count; i++) {
        const struct codec_accept *accept = &item->accepts[i];
        case__expect_bytes(item, accept->packet, accept->encoded, accept->encoded_size);
    }
    for (size_t i = 0; i < item->encode_count; i++) {
        const struct codec_encode *encode = &item->encodes[i];
        case__expect_bytes(item, encode->packet, encode->payload, encode->payload_size);
        cases_run++;
    }
}

static void codec_value_becomes_the_bytes_of_an_older_version(void **state)
{
    const struct codec_case *item = *state;
    for (size_t i = 0; i < item->accept_count; i++) {
        const struct codec_accept *accept = &item->accepts[i];
        uint32_t size = accept->payload_size;
        uint8_t *frame;
        if (accept->version == 0) {
            continue;
        }
        frame = frame__make(item->frame_size_at(accept->packet, accept->version), size);
        item->encode_at(accept->packet, accept->version, frame);
        frame__expect(item, frame, accept->payload, size);
    }
}

static void codec_sizes_are_between_the_least_and_the_most(void **state)
{
    const struct codec_case *item = *state;
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    for (size_t i = 0; i < item->accept_count; i++) {
        uint32_t size = item->accepts[i].payload_size + PC_FRAME_HEADER_SIZE;
        least = size < least ? size : least;
        most = size > most ? size : most;
    }
    assert_true(least >= item->frame_min && most <= item->frame_max);
    if (item->is_canonical) {
        assert_true(least == item->frame_min && most == item->frame_max);
    }
}

/* The payload is kept until the packet is encoded: bytes fields borrow from it. */
static void codec_bytes_decode_and_encode_again(void **state)
{
    const struct codec_case *item = *state;
    void *packet = malloc(item->packet_size);
    assert_non_null(packet);
    for (size_t i = 0; i < item->accept_count; i++) {
        const struct codec_accept *accept = &item->accepts[i];
        uint8_t *payload = copy__make(accept->payload, accept->payload_size);
        enum pc_wire_error error;
        memset(packet, 0xa5, item->packet_size);
        error = item->decode(payload, accept->payload_size, packet);
        if (error != PC_WIRE_OK) {
            fail_msg("%s, %s: %s", item->name, accept->name, pc_wire_error_name(error));
        }
        case__expect_bytes(item, packet, accept->encoded, accept->encoded_size);
        free(payload);
        cases_run++;
    }
    free(packet);
}

static void codec_truncated_anywhere_is_refused(void **state)
{
    const struct codec_case *item = *state;
    void *packet = malloc(item->packet_size);
    assert_non_null(packet);
    for (size_t i = 0; i < item->accept_count; i++) {
        const struct codec_accept *accept = &item->accepts[i];
        const uint32_t *cut = accept->cuts;
        for (uint32_t size = 0; accept->has_cuts && size < accept->payload_size; size++) {
            enum pc_wire_error error = case__decode(item, accept->payload, size, packet);
            assert_int_equal(error, size == *cut ? PC_WIRE_OK : PC_WIRE_TRUNCATED);
            while (*cut <= size) {
                cut++;
            }
        }
    }
    free(packet);
}

static void codec_broken_payload_is_refused_with_its_reason(void **state)
{
    const struct codec_case *item = *state;
    void *packet = malloc(item->packet_size);
    assert_non_null(packet);
    for (size_t i = 0; i < item->reject_count; i++) {
        const struct codec_reject *reject = &item->rejects[i];
        enum pc_wire_error error =
            case__decode(item, reject->payload, reject->payload_size, packet);
        if (error != reject->error) {
            fail_msg("%s, %s: %s instead of %s", item->name, reject->name,
                     pc_wire_error_name(error), pc_wire_error_name(reject->error));
        }
        cases_run++;
    }
    free(packet);
}

/* What decodes has one form only: encoding it again gives the same bytes. */
static void case__change(const struct codec_case *item, uint8_t *payload, uint32_t size,
                         void *packet)
{
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x7f};
    for (uint32_t at = 0; at < size; at++) {
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
            payload[at] ^= changes[i];
            if (item->decode(payload, size, packet) == PC_WIRE_OK && item->is_canonical) {
                case__expect_bytes(item, packet, payload, size);
            }
            payload[at] ^= changes[i];
        }
    }
}

static void codec_changed_byte_is_refused_or_kept(void **state)
{
    const struct codec_case *item = *state;
    void *packet = malloc(item->packet_size);
    assert_non_null(packet);
    for (size_t i = 0; i < item->accept_count; i++) {
        const struct codec_accept *accept = &item->accepts[i];
        uint32_t size = accept->payload_size;
        uint8_t *payload = copy__make(accept->payload, size);
        if (size <= CHANGED_SIZE_MAX) {
            case__change(item, payload, size, packet);
        }
        free(payload);
    }
    free(packet);
}

static const struct CMUnitTest situations[SITUATIONS] = {
    cmocka_unit_test(codec_value_becomes_its_bytes),
    cmocka_unit_test(codec_value_becomes_the_bytes_of_an_older_version),
    cmocka_unit_test(codec_sizes_are_between_the_least_and_the_most),
    cmocka_unit_test(codec_bytes_decode_and_encode_again),
    cmocka_unit_test(codec_truncated_anywhere_is_refused),
    cmocka_unit_test(codec_broken_payload_is_refused_with_its_reason),
    cmocka_unit_test(codec_changed_byte_is_refused_or_kept),
};

/* No case of the table was passed over. */
static bool cases__all_run(void)
{
    size_t count = 0;
    for (size_t i = 0; i < codec_case_count; i++) {
        count += codec_cases[i].accept_count + codec_cases[i].encode_count;
        count += codec_cases[i].reject_count;
    }
    printf("%zu of %zu cases\n", cases_run, count);
    return cases_run == count;
}

int main(void)
{
    int failed;
    static struct CMUnitTest tests[TESTS_MAX];
    static char names[TESTS_MAX][NAME_SIZE];
    size_t count = 0;

    for (size_t i = 0; i < codec_case_count; i++) {
        for (size_t j = 0; j < SITUATIONS && count < TESTS_MAX; j++, count++) {
            (void)snprintf(names[count], NAME_SIZE, "%s: %s", codec_cases[i].name,
                           situations[j].name);
            tests[count] = situations[j];
            tests[count].name = names[count];
            tests[count].initial_state = (void *)(uintptr_t)&codec_cases[i];
        }
    }
    if (count < codec_case_count * SITUATIONS) {
        (void)fprintf(stderr, "too many packets for TESTS_MAX\n");
        return 1;
    }
    failed = _cmocka_run_group_tests("codec", tests, count, NULL, NULL);
    return failed == 0 && cases__all_run() ? 0 : 1;
}
