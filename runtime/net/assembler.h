/* Path: [5] bytes become frames.
 *
 * Whole frames are returned where they landed; only an incomplete tail is copied to the session's
 * receive ring [4]. The checks come in this order: is the header there? 4 <= size <= the table's
 * limit? is the id in the accept table and the size within this id's bounds? is the whole frame
 * there? A refused frame is never waited for. The assembler does no I/O and calls nobody. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer_pool.h"
#include "base/ring_buffer.h"
#include "pc/dispatch.h"
#include "pc/status.h"

/* Invariant: taken <= tail.size; taken is the size of the frame returned last if it lies in the
 * tail (it is consumed by the next call), else 0; without bytes the tail has no storage. */
struct assembler {
    struct ring_buffer tail;
    uint32_t taken; /* bytes */
};

/* Received bytes not yet looked at. */
struct assembler_input {
    const uint8_t *data;
    uint32_t size;
};

/* What a worker lends to its assemblers. */
struct assembler_memory {
    struct buffer_pool *pool;
    uint8_t *scratch; /* PC_FRAME_SIZE_LIMIT bytes, for a frame that wraps around the ring */
};

enum assembler_result {
    ASSEMBLER_FRAME,    /* frame and entry are set */
    ASSEMBLER_MORE,     /* the input is used up; what is incomplete was kept */
    ASSEMBLER_REFUSED,  /* refusal, and frame.id and frame.size as far as known, are set */
    ASSEMBLER_NO_MEMORY /* the tail could not be kept */
};

struct assembler_output {
    struct pc_frame frame; /* valid until the next call; its bytes until the input's go */
    const struct pc_accept_entry *entry;
    enum pc_refusal refusal;
};

void assembler_check(const struct assembler *assembler);

/* The next frame of tail and input. Call until it returns anything but ASSEMBLER_FRAME. */
enum assembler_result assembler_next(struct assembler *assembler,
                                     const struct assembler_memory *memory,
                                     const struct pc_accept_table *table,
                                     struct assembler_input *input,
                                     struct assembler_output *output);

/* Take back the frame returned last: the next call returns it again. */
void assembler_unget(struct assembler *assembler, struct assembler_input *input,
                     const struct assembler_output *output);

/* Keep all of the input, whole frames too, because handling pauses. False if memory is short. */
PC_NODISCARD bool assembler_keep(struct assembler *assembler, struct buffer_pool *pool,
                                 struct assembler_input *input);

/* Forget the tail and give its storage back. */
void assembler_reset(struct assembler *assembler, struct buffer_pool *pool);
