/* Assembling and answering frames, for the hand-written peers: the least that a correct server can
 * do. A whole run of echoes is judged and turned into replies where it lies, by changing the ids.
 *
 * Plain C11 that is also C++, header-only, so that every compiler can inline it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_HEAD_SIZE 12u
#define FRAMES_SIZE_MAX  2060u
#define FRAMES_ECHO      0x0100u
#define FRAMES_SHOUT     0x0101u
#define FRAMES_REPLY     0x0100u /* added to a request's id */

enum frames_kind {
    FRAMES_KIND_ECHO,  /* one or more replies, for the sender */
    FRAMES_KIND_SHOUT, /* one frame, for everybody */
    FRAMES_KIND_BAD
};

/* The start of a frame whose rest is still to come. */
struct frames_tail {
    uint8_t *bytes; /* FRAMES_SIZE_MAX, or NULL */
    uint32_t size;
};

typedef void frames_sink(void *owner, uint8_t *bytes, uint32_t size, enum frames_kind kind);

static inline uint32_t frames_get_u16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

/* Size of the longest run of whole echoes, or of one shout, at the front; 0: none is whole. Its
 * ids are those of the replies then. */
static inline uint32_t frames_run(uint8_t *bytes, uint32_t size, enum frames_kind *kind)
{
    uint32_t at = 0;
    *kind = FRAMES_KIND_ECHO;
    while (size - at >= 4) {
        uint32_t frame_size = frames_get_u16(bytes + at);
        uint32_t id = frames_get_u16(bytes + at + 2);
        if (frame_size < FRAMES_HEAD_SIZE || frame_size > FRAMES_SIZE_MAX ||
            (id != FRAMES_ECHO && id != FRAMES_SHOUT)) {
            *kind = FRAMES_KIND_BAD;
            return 0;
        }
        if (size - at < frame_size || (id == FRAMES_SHOUT && at > 0)) {
            return at;
        }
        bytes[at + 3] = (uint8_t)((id + FRAMES_REPLY) >> 8);
        at += frame_size;
        if (id == FRAMES_SHOUT) {
            *kind = FRAMES_KIND_SHOUT;
            return at;
        }
    }
    return at;
}

/* Move bytes to the tail until it holds size. */
static inline bool frames_fill(struct frames_tail *tail, uint32_t size, uint8_t **data,
                               uint32_t *left)
{
    uint32_t missing = tail->size < size ? size - tail->size : 0;
    uint32_t moved = missing < *left ? missing : *left;
    memcpy(tail->bytes + tail->size, *data, moved);
    tail->size += moved;
    *data += moved;
    *left -= moved;
    return tail->size >= size;
}

/* Finish the frame in the tail, as far as the bytes go. False: it is bad. */
static inline bool frames_finish(struct frames_tail *tail, uint8_t **data, uint32_t *left,
                                 frames_sink *sink, void *owner)
{
    enum frames_kind kind;
    if (!frames_fill(tail, 4, data, left)) {
        return true;
    }
    uint32_t size = frames_get_u16(tail->bytes);
    if (size < FRAMES_HEAD_SIZE || size > FRAMES_SIZE_MAX) {
        return false;
    }
    if (!frames_fill(tail, size, data, left)) {
        return true;
    }
    if (frames_run(tail->bytes, size, &kind) == 0) {
        return false;
    }
    tail->size = 0;
    sink(owner, tail->bytes, size, kind);
    return true;
}

/* Hand every whole frame to the sink, keep the rest. False: the peer breaks the protocol. */
static inline bool frames_feed(struct frames_tail *tail, uint8_t *data, uint32_t size,
                               frames_sink *sink, void *owner)
{
    enum frames_kind kind = FRAMES_KIND_ECHO;
    uint32_t run;
    if (tail->size > 0 && !frames_finish(tail, &data, &size, sink, owner)) {
        return false;
    }
    if (tail->size > 0) {
        return true; /* it took all there was and is not whole yet */
    }
    while ((run = frames_run(data, size, &kind)) > 0) {
        sink(owner, data, run, kind);
        data += run;
        size -= run;
    }
    if (size > 0 && kind != FRAMES_KIND_BAD) {
        if (tail->bytes == NULL) {
            tail->bytes = (uint8_t *)malloc(FRAMES_SIZE_MAX);
        }
        memcpy(tail->bytes, data, size);
        tail->size = size;
    }
    return kind != FRAMES_KIND_BAD;
}
