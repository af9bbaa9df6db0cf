/* Setting up a ring on kernels that we do not have: old and forbidding ones, and what an older one
 * must not be asked for.
 *
 * Making the ring and sleeping on it pass through wrappers of this file (the linker's --wrap),
 * which play the kernel. */
#define _GNU_SOURCE /* liburing.h wants it */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <unistd.h>

#include "contract/loopback.h"
#include "port/uring_port.h"

#define STREAM_SIZE (1u << 20)

int __real_io_uring_queue_init_params(unsigned entries, struct io_uring *io,
                                      struct io_uring_params *params);
int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *io,
                                      struct io_uring_params *params);
int __real_io_uring_register_buf_ring(struct io_uring *io, struct io_uring_buf_reg *registration,
                                      unsigned flags);
int __wrap_io_uring_register_buf_ring(struct io_uring *io, struct io_uring_buf_reg *registration,
                                      unsigned flags);
int __real_io_uring_enter(unsigned descriptor, unsigned submitted, unsigned wanted, unsigned flags,
                          sigset_t *mask);
int __wrap_io_uring_enter(unsigned descriptor, unsigned submitted, unsigned wanted, unsigned flags,
                          sigset_t *mask);
FILE *__wrap_fopen(const char *path, const char *mode);

static struct {
    uint32_t unknown_flags; /* refused with EINVAL */
    int failure;            /* -errno of every attempt, or 0 */
    uint32_t attempts;
    uint32_t flags;       /* of the last attempt */
    uint32_t lacks;       /* features that it does not have */
    uint32_t features;    /* those that the last ring has */
    uint32_t sleep_flags; /* of the last sleep */
    int no_buffer_rings;  /* -errno of registering one, or 0 */
    const char *disabled; /* what kernel.io_uring_disabled holds; NULL: there is none */
} kernel;

int __wrap_io_uring_register_buf_ring(struct io_uring *io, struct io_uring_buf_reg *registration,
                                      unsigned flags)
{
    return kernel.no_buffer_rings != 0 ? kernel.no_buffer_rings
                                       : __real_io_uring_register_buf_ring(io, registration, flags);
}

/* Only the switch of io_uring is read so. */
FILE *__wrap_fopen(const char *path, const char *mode)
{
    assert_string_equal(path, "/proc/sys/kernel/io_uring_disabled");
    static char text[8];
    if (kernel.disabled == NULL) {
        return NULL;
    }
    (void)snprintf(text, sizeof text, "%s", kernel.disabled);
    return fmemopen(text, strlen(text), mode);
}

int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *io,
                                      struct io_uring_params *params)
{
    kernel.attempts++;
    kernel.flags = params->flags;
    if (kernel.failure != 0) {
        return kernel.failure;
    }
    if ((params->flags & kernel.unknown_flags) != 0) {
        return -EINVAL;
    }
    int result = __real_io_uring_queue_init_params(entries, io, params);
    if (result == 0) {
        io->features &= ~kernel.lacks;
        kernel.features = io->features;
    }
    return result;
}

int __wrap_io_uring_enter(unsigned descriptor, unsigned submitted, unsigned wanted, unsigned flags,
                          sigset_t *mask)
{
    kernel.sleep_flags = flags;
    return __real_io_uring_enter(descriptor, submitted, wanted, flags, mask);
}

static enum pc_status kernel__open_port(int failure, int32_t *raw)
{
    const struct port_config config = {.receive_buffer_count = 8, .receive_buffer_size = 512};
    struct port *port = NULL;
    kernel.failure = failure;
    kernel.attempts = 0;
    enum pc_status status = port_open(port_engine_uring, &config, &port, raw);
    kernel.failure = 0;
    assert_null(port);
    return status;
}

static void ring_forbidden_is_denied_and_not_tried_again(void **state)
{
    (void)state;
    int32_t raw = 0;
    assert_int_equal(kernel__open_port(-EPERM, &raw), PC_DENIED);
    assert_int_equal(raw, EPERM);
    assert_int_equal(kernel.attempts, 1);
}

static void ring_absent_is_unsupported_and_not_tried_again(void **state)
{
    (void)state;
    int32_t raw = 0;
    assert_int_equal(kernel__open_port(-ENOSYS, &raw), PC_UNSUPPORTED);
    assert_int_equal(raw, ENOSYS);
    assert_int_equal(kernel.attempts, 1);
}

static void ring_without_memory_says_so(void **state)
{
    (void)state;
    int32_t raw = 0;
    assert_int_equal(kernel__open_port(-ENOMEM, &raw), PC_NO_MEMORY);
    assert_int_equal(kernel__open_port(-EMFILE, &raw), PC_NO_BUFFERS);
    assert_int_equal(kernel__open_port(-EIO, &raw), PC_SYSTEM);
    assert_int_equal(raw, EIO);
}

