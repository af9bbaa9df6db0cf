/* Winsock in the few calls the IOCP engine needs, each checked, without an OS header.
 *
 * A call returns 0 or Winsock's error code; socket_status_of_error gives its meaning. They stand in
 * a file of their own also so that a test can put itself between the engine and the system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pc/address.h"
#include "pc/status.h"

#define SOCKET_ADDRESS_SIZE 28u /* of the larger one, sockaddr_in6 */

/* Start Winsock, once per process however often it is called. */
PC_NODISCARD int32_t socket_startup(void);

/* A TCP socket for overlapped calls; not inherited by child processes. */
PC_NODISCARD int32_t socket_open(uint8_t family, uint64_t *handle);
void socket_close(uint64_t handle);

PC_NODISCARD int32_t socket_set_option(uint64_t handle, int level, int name, const void *value,
                                       uint32_t value_size);

/* No delay for small segments, and no waiting in calls without OVERLAPPED. */
PC_NODISCARD int32_t socket_prepare(uint64_t handle);

/* Closing will discard what is unsent and send RST. */
void socket_reset_on_close(uint64_t handle);
void socket_shutdown_send(uint64_t handle);

/* Bind to a free port of any address: ConnectEx asks for it. */
PC_NODISCARD int32_t socket_bind_any(uint64_t handle, uint8_t family);

/* Bind exclusively and listen; bound receives the address in use. */
PC_NODISCARD int32_t socket_listen(uint64_t handle, const struct pc_address *address,
                                   uint32_t backlog, struct pc_address *bound);

/* Read what is there. PC_OK: *received > 0 | PC_END | PC_AGAIN: nothing there | a failure, whose
 * code is in *raw. */
PC_NODISCARD enum pc_status socket_read_now(uint64_t handle, uint8_t *buffer, uint32_t size,
                                            uint32_t *received, int32_t *raw);

/* Overlapped: 0 if the result is there already, with its size; WSA_IO_PENDING if it will come; any
 * other code if nothing was taken on. spans: WSABUFs; overlapped: an OVERLAPPED. */
PC_NODISCARD int32_t socket_post_receive(uint64_t handle, uint8_t *buffer, uint32_t size,
                                         uint32_t *received, void *overlapped);
PC_NODISCARD int32_t socket_post_send(uint64_t handle, void *spans, uint32_t span_count,
                                      uint32_t *sent, void *overlapped);

/* Look up an extension function by its 16-byte identifier; function points at the pointer. */
PC_NODISCARD int32_t socket_extension(uint64_t handle, const void *identifier, void *function,
                                      uint32_t function_size);

/* True if no layered provider sits between: only then may the port skip inline completions. */
bool socket_is_plain(uint64_t handle);

/* To and from the system's form; the size of that form, 0 if the family is unknown. */
uint32_t socket_address_write(const struct pc_address *address, uint8_t os[SOCKET_ADDRESS_SIZE]);
struct pc_address socket_address_read(const void *os, uint32_t os_size);

/* Meaning of a Winsock or Win32 code, and of the NTSTATUS an OVERLAPPED ends with. raw receives the
 * Winsock code that says the same, or the NTSTATUS itself if there is none. */
enum pc_status socket_status_of_error(int32_t error);
enum pc_status socket_status_of_nt(uint32_t nt, int32_t *raw);

/* Post an empty packet to a completion port. False if the system is short of memory for it. */
bool socket_post_wake(void *completion_port);
