"""Does the load generator notice what a server does wrong? A tiny server that answers like the
others until, once, it does not."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import load

HEAD = struct.Struct("<HH")
REPLY = 0x0100  # added to a request's id
GOOD_REPLIES = 100  # before the fault
DEPTH = 8
OPTIONS = ("--depth", str(DEPTH), "--warm-up", "10", "--window", "100", "--patience", "500")

Frames = list[bytes]


def wrong_byte(frames: Frames) -> Frames:
    return [frames[0][:-1] + bytes([frames[0][-1] ^ 1]), *frames[1:]]


def swapped(frames: Frames) -> Frames:
    return [frames[1], frames[0], *frames[2:]]


def missing(frames: Frames) -> Frames:
    return frames[1:]


def doubled(frames: Frames) -> Frames:
    return [frames[0], *frames]


def silent(frames: Frames) -> Frames:
    return []


def right(frames: Frames) -> Frames:
    return frames


FAULTS: tuple[Callable[[Frames], Frames], ...] = (wrong_byte, swapped, missing, doubled, silent)


class FaultyServer:
    """Serves one client, the first, in a thread of its own; a context manager that ends it."""

    def __init__(self, fault: Callable[[Frames], Frames]):
        self.fault = fault
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            waiting, answered, is_over = b"", 0, False
            try:
                while received := connection.recv(65536):
                    frames, waiting = replies(waiting + received)
                    answered += len(frames)
                    if answered >= GOOD_REPLIES and len(frames) > 1 and not is_over:
                        frames, is_over = self.fault(frames), True
                    connection.sendall(b"".join(frames))
            except OSError:
                pass  # the load generator has gone, as it should

    def __enter__(self) -> FaultyServer:
        return self

    def __exit__(self, *unused: object) -> None:
        self.thread.join()
        self.listener.close()


def replies(data: bytes) -> tuple[Frames, bytes]:
    """The replies to all whole frames, and the bytes behind them."""
    frames = []
    while len(data) >= HEAD.size and len(data) >= HEAD.unpack_from(data)[0]:
        size, packet_id = HEAD.unpack_from(data)
        frames.append(HEAD.pack(size, packet_id + REPLY) + data[HEAD.size : size])
        data = data[size:]
    return frames, data


def is_noticed(programs: Path, fault: Callable[[Frames], Frames], clients: int = 1) -> bool:
    """Whether the load generator says that a reply was wrong or did not come."""
    options = ["--clients", str(clients), *OPTIONS]
    with FaultyServer(fault) as server:
        try:
            load.run(programs, server.port, [], options, "")
        except load.LoadError as error:
            return '"errors": 1' in str(error)
    return False


def smoke(programs: Path) -> None:
    """Every fault is noticed, and a server without one is not blamed."""
    for fault in FAULTS:
        if not is_noticed(programs, fault):
            raise SystemExit(f"bench: the load generator does not notice: {fault.__name__}")
        print(f"fault {fault.__name__}: noticed")
    if not is_noticed(programs, right, clients=2):
        raise SystemExit("bench: the load generator does not notice a client that gets no answers")
    if is_noticed(programs, right):
        raise SystemExit("bench: the load generator blames a server that is right")