static void ring_of_unknown_flags_is_unsupported_after_all_sets(void **state)
{
    (void)state;
    int32_t raw = 0;
    assert_int_equal(kernel__open_port(-EINVAL, &raw), PC_UNSUPPORTED);
    assert_int_equal(raw, EINVAL);
    assert_int_equal(kernel.attempts, 4);
}

/* What is lowest of the free descriptors tells whether any was left open. */
static int kernel__next_descriptor(void)
{
    int next = dup(STDIN_FILENO);
    close(next);
    return next;
}

static void ring_without_buffer_rings_is_given_back(void **state)
{
    (void)state;
    int32_t raw = 0;
    int next = kernel__next_descriptor();
    kernel.no_buffer_rings = -EINVAL;
    assert_int_equal(kernel__open_port(0, &raw), PC_UNSUPPORTED);
    kernel.no_buffer_rings = 0;
    assert_int_equal(raw, EINVAL);
    assert_int_equal(kernel__next_descriptor(), next);
    assert_string_equal(port_cause(port_engine_uring, raw), "buffer_rings");
}

static void ring_that_cannot_be_made_has_a_cause(void **state)
{
    (void)state;
    assert_string_equal(port_cause(port_engine_uring, EPERM), "seccomp");
    kernel.disabled = "0\n";
    assert_string_equal(port_cause(port_engine_uring, EPERM), "seccomp");
    kernel.disabled = "1\n";
    assert_string_equal(port_cause(port_engine_uring, EPERM), "sysctl");
    kernel.disabled = "2\n";
    assert_string_equal(port_cause(port_engine_uring, EPERM), "sysctl");
    kernel.disabled = NULL;
    kernel.failure = -ENOSYS;
    assert_string_equal(port_cause(port_engine_uring, ENOSYS), "kernel");
    kernel.failure = 0;
    assert_string_equal(port_cause(port_engine_uring, ENOMEM), "");
    assert_string_equal(port_cause(port_engine_epoll, EPERM), "");
}

static void ring_with_weaker_flags_works_as_well(void **state)
{
    struct loopback *loop = *state;
    const uint32_t unknown[] = {
        0,
        IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER,
        IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
    };
    for (uint32_t i = 0; i < COUNT_OF(unknown); i++) {
        struct peer *client;
        struct peer *server;
        kernel.unknown_flags = unknown[i];
        kernel.attempts = 0;
        loopback_reopen(loop, 16, 1024);
        assert_int_equal(kernel.attempts, i + 1);
        assert_int_equal(kernel.flags & unknown[i], 0);
        kernel.unknown_flags = 0;
        loopback_pair(loop, &client, &server);
        server->arms = true;
        server->checks = true;
        peer_recv(server);
        peer_stream(client, STREAM_SIZE);
        loopback_until(loop, &server->received_bytes, STREAM_SIZE);
        assert_int_equal(server->pattern_errors, 0);
        peer_close(client);
        peer_close(server);
        loopback_unlisten(loop);
        port_listener_free(loop->port, loop->listener);
        loop->listener = NULL;
        loop->is_unlistening = false;
        loop->unlistened = 0;
    }
}

/* A server that has nothing to do must not look as if it waited for a disk: monitors would take
 * each of its processors for overloaded. An older kernel knows no other way, and is not asked for
 * it. */
static void ring_sleeps_idle_where_the_kernel_can(void **state)
{
    struct loopback *loop = *state;
    const uint32_t lacks[] = {IORING_FEAT_NO_IOWAIT, 0};
    for (uint32_t i = 0; i < COUNT_OF(lacks); i++) {
        kernel.lacks = lacks[i];
        kernel.sleep_flags = 0;
        loopback_reopen(loop, 16, 1024);
        (void)loopback_turn(loop, 5);
        bool has_it = (kernel.features & IORING_FEAT_NO_IOWAIT) != 0;
        assert_true((kernel.sleep_flags & IORING_ENTER_GETEVENTS) != 0);
        assert_int_equal((kernel.sleep_flags & IORING_ENTER_NO_IOWAIT) != 0, has_it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOPBACK_TEST(ring_forbidden_is_denied_and_not_tried_again),
        LOOPBACK_TEST(ring_absent_is_unsupported_and_not_tried_again),
        LOOPBACK_TEST(ring_without_memory_says_so),
        LOOPBACK_TEST(ring_of_unknown_flags_is_unsupported_after_all_sets),
        LOOPBACK_TEST(ring_without_buffer_rings_is_given_back),
        LOOPBACK_TEST(ring_that_cannot_be_made_has_a_cause),
        LOOPBACK_TEST(ring_with_weaker_flags_works_as_well),
        LOOPBACK_TEST(ring_sleeps_idle_where_the_kernel_can),
    };
    return loopback_run_on(port_engine_uring, "port_uring_setup", tests, COUNT_OF(tests));
}
