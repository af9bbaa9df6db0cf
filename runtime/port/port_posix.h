/* What the engines of POSIX systems do alike; the functions of a port stand in the engines' tables
 * as they are. */
#pragma once

#include "port/port.h"

uint64_t port_posix_now_ms(struct port *port);

/* The connection of an ACCEPTED socket; the socket is the engine's to end. */
struct port_handover port_posix_handover(const struct port_socket *socket);

void port_posix_discard_handover(struct port *port, const struct port_handover *handover);

/* It fails only when the connection is broken, which the receive will tell. */
void port_posix_shutdown_send(struct port *port, struct port_socket *socket);
