/* Descriptors of packets: what a program can ask about them at run time. The generator fills one
 * table for each protocol, <protocol>_meta of <protocol>_meta.h; all of it is constant. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PC_META_SECRET     1u
#define PC_META_DEPRECATED 2u
#define PC_META_OPTIONAL   4u

struct pc_meta_field {
    const char *name;
    const char *type;  /* as in the YAML */
    uint32_t offset;   /* in the C struct, of the member with the field's name */
    uint32_t size_min; /* bytes on the wire */
    uint32_t size_max;
    uint16_t since; /* version */
    uint16_t flags; /* PC_META_ */
};

struct pc_meta_packet {
    const char *name; /* as in the YAML */
    const struct pc_meta_field *fields;
    uint32_t field_count;
    uint32_t struct_size; /* bytes in memory */
    uint32_t frame_min;
    uint32_t frame_max;
    uint16_t id;
    uint16_t since;
};

struct pc_meta_protocol {
    const char *name;
    const struct pc_meta_packet *packets; /* sorted by id */
    uint64_t compat_hash;
    uint64_t schema_hash;
    uint32_t packet_count;
    uint32_t version;
};

/* The packet of an id, or NULL. */
const struct pc_meta_packet *pc_meta_find(const struct pc_meta_protocol *protocol, uint16_t id);

#ifdef __cplusplus
}
#endif
