"""[D] Vectors -> the view of a C table, and JSON for everybody else."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming
from pcgen.c.lower_ids import integer
from pcgen.vectors.broken import Broken, broken
from pcgen.ir import Value
from pcgen.vectors.reference import encode
from pcgen.vectors.samples import samples

_REASONS = {"trailing": "PC_WIRE_TRAILING", "count": "PC_WIRE_COUNT", "enum": "PC_WIRE_ENUM",
            "bool": "PC_WIRE_BOOL", "utf8": "PC_WIRE_UTF8", "float": "PC_WIRE_FLOAT"}


@dataclass(frozen=True, slots=True)
class SampleView:
    name: str
    value: str  # an initialiser of the packet's struct
    payload: str  # an initialiser of the bytes
    size: str


@dataclass(frozen=True, slots=True)
class BrokenView:
    what: str
    payload: str
    size: str
    error: str


@dataclass(frozen=True, slots=True)
class PacketView:
    tag: str
    id_macro: str
    min_macro: str
    max_macro: str
    samples: tuple[SampleView, ...]
    broken: tuple[BrokenView, ...]


@dataclass(frozen=True, slots=True)
class VectorsView:
    includes: tuple[str, ...]
    packets: tuple[PacketView, ...]


def _wrapped(items: list[str]) -> str:
    return textwrap.fill(", ".join(items), 96, initial_indent="    ", subsequent_indent="    ")


def _bytes(data: bytes) -> str:
    """At least one element: C has no empty arrays."""
    return _wrapped([str(byte) for byte in data] or ["0"])


def _scalar(scalar: ir.Scalar, value: Value) -> str:
    if scalar.kind is ir.ScalarKind.FLOAT and isinstance(value, float):
        return value.hex() + ("f" if scalar.width == 4 else "")
    if scalar.kind is ir.ScalarKind.BOOL:
        return "true" if value else "false"
    assert isinstance(value, int)
    return integer(value)


def _initialiser(type_: ir.Type, value: Value) -> str:
    match type_:
        case ir.Scalar():
            return _scalar(type_, value)
        case ir.Enum():
            name = next(item for item in type_.values if item.value == value)
            return naming.enumerator(type_, name)
        case ir.Struct():
            assert isinstance(value, tuple)
            return "{" + ", ".join(_members(type_.fields, value)) + "}"
        case _:
            raise AssertionError("arrays and text are members")


def _members(fields: tuple[ir.Field, ...], values: tuple[Value, ...]) -> list[str]:
    parts: list[str] = []
    for field, value in zip(fields, values, strict=True):
        match field.type:
            case ir.Text() | ir.Bytes():
                assert isinstance(value, bytes)
                text = "".join(f"\\{byte:03o}" for byte in value)
                kind = "" if isinstance(field.type, ir.Text) else "(const uint8_t *)"
                parts += [f".{field.name}_size = {len(value)}", f'.{field.name} = {kind}"{text}"']
            case ir.Array():
                assert isinstance(value, bytes | tuple)
                items = [_initialiser(field.type.element, item) for item in value] or ["0"]
                if not value and isinstance(field.type.element, ir.Struct):
                    items = ["{0}"]
                if field.type.counted:
                    parts.append(f".{field.name}_count = {len(value)}")
                parts.append(f".{field.name} = {{{', '.join(items)}}}")
            case _:
                parts.append(f".{field.name} = {_initialiser(field.type, value)}")
    return parts


def _broken_view(item: Broken) -> BrokenView:
    return BrokenView(item.what, _bytes(item.payload), str(len(item.payload)),
                      _REASONS[item.reason])


def _packet(packet: ir.Packet) -> PacketView:
    views: list[SampleView] = []
    wrong: tuple[Broken, ...] = ()
    for name, values in samples(packet):
        assert isinstance(values, tuple)
        encoded = encode(packet.fields, values)
        payload = bytes(encoded.data)
        views.append(SampleView(name, ",\n    ".join(_members(packet.fields, values)) or "0",
                                _bytes(payload), str(len(payload))))
        if name == "mixed":
            wrong = broken(encoded)
    return PacketView(
        naming.tag(packet), naming.packet_macro(packet, "ID"),
        naming.packet_macro(packet, "FRAME_MIN"), naming.packet_macro(packet, "FRAME_MAX"),
        tuple(views), tuple(_broken_view(item) for item in wrong))


def lower(program: ir.Program) -> VectorsView:
    """The C table of all packets of all protocols."""
    protocols = [protocol for protocol in program.protocols if protocol.packets]
    return VectorsView(
        tuple(naming.header(protocol.name, "codec") for protocol in protocols),
        tuple(_packet(packet) for protocol in protocols for packet in protocol.packets))


def _plain(value: Value) -> object:
    """As JSON has it: bytes in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def to_json(program: ir.Program) -> str:
    """The same vectors, with ids and values."""
    packets: list[dict[str, object]] = []
    for protocol in program.protocols:
        for packet in protocol.packets:
            encoded = [(name, values, encode(packet.fields, values))
                       for name, values in samples(packet)]
            wrong = [item for name, _, data in encoded if name == "mixed" for item in broken(data)]
            packets.append({
                "protocol": protocol.name, "name": packet.name, "id": packet.id,
                "samples": [{"name": name, "values": _plain(values), "payload": data.data.hex()}
                            for name, values, data in encoded],
                "broken": [{"what": item.what, "payload": item.payload.hex(),
                            "reason": item.reason} for item in wrong]})
    return json.dumps(packets, indent=1) + "\n"
