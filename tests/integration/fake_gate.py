"""A gate in Python that plays the whole game with one client and can be told to do one thing wrong:
the negative control of the test client, which must notice each of them."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import client as protocol
from common import LeaveReason, Result, Role, Vec2

WAIT_S = 20.0
ENTITY = 77
START = Vec2(x=100.0, y=100.0)


@dataclass(frozen=True)
class Habits:
    """What this gate does differently from a good one; each takes the right answers to a packet
    and gives the answers that are sent."""

    change: Callable[[Any, list[Any]], list[Any] | None] = lambda _, answers: answers


class FakeGate:
    """Listens for one connection at a time until it is left."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._name = ""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> FakeGate:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(WAIT_S)
            with connection:
                try:
                    self._converse(connection)
                except (OSError, EOFError):
                    continue

    def _converse(self, connection: socket.socket) -> None:
        while True:
            packet = protocol.decode_frame(read_frame(connection))
            answers = self.habits.change(packet, self.answers(packet))
            if answers is None:
                return
            connection.sendall(b"".join(answer.encode() for answer in answers))
            if isinstance(packet, protocol.Logout):
                return

    def answers(self, packet: Any) -> list[Any]:
        """What a good gate says to a packet."""
        if isinstance(packet, protocol.Hello):
            return [
                protocol.HelloReply(
                    result=Result.OK,
                    version=protocol.VERSION,
                    compat_hash=protocol.COMPAT_HASH,
                    schema_hash=protocol.SCHEMA_HASH,
                    heartbeat_ms=1000,
                )
            ]
        if isinstance(packet, protocol.RegisterRequest):
            self._name = packet.name
            return [protocol.RegisterReply(result=Result.OK)]
        if isinstance(packet, protocol.LoginRequest):
            return [protocol.LoginReply(result=Result.OK, account_id=5, retry_after_ms=0)]
        if isinstance(packet, protocol.EchoRequest):
            return [protocol.EchoReply(sequence=packet.sequence, text=packet.text)]
        if isinstance(packet, protocol.Ping):
            return [protocol.Pong(client_time_ms=packet.client_time_ms, server_time_ms=1)]
        if isinstance(packet, protocol.Logout):
            return [protocol.Goodbye()]
        return self._world_answers(packet)

    def _world_answers(self, packet: Any) -> list[Any]:
        if isinstance(packet, protocol.EnterWorld):
            return [
                protocol.EnterReply(
                    result=Result.OK, entity_id=ENTITY, position=START, near_count=0
                )
            ]
        if isinstance(packet, protocol.Move):
            return [
                protocol.MoveNotice(
                    entity_id=ENTITY, sequence=packet.sequence, position=packet.position
                )
            ]
        assert isinstance(packet, protocol.Chat)
        return [
            protocol.ChatNotice(
                entity_id=ENTITY, sequence=packet.sequence, name=self._name, text=packet.text
            )
        ]


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def read_frame(connection: socket.socket) -> bytes:
    header = read_exactly(connection, 4)
    size = struct.unpack_from("<H", header)[0]
    return header + read_exactly(connection, size - 4)


def on(
    packet_type: type[Any], change: Callable[[list[Any]], list[Any] | None], nth: int = 1
) -> Habits:
    """Change the answers to the nth packet of a type."""
    seen = 0

    def apply(packet: Any, answers: list[Any]) -> list[Any] | None:
        nonlocal seen
        if isinstance(packet, packet_type):
            seen += 1
            if seen == nth:
                return change(answers)
        return answers

    return Habits(apply)


def altered(**fields: object) -> Callable[[list[Any]], list[Any]]:
    """The one answer with other fields."""
    return lambda answers: [replace(answers[0], **fields)]


def silence(_: list[Any]) -> list[Any]:
    return []


def hang_up(_: list[Any]) -> None:
    return None


def twice(answers: list[Any]) -> list[Any]:
    return answers * 2


def followed_by(packet: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda answers: [*answers, packet]


def swap_pairs(packet_type: type[Any]) -> Habits:
    """Hold back every other answer and send it behind the next one."""
    held: list[Any] = []

    def apply(packet: Any, answers: list[Any]) -> list[Any]:
        if not isinstance(packet, packet_type):
            return answers
        if not held:
            held.extend(answers)
            return []
        both = [*answers, *held]
        held.clear()
        return both

    return Habits(apply)


__all__ = [
    "FakeGate",
    "Habits",
    "LeaveReason",
    "Role",
    "altered",
    "followed_by",
    "hang_up",
    "on",
    "silence",
    "swap_pairs",
    "twice",
]
