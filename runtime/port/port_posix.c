/* The engines of POSIX systems: what does not depend on how they wait.
 *
 * Happy path: one system call each. Failure modes: none that is not told elsewhere. Path: [1]
 * completion and [10] send op, below uring and epoll. */
#include "port/port_posix.h"

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
