/* Accept tables: what one role takes from another. The generator fills them, the runtime reads
 * them.
 *
 * A table belongs to a (receiving role, sending role) pair. For each id it holds the frame's size
 * bounds, the protocol states in which the packet is legal, its rate and the function that decodes
 * it and calls the registered handler. What is not in the table is refused before it is decoded. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pc/frame.h"
#include "pc/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a frame was not handled, in the order of the checks. */
enum pc_refusal {
    PC_ACCEPTED,
    PC_REFUSED_SHORT,  /* size below the header's four bytes */
    PC_REFUSED_LIMIT,  /* size above the table's frame_size_max */
    PC_REFUSED_ID,     /* the table does not hold the id */
    PC_REFUSED_SIZE,   /* size outside the bounds of this id */
    PC_REFUSED_STATE,  /* the packet is not legal in the session's protocol state */
    PC_REFUSED_RATE,   /* too many of this packet, or of all packets */
    PC_REFUSED_DECODE, /* the payload breaks the schema */
    PC_REFUSAL_COUNT
};

/* Name in lower case, as in the log: "refused_state". Never NULL. */
const char *pc_refusal_name(enum pc_refusal refusal);

/* What to do with a packet that comes too fast. */
enum pc_rate_over {
    PC_RATE_KICK,  /* a violation: close the session */
    PC_RATE_DROP,  /* count it and forget the packet */
    PC_RATE_DELAY, /* handle it when it may come; nothing is received meanwhile */
    PC_RATE_OVER_COUNT
};

/* Whose rate it was. */
enum pc_rate_scope {
    PC_RATE_SESSION, /* of all packets of the session */
    PC_RATE_PACKET,  /* of this packet */
    PC_RATE_SCOPE_COUNT
};

/* A token bucket's shape: burst tokens at most, per_sec new ones each second. */
struct pc_rate {
    uint32_t per_sec;
    uint32_t burst;
    enum pc_rate_over over;
};

/* Decode frame and call its handler. receiver is what the handlers of the table take: a
 * `struct pc_session *` on a direct connection, a `struct <receiver>_<sender> *` of the
 * application for packets that a gate relayed. Returns PC_WIRE_OK, or why the payload is refused;
 * then the handler was not called. */
typedef enum pc_wire_error pc_packet_fn(void *receiver, const struct pc_frame *frame);

struct pc_accept_entry {
    const char *name;        /* C name of the packet: "client_echo_request" */
    pc_packet_fn *handle;    /* NULL: this role only relays the packet */
    uint64_t states;         /* bit n: legal in protocol state n */
    uint16_t id;             /* 1..65535 */
    uint16_t frame_size_min; /* bytes, header included */
    uint16_t frame_size_max;
    uint8_t rate;   /* 0: no rate of its own, else 1 + index into the table's rates */
    uint8_t latest; /* 0: every frame matters, else 1 + index into the table's keys */
};

/* Where a frame that is passed on undecoded says what it is about: an integer, lowest byte first.
 * It lies within the least size of every entry that has it. */
struct pc_accept_key {
    uint16_t offset; /* bytes from the frame's first, header included */
    uint16_t size;   /* 1..8 */
};

/* The sizes that senders of a version make, of a packet to which versions added fields. The entry
 * has the bounds of all versions together. */
struct pc_accept_version {
    uint16_t id;
    uint16_t version; /* from this one on, until the packet's next */
    uint16_t frame_size_min;
    uint16_t frame_size_max;
};

struct pc_accept_table {
    const char *receiver; /* role names, for the log */
    const char *sender;
    const struct pc_accept_entry *entries; /* sorted by id */
    const uint16_t *index; /* [id - id_first]: 1 + position in entries, 0 = refused */
    const struct pc_rate *rates;
    const struct pc_accept_key *keys; /* of what is relayed; see pc_accept_entry.latest */
    const char *const *state_names;
    const struct pc_accept_version *versions; /* sorted by id, then version */
    uint32_t entry_count;
    uint32_t index_count;
    uint32_t rate_count;
    uint32_t key_count;
    uint32_t state_count; /* 1..64 */
    uint32_t version_count;
    uint16_t id_first;
    uint16_t frame_size_max; /* the greatest of the entries' */
};

/* The entry of id, or NULL if the table refuses it. */
static inline const struct pc_accept_entry *pc_accept_find(const struct pc_accept_table *table,
                                                           uint16_t id)
{
    uint32_t offset = (uint32_t)id - table->id_first; /* wraps below id_first */
    if (offset >= table->index_count || table->index[offset] == 0) {
        return NULL;
    }
    return &table->entries[table->index[offset] - 1];
}

/* What a frame of an entry with latest is about: the key of pc_session_send_latest, as the sender
 * of a direct connection would give it. frame must have the entry's least size. */
static inline uint64_t pc_accept_key_of(const struct pc_accept_table *table,
                                        const struct pc_accept_entry *entry, const uint8_t *frame)
{
    const struct pc_accept_key place = table->keys[entry->latest - 1];
    uint64_t key = 0;
    for (uint32_t i = place.size; i > 0; i--) {
        key = key << 8 | frame[place.offset + i - 1];
    }
    return key;
}

/* The least and most bytes of an entry's frames from a sender of that version. A version before the
 * packet's first counts as the first. */
struct pc_accept_version pc_accept_at(const struct pc_accept_table *table,
                                      const struct pc_accept_entry *entry, uint16_t version);

/* Check a whole frame against the table and hand it to its handler: id, size, protocol state,
 * decode. Rates are the session's business and not checked. Used for frames that arrive inside
 * another packet (a relayed frame at the game). An entry without a handler is refused as an id.
 *
 * receiver  see pc_packet_fn
 * state     the receiver's protocol state, below table->state_count
 * Thread    that of the receiver */
enum pc_refusal pc_dispatch(const struct pc_accept_table *table, void *receiver, uint8_t state,
                            const struct pc_frame *frame);

#ifdef __cplusplus
}
#endif
