/* Looking packets up in their descriptors; see pc/meta.h. */
#include "pc/meta.h"

#include <stdbool.h>

const struct pc_meta_packet *pc_meta_find(const struct pc_meta_protocol *protocol, uint16_t id)
{
    uint32_t low = 0;
    uint32_t high = protocol->packet_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (protocol->packets[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_there = low < protocol->packet_count && protocol->packets[low].id == id;
    return is_there ? &protocol->packets[low] : NULL;
}
