/* Handlers of the test protocol's gate. */
#include "generated/demo_parts.h"
#include "proto/gate_dispatch.h"

struct demo_seen demo_seen;

static void on_nothing(struct pc_session *session, const struct demo_nothing *packet)
{
    demo_seen = (struct demo_seen){"gate nothing", session, packet->unused};
}
REGISTER_HANDLER(demo_nothing, on_nothing);

static void on_numbers(struct pc_session *session, const struct demo_numbers *packet)
{
    demo_seen = (struct demo_seen){"gate numbers", session, packet->d};
}
REGISTER_HANDLER(demo_numbers, on_numbers);

static void on_texts(struct pc_session *session, const struct demo_texts *packet)
{
    demo_seen = (struct demo_seen){"gate texts", session, packet->second_size};
}
REGISTER_HANDLER(demo_texts, on_texts);

static void on_frame_down(struct pc_session *session, const struct inner_frame_down *packet)
{
    demo_seen = (struct demo_seen){"gate frame_down", session, packet->session};
}
REGISTER_HANDLER(inner_frame_down, on_frame_down);

static void on_echo(struct pc_session *session, const struct inner_echo *packet)
{
    demo_seen = (struct demo_seen){"gate echo", session, (uint64_t)packet->point.x};
}
REGISTER_HANDLER(inner_echo, on_echo);
