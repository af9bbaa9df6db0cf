"""A client of the gate on a blocking socket.

It speaks through the generated Python codec only, so it shares no code with the servers. Every wait
has a limit; `expect` fails by naming what was wanted and what came.
"""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time
from typing import Any, TypeVar

import client as protocol
from common import Result

PacketT = TypeVar("PacketT")

HEADER = struct.Struct("<HH")
WAIT_S = 10.0
PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


class Closed(Exception):
    """The gate has ended the connection; `was_reset` if not in order."""

    def __init__(self, was_reset: bool) -> None:
        super().__init__("reset" if was_reset else "closed")
        self.was_reset = was_reset


def unique_name(prefix: str = "user") -> str:
    """An account name that no other test uses."""
    return f"{prefix}-{os.getpid() % 100000}-{next(_numbers)}"


class GateClient:
    """One connection to a gate."""

    def __init__(self, address: tuple[str, int], source: str | None = None) -> None:
        own = None if source is None else (source, 0)
        self.socket = socket.create_connection(address, timeout=WAIT_S, source_address=own)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = ""
        self.account_id = 0
        self.entity_id = 0
        self.heard: list[Any] = []  # packets that arrived while another was waited for
        self._bytes = b""

    def __enter__(self) -> GateClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """End the connection as a crash would: with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # ---- bytes ----

    def send(self, *packets: Any) -> None:
        self.socket.sendall(b"".join(packet.encode() for packet in packets))

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _receive(self, deadline: float) -> None:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self.socket.settimeout(remaining)
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            raise Closed(was_reset=True) from None
        if not data:
            raise Closed(was_reset=False)
        self._bytes += data

    def receive(self, timeout: float = WAIT_S) -> Any:
        """The next packet, whatever it is. TimeoutError if none comes, Closed at the end."""
        deadline = time.monotonic() + timeout
        while True:
            if len(self._bytes) >= HEADER.size:
                size, _ = HEADER.unpack_from(self._bytes)
                if len(self._bytes) >= size:
                    frame, self._bytes = self._bytes[:size], self._bytes[size:]
                    return protocol.decode_frame(frame)
            self._receive(deadline)

    # ---- packets ----

    def expect(
        self, packet_type: type[PacketT], timeout: float = WAIT_S, **fields: object
    ) -> PacketT:
        """The next packet of the type with the fields; others are kept in `heard`."""
        deadline = time.monotonic() + timeout
        seen: list[str] = []
        while True:
            try:
                packet = self.receive(max(0.0, deadline - time.monotonic()))
            except (TimeoutError, Closed) as end:
                wanted = f"{packet_type.__name__} {fields}"
                text = f"expected {wanted}, got {type(end).__name__} {end} after {seen}"
                raise AssertionError(text) from end
            if isinstance(packet, packet_type) and all(
                getattr(packet, key) == value for key, value in fields.items()
            ):
                return packet
            seen.append(repr(packet))
            self.heard.append(packet)

    def find(self, packet_type: type[PacketT], **fields: object) -> PacketT:
        """As `expect`, but the packet may have arrived before, while another was waited for."""
        for packet in self.heard:
            if isinstance(packet, packet_type) and all(
                getattr(packet, key) == value for key, value in fields.items()
            ):
                self.heard.remove(packet)
                return packet
        return self.expect(packet_type, WAIT_S, **fields)

    def expect_nothing_of(self, packet_type: type[Any], during: float) -> None:
        """No packet of the type arrives while we listen."""
        deadline = time.monotonic() + during
        while True:
            try:
                packet = self.receive(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return
            assert not isinstance(packet, packet_type), f"expected none, got {packet!r}"
            self.heard.append(packet)

    def expect_closed(self, timeout: float = WAIT_S) -> Closed:
        """The gate ends the connection; packets before the end are kept in `heard`."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.heard.append(self.receive(max(0.0, deadline - time.monotonic())))
            except Closed as end:
                return end
            except TimeoutError:
                text = f"expected the gate to close within {timeout:.1f} s, it did not"
                raise AssertionError(text) from None

    # ---- steps ----

    def say_hello(
        self,
        version: int = protocol.VERSION,
        compat_hash: int = protocol.COMPAT_HASH,
        schema_hash: int = protocol.SCHEMA_HASH,
    ) -> None:
        self.send(
            protocol.Hello(
                protocol=protocol.NAME,
                version=version,
                compat_hash=compat_hash,
                schema_hash=schema_hash,
            )
        )

    def hello(self) -> protocol.HelloReply:
        self.say_hello()
        return self.expect(protocol.HelloReply, result=Result.OK)

    def register(self, name: str | None = None, password: str = PASSWORD) -> Result:
        self.name = unique_name() if name is None else name
        self.send(protocol.RegisterRequest(name=self.name, password=password))
        return self.expect(protocol.RegisterReply).result

    def login(self, name: str = "", password: str = PASSWORD) -> protocol.LoginReply:
        self.send(protocol.LoginRequest(name=name or self.name, password=password))
        reply = self.expect(protocol.LoginReply)
        self.account_id = reply.account_id
        return reply

    def enter(self) -> protocol.EnterReply:
        self.send(protocol.EnterWorld())
        reply = self.expect(protocol.EnterReply)
        self.entity_id = reply.entity_id
        return reply

    def echo(self, text: str, sequence: int = 1) -> None:
        self.send(protocol.EchoRequest(sequence=sequence, text=text))
        self.expect(protocol.EchoReply, sequence=sequence, text=text)

    def logout(self) -> None:
        self.send(protocol.Logout())
        self.expect(protocol.Goodbye)
        assert not self.expect_closed().was_reset

    def to_lobby(self) -> GateClient:
        """Say hello, register a new account, log in."""
        self.hello()
        assert self.register() == Result.OK
        assert self.login().result == Result.OK
        return self

    def to_world(self) -> protocol.EnterReply:
        """All the way into the world."""
        self.to_lobby()
        reply = self.enter()
        assert reply.result == Result.OK
        return reply
