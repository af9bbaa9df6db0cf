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

#define SITUATIONS       5u
#define TESTS_MAX        2000u
#define NAME_SIZE        96u
#define CHANGED_SIZE_MAX 1500u /* larger payloads are not changed byte by byte */

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

/* Encode packet and compare with the payload. */
static void case__expect_bytes(const struct codec_case *item, const void *packet,
                               const uint8_t *payload, uint32_t size)
{
    uint32_t frame_size = item->frame_size(packet);
    uint8_t *frame;

    assert_int_equal(frame_size, size + PC_FRAME_HEADER_SIZE);
    frame = malloc(frame_size);
    assert_non_null(frame);
    memset(frame, 0x5a, frame_size);
    item->encode(packet, frame);
    assert_int_equal(pc_frame_get_u16(frame), frame_size);
    assert_int_equal(pc_frame_get_u16(frame + 2), item->id);
    assert_memory_equal(frame + PC_FRAME_HEADER_SIZE, payload, size);
    free(frame);
}

static void codec_sample_becomes_its_bytes(void **state)
{
    const struct codec_case *item = *state;
    for (size_t i = 0; i < item->sample_count; i++) {
        const struct codec_sample *sample = &item->samples[i];
        case__expect_bytes(item, sample->packet, sample->payload, sample->payload_size);
    }
    if (!item->is_canonical) {
        return;
    }
    assert_int_equal(item->frame_size(item->samples[0].packet), item->frame_min);
    assert_int_equal(item->frame_size(item->samples[item->sample_count - 1].packet),
                     item->frame_max);
}

/* The payload is kept until the packet is encoded: bytes fields borrow from it. */
static void codec_bytes_decode_and_encode_to_themselves(void **state)
{
    const struct codec_case *item = *state;
    void *packet = malloc(item->packet_size);
    assert_non_null(packet);
    for (size_t i = 0; i < item->sample_count; i++) {
        const struct codec_sample *sample = &item->samples[i];
        uint8_t *payload = copy__make(sample->payload, sample->payload_size);
        memset(packet, 0xa5, item->packet_size);
        assert_int_equal(item->decode(payload, sample->payload_size, packet), PC_WIRE_OK);
        case__expect_bytes(item, packet, payload, sample->payload_size);
        free(payload);
    }
    free(packet);
}

static void codec_truncated_anywhere_is_refused(void **state)
{
    const struct codec_case *item = *state;
    void *packet = malloc(item->packet_size);
    assert_non_null(packet);
    for (size_t i = 0; i < item->sample_count; i++) {
        const struct codec_sample *sample = &item->samples[i];
        const uint32_t *end = sample->ends;
        for (uint32_t size = 0; size < sample->payload_size; size++) {
            enum pc_wire_error error = case__decode(item, sample->payload, size, packet);
            bool is_older = size == *end;
            assert_int_equal(error, is_older ? PC_WIRE_OK : PC_WIRE_TRUNCATED);
            while (*end <= size) {
                end++;
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
    for (size_t i = 0; i < item->broken_count; i++) {
        const struct codec_broken *broken = &item->broken[i];
        enum pc_wire_error error =
            case__decode(item, broken->payload, broken->payload_size, packet);
        if (error != broken->error) {
            fail_msg("%s, %s: %s instead of %s", item->name, broken->what,
                     pc_wire_error_name(error), pc_wire_error_name(broken->error));
        }
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
    for (size_t i = 0; i < item->sample_count; i++) {
        const struct codec_sample *sample = &item->samples[i];
        uint32_t size = sample->payload_size;
        uint8_t *payload = copy__make(sample->payload, size);
        if (size <= CHANGED_SIZE_MAX) {
            case__change(item, payload, size, packet);
        }
        free(payload);
    }
    free(packet);
}

static const struct CMUnitTest situations[SITUATIONS] = {
    cmocka_unit_test(codec_sample_becomes_its_bytes),
    cmocka_unit_test(codec_bytes_decode_and_encode_to_themselves),
    cmocka_unit_test(codec_truncated_anywhere_is_refused),
    cmocka_unit_test(codec_broken_payload_is_refused_with_its_reason),
    cmocka_unit_test(codec_changed_byte_is_refused_or_kept),
};

int main(void)
{
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
    return _cmocka_run_group_tests("codec", tests, count, NULL, NULL);
}
