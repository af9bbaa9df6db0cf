/* What the kernel alone takes for an answer: one connection, a receive and a send in turn, and no
 * server around them. It assembles nothing, so a frame must come in one piece, as one that is sent
 * alone does. It looks for a while before it sleeps. */
#define _GNU_SOURCE
#include <poll.h>
#include <unistd.h>

#include "frames.h"
#include "peer.h"

#define LOOKS_MAX 2000u /* half a millisecond */

static void pong(int descriptor)
{
    uint8_t bytes[FRAMES_SIZE_MAX];
    struct pollfd readable = {.fd = descriptor, .events = POLLIN};
    uint32_t looks = 0;
    for (;;) {
        ssize_t size = recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
        enum frames_kind kind = FRAMES_KIND_BAD;
        if (size == 0) {
            return;
        }
        if (size > 0) {
            uint32_t run = frames_run(bytes, (uint32_t)size, &kind);
            if (run != (uint32_t)size || send(descriptor, bytes, run, MSG_NOSIGNAL) != size) {
                peer_die("not one whole frame");
            }
            looks = 0;
        } else if (++looks == LOOKS_MAX) {
            (void)poll(&readable, 1, -1);
            looks = 0;
        }
    }
}

int main(void)
{
    int listener = peer_listen(0);
    for (;;) {
        int descriptor = accept(listener, NULL, NULL);
        if (descriptor >= 0) {
            peer_set_nodelay(descriptor);
            pong(descriptor);
            (void)close(descriptor);
        }
    }
}
