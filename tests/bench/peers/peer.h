/* What the hand-written peers on POSIX sockets share. */
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "peer_process.h"

static inline void peer_say_port(int descriptor)
{
    struct sockaddr_in address;
    socklen_t address_size = sizeof address;
    (void)getsockname(descriptor, (struct sockaddr *)&address, &address_size);
    (void)printf("port %u\n", ntohs(address.sin_port));
    (void)fflush(stdout);
}

/* Listen on a port of the system's choice and say which. */
static inline int peer_listen(int flags)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int descriptor = socket(AF_INET, SOCK_STREAM | flags, 0);
    peer_prepare();
    if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(descriptor, 4096) != 0) {
        peer_die("listen");
    }
    peer_say_port(descriptor);
    return descriptor;
}

static inline void peer_set_nodelay(int descriptor)
{
    const int on = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
