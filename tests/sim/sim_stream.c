/* See sim_stream.h. */
#include "sim_stream.h"

#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "pc/wire.h"
#include "sim_table.h"

static uint32_t stream__digest(const uint8_t *bytes, uint32_t size)
{
    uint32_t digest = 2166136261u;
    for (uint32_t i = 0; i < size; i++) {
        digest = (digest ^ bytes[i]) * 16777619u;
    }
    return digest;
}

void stream_table_free(struct stream_table *table)
{
    for (uint32_t i = 0; i < table->room; i++) {
        if (table->streams[i] != NULL) {
            free(table->streams[i]->notes);
            free(table->streams[i]);
        }
    }
    free(table->streams);
    *table = (struct stream_table){.room = 0};
}

struct stream *stream_of(struct stream_table *table, uint32_t end)
{
    if (end >= table->room) {
        uint32_t room = end * 2 + 64;
        table->streams = realloc(table->streams, room * sizeof table->streams[0]);
        PC_ASSERT(table->streams != NULL);
        memset(table->streams + table->room, 0, (room - table->room) * sizeof table->streams[0]);
        table->room = room;
    }
    if (table->streams[end] == NULL) {
        table->streams[end] = calloc(1, sizeof *table->streams[end]);
        PC_ASSERT(table->streams[end] != NULL);
    }
    return table->streams[end];
}

void stream_fill(struct stream *stream, uint32_t end, uint8_t *bytes, uint32_t size, uint16_t id)
{
    uint32_t state = end * 2654435761u + stream->made++ * 40503u + 1;
    pc_frame_put_header(bytes, size, id);
    for (uint32_t i = PC_FRAME_HEADER_SIZE; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24 & 0x7f);
    }
}

static bool stream__is_latest(uint16_t id)
{
    return id == SIM_ID_LATEST;
}

void stream_sent(struct stream *stream, const uint8_t *bytes, uint32_t size)
{
    struct pc_frame frame = pc_frame_at(bytes);
    if (stream__is_latest(frame.id)) {
        uint32_t key = pc_wire_get_u32(frame.payload) % STREAM_KEYS_MAX;
        stream->latest_sent[key] = pc_wire_get_u32(frame.payload + 4);
        stream->latest_due[key] = stream->latest_sent[key];
        return;
    }
    if (stream->count == stream->room) {
        stream->room = stream->room * 2 + 16;
        stream->notes = realloc(stream->notes, stream->room * sizeof stream->notes[0]);
        PC_ASSERT(stream->notes != NULL);
    }
    stream->notes[stream->count++] = (struct stream_note){
        .digest = stream__digest(bytes, size),
        .size = frame.size,
        .id = frame.id,
    };
}

void stream_displaced(struct stream *stream, uint32_t key)
{
    PC_ASSERT(key < STREAM_KEYS_MAX);
    stream->latest_due[key] = 0;
}

/* A newer one may have taken the place of any, but none is older than the one before. */
static void stream__receive_latest(struct stream *stream, const struct pc_frame *frame)
{
    uint32_t key = pc_wire_get_u32(frame->payload);
    uint32_t version = pc_wire_get_u32(frame->payload + 4);
    PC_ASSERT(key < STREAM_KEYS_MAX);
    PC_ASSERT(version > stream->latest_got[key]);
    PC_ASSERT(version <= stream->latest_sent[key]);
    stream->latest_got[key] = version;
}

static bool stream__may_vanish(const struct stream_note *note, bool is_lossy)
{
    return is_lossy || note->id == SIM_ID_DROP;
}

void stream_received(struct stream *stream, const struct pc_frame *frame, bool is_lossy)
{
    stream->received++;
    if (stream->is_wild) {
        return;
    }
    if (stream__is_latest(frame->id)) {
        stream__receive_latest(stream, frame);
        return;
    }
    uint32_t digest = stream__digest(pc_frame_bytes(frame), frame->size);
    const struct stream_note *note = NULL;
    do {
        PC_ASSERT(note == NULL || stream__may_vanish(note, is_lossy));
        PC_ASSERT(stream->first < stream->count);
        note = &stream->notes[stream->first++];
    } while (note->digest != digest || note->size != frame->size || note->id != frame->id);
}

static bool stream__may_refuse_note(const struct stream_note *note, enum pc_refusal refusal)
{
    switch (refusal) {
    case PC_REFUSED_ID:
        return note->id == 0 || note->id == SIM_ID_HOLE;
    case PC_REFUSED_STATE:
        return note->id == SIM_ID_NUMBER;
    case PC_REFUSED_RATE:
        return true;
    case PC_REFUSED_DECODE:
        return note->id == SIM_ID_TEXT && note->size == SIM_BAD_SIZE;
    case PC_ACCEPTED:
    case PC_REFUSED_SHORT:
    case PC_REFUSED_LIMIT:
    case PC_REFUSED_SIZE:
    case PC_REFUSAL_COUNT:
        break;
    }
    return false;
}

bool stream_may_refuse(const struct stream *stream, enum pc_refusal refusal, uint16_t id,
                       bool is_lossy)
{
    if (stream->is_wild || (id == SIM_ID_LATEST && refusal == PC_REFUSED_RATE)) {
        return true;
    }
    for (uint32_t i = stream->first; i < stream->count; i++) {
        const struct stream_note *note = &stream->notes[i];
        if (note->id == id && stream__may_refuse_note(note, refusal)) {
            return true;
        }
        if (!stream__may_vanish(note, is_lossy)) {
            return false;
        }
    }
    return false;
}

bool stream_is_complete(const struct stream *stream, bool is_lossy)
{
    for (uint32_t i = stream->first; i < stream->count && !stream->is_wild; i++) {
        if (!stream__may_vanish(&stream->notes[i], is_lossy)) {
            return false;
        }
    }
    return true;
}

bool stream_is_latest(const struct stream *stream, bool is_lossy)
{
    bool is_latest = true;
    bool is_exempt = stream->is_wild || stream->is_short || is_lossy;
    for (uint32_t key = 0; key < STREAM_KEYS_MAX && !is_exempt; key++) {
        is_latest = is_latest && stream->latest_got[key] >= stream->latest_due[key];
    }
    return is_latest;
}
