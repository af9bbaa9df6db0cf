"""Run a program that the system does not let use io_uring, as containers do.

    without_io_uring.py PROGRAM [ARGUMENT ...]

A seccomp filter of this process answers io_uring_setup with EPERM; then the program takes its
place, with the same process id.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

IO_URING_SETUP = 425
EPERM = 1
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


FILTER = b"".join(
    (
        instruction(BPF_LOAD_WORD, 0, 0, 0),  # seccomp_data.nr
        instruction(BPF_JUMP_EQUAL, 0, 1, IO_URING_SETUP),
        instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ERRNO | EPERM),
        instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ALLOW),
    )
)


def block_io_uring() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(FILTER, len(FILTER))
    program = struct.pack("@HP", len(FILTER) // 8, ctypes.addressof(code))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


def main() -> None:
    block_io_uring()
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
