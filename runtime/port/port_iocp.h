/* The IOCP engine's inside, as far as its own test and the counters of a benchmark look at it. */
#pragma once

#include <stdint.h>

#include "port/port.h"

/* Bytes of received data that one port_wait can return from zero-byte receives. */
#define IOCP_SCRATCH_SIZE 131072u

/* What a port has asked of the system so far. Monotonic. */
struct iocp_counters {
    uint64_t dequeues;       /* GetQueuedCompletionStatusEx that returned something */
    uint64_t packets;        /* completion packets in them */
    uint64_t posts;          /* of these by PostQueuedCompletionStatus: port_wake */
    uint64_t inline_results; /* completed in the submit call, no packet */
    uint64_t receives;       /* posted with a buffer of the pool */
    uint64_t zero_receives;  /* posted without one */
    uint64_t drains;         /* reads after a zero-byte receive */
    uint64_t sends;          /* posted */
    uint64_t scratch_stalls; /* batches cut short because the scratch was used up */
};

/* Thread: the port's owner. */
const struct iocp_counters *iocp_port_counters(const struct port *port);

/* Buffers of the pool that neither an armed receive nor the last batch holds. */
uint32_t iocp_port_buffers_free(const struct port *port);

uint64_t iocp_listener_handle(const struct port_listener *listener);
