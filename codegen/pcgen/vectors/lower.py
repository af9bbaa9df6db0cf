"""[D] Vectors -> the view of a C table, and JSON for everybody else."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming
from pcgen.c.values import integer, literal
from pcgen.vectors.broken import Broken, broken
from pcgen.ir import Value
from pcgen.vectors.reference import encode
from pcgen.vectors.samples import samples

_REASONS = {"trailing": "PC_WIRE_TRAILING", "count": "PC_WIRE_COUNT", "enum": "PC_WIRE_ENUM",
            "bool": "PC_WIRE_BOOL", "utf8": "PC_WIRE_UTF8", "float": "PC_WIRE_FLOAT",
            "range": "PC_WIRE_RANGE", "flags": "PC_WIRE_FLAGS", "tag": "PC_WIRE_TAG",
            "charset": "PC_WIRE_CHARSET", "truncated": "PC_WIRE_TRUNCATED"}


@dataclass(frozen=True, slots=True)
class SampleView:
    name: str
    value: str  # an initialiser of the packet's struct
    payload: str  # an initialiser of the bytes
    size: str
    ends: str  # sizes where it may end earlier, then the whole size


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
    is_canonical: str  # true: what decodes has one form only
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
        case ir.Quant():
            assert isinstance(value, int | float)
            return float(value).hex() + ("" if type_.is_double else "f")
        case ir.Enum() | ir.Flags():
            return literal(type_, value)
        case ir.Struct():
            assert isinstance(value, tuple)
            return "{" + ", ".join(_members(type_.fields, value)) + "}"
        case ir.Union():
            assert isinstance(value, ir.Chosen)
            case = type_.case(value.tag)
            assert case is not None
            parts = [f".tag = {naming.case(type_, case)}"]
            if case.type is not None:
                parts.append(f".{case.name} = {_initialiser(case.type, value.value)}")
            return "{" + ", ".join(parts) + "}"
        case _:
            raise AssertionError("arrays and text are members")


def _members(fields: tuple[ir.Field, ...], values: tuple[Value, ...]) -> list[str]:
    return [part for field, value in zip(fields, values, strict=True)
            for part in _member(field.type, field.name, value)]


def _member(type_: ir.Type, name: str, value: Value) -> list[str]:
    match type_:
        case ir.Optional():
            if value is None:
                return [f".has_{name} = false"]
            return [f".has_{name} = true", *_member(type_.inner, name, value)]
        case ir.Text() | ir.Bytes():
            assert isinstance(value, bytes)
            text = "".join(f"\\{byte:03o}" for byte in value)
            kind = "" if isinstance(type_, ir.Text) else "(const uint8_t *)"
            return [f".{name}_size = {len(value)}", f'.{name} = {kind}"{text}"']
        case ir.Array():
            assert isinstance(value, bytes | tuple)
            items = [_initialiser(type_.element, item) for item in value] or ["0"]
            if not value and isinstance(type_.element, ir.Struct | ir.Union):
                items = ["{0}"]
            count = [f".{name}_count = {len(value)}"] if type_.counted else []
            return [*count, f".{name} = {{{', '.join(items)}}}"]
        case _:
            return [f".{name} = {_initialiser(type_, value)}"]


def _ends(packet: ir.Packet, values: Value) -> list[int]:
    """Where the bytes may end before their end: behind the groups of older versions."""
    return [len(encode(packet.fields, values, group.since).data) for group in packet.groups[:-1]]


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
                                _bytes(payload), str(len(payload)),
                                _wrapped([f"{end}u" for end in (*_ends(packet, values),
                                                                len(payload))])))
        if name == "mixed":
            wrong = broken(encoded, packet.skips_tail)
    canonical = not packet.grows and not packet.is_open
    limits = (naming.packet_macro(packet, "FRAME_MIN"), naming.packet_macro(packet, "FRAME_MAX"))
    return PacketView(
        naming.tag(packet), naming.packet_macro(packet, "ID"), *limits,
        "true" if canonical else "false",
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
    if isinstance(value, ir.Chosen):
        return [value.tag, _plain(value.value)]
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def to_json(program: ir.Program) -> str:
    """The same vectors, with ids and values."""
    packets: list[dict[str, object]] = []
    for protocol in program.protocols:
        for packet in protocol.packets:
            encoded = [(name, values, encode(packet.fields, values))
                       for name, values in samples(packet)]
            wrong = [item for name, _, data in encoded if name == "mixed"
                     for item in broken(data, packet.skips_tail)]
            packets.append({
                "protocol": protocol.name, "name": packet.name, "id": packet.id,
                "samples": [{"name": name, "values": _plain(values), "payload": data.data.hex(),
                             "ends": _ends(packet, values)}
                            for name, values, data in encoded],
                "broken": [{"what": item.what, "payload": item.payload.hex(),
                            "reason": item.reason} for item in wrong]})
    return json.dumps(packets, indent=1) + "\n"
