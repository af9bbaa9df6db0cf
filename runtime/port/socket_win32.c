/* Winsock calls of the IOCP engine; see the header for what each promises.
 *
 * Happy path: the engine opens, prepares, binds and listens through here, and asks what a code
 * means; it posts its receives and sends here, AcceptEx and ConnectEx itself.
 * Failure modes: codes nobody has thought of become PC_SYSTEM and keep their number in raw.
 *
 * Path: [1] and [10], below the completion port. */
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include "port/socket_win32.h"

#include <string.h>

#include "pc/check.h"

#include <winsock2.h>

#include <ws2tcpip.h>

#include <windows.h>

/* Above this Windows takes a backlog only as a negative hint. */
#define BACKLOG_PLAIN_MAX 200u
#define BACKLOG_HINT_MAX  65535u

_Static_assert(sizeof(struct sockaddr_in6) == SOCKET_ADDRESS_SIZE, "room for either family");

static BOOL CALLBACK socket__startup_once(PINIT_ONCE once, PVOID error, PVOID *context)
{
    (void)once;
    (void)context;
    WSADATA data;
    int32_t result = WSAStartup(MAKEWORD(2, 2), &data);
    *(int32_t *)error = result;
    return result == 0;
}

int32_t socket_startup(void)
{
    /* Never undone: the process may hold sockets until its end. */
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    int32_t error = 0;
    InitOnceExecuteOnce(&once, socket__startup_once, &error, NULL);
    return error;
}

static int32_t socket__error_unless(bool succeeded)
{
    return succeeded ? 0 : WSAGetLastError();
}

int32_t socket_open(uint8_t family, uint64_t *handle)
{
    int os_family = family == PC_FAMILY_IPV6 ? AF_INET6 : AF_INET;
    SOCKET opened = WSASocketW(os_family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
                               WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (opened == INVALID_SOCKET) {
        return WSAGetLastError();
    }
    *handle = opened;
    return 0;
}

void socket_close(uint64_t handle)
{
    closesocket((SOCKET)handle);
}

int32_t socket_set_option(uint64_t handle, int level, int name, const void *value,
                          uint32_t value_size)
{
    return socket__error_unless(setsockopt((SOCKET)handle, level, name, value, (int)value_size) ==
                                0);
}

int32_t socket_prepare(uint64_t handle)
{
    /* SO_SNDBUF stays as it is: at 0 a send would complete only when the peer has acknowledged it,
     * and one send at a time would then mean one send per round trip. */
    const BOOL enable = TRUE;
    int32_t error = socket_set_option(handle, IPPROTO_TCP, TCP_NODELAY, &enable, sizeof(enable));
    if (error != 0) {
        return error;
    }
    u_long not_blocking = 1;
    return socket__error_unless(ioctlsocket((SOCKET)handle, (long)FIONBIO, &not_blocking) == 0);
}

void socket_reset_on_close(uint64_t handle)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    /* If it cannot be set the connection is broken already, and nothing is left to reset. */
    (void)setsockopt((SOCKET)handle, SOL_SOCKET, SO_LINGER, (const char *)&at_once,
                     sizeof(at_once));
}

void socket_shutdown_send(uint64_t handle)
{
    /* Fails only on a broken connection, which the receive in flight or the next one reports. */
    (void)shutdown((SOCKET)handle, SD_SEND);
}

uint32_t socket_address_write(const struct pc_address *address, uint8_t os[SOCKET_ADDRESS_SIZE])
{
    memset(os, 0, SOCKET_ADDRESS_SIZE);
    if (address->family == PC_FAMILY_IPV4) {
        struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&ipv4.sin_addr, address->ip, 4);
        memcpy(os, &ipv4, sizeof(ipv4));
        return sizeof(ipv4);
    }
    if (address->family == PC_FAMILY_IPV6) {
        struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
        memcpy(&ipv6.sin6_addr, address->ip, 16);
        memcpy(os, &ipv6, sizeof(ipv6));
        return sizeof(ipv6);
    }
    return 0;
}

struct pc_address socket_address_read(const void *os, uint32_t os_size)
{
    struct pc_address address = {.family = PC_FAMILY_NONE};
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    if (os_size < sizeof(ipv4)) {
        return address;
    }
    memcpy(&ipv4, os, sizeof(ipv4));
    if (ipv4.sin_family == AF_INET) {
        address.family = PC_FAMILY_IPV4;
        address.port = ntohs(ipv4.sin_port);
        memcpy(address.ip, &ipv4.sin_addr, 4);
    } else if (ipv4.sin_family == AF_INET6 && os_size >= sizeof(ipv6)) {
        memcpy(&ipv6, os, sizeof(ipv6));
        address.family = PC_FAMILY_IPV6;
        address.port = ntohs(ipv6.sin6_port);
        memcpy(address.ip, &ipv6.sin6_addr, 16);
    }
    return address;
}

