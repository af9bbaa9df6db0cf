/* The engines of this build by their names; see engine.h. */
#include "net/engine.h"

#include <string.h>

bool pc_engine_parse(const char *text, enum pc_engine *engine)
{
    static const char *const names[] = {
        [PC_ENGINE_AUTO] = "auto",
        [PC_ENGINE_IOCP] = "iocp",
        [PC_ENGINE_URING] = "uring",
        [PC_ENGINE_EPOLL] = "epoll",
    };
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *engine = (enum pc_engine)i;
            return true;
        }
    }
    return false;
}

const struct port_engine *engine_find(enum pc_engine engine)
{
    switch (engine) {
    case PC_ENGINE_AUTO:
        return port_engine_iocp != NULL ? port_engine_iocp : port_engine_uring;
    case PC_ENGINE_IOCP:
        return port_engine_iocp;
    case PC_ENGINE_URING:
        return port_engine_uring;
    case PC_ENGINE_EPOLL:
        return port_engine_epoll;
    case PC_ENGINE_SIM:
        return port_engine_sim;
    }
    return NULL;
}

bool pc_engine_is_built(enum pc_engine engine)
{
    return engine_find(engine) != NULL;
}
