/* The packets of link.yaml at the db, which accepts links and makes none. See common/link.h. */
#include "common/link.h"

#include "proto/db_dispatch.h"

REGISTER_HANDLER(link_hello, server_link_on_hello);
REGISTER_HANDLER(link_proof, server_link_on_proof);
REGISTER_HANDLER(link_ping, server_link_on_ping);