static int32_t socket__bind(uint64_t handle, const struct pc_address *address)
{
    uint8_t os[SOCKET_ADDRESS_SIZE];
    uint32_t os_size = socket_address_write(address, os);
    if (os_size == 0) {
        return WSAEAFNOSUPPORT;
    }
    return socket__error_unless(
        bind((SOCKET)handle, (const struct sockaddr *)(const void *)os, (int)os_size) == 0);
}

int32_t socket_bind_any(uint64_t handle, uint8_t family)
{
    const struct pc_address any = {.family = family};
    return socket__bind(handle, &any);
}

int32_t socket_listen(uint64_t handle, const struct pc_address *address, uint32_t backlog,
                      struct pc_address *bound)
{
    /* Without it a second process could bind the same port and take our connections. */
    const BOOL enable = TRUE;
    int32_t error =
        socket_set_option(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, &enable, sizeof(enable));
    if (error == 0) {
        error = socket__bind(handle, address);
    }
    if (error != 0) {
        return error;
    }
    int queue = (int)(backlog < BACKLOG_HINT_MAX ? backlog : BACKLOG_HINT_MAX);
    if (backlog > BACKLOG_PLAIN_MAX) {
        queue = -queue;
    }
    uint8_t os[SOCKET_ADDRESS_SIZE];
    int os_size = SOCKET_ADDRESS_SIZE;
    if (listen((SOCKET)handle, queue) != 0 ||
        getsockname((SOCKET)handle, (struct sockaddr *)(void *)os, &os_size) != 0) {
        return WSAGetLastError();
    }
    *bound = socket_address_read(os, (uint32_t)os_size);
    return 0;
}

enum pc_status socket_read_now(uint64_t handle, uint8_t *buffer, uint32_t size, uint32_t *received,
                               int32_t *raw)
{
    WSABUF target = {.len = size, .buf = (char *)buffer};
    DWORD read_size = 0;
    DWORD flags = 0;
    if (WSARecv((SOCKET)handle, &target, 1, &read_size, &flags, NULL, NULL) == 0) {
        *received = read_size;
        return read_size > 0 ? PC_OK : PC_END;
    }
    int32_t error = WSAGetLastError();
    if (error == WSAEWOULDBLOCK) {
        return PC_AGAIN;
    }
    *raw = error;
    return socket_status_of_error(error);
}

int32_t socket_post_receive(uint64_t handle, uint8_t *buffer, uint32_t size, uint32_t *received,
                            void *overlapped)
{
    WSABUF target = {.len = size, .buf = (char *)buffer};
    DWORD done_size = 0;
    DWORD flags = 0;
    bool is_done = WSARecv((SOCKET)handle, &target, 1, &done_size, &flags, overlapped, NULL) == 0;
    *received = done_size;
    return socket__error_unless(is_done);
}

int32_t socket_post_send(uint64_t handle, void *spans, uint32_t span_count, uint32_t *sent,
                         void *overlapped)
{
    DWORD done_size = 0;
    bool is_done = WSASend((SOCKET)handle, spans, span_count, &done_size, 0, overlapped, NULL) == 0;
    *sent = done_size;
    return socket__error_unless(is_done);
}

int32_t socket_extension(uint64_t handle, const void *identifier, void *function,
                         uint32_t function_size)
{
    GUID guid;
    DWORD size = 0;
    memcpy(&guid, identifier, sizeof(guid));
    return socket__error_unless(WSAIoctl((SOCKET)handle, SIO_GET_EXTENSION_FUNCTION_POINTER, &guid,
                                         sizeof(guid), function, function_size, &size, NULL,
                                         NULL) == 0);
}

