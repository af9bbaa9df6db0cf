"""A TCP proxy that breaks what a network can break: it stands in front of one link and its faults
are set while it runs."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Self

from ports import free_port

PIECE_SIZE = 16384
POLL_S = 0.05


@dataclass
class Faults:
    """What happens to the bytes; read anew for each piece, so a change works at once."""

    delay_s: float = 0.0
    jitter_s: float = 0.0  # up to so much more, drawn for each piece
    bytes_per_s: float = 0.0  # 0: as fast as they come
    piece_size: int = PIECE_SIZE  # 1: bytes one at a time
    is_stalled: bool = False  # nothing is read and nothing forwarded: half-open
    refuses: bool = False  # new connections are reset


@dataclass
class Pair:
    """One connection through the proxy."""

    near: socket.socket
    far: socket.socket
    threads: list[threading.Thread] = field(default_factory=list)

    def end(self, is_reset: bool) -> None:
        for end in (self.near, self.far):
            try:
                if is_reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.close()
                else:
                    end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class FaultProxy:
    """Listens on a port of its own and forwards to `target`. Use as a context manager.

    receive_size, segment_size: small ones keep the system from buffering megabytes before the
    sender feels that nobody reads."""

    def __init__(
        self, target: tuple[str, int], *, receive_size: int = 0, segment_size: int = 0
    ) -> None:
        self.faults = Faults()
        self.accepted = 0
        self._target = target
        self._pairs: list[Pair] = []
        self._is_open = True
        self._random = random.Random(7)
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_size:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_size)
        if segment_size:
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment_size)
        self._listener.bind(("127.0.0.1", free_port()))
        self._listener.listen(128)
        self._listener.settimeout(POLL_S)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        self._thread.join()
        self._listener.close()
        self.cut()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return str(host), int(port)

    @property
    def text(self) -> str:
        return "{}:{}".format(*self.address)

    def cut(self) -> None:
        """End all connections in order."""
        self._end_all(is_reset=False)

    def reset(self) -> None:
        """Break all connections with RST."""
        self._end_all(is_reset=True)

    def heal(self) -> None:
        self.faults = Faults()

    def _end_all(self, is_reset: bool) -> None:
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.end(is_reset)

    def _accept(self) -> None:
        while self._is_open:
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.accepted += 1
            near.settimeout(POLL_S)
            try:
                if self.faults.refuses:
                    raise ConnectionRefusedError
                far = socket.create_connection(self._target, timeout=5.0)
            except OSError:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                near.close()
                continue
            self._start(near, far)

    def _start(self, near: socket.socket, far: socket.socket) -> None:
        far.settimeout(POLL_S)
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = Pair(near, far)
        self._pairs.append(pair)
        for source, sink in ((near, far), (far, near)):
            thread = threading.Thread(target=self._pump, args=(pair, source, sink), daemon=True)
            pair.threads.append(thread)
            thread.start()

    def _pump(self, pair: Pair, source: socket.socket, sink: socket.socket) -> None:
        """One direction of one connection, until either end has gone."""
        try:
            while self._is_open:
                faults = self.faults
                if faults.is_stalled:
                    time.sleep(POLL_S)
                    continue
                try:
                    data = source.recv(faults.piece_size)
                except TimeoutError:
                    continue
                if not data:
                    break
                self._forward(faults, data, sink)
        except OSError:
            pair.end(is_reset=True)
            return
        pair.end(is_reset=False)

    def _forward(self, faults: Faults, data: bytes, sink: socket.socket) -> None:
        wait_s = faults.delay_s + self._random.random() * faults.jitter_s
        if faults.bytes_per_s > 0:
            wait_s += len(data) / faults.bytes_per_s
        if wait_s > 0:
            time.sleep(wait_s)
        while data and self._is_open:
            try:
                data = data[sink.send(data) :]
            except TimeoutError:
                continue
