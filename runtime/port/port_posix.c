/* The engines of POSIX systems: what does not depend on how they wait.
 *
 * Happy path: one system call each. Failure modes: an accepted connection is gone before it was
 * looked at. Path: [1] completion and [10] send op, below uring and epoll. */
#include "port/port_posix.h"

#include <errno.h>

#include <sys/socket.h>

#include "port/sleep_timer_posix.h"
#include "port/socket_posix.h"

uint64_t port_posix_now_ms(struct port *port)
{
    (void)port;
    return sleep_timer_now_us() / 1000;
}

struct port_handover port_posix_handover(const struct port_socket *socket)
{
    return (struct port_handover){.os_handle = socket->os_handle, .peer = socket->peer};
}

void port_posix_discard_handover(struct port *port, const struct port_handover *handover)
{
    (void)port;
    socket_close((int)(handover->os_handle - 1));
}

void port_posix_shutdown_send(struct port *port, struct port_socket *socket)
{
    (void)port;
    (void)shutdown((int)(socket->os_handle - 1), SHUT_WR);
}

int32_t port_posix_take_accepted(struct port_socket *socket, int descriptor)
{
    if (descriptor < 0) {
        return descriptor;
    }
    if (socket_peer(descriptor, &socket->peer)) {
        socket->os_handle = (uint64_t)descriptor + 1;
        return 0;
    }
    /* Reset while it waited for us. io_uring of the kernels 6.6 and 6.7 sometimes names a wrong
     * descriptor, which must not be closed here if it is somebody's file. */
    if (errno == ENOTCONN) {
        socket_close(descriptor);
    }
    return -ECONNABORTED;
}