bool socket_is_plain(uint64_t handle)
{
    WSAPROTOCOL_INFOW info;
    int size = sizeof(info);
    memset(&info, 0, sizeof(info));
    return getsockopt((SOCKET)handle, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&info, &size) == 0 &&
           (info.dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
}

enum pc_status socket_status_of_error(int32_t error)
{
    switch (error) {
    case 0:
        return PC_OK;
    case WSAECONNRESET:
    case WSAECONNABORTED: /* this machine gave up: too many retransmissions */
    case WSAENETRESET:
    case WSAENOTCONN: /* reset between two of our calls */
    case WSAESHUTDOWN:
    case WSAEDISCON:
    case ERROR_NETNAME_DELETED:
    case ERROR_CONNECTION_ABORTED:
        return PC_RESET;
    case WSAECONNREFUSED:
    case ERROR_CONNECTION_REFUSED:
        return PC_REFUSED;
    case WSAENETUNREACH:
    case WSAEHOSTUNREACH:
    case WSAENETDOWN:
    case ERROR_NETWORK_UNREACHABLE:
    case ERROR_HOST_UNREACHABLE:
        return PC_UNREACHABLE;
    case WSAETIMEDOUT:
    case ERROR_SEM_TIMEOUT:
        return PC_TIMEOUT;
    case ERROR_OPERATION_ABORTED:
        return PC_CANCELLED;
    case WSAENOBUFS:     /* also: the limit of locked pages */
    case WSAEWOULDBLOCK: /* of an overlapped call: too many are outstanding */
    case WSAEMFILE:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_COMMITMENT_LIMIT:
        return PC_NO_BUFFERS;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return PC_NO_MEMORY;
    case WSAEADDRINUSE:
        return PC_ADDRESS_IN_USE;
    case WSAEADDRNOTAVAIL:
    case WSAEAFNOSUPPORT:
        return PC_ADDRESS_INVALID;
    case WSAEACCES: /* a reserved port, or one held exclusively */
    case ERROR_ACCESS_DENIED:
        return PC_DENIED;
    case WSAEOPNOTSUPP:
    case WSASYSNOTREADY:
    case WSAVERNOTSUPPORTED:
        return PC_UNSUPPORTED;
    default:
        return PC_SYSTEM;
    }
}

/* NTSTATUS values are written as numbers: their names come from headers that clash with
 * windows.h. */
static const struct {
    uint32_t nt;
    int32_t error;
} socket_nt_errors[] = {
    {0xC0000120u, ERROR_OPERATION_ABORTED}, /* CANCELLED: by CancelIoEx */
    {0x8000000Au, ERROR_OPERATION_ABORTED}, /* HANDLES_CLOSED: what Wine gives at closesocket */
    {0xC000020Du, WSAECONNRESET},           /* CONNECTION_RESET */
    {0xC00000C9u, WSAECONNRESET},           /* NETWORK_NAME_DELETED: reset, or closed by us */
    {0xC000013Cu, WSAECONNRESET},           /* REMOTE_DISCONNECT */
    {0xC000020Cu, WSAECONNRESET},           /* CONNECTION_DISCONNECTED */
    {0xC0000237u, WSAEDISCON},              /* GRACEFUL_DISCONNECT */
    {0xC000013Bu, WSAECONNABORTED},         /* LOCAL_DISCONNECT */
    {0xC0000241u, WSAECONNABORTED},         /* CONNECTION_ABORTED */
    {0xC0000140u, WSAENOTCONN},             /* INVALID_CONNECTION */
    {0xC0000236u, WSAECONNREFUSED},         /* CONNECTION_REFUSED */
    {0xC000023Fu, WSAECONNREFUSED},         /* PORT_UNREACHABLE */
    {0xC000023Cu, WSAENETUNREACH},          /* NETWORK_UNREACHABLE */
    {0xC000023Du, WSAEHOSTUNREACH},         /* HOST_UNREACHABLE */
    {0xC000023Eu, WSAENETUNREACH},          /* PROTOCOL_UNREACHABLE */
    {0xC00000BEu, WSAENETUNREACH},          /* BAD_NETWORK_PATH */
    {0xC00000B5u, WSAETIMEDOUT},            /* IO_TIMEOUT */
    {0xC000013Fu, WSAETIMEDOUT},            /* LINK_TIMEOUT */
    {0x00000102u, WSAETIMEDOUT},            /* TIMEOUT */
    {0xC000009Au, WSAENOBUFS},              /* INSUFFICIENT_RESOURCES */
    {0xC000013Du, WSAENOBUFS},              /* REMOTE_RESOURCES */
    {0xC0000044u, WSAENOBUFS},              /* QUOTA_EXCEEDED */
    {0xC00000A1u, WSAENOBUFS},              /* WORKING_SET_QUOTA */
    {0xC000012Du, WSAENOBUFS},              /* COMMITMENT_LIMIT */
    {0xC0000017u, ERROR_NOT_ENOUGH_MEMORY}, /* NO_MEMORY */
    {0xC000020Au, WSAEADDRINUSE},           /* ADDRESS_ALREADY_EXISTS */
    {0xC0000043u, WSAEADDRINUSE},           /* SHARING_VIOLATION */
    {0xC0000141u, WSAEADDRNOTAVAIL},        /* INVALID_ADDRESS */
    {0xC0000022u, WSAEACCES},               /* ACCESS_DENIED */
};

enum pc_status socket_status_of_nt(uint32_t nt, int32_t *raw)
{
    *raw = 0;
    if (nt == 0) {
        return PC_OK;
    }
    for (size_t i = 0; i < sizeof(socket_nt_errors) / sizeof(socket_nt_errors[0]); i++) {
        if (socket_nt_errors[i].nt == nt) {
            *raw = socket_nt_errors[i].error;
            return socket_status_of_error(*raw);
        }
    }
    *raw = (int32_t)nt;
    return PC_SYSTEM;
}

bool socket_post_wake(void *completion_port)
{
    return PostQueuedCompletionStatus(completion_port, 0, 0, NULL) != 0;
}
