/* POSIX sockets: create, bind, options, addresses, and the one table from errno to enum pc_status.
 *
 * Happy path: socket_listen once at start; socket_peer for each accepted connection; socket_create
 * for each outgoing one.
 * Failure modes: descriptors run out (PC_NO_BUFFERS, transient), the address is taken or foreign.
 * Path: [1] completion, below the engines. */
#define _GNU_SOURCE /* SOCK_CLOEXEC, EHOSTDOWN */
#include "port/socket_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pc/check.h"
#include "port/congestion.h"

struct socket_meaning {
    int code;
    enum pc_status status;
};

static const struct socket_meaning socket__meanings[] = {
    {ECONNRESET, PC_RESET},     /* the peer sent RST */
    {EPIPE, PC_RESET},          /* sending after the peer or we closed that direction */
    {ECONNABORTED, PC_RESET},   /* reset while it waited in the backlog */
    {ENOTCONN, PC_RESET},       /* the connection was reset before we looked at it */
    {ESHUTDOWN, PC_RESET},      /* as EPIPE, on some systems */
    {ENETRESET, PC_RESET},      /* keep-alive found the connection dead */
    {EPROTO, PC_RESET},         /* accept found a connection that broke meanwhile */
    {ETIMEDOUT, PC_TIMEOUT},    /* no answer to connect, or retransmissions gave up */
    {ECONNREFUSED, PC_REFUSED}, /* RST in answer to SYN */
    {ENETUNREACH, PC_UNREACHABLE},
    {EHOSTUNREACH, PC_UNREACHABLE},
    {ENETDOWN, PC_UNREACHABLE},
    {EHOSTDOWN, PC_UNREACHABLE},
    {ECANCELED, PC_CANCELLED}, /* io_uring: we cancelled it */
    {EMFILE, PC_NO_BUFFERS},   /* this process has no descriptor left */
    {ENFILE, PC_NO_BUFFERS},   /* the system has none */
    {ENOBUFS, PC_NO_BUFFERS},  /* socket memory, or no provided buffer */
    {EAGAIN, PC_NO_BUFFERS},   /* io_uring: no memory for the request */
    {ENOMEM, PC_NO_MEMORY},
    {EADDRINUSE, PC_ADDRESS_IN_USE},
    {EADDRNOTAVAIL, PC_ADDRESS_INVALID}, /* not an address of this machine */
    {ENOENT, PC_REFUSED},                /* connecting to a path that nobody listens at yet */
    {ENOTDIR, PC_ADDRESS_INVALID},       /* a file in the middle of a path */
    {EAFNOSUPPORT, PC_ADDRESS_INVALID},  /* IPv6 is switched off */
    {EACCES, PC_DENIED},                 /* privileged port, packet filter */
    {EPERM, PC_DENIED},                  /* seccomp, packet filter */
    {ENOSYS, PC_UNSUPPORTED},
    {EOPNOTSUPP, PC_UNSUPPORTED},
};

enum pc_status socket_status(int code)
{
    PC_ASSERT(code > 0);
    for (size_t i = 0; i < sizeof socket__meanings / sizeof socket__meanings[0]; i++) {
        if (socket__meanings[i].code == code) {
            return socket__meanings[i].status;
        }
    }
    return PC_SYSTEM;
}

enum pc_status socket_status_of_transfer(int code)
{
    return code == ENOMEM ? PC_NO_BUFFERS : socket_status(code);
}

socklen_t socket_address_encode(const struct pc_address *address, union socket_address *target)
{
    memset(target, 0, sizeof *target);
    if (address->family == PC_FAMILY_IPV4) {
        target->ipv4.sin_family = AF_INET;
        target->ipv4.sin_port = htons(address->port);
        memcpy(&target->ipv4.sin_addr, address->ip, 4);
        return sizeof target->ipv4;
    }
    if (address->family == PC_FAMILY_IPV6) {
        target->ipv6.sin6_family = AF_INET6;
        target->ipv6.sin6_port = htons(address->port);
        memcpy(&target->ipv6.sin6_addr, address->ip, 16);
        return sizeof target->ipv6;
    }
    const char *path = pc_address_path(address);
    if (path == NULL) {
        return 0;
    }
    _Static_assert(sizeof target->path.sun_path >= PC_ADDRESS_PATH_SIZE, "room for any path");
    target->path.sun_family = AF_UNIX;
    memcpy(target->path.sun_path, path, strlen(path) + 1);
    return sizeof target->path;
}

void socket_address_decode(const union socket_address *source, struct pc_address *address)
{
    memset(address, 0, sizeof *address);
    if (source->any.sa_family == AF_INET) {
        address->family = PC_FAMILY_IPV4;
        address->port = ntohs(source->ipv4.sin_port);
        memcpy(address->ip, &source->ipv4.sin_addr, 4);
    } else if (source->any.sa_family == AF_INET6) {
        address->family = PC_FAMILY_IPV6;
        address->port = ntohs(source->ipv6.sin6_port);
        memcpy(address->ip, &source->ipv6.sin6_addr, 16);
    } else if (source->any.sa_family == AF_UNIX) {
        address->family = PC_FAMILY_UNIX; /* the end that connected has no name */
    }
}

