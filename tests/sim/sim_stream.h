/* What each end of a connection has queued, kept until the other end has got it: the oracle of
 * "bytes delivered are a prefix of bytes sent, in order".
 *
 * Happy path: a frame that was queued is noted; a frame that is handled is the oldest one noted.
 * Failure: any other frame is an assertion. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/dispatch.h"
#include "pc/frame.h"

#define STREAM_KEYS_MAX 100u

struct stream_note {
    uint32_t digest;
    uint16_t size;
    uint16_t id;
};

/* One direction of one connection.
 * Invariant: notes[first..count) were queued and have not been handled. */
struct stream {
    struct stream_note *notes;
    uint32_t first;
    uint32_t count;
    uint32_t room;
    uint32_t made;                         /* frames so far; numbers their contents */
    uint32_t latest_sent[STREAM_KEYS_MAX]; /* version last queued, by key */
    uint32_t latest_due[STREAM_KEYS_MAX];  /* likewise, unless it gave way; 0: it did */
    uint32_t latest_got[STREAM_KEYS_MAX];
    uint32_t received; /* frames handled */
    bool is_wild;      /* somebody sends rubbish: nothing is expected any more */
    bool is_short;     /* of memory is the sender: it may forget what waits for room */
};

/* The streams of one world, by the sending end. */
struct stream_table {
    struct stream **streams;
    uint32_t room;
};

void stream_table_free(struct stream_table *table);

/* The stream that the end sends; made when it is first asked for. */
struct stream *stream_of(struct stream_table *table, uint32_t end);

/* Fill a frame of size bytes with the next contents of the stream. */
void stream_fill(struct stream *stream, uint32_t end, uint8_t *bytes, uint32_t size, uint16_t id);

/* The frame was queued. */
void stream_sent(struct stream *stream, const uint8_t *bytes, uint32_t size);

/* The frame was handled. is_lossy: the receiver drops what comes too fast. */
void stream_received(struct stream *stream, const struct pc_frame *frame, bool is_lossy);

/* The frame that comes next may be refused, and for this. */
bool stream_may_refuse(const struct stream *stream, enum pc_refusal refusal, uint16_t id,
                       bool is_lossy);

/* Everything has arrived that had to. */
bool stream_is_complete(const struct stream *stream, bool is_lossy);

/* The frame of the key that was queued last gave way to one of another key. */
void stream_displaced(struct stream *stream, uint32_t key);

/* The newest of every key has arrived, but for those that gave way. is_lossy: as above. */
bool stream_is_latest(const struct stream *stream, bool is_lossy);
