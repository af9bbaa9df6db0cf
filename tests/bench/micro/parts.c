/* What one worker is made of, in bytes, with each engine that this system lets be opened: the
 * fixed cost beside which sessions are counted. Sizes come from the structs and from the allocator,
 * of a runtime that was made with the defaults and has the bench server's session type. */
#define _GNU_SOURCE /* liburing.h wants it */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/runtime.h"
#include "net/session.h"
#include "net/worker.h"
#include "port/uring_port.h"
#include "support/test_table.h"

#define SESSIONS_START 256u /* as a gate has by default */

static void print_part(const char *engine, const char *part, uint64_t size, const char *remark)
{
    (void)printf("| %s | %s | %llu | %s |\n", engine, part, (unsigned long long)size, remark);
}

/* Of the heap; what the allocator adds to an allocation is counted. */
static uint64_t heap_size(void *memory)
{
    return malloc_usable_size(memory);
}

/* Returns what of it lies in the heap. */
static uint64_t print_uring(const struct uring_port *port)
{
    const struct io_uring *io = &port->ring.io;
    const struct uring_buffers *buffers = &port->buffers;
    uint64_t entries_size = (uint64_t)*io->sq.kring_entries * sizeof(struct io_uring_sqe);
    print_part("uring", "submission and completion queue", io->sq.ring_sz + entries_size,
               "mapped by the kernel");
    print_part("uring", "headers of gather sends", heap_size(port->ring.messages), "");
    print_part("uring", "receive buffers", buffers->memory_size,
               "mapped; what no receive has filled costs nothing");
    print_part("uring", "ring of receive buffers", buffers->ring_size, "mapped");
    print_part("uring", "receive buffers, their lists", heap_size(buffers->chunks), "");
    return heap_size(port->ring.messages) + heap_size(buffers->chunks);
}

static void print_worker(const struct pc_worker *worker, const char *engine)
{
    const struct session_pool *pool = worker_pool(worker, 0);
    const struct session_type *type = pool->type;
    char remark[96];
    print_part(engine, "worker", sizeof *worker - sizeof worker->timers - sizeof worker->events,
               "without timer wheel and event batch");
    print_part(engine, "timer wheel", sizeof worker->timers, "any number of timers");
    print_part(engine, "event batch", sizeof worker->events, "");
    print_part(engine, "frame scratch", heap_size(worker->frame_scratch), "");
    (void)snprintf(remark, sizeof remark, "%u sessions of %u, %u to a slab; grows by slabs",
                   pool->slab_count * SESSION_SLAB_COUNT, type->stride, SESSION_SLAB_COUNT);
    print_part(engine, "session pool",
               (uint64_t)pool->slab_count * SESSION_SLAB_COUNT * type->stride, remark);
    (void)snprintf(remark, sizeof remark, "when started; grows by slabs of %u up to %llu MiB",
                   BUFFER_SIZE_MAX, (unsigned long long)(worker->buffers.bytes_max >> 20));
    print_part(engine, "buffer pool", worker->buffers.bytes_used, remark);
    print_part(engine, "port", heap_size(worker->port), "");
}

static void print_engine(enum pc_engine engine, const char *name)
{
    const struct pc_runtime_config config = {.engine = engine, .worker_count = 1};
    const struct pc_session_type type = {.name = "client",
                                         .accepts = &test_table,
                                         .sessions_start = SESSIONS_START,
                                         .sessions_max = SESSIONS_START};
    struct pc_runtime *runtime;
    struct mallinfo2 before = mallinfo2();
    if (pc_runtime_create(&config, &runtime) != PC_OK) {
        (void)printf("| %s | cannot be opened here | | |\n", name);
        return;
    }
    uint64_t heap = mallinfo2().uordblks + mallinfo2().hblkhd - before.uordblks - before.hblkhd;
    (void)pc_runtime_add_type(runtime, &type);
    if (pc_runtime_start(runtime) != PC_OK) {
        exit(EXIT_FAILURE);
    }
    const struct pc_worker *worker = runtime->workers[0];
    print_worker(worker, name);
    uint64_t told = sizeof *worker + heap_size(worker->frame_scratch) + heap_size(worker->port);
    if (engine == PC_ENGINE_URING) {
        told += print_uring((const struct uring_port *)(const void *)worker->port);
    }
    print_part(name, "the rest of the heap", heap - told,
               engine == PC_ENGINE_EPOLL ? "the runtime, and the scratch of receives"
                                         : "the runtime");
    if (!pc_runtime_stop(runtime, 0)) {
        exit(EXIT_FAILURE);
    }
    pc_runtime_destroy(runtime);
}

int main(void)
{
    (void)printf("| engine | part of a worker | bytes | |\n| --- | --- | --- | --- |\n");
    print_engine(PC_ENGINE_URING, "uring");
    print_engine(PC_ENGINE_EPOLL, "epoll");
    return EXIT_SUCCESS;
}
