/* Handlers of the test protocol's client. */
#include "generated/demo_parts.h"
#include "proto/client_dispatch.h"

static void on_moods(struct pc_session *session, const struct demo_moods *packet)
{
    demo_seen = (struct demo_seen){"client moods", session, (uint64_t)packet->wide};
}
REGISTER_HANDLER(demo_moods, on_moods);

static void on_shapes(struct pc_session *session, const struct demo_shapes *packet)
{
    demo_seen = (struct demo_seen){"client shapes", session, packet->end};
}
REGISTER_HANDLER(demo_shapes, on_shapes);

static void on_near_places(struct pc_session *session, const struct demo_near_places *packet)
{
    demo_seen = (struct demo_seen){"client near_places", session, (uint64_t)packet->place.y};
}
REGISTER_HANDLER(demo_near_places, on_near_places);
