/* Reads a packet's id and payload from each line, in hexadecimal, and answers with a line: what the
 * decoder says, and if that is "ok" the frame that it encodes to again, at each version of the
 * protocol, then a tab and the packet as JSON. packets.h is made for each schema. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"

#include "pc/frame.h"

#define LINE_MAX 300000

/* A block of exactly this size, so that a sanitizer sees a step too far. */
static uint8_t *make_block(uint32_t size)
{
    uint8_t *block = malloc(size + (size == 0));
    if (block == NULL) {
        exit(EXIT_FAILURE);
    }
    memset(block, 0x5a, size);
    return block;
}

static void print_frame(const uint8_t *frame, uint32_t size)
{
    putchar(' ');
    for (uint32_t i = 0; i < size; i++) {
        printf("%02x", frame[i]);
    }
}

/* What goes beside the codec has to agree with it: what was decoded is valid, equal to itself, and
 * prints as long as it says. */
#define CHECK_PARTS(packet_name)                                                                   \
    static void parts__##packet_name(const struct packet_name *packet, const uint8_t *payload,     \
                                     uint32_t payload_size)                                        \
    {                                                                                              \
        struct packet_name *again = (void *)make_block(sizeof *again);                             \
        uint32_t size = packet_name##_print(packet, NULL, 0);                                      \
        char *text = (char *)make_block(size + 1);                                                 \
        if (packet_name##_validate(packet) != PC_WIRE_OK) {                                        \
            printf(" invalid");                                                                    \
        }                                                                                          \
        memset(again, 0xa5, sizeof *again);                                                        \
        if (packet_name##_decode(payload, payload_size, again) != PC_WIRE_OK ||                    \
            !packet_name##_equal(packet, again)) {                                                 \
            printf(" unequal");                                                                    \
        }                                                                                          \
        if (packet_name##_print(packet, text, size + 1) != size || strlen(text) != size) {         \
            printf(" misprinted");                                                                 \
        }                                                                                          \
        printf("\t%s", text);                                                                      \
        free(text);                                                                                \
        free(again);                                                                               \
    }

/* What lies in the struct where nothing was decoded must not matter: it differs from run to run. */
#define CHECK(packet_name, id_macro)                                                               \
    CHECK_PARTS(packet_name)                                                                       \
    static void check__##packet_name(const uint8_t *payload, uint32_t payload_size)                \
    {                                                                                              \
        struct packet_name *packet = (void *)make_block(sizeof *packet);                           \
        enum pc_wire_error error = packet_name##_decode(payload, payload_size, packet);            \
        printf("%s", pc_wire_error_name(error));                                                   \
        for (uint16_t version = 1; error == PC_WIRE_OK && version <= VERSIONS; version++) {        \
            uint32_t size = SIZE_AT(packet_name, packet, version);                                 \
            uint8_t *frame = make_block(size);                                                     \
            if (size != 0) {                                                                       \
                ENCODE_AT(packet_name, packet, version, frame);                                    \
            }                                                                                      \
            print_frame(frame, size);                                                              \
            free(frame);                                                                           \
        }                                                                                          \
        if (error == PC_WIRE_OK) {                                                                 \
            parts__##packet_name(packet, payload, payload_size);                                   \
        }                                                                                          \
        putchar('\n');                                                                             \
        free(packet);                                                                              \
    }

#define SIZE_AT(name, packet, version)          name##_frame_size(packet)
#define ENCODE_AT(name, packet, version, frame) name##_encode(packet, frame)
EACH_SAME(CHECK)
#undef SIZE_AT
#undef ENCODE_AT
#define SIZE_AT(name, packet, version)          name##_frame_size_at(packet, version)
#define ENCODE_AT(name, packet, version, frame) name##_encode_at(packet, version, frame)
EACH_GROWN(CHECK)

struct packet {
    uint16_t id;
    void (*check)(const uint8_t *payload, uint32_t payload_size);
};

#define ROW(packet_name, id_macro) {id_macro, check__##packet_name},
static const struct packet packets[] = {EACH_SAME(ROW) EACH_GROWN(ROW)};

static uint8_t digit(char character)
{
    return (uint8_t)(character >= 'a' ? character - 'a' + 10 : character - '0');
}

static void check_line(const char *line)
{
    char *text;
    uint16_t id = (uint16_t)strtoul(line, &text, 10);
    text++;
    uint32_t size = (uint32_t)strcspn(text, "\r\n") / 2;
    uint8_t *payload = make_block(size);
    for (uint32_t i = 0; i < size; i++) {
        payload[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        if (packets[i].id == id) {
            packets[i].check(payload, size);
        }
    }
    free(payload);
}

int main(void)
{
    static char line[LINE_MAX];
    while (fgets(line, sizeof line, stdin) != NULL) {
        check_line(line);
    }
    return EXIT_SUCCESS;
}
