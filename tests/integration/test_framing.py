"""Where a frame ends, and what happens to those that break the rules."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import link
import pytest
from client import (
    EchoReply,
    EchoRequest,
    HelloReply,
    LoginRequest,
    Move,
    Ping,
    RegisterRequest,
)
from cluster import Cluster
from common import Vec2
from gate_client import GateClient


def frame(size: int, packet_id: int, payload: bytes = b"") -> bytes:
    return struct.pack("<HH", size, packet_id) + payload


def echoes(count: int) -> list[EchoRequest]:
    return [EchoRequest(sequence=i, text="x" * (i % 97)) for i in range(count)]


def expect_echoes(client: GateClient, count: int) -> None:
    for request in echoes(count):
        reply = client.receive()
        assert reply == EchoReply(sequence=request.sequence, text=request.text)


def test_one_byte_at_a_time(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        for byte in b"".join(request.encode() for request in echoes(20)):
            client.send_bytes(bytes([byte]))
        expect_echoes(client, 20)


def test_thousand_frames_in_one_write(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        client.send(*echoes(1000))
        expect_echoes(client, 1000)


@pytest.mark.parametrize("piece", [2, 3, 5, 7, 1021])
def test_any_pieces(shared: Cluster, piece: int) -> None:
    with shared.client() as client:
        client.hello()
        data = b"".join(request.encode() for request in echoes(200))
        for start in range(0, len(data), piece):
            client.send_bytes(data[start : start + piece])
        expect_echoes(client, 200)


def test_half_a_frame_then_the_end_is_an_ordinary_close(shared: Cluster) -> None:
    with shared.client() as client:
        client.hello()
        client.send_bytes(echoes(1)[0].encode()[:5])
        host, port = client.socket.getsockname()
    gate = shared["gate"]
    gate.wait_event("closed", type="client", address=f"{host}:{port}", reason="peer")
    assert not gate.events("refused", address=f"{host}:{port}")


@dataclass(frozen=True)
class Violation:
    """Bytes that break a rule, and what the log must say of them."""

    name: str
    data: bytes
    reason: str
    packet_id: int
    size: int
    wire_error: str = "ok"
    says_hello: bool = True


def with_payload(packet_id: int, payload: bytes) -> bytes:
    return frame(4 + len(payload), packet_id, payload)


VIOLATIONS = [
    *(Violation(f"size {n}", frame(n, Ping.ID), "refused_short", Ping.ID, n) for n in range(4)),
    Violation("greatest size", frame(65535, Ping.ID), "refused_limit", Ping.ID, 65535),
    Violation("size above limit", frame(1025, Ping.ID), "refused_limit", Ping.ID, 1025),
    Violation("id 0", frame(4, 0), "refused_id", 0, 4),
    Violation("id nobody has", frame(4, 0x7777), "refused_id", 0x7777, 4),
    Violation("id of the gate", frame(4, HelloReply.ID), "refused_id", HelloReply.ID, 4),
    Violation("id of a server", frame(12, link.Ping.ID), "refused_id", link.Ping.ID, 12),
    Violation("ping too short", frame(11, Ping.ID), "refused_size", Ping.ID, 11),
    Violation("ping too long", frame(13, Ping.ID), "refused_size", Ping.ID, 13),
    Violation(
        "echo before hello",
        EchoRequest(sequence=1, text="hi").encode(),
        "refused_state", EchoRequest.ID, 12, says_hello=False,
    ),
    Violation(
        "move before login",
        Move(sequence=1, position=Vec2(x=0.0, y=0.0)).encode(),
        "refused_state", Move.ID, 16,
    ),
    Violation(
        "text longer than the payload",
        with_payload(EchoRequest.ID, struct.pack("<IH", 1, 9) + b"short"),
        "refused_decode", EchoRequest.ID, 15, "truncated",
    ),
    Violation(
        "text above its bound",
        with_payload(RegisterRequest.ID, struct.pack("<H", 25) + b"n" * 25 + b"\0\0"),
        "refused_decode", RegisterRequest.ID, 33, "count",
    ),
    Violation(
        "bytes behind the end",
        with_payload(EchoRequest.ID, struct.pack("<IH", 1, 2) + b"hi" + b"more"),
        "refused_decode", EchoRequest.ID, 16, "trailing",
    ),
    Violation(
        "text that is no text",
        with_payload(LoginRequest.ID, struct.pack("<H", 1) + b"\xff" + struct.pack("<H", 0)),
        "refused_decode", LoginRequest.ID, 9, "utf8",
    ),
]


def provoke(client: GateClient, violation: Violation) -> None:
    if violation.says_hello:
        client.hello()
    client.send_bytes(violation.data)
    client.expect_closed()


@pytest.mark.parametrize("violation", VIOLATIONS, ids=[violation.name for violation in VIOLATIONS])
def test_violation_closes_at_once_and_is_logged(shared: Cluster, violation: Violation) -> None:
    gate = shared["gate"]
    fields = {
        "reason": violation.reason,
        "id": f"0x{violation.packet_id:04x}",
        "size": str(violation.size),
        "wire_error": violation.wire_error,
    }
    before = len(gate.events("refused", fields))
    with shared.client() as client:
        provoke(client, violation)
    event = gate.wait_event("refused", fields, count=before + 1)
    gate.wait_event("closed", session=event.get("session"), reason="violation")


def test_violations_are_counted(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        for violation in VIOLATIONS:
            with cluster.client() as client:
                provoke(client, violation)
        gate = cluster["gate"]
        cluster.stop("gate")
        for reason in {violation.reason for violation in VIOLATIONS}:
            expected = sum(violation.reason == reason for violation in VIOLATIONS)
            counted = gate.wait_event("counter_refused", type="client", reason=reason)
            assert int(counted.get("count")) == expected
        closed = gate.wait_event("counter_closed", type="client", reason="violation")
        assert int(closed.get("count")) == len(VIOLATIONS)


def test_packets_are_counted_by_id(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster:
        with cluster.client() as client:
            client.to_lobby()
            for sequence in range(7):
                client.echo("one of seven", sequence)
        gate = cluster.stop("gate")
        counted = gate.wait_event("counter_packet", type="client", packet="client_echo_request")
        assert int(counted.get("count")) == 7


def test_others_do_not_notice(shared: Cluster) -> None:
    with shared.player() as bystander:
        for violation in VIOLATIONS:
            with shared.client() as client:
                provoke(client, violation)
        bystander.echo("still here")
