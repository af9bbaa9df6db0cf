/* Encode and decode of four packets: the generated codec against one by hand and libraries.
 *
 * Random packets of each kind, taken in another order each time, for a processor learns by heart
 * which branches are taken in an order that comes back; servers have no such luck. Each codec must
 * give back what it was given, and what it allocates is counted. Then
 * rounds of a fraction of a millisecond for each codec, in which the codecs take turns, every
 * second round backwards. Printed is the median time of one call through a table, and the median
 * over the rounds of its ratio to the hand-written codec in the same round: whatever slows the
 * machine slows both.
 *
 *     bench_codecs                        everything, as Markdown
 *     bench_codecs ROUNDS                 that many rounds
 *     bench_codecs ROUNDS nanopb          only that library
 *
 * Behind the tables stands whether the goals hold. A time of few rounds is none, and without a
 * library there is nothing to compare with: such goals are not measured.
 *
 * Exit status: 0, 1 if a goal that was measured does not hold, 2 if there is no such library.
 *
 * Failure modes: a packet that does not come back, other bytes than those of the hand-written
 * codec, and a byte behind the frame that changes end the program. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec_case.h"
#include "pc/os.h"
#include "proto/codec_ids.h"
#include "support/random.h"

#define ARENA_SIZE      (1u << 20)
#define SMALL_BYTES_MAX 256u
#define PACKETS_MAX     1024u
#define ROUNDS          301u
#define ROUNDS_MAX      10001u
#define ROUNDS_JUDGED   31u /* a median of fewer says nothing of a time */
#define NOT_MEASURED    (-1.0)
#define EXIT_USAGE      2
#define ROUND_US        250u
#define CASES_MAX       8u
#define PASSES_APART    1009u

union packet {
    struct codec_move move;
    struct codec_chat chat;
    struct codec_spawn_list spawn_list;
    struct codec_login login;
};

enum direction {
    ENCODE,
    DECODE,
    DIRECTION_COUNT
};

/* One codec at work on one kind of packet. */
struct runner {
    const struct codec_case *codec;
    uint32_t sizes[PACKETS_MAX];
    double size_mean; /* of the payload */
    double allocations[DIRECTION_COUNT];
    uint32_t passes[DIRECTION_COUNT]; /* over all packets, in a round */
    double ns_median[DIRECTION_COUNT];
    double ratio_median[DIRECTION_COUNT];
    double ns[DIRECTION_COUNT][ROUNDS_MAX];
    double ratio[DIRECTION_COUNT][ROUNDS_MAX];
    _Alignas(16) uint8_t bytes[ARENA_SIZE];
};

/* The worst of all kinds and directions. */
struct goals {
    double ratio;
    double move_ns;
    double of_peer;
    double of_protobuf_size;
    double allocations;
};

/* How many packets there are of a kind, and the bytes from one to the next, encoded and not. */
struct kind {
    const char *name;
    uint32_t count;
    uint32_t bytes_stride;
    uint32_t packet_stride;
};

static const struct kind kinds[] = {
    {"move", PACKETS_MAX, SMALL_BYTES_MAX, sizeof(struct codec_move)},
    {"chat", PACKETS_MAX, SMALL_BYTES_MAX, sizeof(struct codec_chat)},
    {"spawn list", ARENA_SIZE / CODEC_BYTES_MAX, CODEC_BYTES_MAX, sizeof(struct codec_spawn_list)},
    {"login", PACKETS_MAX, SMALL_BYTES_MAX, sizeof(struct codec_login)},
};

static const struct codec_case *const codecs[] = {
    &codec_hand,         &codec_generated,
#ifdef BENCH_MSGPACK
    &codec_msgpack,
#endif
#ifdef BENCH_NANOPB
    &codec_nanopb,
#endif
#ifdef BENCH_PROTOBUF_C
    &codec_protobuf_c,
#endif
#ifdef BENCH_PROTOBUF_CPP
    &codec_protobuf_cpp,
#endif
#ifdef BENCH_FLATBUFFERS
    &codec_flatbuffers,
#endif
#ifdef BENCH_CAPNP
    &codec_capnp,
#endif
};
#define CODEC_COUNT (sizeof codecs / sizeof codecs[0])

