"""The server's side of a link in Python: the handshake of protocol/link.yaml, with every part open
to be forged."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import link
from common import Role
from harness import Unexpected

WAIT_S = 10.0
LABELS = {"initiator": b"portcullis link initiator v1", "acceptor": b"portcullis link acceptor v1"}


def read_key(path: Path) -> bytes:
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


@dataclass
class Side:
    """What one side of a handshake says of itself."""

    role: int
    node: str
    payload_version: int
    payload_hash: int
    payload_schema_hash: int
    version: int = link.VERSION
    compat_hash: int = link.COMPAT_HASH
    nonce: bytes = field(default_factory=lambda: os.urandom(link.NONCE_SIZE))

    def message(self) -> bytes:
        node = self.node.encode()
        numbers = struct.pack(
            "<HQHQQ",
            self.version,
            self.compat_hash,
            self.payload_version,
            self.payload_hash,
            self.payload_schema_hash,
        )
        return bytes([self.role, len(node)]) + node + numbers + self.nonce


def prove(key: bytes, direction: str, initiator: Side, acceptor: Side) -> bytes:
    message = LABELS[direction].ljust(32, b"\0") + initiator.message() + acceptor.message()
    return hmac.new(key, message, hashlib.sha512).digest()[:32]


class LinkPeer:
    """A connection to a server's link listener."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=WAIT_S)
        self._bytes = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, packet: Any) -> bytes:
        data: bytes = packet.encode()
        self.socket.sendall(data)
        return data

    def receive(self, timeout: float = WAIT_S) -> Any:
        """The next packet of link.yaml, or None at the end of the connection."""
        deadline = time.monotonic() + timeout
        while True:
            if len(self._bytes) >= 4:
                size = struct.unpack_from("<H", self._bytes)[0]
                if len(self._bytes) >= size:
                    frame, self._bytes = self._bytes[:size], self._bytes[size:]
                    return link.decode_frame(frame)
            if time.monotonic() > deadline:
                raise Unexpected(f"nothing came within {timeout} s")
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._bytes += data

    def expect(self, packet_type: type[Any]) -> Any:
        packet = self.receive()
        assert isinstance(packet, packet_type), f"expected {packet_type.__name__}, got {packet!r}"
        return packet

    def expect_closed(self) -> None:
        packet = self.receive()
        assert packet is None, f"expected the end, got {packet!r}"

    def hello(self, side: Side) -> None:
        self.send(
            link.Hello(
                role=Role(side.role),
                node=side.node,
                version=side.version,
                compat_hash=side.compat_hash,
                payload_version=side.payload_version,
                payload_hash=side.payload_hash,
                payload_schema_hash=side.payload_schema_hash,
                nonce=side.nonce,
            )
        )

    def challenge(self, side: Side) -> tuple[link.Challenge, Side]:
        """Say hello and take the challenge; what the acceptor says of itself."""
        self.hello(side)
        packet = self.expect(link.Challenge)
        acceptor = Side(
            role=packet.role,
            node=packet.node,
            payload_version=packet.payload_version,
            payload_hash=packet.payload_hash,
            payload_schema_hash=packet.payload_schema_hash,
            version=packet.version,
            compat_hash=packet.compat_hash,
            nonce=bytes(packet.nonce),
        )
        return packet, acceptor

    def shake_hands(self, key: bytes, side: Side) -> Side:
        """The whole handshake, checking the acceptor's proof; what it said of itself."""
        packet, acceptor = self.challenge(side)
        assert bytes(packet.proof) == prove(key, "acceptor", side, acceptor)
        self.send(link.Proof(proof=prove(key, "initiator", side, acceptor)))
        self.expect(link.Welcome)
        return acceptor
