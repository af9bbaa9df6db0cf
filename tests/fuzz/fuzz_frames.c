/* Fuzzes the way of bytes to handlers for one accept table: assembler [5], admission [6], decode
 * [7], a stub handler [8].
 *
 * Input: one byte that seeds the split points, one byte for the protocol state, then the stream.
 * The stream is fed twice, in pieces and in one, and must be handled the same: the same frames in
 * the same order, the same end; so must it with pauses thrown in. Each piece is a heap block of its
 * exact size, so that reading past it is seen. Compiled once per table: FUZZ_TABLE is the table,
 * FUZZ_HEADER declares it. */
#include <stdlib.h>
#include <string.h>

#include FUZZ_HEADER
#include "net/assembler.h"
#include "net/dispatcher.h"
#include "net/session.h"
#include "net/worker.h"
#include "pc/check.h"

#define RATES_MAX  64u
#define POOL_BYTES ((uint64_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How a stream was handled. */
struct fuzz_story {
    uint64_t hash; /* of every frame and what became of it */
    uint32_t frames;
    enum assembler_result end;
    enum pc_refusal refusal;
};

/* A stream on its way. seed: of splits and pauses; NULL: it comes in one and never pauses. */
struct fuzz_stream {
    struct assembler assembler;
    struct assembler_memory memory;
    uint32_t *seed;
};

static uint64_t fuzz__mix(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3u;
    }
    return hash;
}

static uint64_t fuzz__mix_number(uint64_t hash, uint64_t number)
{
    return fuzz__mix(hash, &number, sizeof number);
}

/* Whom handlers get: the stubs do not look at it, but an answer to a call looks for the call at the
 * session's worker, where none waits. */
static struct pc_session *fuzz__receiver(void)
{
    static struct pc_worker worker;
    static struct pc_session session = {.worker = &worker};
    return &session;
}

/* Admit a frame and let the stub see it. False when it was refused. */
static bool fuzz__handle(const struct assembler_output *output, uint8_t *state,
                         struct fuzz_story *story)
{
    static struct token_bucket buckets[RATES_MAX];
    static const struct pc_rate unlimited = {0};
    struct token_bucket total = {0};
    struct dispatch_subject subject = {.rate = &unlimited,
                                       .total = &total,
                                       .buckets = buckets,
                                       .stamp = token_bucket_stamp(1),
                                       .state = *state};
    PC_ASSERT(FUZZ_TABLE.rate_count <= RATES_MAX);
    memset(buckets, 0, sizeof buckets);
    enum dispatch_verdict verdict = dispatcher_judge(&FUZZ_TABLE, output->entry, &subject);
    struct dispatch_result result =
        dispatcher_explain(&FUZZ_TABLE, output->entry, &subject, verdict);
    story->hash = fuzz__mix_number(story->hash, result.refusal);
    story->refusal = result.refusal;
    if (result.refusal != PC_ACCEPTED) {
        return false;
    }
    if (output->entry->handle == NULL) {
        return true;
    }
    enum pc_wire_error error = output->entry->handle(fuzz__receiver(), &output->frame);
    story->hash = fuzz__mix_number(story->hash, error);
    *state = (uint8_t)((*state + output->frame.id) % FUZZ_TABLE.state_count);
    return error == PC_WIRE_OK;
}

static void fuzz__note_frame(const struct assembler_output *output, struct fuzz_story *story)
{
    story->frames++;
    story->hash = fuzz__mix_number(story->hash, output->frame.id);
    story->hash = fuzz__mix(story->hash, pc_frame_bytes(&output->frame), output->frame.size);
}

static uint32_t fuzz__random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* What a session does when handling pauses: put the frame back, keep all that has come, and ask
 * again later. Nothing may come of it. */
