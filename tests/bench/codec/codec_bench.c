/* Encode and decode of four packets: the generated codec against one by hand and libraries.
 *
 * 256 random packets of each kind; each codec must give back what it was given. Then rounds in
 * which the codecs take turns; printed is the median time of one call through a table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec_case.h"
#include "pc/os.h"
#include "proto/codec_ids.h"
#include "support/random.h"

#define PACKET_COUNT 256u
#define ROUNDS       9u
#define ROUND_US     20000u
#define CASES_MAX    8u

union packet {
    struct codec_move move;
    struct codec_chat chat;
    struct codec_spawn_list spawn_list;
    struct codec_login login;
};

static const char *const kind_names[] = {"move", "chat", "spawn list", "login"};

static const struct codec_case *const cases[] = {
    &codec_hand,         &codec_generated,
#ifdef BENCH_MSGPACK
    &codec_msgpack,
#endif
#ifdef BENCH_PROTOBUF_C
    &codec_protobuf_c,
#endif
#ifdef BENCH_PROTOBUF_CPP
    &codec_protobuf_cpp,
#endif
};
#define CASE_COUNT (sizeof cases / sizeof cases[0])

static union packet packets[PACKET_COUNT];
static uint8_t encoded[PACKET_COUNT][CODEC_BYTES_MAX];
static uint32_t encoded_sizes[PACKET_COUNT];
static volatile uint64_t sink; /* what is computed must not be optimised away */

static void put_text(struct random_source *random, char *text, uint16_t *size, uint32_t least,
                     uint32_t most)
{
    *size = (uint16_t)(least + random_below(random, most - least + 1));
    for (uint32_t i = 0; i < *size; i++) {
        text[i] = (char)(' ' + random_below(random, 95));
    }
    text[*size] = '\0';
}

static float random_float(struct random_source *random)
{
    return (float)random_below(random, 2000000) / 100 - 10000;
}

static void make_spawn_list(struct random_source *random, struct codec_spawn_list *list)
{
    list->entries_count = (uint16_t)(1 + random_below(random, CODEC_ENTRIES_MAX));
    for (uint32_t i = 0; i < list->entries_count; i++) {
        struct codec_spawn *spawn = &list->entries[i];
        spawn->id = (uint32_t)random_u64(random);
        spawn->kind = (enum codec_spawn_kind)random_below(random, 4);
        spawn->x = random_float(random);
        spawn->y = random_float(random);
        spawn->z = random_float(random);
        put_text(random, spawn->name, &spawn->name_size, 3, CODEC_NAME_MAX);
    }
}

static void make_packet(struct random_source *random, enum codec_kind kind, union packet *packet)
{
    memset(packet, 0, sizeof *packet);
    switch (kind) {
    case CODEC_MOVE:
        packet->move = (struct codec_move){
            (uint32_t)random_u64(random), (uint32_t)random_u64(random), random_float(random),
            random_float(random),         random_float(random),         random_float(random)};
        break;
    case CODEC_CHAT:
        packet->chat.sender = (uint32_t)random_u64(random);
        put_text(random, packet->chat.text, &packet->chat.text_size, 1, CODEC_CHAT_MAX);
        break;
    case CODEC_SPAWN_LIST:
        make_spawn_list(random, &packet->spawn_list);
        break;
    case CODEC_LOGIN:
        packet->login.version = random_below(random, 100);
        packet->login.token = random_u64(random);
        put_text(random, packet->login.account, &packet->login.account_size, 3, CODEC_NAME_MAX);
        put_text(random, packet->login.password, &packet->login.password_size, 3, CODEC_NAME_MAX);
        break;
    case CODEC_KIND_COUNT:
        break;
    }
}

/* What was decoded is encoded by the hand-written codec: equal bytes are equal values. */
static bool is_same(enum codec_kind kind, const union packet *a, const union packet *b)
{
    static uint8_t bytes[2][CODEC_BYTES_MAX];
    uint32_t size = codec_hand.encode[kind](a, bytes[0]);
    return codec_hand.encode[kind](b, bytes[1]) == size && memcmp(bytes[0], bytes[1], size) == 0;
}

static double check(const struct codec_case *codec, enum codec_kind kind)
{
    static union packet decoded;
    uint64_t size_sum = 0;
    for (uint32_t i = 0; i < PACKET_COUNT; i++) {
        encoded_sizes[i] = codec->encode[kind](&packets[i], encoded[i]);
        size_sum += encoded_sizes[i];
        if (!codec->decode[kind](encoded[i], encoded_sizes[i], &decoded) ||
            !is_same(kind, &packets[i], &decoded)) {
            (void)fprintf(stderr, "%s: a %s does not come back\n", codec->name, kind_names[kind]);
            exit(EXIT_FAILURE);
        }
    }
    return (double)size_sum / PACKET_COUNT;
}

static double time_encode(const struct codec_case *codec, enum codec_kind kind)
{
    static uint8_t bytes[CODEC_BYTES_MAX];
    uint64_t began_us = pc_os_monotonic_us();
    uint64_t now_us = began_us;
    uint64_t count = 0;
    for (; now_us - began_us < ROUND_US; now_us = pc_os_monotonic_us()) {
        for (uint32_t i = 0; i < PACKET_COUNT; i++) {
            sink += codec->encode[kind](&packets[i], bytes);
        }
        count += PACKET_COUNT;
    }
    return (double)(now_us - began_us) * 1000 / (double)count;
}

static double time_decode(const struct codec_case *codec, enum codec_kind kind)
{
    static union packet packet;
    uint64_t began_us = pc_os_monotonic_us();
    uint64_t now_us = began_us;
    uint64_t count = 0;
    for (; now_us - began_us < ROUND_US; now_us = pc_os_monotonic_us()) {
        for (uint32_t i = 0; i < PACKET_COUNT; i++) {
            sink += codec->decode[kind](encoded[i], encoded_sizes[i], &packet);
        }
        count += PACKET_COUNT;
    }
    return (double)(now_us - began_us) * 1000 / (double)count;
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static double median(double *rounds)
{
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    return rounds[ROUNDS / 2];
}

static void run_kind(enum codec_kind kind)
{
    double encode[CASES_MAX][ROUNDS];
    double decode[CASES_MAX][ROUNDS];
    double sizes[CASES_MAX];
    struct random_source random = {.state = 7};
    for (uint32_t i = 0; i < PACKET_COUNT; i++) {
        make_packet(&random, kind, &packets[i]);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t c = 0; c < CASE_COUNT; c++) {
            sizes[c] = check(cases[c], kind);
            encode[c][round] = time_encode(cases[c], kind);
            decode[c][round] = time_decode(cases[c], kind);
        }
    }
    (void)printf("| %s | bytes | encode ns | of hand-written | decode ns | of hand-written |\n"
                 "| --- | --- | --- | --- | --- | --- |\n",
                 kind_names[kind]);
    for (uint32_t c = 0; c < CASE_COUNT; c++) {
        double encode_ns = median(encode[c]);
        double decode_ns = median(decode[c]);
        (void)printf("| %s | %.0f | %.1f | %.2f | %.1f | %.2f |\n", cases[c]->name, sizes[c],
                     encode_ns, encode_ns / median(encode[0]), decode_ns,
                     decode_ns / median(decode[0]));
    }
    (void)printf("\n");
}

int main(void)
{
    for (int kind = 0; kind < CODEC_KIND_COUNT; kind++) {
        run_kind((enum codec_kind)kind);
    }
    return EXIT_SUCCESS;
}
