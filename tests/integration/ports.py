"""Ports for servers that keep theirs when they are started again.

They lie below those that the system gives to connections by itself. A port whose server is down
looks free to anybody, so a process of tests claims what it chooses, with an abstract Unix address
that bears the port's number: the system gives it to one process and takes it back at its end.
"""

from __future__ import annotations

import random
import socket

FIRST, LAST = 10000, 31999  # Linux gives 32768 and above to connections

_claims: dict[int, socket.socket] = {}  # kept until this process ends


def port_is_free(port: int) -> bool:
    """Whether nobody is bound to the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def claim_port(port: int) -> bool:
    """Take a port for this process. False: it is somebody's, or has been taken before."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0portcullis-test-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims[port] = claim
    return port_is_free(port)


def give_back(port: int) -> None:
    """Let others have a port again that this process has claimed."""
    _claims.pop(port).close()


def free_port(*offsets: int) -> int:
    """A port that nobody else uses or will be given, nor those that lie so far above it."""
    while True:
        port = random.SystemRandom().randrange(FIRST, LAST + 1 - max(offsets, default=0))
        if all(claim_port(port + offset) for offset in (0, *offsets)):
            return port
