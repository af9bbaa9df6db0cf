"""Run a program that the system does not let use io_uring, as containers and old kernels do.

    without_io_uring.py CAUSE PROGRAM [ARGUMENT ...]

A seccomp filter of this process answers as CAUSE says; then the program takes its place, with the
same process id.

    forbidden   io_uring_setup: EPERM, as in a container
    absent      io_uring_setup: ENOSYS, as a kernel without io_uring
    old         io_uring_setup: EINVAL, as a kernel that knows none of the flags
    featureless the ring is made, but asked what it can do it answers EINVAL: a kernel of which
                nobody knows that it has multishot receives
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

IO_URING_SETUP = 425
IO_URING_REGISTER = 427
REGISTER_PROBE = 8
CALL_AT = 0  # in struct seccomp_data
SECOND_ARGUMENT_AT = 24
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
BPF_LOAD_WORD = 0x20
BPF_JUMP_EQUAL = 0x15
BPF_RETURN = 0x06


def instruction(code: int, jump_true: int, jump_false: int, operand: int) -> bytes:
    return struct.pack("=HBBI", code, jump_true, jump_false, operand)


def filter_of_setup(code: int) -> bytes:
    """io_uring_setup fails with code, everything else passes."""
    return b"".join(
        (
            instruction(BPF_LOAD_WORD, 0, 0, CALL_AT),
            instruction(BPF_JUMP_EQUAL, 0, 1, IO_URING_SETUP),
            instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ERRNO | code),
            instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ALLOW),
        )
    )


FILTER_OF_PROBE = b"".join(
    (
        instruction(BPF_LOAD_WORD, 0, 0, CALL_AT),
        instruction(BPF_JUMP_EQUAL, 0, 3, IO_URING_REGISTER),
        instruction(BPF_LOAD_WORD, 0, 0, SECOND_ARGUMENT_AT),
        instruction(BPF_JUMP_EQUAL, 0, 1, REGISTER_PROBE),
        instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EINVAL),
        instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ALLOW),
    )
)
FILTERS = {
    "forbidden": filter_of_setup(errno.EPERM),
    "absent": filter_of_setup(errno.ENOSYS),
    "old": filter_of_setup(errno.EINVAL),
    "featureless": FILTER_OF_PROBE,
}


def install(code_bytes: bytes) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(code_bytes, len(code_bytes))
    program = struct.pack("@HP", len(code_bytes) // 8, ctypes.addressof(code))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


def main() -> None:
    install(FILTERS[sys.argv[1]])
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
