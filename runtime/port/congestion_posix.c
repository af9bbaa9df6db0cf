/* Congestion control by name on Linux: setting it, asking for it, listing what there is.
 *
 * Happy path: the name is tried on a socket of its own when a port is made, then set for each
 * listener, whose connections have it from their first packet, and for each connecting socket.
 * Failure modes: the system has none of that name, or keeps it for its administrator.
 * Path: outside the byte path, where connections are made. */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "port/congestion.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "pc/check.h"
#include "pc/runtime.h"
#include "port/socket_posix.h"

#define KNOWN_PATH "/proc/sys/net/ipv4/tcp_available_congestion_control"
#define KNOWN_SIZE 512u

int congestion_set(int descriptor, const char *name)
{
    if (name == NULL) {
        return 0;
    }
    socklen_t size = (socklen_t)strlen(name);
    return setsockopt(descriptor, IPPROTO_TCP, TCP_CONGESTION, name, size) == 0 ? 0 : -errno;
}

enum pc_status pc_congestion_check(const char *name)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return socket_status(errno);
    }
    int result = congestion_set(descriptor, name);
    socket_close(descriptor);
    if (result == -ENOENT || result == -EINVAL) {
        return PC_UNSUPPORTED;
    }
    return result == 0 ? PC_OK : socket_status(-result);
}

void pc_congestion_names(char *text, size_t size)
{
    char known[KNOWN_SIZE] = "";
    size_t used = 0;
    PC_ASSERT(size > 0);
    text[0] = '\0';
    FILE *file = fopen(KNOWN_PATH, "re");
    if (file == NULL) {
        return;
    }
    (void)fgets(known, sizeof known, file);
    (void)fclose(file);
    char *rest = NULL;
    for (char *name = strtok_r(known, " \n", &rest); name != NULL && used < size;
         name = strtok_r(NULL, " \n", &rest)) {
        if (pc_congestion_check(name) == PC_OK) {
            int length = snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", name);
            used += (size_t)length;
        }
    }
}