static int socket__set(int descriptor, int level, int option, int value)
{
    return setsockopt(descriptor, level, option, &value, sizeof value);
}

/* What every TCP socket has. */
static int socket__set_up(int descriptor, const char *congestion)
{
    if (socket__set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1) != 0) {
        return -errno;
    }
    return congestion_set(descriptor, congestion);
}

int socket_create(uint8_t family, const char *congestion)
{
    static const int domains[] = {
        [PC_FAMILY_IPV4] = AF_INET, [PC_FAMILY_IPV6] = AF_INET6, [PC_FAMILY_UNIX] = AF_UNIX};
    PC_ASSERT(family != PC_FAMILY_NONE && family <= PC_FAMILY_UNIX);
    int descriptor = socket(domains[family], SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return -errno;
    }
    int result = family == PC_FAMILY_UNIX ? 0 : socket__set_up(descriptor, congestion);
    if (result != 0) {
        socket_close(descriptor);
        return result;
    }
    return descriptor;
}

/* A socket at which nobody listens any more: its process ended without taking it away. */
static bool socket__is_stale(const union socket_address *name)
{
    struct stat found;
    if (lstat(name->path.sun_path, &found) != 0 || !S_ISSOCK(found.st_mode)) {
        return false;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) {
        return false;
    }
    bool is_stale = connect(probe, &name->any, sizeof name->path) != 0 && errno == ECONNREFUSED;
    close(probe);
    return is_stale;
}

/* The mask of the process is not touched, for other threads make files too: nobody can connect
 * before listen, and the mode is set by then. */
static int socket__bind_path(int descriptor, const union socket_address *name)
{
    int result = bind(descriptor, &name->any, sizeof name->path) == 0 ? 0 : -errno;
    if (result == -EADDRINUSE && socket__is_stale(name)) {
        (void)unlink(name->path.sun_path);
        result = bind(descriptor, &name->any, sizeof name->path) == 0 ? 0 : -errno;
    }
    if (result == 0 && chmod(name->path.sun_path, S_IRUSR | S_IWUSR) != 0) {
        result = -errno;
        (void)unlink(name->path.sun_path);
    }
    return result;
}

/* Both families may then listen on one port number, as they do on Windows. */
static int socket__bind(int descriptor, const struct pc_address *address)
{
    union socket_address name;
    socklen_t name_size = socket_address_encode(address, &name);
    if (name_size == 0) {
        return -EAFNOSUPPORT;
    }
    if (address->family == PC_FAMILY_UNIX) {
        return socket__bind_path(descriptor, &name);
    }
    if (socket__set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) != 0) {
        return -errno;
    }
    if (address->family == PC_FAMILY_IPV6 &&
        socket__set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0) {
        return -errno;
    }
    return bind(descriptor, &name.any, name_size) == 0 ? 0 : -errno;
}

int socket_listen(const struct pc_address *address, uint32_t backlog, const char *congestion,
                  struct pc_address *bound)
{
    if (address->family == PC_FAMILY_NONE) {
        return -EAFNOSUPPORT;
    }
    int descriptor = socket_create(address->family, congestion);
    if (descriptor < 0) {
        return descriptor;
    }
    int result = socket__bind(descriptor, address);
    if (result != 0) {
        goto fail_close;
    }
    if (listen(descriptor, backlog > INT32_MAX ? INT32_MAX : (int)backlog) != 0) {
        result = -errno;
        goto fail_close;
    }
    if (address->family == PC_FAMILY_UNIX) {
        *bound = *address;
        return descriptor;
    }
    union socket_address name = {0};
    socklen_t name_size = sizeof name;
    if (getsockname(descriptor, &name.any, &name_size) != 0) {
        result = -errno;
        goto fail_close;
    }
    socket_address_decode(&name, bound);
    return descriptor;

fail_close:
    socket_unlisten(descriptor);
    return result;
}

int socket_connect_path(int descriptor, const union socket_address *name)
{
    int flags = fcntl(descriptor, F_GETFL);
    socket_set_nonblocking(descriptor); /* a full backlog fails instead of being waited for */
    int result = connect(descriptor, &name->any, sizeof name->path) == 0 ? 0 : -errno;
    (void)fcntl(descriptor, F_SETFL, flags);
    return result;
}

void socket_unlisten(int descriptor)
{
    union socket_address name = {0};
    socklen_t name_size = sizeof name;
    if (getsockname(descriptor, &name.any, &name_size) == 0 && name.any.sa_family == AF_UNIX) {
        (void)unlink(name.path.sun_path);
    }
    socket_close(descriptor);
}

bool socket_peer(int descriptor, struct pc_address *address)
{
    union socket_address name = {0};
    socklen_t name_size = sizeof name;
    if (getpeername(descriptor, &name.any, &name_size) != 0) {
        return false;
    }
    socket_address_decode(&name, address);
    return true;
}

void socket_set_reset(int descriptor)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    /* It fails only on a bad descriptor; a FIN in place of the RST would be the consequence. */
    (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

void socket_set_nonblocking(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    PC_ASSERT(flags >= 0);
    int result = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    PC_ASSERT(result == 0);
}

void socket_close(int descriptor)
{
    /* EINTR must not be retried on Linux: the descriptor is gone already. */
    (void)close(descriptor);
}
