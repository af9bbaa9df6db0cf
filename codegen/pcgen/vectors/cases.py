"""[D] The test vectors of a packet, in no language yet.

Accept  a payload that must be taken, what it says, and what comes out when that is encoded again
Encode  a value that is not exactly what its payload says, such as a number between two steps
Reject  a payload that must be refused, and why
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pcgen import ir
from pcgen.ir import Value
from pcgen.vectors import broken, edges
from pcgen.vectors.broken import Reject
from pcgen.vectors.reference import Bend, encode
from pcgen.vectors.samples import sample_of, samples

_TAIL = b"\x00\xff\x01"
_EDGE_PAYLOAD_MAX = 4096  # edges are tried on payloads up to this size
EDGES_MAX = 4096  # of one packet: where unions lie in unions, they double with each level


@dataclass(frozen=True, slots=True)
class Accept:
    """`encoded`: the newest version's payload of the value. `version`: of an older sender that
    makes this payload, or 0. `cuts`: the sizes at which it may end, or None where not every other
    size would be refused."""

    name: str
    value: tuple[Value, ...]
    payload: bytes
    encoded: bytes
    version: int = 0
    cuts: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Encode:
    name: str
    value: tuple[Value, ...]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Cases:
    """`is_canonical`: payloads that differ say something different."""

    packet: ir.Packet
    accept: tuple[Accept, ...]
    encode: tuple[Encode, ...]
    reject: tuple[Reject, ...]

    @property
    def is_canonical(self) -> bool:
        return not self.packet.grows and not self.packet.is_open


@dataclass(frozen=True, slots=True)
class ProtocolCases:
    protocol: ir.Protocol
    packets: tuple[Cases, ...]


def _payload(packet: ir.Packet, value: Value, version: int = 0xFFFF,
             bend: Bend | None = None) -> bytes:
    return bytes(encode(packet.fields, value, version, bend).data)


def _cuts(packet: ir.Packet, value: Value) -> tuple[int, ...]:
    return tuple(len(_payload(packet, value, group.since)) for group in packet.groups[:-1])


def _accept(packet: ir.Packet, name: str, value: tuple[Value, ...]) -> Iterator[Accept]:
    """A value, its payload, and what older and newer senders make of it."""
    payload = _payload(packet, value)
    yield Accept(name, value, payload, payload, cuts=_cuts(packet, value))
    for group in packet.groups[:-1]:
        older = edges.as_of(packet.fields, value, group.since)
        version = packet.brought(group)
        yield Accept(f"{name} of version {version}", older,
                     _payload(packet, value, group.since), _payload(packet, older), version)
    if packet.skips_tail:
        yield Accept(f"{name} of a newer sender", value, payload + _TAIL, payload)


def _edges(packet: ir.Packet, base: tuple[Value, ...]) -> Iterator[Accept]:
    for edge in islice(edges.members(packet.fields, base, ""), EDGES_MAX):
        assert isinstance(edge.value, tuple)
        payload = _payload(packet, edge.value, bend=edge.bend)
        encoded = _payload(packet, edge.value) if edge.bend else payload
        if max(len(payload), len(encoded)) + ir.HEADER_SIZE <= packet.frame.max:
            yield Accept(edge.what, edge.value, payload, encoded,
                         cuts=None if edge.bend else _cuts(packet, edge.value))


def _quants(packet: ir.Packet, base: tuple[Value, ...]) -> Iterator[Encode]:
    for index, field in enumerate(packet.fields):
        if isinstance(field.type, ir.Quant):
            for what, number in edges.between_steps(field.type):
                value = (*base[:index], number, *base[index + 1:])
                yield Encode(f"{field.name}: {what}", value, _payload(packet, value))


def _base(packet: ir.Packet) -> tuple[Value, ...]:
    """A value with something in every field."""
    return tuple(sample_of(field.type.inner if isinstance(field.type, ir.Optional) else field.type)
                 for field in packet.fields)


def of_packet(packet: ir.Packet) -> Cases:
    """All of them; names are told apart by their numbers where they repeat."""
    base = _base(packet)
    accept = [item for name, value in samples(packet) for item in _accept(packet, name, value)]
    if len(_payload(packet, base)) <= _EDGE_PAYLOAD_MAX:
        accept += _edges(packet, base)
    unique: dict[object, Accept] = {}
    for item in accept:
        unique.setdefault((item.value, item.payload, item.version), item)
    kept = list(unique.values())
    values = [item.value for item in kept if len(item.encoded) <= _EDGE_PAYLOAD_MAX]
    return Cases(packet, tuple(kept), tuple(_quants(packet, base)),
                 tuple(broken.rejects(packet, (base, *values))))


def of_program(program: ir.Program) -> tuple[ProtocolCases, ...]:
    """Of all packets of all protocols."""
    return tuple(ProtocolCases(protocol, tuple(of_packet(packet) for packet in protocol.packets))
                 for protocol in program.protocols if protocol.packets)
