/* Raw peers of a simulated run: ends without a runtime behind them. They send good frames and
 * rubbish, in pieces, read little or nothing, vanish, and break connections in every state. See
 * sim_run.h. */
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "sim_run.h"
#include "sim_table.h"

#define PEER_READ_SIZE 4096u

void sim_peer_begin(struct sim_run *run, struct sim_peer *peer, const struct pc_address *address)
{
    uint8_t *received = peer->received;
    *peer = (struct sim_peer){.end = sim_peer_connect(run->world, address), .received = received};
    if (peer->received == NULL) {
        peer->received = malloc(SIM_PEER_RECEIVED);
        PC_ASSERT(peer->received != NULL);
    }
    if (peer->end != SIM_END_NONE && run->is_wild) {
        stream_of(&run->streams, peer->end)->is_wild = true;
    }
}

static void peer__connect(struct sim_run *run, struct sim_peer *peer)
{
    const struct pc_address address = sim_server_address(sim_choose(run->world, RUN_SERVERS),
                                                         sim_choose(run->world, RUN_LISTENERS_MAX));
    sim_world_set_host(run->world,
                       (uint16_t)(RUN_PEER_HOST_FIRST + sim_choose(run->world, RUN_PEER_HOSTS)));
    sim_peer_begin(run, peer, &address);
}

static void peer__flush(struct sim_run *run, struct sim_peer *peer, uint32_t size_max)
{
    uint32_t left = peer->pending_size - peer->pending_at;
    uint32_t size = left < size_max ? left : size_max;
    uint32_t taken = sim_peer_write(run->world, peer->end, peer->pending + peer->pending_at, size);
    peer->pending_at += taken;
    if (taken > 0 && peer->pending_at == peer->pending_size) {
        stream_sent(stream_of(&run->streams, peer->end), peer->pending, peer->pending_size);
        peer->pending_size = 0;
        peer->pending_at = 0;
    }
}

static void peer__send_frame(struct sim_run *run, struct sim_peer *peer)
{
    static const uint16_t ids[] = {SIM_ID_TEXT,  SIM_ID_TEXT, SIM_ID_RELAY,
                                   SIM_ID_DELAY, SIM_ID_DROP, SIM_ID_NUMBER};
    if (peer->is_finished) {
        return;
    }
    if (peer->pending_size == 0) {
        uint16_t id = ids[sim_choose(run->world, sizeof ids / sizeof ids[0])];
        uint32_t size = id == SIM_ID_TEXT ? SIM_TEXT_MAX : SIM_SMALL_MAX;
        size = id == SIM_ID_NUMBER ? 8 : 4 + sim_choose(run->world, size - 3);
        stream_fill(stream_of(&run->streams, peer->end), peer->end, peer->pending, size, id);
        peer->pending_size = size;
    }
    peer__flush(run, peer, 1 + sim_choose(run->world, SIM_TEXT_MAX));
}

static void peer__send_rubbish(struct sim_run *run, struct sim_peer *peer)
{
    uint8_t bytes[32];
    uint32_t size = 1 + sim_choose(run->world, sizeof bytes);
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)sim_choose(run->world, 256);
    }
    stream_of(&run->streams, peer->end)->is_wild = true;
    (void)sim_peer_write(run->world, peer->end, bytes, size);
}

static struct stream *peer__incoming(struct sim_run *run, const struct sim_peer *peer)
{
    return stream_of(&run->streams, peer->end ^ 1u);
}

/* Compare the whole frames that have come; keep the rest. */
static void peer__parse(struct sim_run *run, struct sim_peer *peer)
{
    struct stream *stream = peer__incoming(run, peer);
    uint32_t at = 0;
    while (peer->received_size - at >= PC_FRAME_HEADER_SIZE) {
        struct pc_frame frame = pc_frame_at(peer->received + at);
        if (frame.size > peer->received_size - at) {
            break;
        }
        stream_received(stream, &frame, false);
        at += frame.size;
    }
    peer->received_size -= at;
    memmove(peer->received, peer->received + at, peer->received_size);
}

static void peer__read(struct sim_run *run, struct sim_peer *peer, uint32_t size_max)
{
    uint8_t *place = peer->received + peer->received_size;
    uint32_t size = sim_peer_read(run->world, peer->end, place, size_max);
    struct stream *stream = peer__incoming(run, peer);
    if (stream->is_wild || run->is_wild) {
        return;
    }
    peer->received_size += size;
    PC_ASSERT(peer->received_size <= SIM_PEER_RECEIVED - PEER_READ_SIZE);
    peer__parse(run, peer);
    if (sim_peer_look(run->world, peer->end).is_finished) {
        PC_ASSERT(peer->received_size == 0);
        PC_ASSERT(stream_is_complete(stream, false));
    }
}

static void peer__finish(struct sim_run *run, struct sim_peer *peer)
{
    if (!peer->is_finished && sim_peer_look(run->world, peer->end).is_established) {
        peer->is_finished = true;
        sim_peer_finish(run->world, peer->end);
    }
}

static void peer__close(struct sim_run *run, struct sim_peer *peer, enum port_abort_mode mode)
{
    sim_peer_close(run->world, peer->end, mode);
    peer->end = SIM_END_NONE;
}

void sim_peer_act(struct sim_run *run, struct sim_peer *peer)
{
    if (peer->end == SIM_END_NONE) {
        peer__connect(run, peer);
        return;
    }
    uint32_t action = sim_choose(run->world, 16);
    if (action < 7) {
        peer__send_frame(run, peer);
    } else if (action < 11) {
        peer__read(run, peer, 1 + sim_choose(run->world, PEER_READ_SIZE));
    } else if (action == 11) {
        peer__send_rubbish(run, peer);
    } else if (action == 12) {
        peer__finish(run, peer);
    } else if (action == 13) {
        peer__close(run, peer, PORT_ABORT_RESET);
    } else if (action == 14) {
        peer__close(run, peer, PORT_ABORT_GRACEFUL);
    }
}

void sim_peers_calm(struct sim_run *run, bool close)
{
    for (uint32_t i = 0; i < RUN_PEERS; i++) {
        struct sim_peer *peer = &run->peers[i];
        if (peer->end == SIM_END_NONE) {
            continue;
        }
        do {
            peer__read(run, peer, PEER_READ_SIZE);
        } while (sim_peer_look(run->world, peer->end).readable > 0);
        struct sim_peer_state state = sim_peer_look(run->world, peer->end);
        if (close || state.is_finished || state.is_reset) {
            peer__close(run, peer, PORT_ABORT_GRACEFUL);
        }
    }
}