static _Alignas(16) uint8_t packets[ARENA_SIZE];
static struct runner runners[CASES_MAX];
static uint32_t runner_count;
static uint32_t rounds = ROUNDS;
static struct goals goals = {
    .ratio = NOT_MEASURED,
    .move_ns = NOT_MEASURED,
    .of_peer = NOT_MEASURED,
    .of_protobuf_size = NOT_MEASURED,
    .allocations = NOT_MEASURED,
};
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

static void *packet_at(enum codec_kind kind, uint32_t index)
{
    return packets + (size_t)index * kinds[kind].packet_stride;
}

static uint8_t *bytes_at(struct runner *runner, enum codec_kind kind, uint32_t index)
{
    return runner->bytes + (size_t)index * kinds[kind].bytes_stride;
}

static void make_packet(struct random_source *random, enum codec_kind kind, union packet *packet)
{
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
static bool is_same(enum codec_kind kind, const void *a, const void *b)
{
    static uint8_t bytes[2][CODEC_BYTES_MAX];
    uint32_t size = codec_hand.encode[kind](a, bytes[0]);
    return codec_hand.encode[kind](b, bytes[1]) == size && memcmp(bytes[0], bytes[1], size) == 0;
}

/* Once through all packets, in an order of its own: counts are powers of two, so that an odd stride
 * meets each of them. */
static uint64_t run_pass(struct runner *runner, enum codec_kind kind, enum direction direction,
                         uint32_t pass)
{
    static uint8_t bytes[CODEC_BYTES_MAX];
    static union packet packet;
    uint32_t mask = kinds[kind].count - 1;
    uint32_t stride = (pass * 2654435761u >> 16) | 1;
    uint64_t sum = 0;
    if (direction == ENCODE) {
        codec_encode_fn *encode = runner->codec->encode[kind];
        for (uint32_t i = 0; i <= mask; i++) {
            sum += encode(packet_at(kind, (i * stride + pass) & mask), bytes);
        }
        return sum;
    }
    codec_decode_fn *decode = runner->codec->decode[kind];
    for (uint32_t i = 0; i <= mask; i++) {
        uint32_t index = (i * stride + pass) & mask;
        sum += decode(bytes_at(runner, kind, index), runner->sizes[index], &packet);
    }
    return sum;
}

/* pass: the first one's number; the same for all codecs of a round. */
static double time_passes(struct runner *runner, enum codec_kind kind, enum direction direction,
                          uint32_t passes, uint32_t pass)
{
    sink += run_pass(runner, kind, direction, pass); /* warms the caches */
    uint64_t began_us = pc_os_monotonic_us();
    for (uint32_t i = 1; i <= passes; i++) {
        sink += run_pass(runner, kind, direction, pass + i);
    }
    double ns = (double)(pc_os_monotonic_us() - began_us) * 1000;
    return ns / ((double)passes * kinds[kind].count);
}

_Noreturn static void fail(const struct runner *runner, enum codec_kind kind, const char *what)
{
    (void)fprintf(stderr, "%s: a %s %s\n", runner->codec->name, kinds[kind].name, what);
    exit(EXIT_FAILURE);
}

/* The generated codec makes the bytes of the hand-written one, and touches none behind them. */
static void check_bytes(struct runner *runner, enum codec_kind kind, const void *packet)
{
    static uint8_t bytes[2][CODEC_BYTES_MAX];
    memset(bytes, 0xa5, sizeof bytes);
    uint32_t size = codec_hand.encode[kind](packet, bytes[0]);
    if (runner->codec->encode[kind](packet, bytes[1]) != size ||
        memcmp(bytes[0], bytes[1], size) != 0) {
        fail(runner, kind, "has other bytes");
    }
    for (uint32_t i = size; i < CODEC_BYTES_MAX; i++) {
        if (bytes[0][i] != 0xa5 || bytes[1][i] != 0xa5) {
            fail(runner, kind, "is written beyond its end");
        }
    }
}

/* Everything comes back; and whatever a codec keeps has been made before we count. */
static void check(struct runner *runner, enum codec_kind kind)
{
    static union packet decoded;
    uint64_t size_sum = 0;
    for (uint32_t i = 0; i < kinds[kind].count; i++) {
        const void *packet = packet_at(kind, i);
        uint8_t *bytes = bytes_at(runner, kind, i);
        runner->sizes[i] = runner->codec->encode[kind](packet, bytes);
        size_sum += runner->sizes[i] - runner->codec->header_size;
        if (!runner->codec->decode[kind](bytes, runner->sizes[i], &decoded) ||
            !is_same(kind, packet, &decoded)) {
            fail(runner, kind, "does not come back");
        }
        if (runner->codec->header_size != 0) {
            check_bytes(runner, kind, packet);
        }
    }
    runner->size_mean = (double)size_sum / kinds[kind].count;
}

static void prepare(struct runner *runner, enum codec_kind kind)
{
    check(runner, kind);
    for (int direction = 0; direction < DIRECTION_COUNT; direction++) {
        uint64_t before = allocation_count;
        sink += run_pass(runner, kind, (enum direction)direction, 0);
        runner->allocations[direction] = (double)(allocation_count - before) / kinds[kind].count;
        double ns = time_passes(runner, kind, (enum direction)direction, 3, 0);
        double passes = ROUND_US * 1000 / (ns * kinds[kind].count + 1);
        runner->passes[direction] = passes < 1 ? 1 : (uint32_t)passes;
    }
}

static void run_round(enum codec_kind kind, uint32_t round)
{
    for (int direction = 0; direction < DIRECTION_COUNT; direction++) {
        for (uint32_t turn = 0; turn < runner_count; turn++) {
            uint32_t r = round % 2 == 0 ? turn : runner_count - 1 - turn;
            runners[r].ns[direction][round] =
                time_passes(&runners[r], kind, (enum direction)direction,
                            runners[r].passes[direction], round * PASSES_APART);
        }
        for (uint32_t r = 0; r < runner_count; r++) {
            runners[r].ratio[direction][round] =
                runners[r].ns[direction][round] / runners[0].ns[direction][round];
        }
    }
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static double median(double *values)
{
    qsort(values, rounds, sizeof *values, compare);
    return values[rounds / 2];
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void sum_up(struct runner *runner)
{
    for (int direction = 0; direction < DIRECTION_COUNT; direction++) {
        runner->ns_median[direction] = median(runner->ns[direction]);
        runner->ratio_median[direction] = median(runner->ratio[direction]);
    }
}

static void print_row(const struct runner *runner)
{
    (void)printf("| %s | %.0f | %.1f | %.2f | %.1f | %.2f | %.3g + %.3g |\n", runner->codec->name,
                 runner->size_mean, runner->ns_median[ENCODE], runner->ratio_median[ENCODE],
                 runner->ns_median[DECODE], runner->ratio_median[DECODE],
                 runner->allocations[ENCODE], runner->allocations[DECODE]);
}

static void judge_times(enum codec_kind kind)
{
    const struct runner *generated = &runners[1];
    for (int direction = 0; direction < DIRECTION_COUNT; direction++) {
        goals.ratio = larger(goals.ratio, generated->ratio_median[direction]);
        if (kind == CODEC_MOVE) {
            goals.move_ns = larger(goals.move_ns, generated->ns_median[direction]);
        }
        for (uint32_t r = 2; r < runner_count; r++) {
            double of_peer = generated->ns_median[direction] / runners[r].ns_median[direction];
            goals.of_peer = larger(goals.of_peer, of_peer);
        }
    }
}

/* What the generated codec is to reach; see docs/PERFORMANCE.md. */
static void judge(enum codec_kind kind)
{
    const struct runner *generated = &runners[1];
    if (rounds >= ROUNDS_JUDGED) {
        judge_times(kind);
    }
#ifdef BENCH_COUNTS_ALLOCATIONS
    for (int direction = 0; direction < DIRECTION_COUNT; direction++) {
        goals.allocations = larger(goals.allocations, generated->allocations[direction]);
    }
#endif
    for (uint32_t r = 2; r < runner_count; r++) {
        if (strncmp(runners[r].codec->name, "protobuf", strlen("protobuf")) == 0) {
            goals.of_protobuf_size =
                larger(goals.of_protobuf_size, generated->size_mean / runners[r].size_mean);
        }
    }
}

/* False if it was measured and does not hold. */
static bool print_goal(const char *what, double most, double measured)
{
    if (measured < 0) {
        (void)printf("| %s | %.2f | | not measured |\n", what, most);
        return true;
    }
    (void)printf("| %s | %.2f | %.2f | %s |\n", what, most, measured,
                 measured <= most ? "yes" : "**no**");
    return measured <= most;
}

/* True if all hold that were measured. */
static bool print_goals(void)
{
    (void)printf("| the generated codec, worst case | at most | measured | holds |\n"
                 "| --- | --- | --- | --- |\n");
    bool holds = print_goal("time, of the hand-written codec", 1.15, goals.ratio);
    holds = print_goal("move, ns of a call", 5, goals.move_ns) && holds;
    holds = print_goal("time, of the fastest library in the cell", 1, goals.of_peer) && holds;
    holds = print_goal("payload bytes, of protobuf", 1, goals.of_protobuf_size) && holds;
    return print_goal("allocations", 0, goals.allocations) && holds;
}

/* The first two codecs always run. only: the one library that does; NULL: all. False if there is
 * none of that name in this build, which has been said. */
static bool choose_codecs(const char *only)
{
    for (uint32_t i = 0; i < CODEC_COUNT; i++) {
        if (i < 2 || only == NULL || strcmp(codecs[i]->name, only) == 0) {
            runners[runner_count++].codec = codecs[i];
        }
    }
    if (only == NULL || runner_count > 2) {
        return true;
    }
    (void)fprintf(stderr, "bench_codecs: no library %s; this build has:", only);
    for (uint32_t i = 2; i < CODEC_COUNT; i++) {
        (void)fprintf(stderr, " %s", codecs[i]->name);
    }
    (void)fprintf(stderr, "\n");
    return false;
}

static void run_kind(enum codec_kind kind)
{
    static union packet packet;
    struct random_source random = {.state = 7};
    for (uint32_t i = 0; i < kinds[kind].count; i++) {
        memset(&packet, 0, sizeof packet);
        make_packet(&random, kind, &packet);
        memcpy(packet_at(kind, i), &packet, kinds[kind].packet_stride);
    }
    for (uint32_t r = 0; r < runner_count; r++) {
        prepare(&runners[r], kind);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        run_round(kind, round);
    }
    (void)printf("| %s | payload bytes | encode ns | of hand-written | decode ns | of hand-written "
                 "| allocations |\n| --- | --- | --- | --- | --- | --- | --- |\n",
                 kinds[kind].name);
    for (uint32_t r = 0; r < runner_count; r++) {
        sum_up(&runners[r]);
        print_row(&runners[r]);
    }
    judge(kind);
    (void)printf("\n");
}

int main(int argument_count, char **arguments)
{
    if (argument_count > 1) {
        rounds = (uint32_t)strtoul(arguments[1], NULL, 10);
        rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    }
    if (!choose_codecs(argument_count > 2 ? arguments[2] : NULL)) {
        return EXIT_USAGE;
    }
    for (int kind = 0; kind < CODEC_KIND_COUNT; kind++) {
        run_kind((enum codec_kind)kind);
    }
    return print_goals() ? EXIT_SUCCESS : EXIT_FAILURE;
}
