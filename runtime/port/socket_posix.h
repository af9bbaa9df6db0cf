/* Sockets of POSIX systems, as the engines of this platform need them: addresses, options, error
 * codes. Descriptors travel as int; a failure is the negative errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "pc/address.h"
#include "pc/check.h"
#include "pc/status.h"

/* The system's form of an address. */
union socket_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un path;
};

/* What an errno value means to the layers above. code > 0. */
PC_COLD enum pc_status socket_status(int code);

/* The same for a receive or send of a connection that stands, of which a shortage takes nothing. */
PC_COLD enum pc_status socket_status_of_transfer(int code);

/* Returns the size of the encoded form, 0 if the family is unknown. */
socklen_t socket_address_encode(const struct pc_address *address, union socket_address *target);
void socket_address_decode(const union socket_address *source, struct pc_address *address);

/* A bound and listening socket; bound receives the address in use. congestion: see congestion_set;
 * a path has none. A path is made for the owner
 * only (mode 0600), in the place of one that a dead process has left. */
int socket_listen(const struct pc_address *address, uint32_t backlog, const char *congestion,
                  struct pc_address *bound);

/* Close what socket_listen returned; a path goes with it. */
void socket_unlisten(int descriptor);

/* A socket of the family, ready to be connected. */
int socket_create(uint8_t family, const char *congestion);

/* Connect to a path without waiting: it is taken, or fails, at once, as no network is crossed. */
int socket_connect_path(int descriptor, const union socket_address *name);

/* The peer of a connected socket; false if the connection has gone already. */
bool socket_peer(int descriptor, struct pc_address *address);

/* From now on close discards what is unsent and unread and sends RST. */
void socket_set_reset(int descriptor);

/* From now on calls on it return EAGAIN where they would sleep. */
void socket_set_nonblocking(int descriptor);

void socket_close(int descriptor);