static void fuzz__pause(struct fuzz_stream *stream, struct assembler_input *input,
                        struct assembler_output *output)
{
    struct assembler_output again = {0};
    assembler_unget(&stream->assembler, input, output);
    bool is_kept = assembler_keep(&stream->assembler, stream->memory.pool, input);
    PC_ASSERT(is_kept);
    PC_ASSERT(input->size == 0);
    assembler_check(&stream->assembler);
    enum assembler_result result =
        assembler_next(&stream->assembler, &stream->memory, &FUZZ_TABLE, input, &again);
    PC_ASSERT(result == ASSEMBLER_FRAME);
    PC_ASSERT(again.frame.id == output->frame.id);
    PC_ASSERT(again.frame.size == output->frame.size);
    *output = again;
}

/* All frames of one piece. False at the stream's end by refusal. */
static bool fuzz__feed(struct fuzz_stream *stream, struct assembler_input input, uint8_t *state,
                       struct fuzz_story *story)
{
    for (;;) {
        struct assembler_output output = {0};
        story->end =
            assembler_next(&stream->assembler, &stream->memory, &FUZZ_TABLE, &input, &output);
        assembler_check(&stream->assembler);
        if (story->end == ASSEMBLER_MORE) {
            PC_ASSERT(input.size == 0);
            return true;
        }
        PC_ASSERT(story->end != ASSEMBLER_NO_MEMORY);
        if (story->end == ASSEMBLER_REFUSED) {
            story->refusal = output.refusal;
            return false;
        }
        PC_ASSERT(output.entry == pc_accept_find(&FUZZ_TABLE, output.frame.id));
        PC_ASSERT(output.frame.size >= output.entry->frame_size_min);
        PC_ASSERT(output.frame.size <= output.entry->frame_size_max);
        if (stream->seed != NULL && fuzz__random(stream->seed) % 8 == 0) {
            fuzz__pause(stream, &input, &output);
        }
        fuzz__note_frame(&output, story);
        if (!fuzz__handle(&output, state, story)) {
            return false;
        }
    }
}

/* A piece length from the seed: small ones often, so that headers are cut too. */
static size_t fuzz__piece(uint32_t *seed, size_t remaining)
{
    uint32_t random = fuzz__random(seed);
    size_t piece = random % 4 == 0 ? 1 + random % 700 : 1 + random % 7;
    return piece < remaining ? piece : remaining;
}

static struct fuzz_story fuzz__run(const uint8_t *bytes, size_t size, uint8_t state, uint32_t *seed)
{
    static uint8_t scratch[PC_FRAME_SIZE_LIMIT];
    static struct buffer_pool pool; /* kept: its slabs cost more than a run */
    if (pool.bytes_max == 0) {
        buffer_pool_init(&pool, POOL_BYTES);
    }
    struct fuzz_story story = {.end = ASSEMBLER_MORE};
    struct fuzz_stream stream = {.memory = {.pool = &pool, .scratch = scratch}, .seed = seed};
    bool goes_on = true;
    for (size_t at = 0; at < size && goes_on;) {
        size_t piece = seed != NULL ? fuzz__piece(seed, size - at) : size - at;
        uint8_t *copy = malloc(piece);
        PC_ASSERT(copy != NULL);
        memcpy(copy, bytes + at, piece);
        struct assembler_input input = {.data = copy, .size = (uint32_t)piece};
        goes_on = fuzz__feed(&stream, input, &state, &story);
        free(copy);
        at += piece;
    }
    assembler_reset(&stream.assembler, &pool);
    PC_ASSERT(pool.buffers_used == 0);
    return story;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 100000) {
        return 0;
    }
    uint32_t seed = data[0];
    uint8_t state = (uint8_t)(data[1] % FUZZ_TABLE.state_count);
    struct fuzz_story whole = fuzz__run(data + 2, size - 2, state, NULL);
    struct fuzz_story pieces = fuzz__run(data + 2, size - 2, state, &seed);
    PC_ASSERT(whole.frames == pieces.frames);
    PC_ASSERT(whole.hash == pieces.hash);
    PC_ASSERT(whole.end == pieces.end);
    PC_ASSERT(whole.refusal == pieces.refusal);
    return 0;
}
