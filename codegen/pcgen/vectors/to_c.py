"""[D] Vectors -> the view of a C table."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming
from pcgen.c.values import integer, literal
from pcgen.ir import Value
from pcgen.vectors.cases import Accept, Cases, ProtocolCases

_REASONS = {"trailing": "PC_WIRE_TRAILING", "count": "PC_WIRE_COUNT", "enum": "PC_WIRE_ENUM",
            "bool": "PC_WIRE_BOOL", "utf8": "PC_WIRE_UTF8", "float": "PC_WIRE_FLOAT",
            "range": "PC_WIRE_RANGE", "flags": "PC_WIRE_FLAGS", "tag": "PC_WIRE_TAG",
            "charset": "PC_WIRE_CHARSET", "truncated": "PC_WIRE_TRUNCATED"}


@dataclass(frozen=True, slots=True)
class SampleView:
    """A value with bytes. `value`: an initialiser of the packet's struct; `payload`, `encoded`,
    `cuts`: initialisers of arrays."""

    index: str
    name: str
    value: str
    payload: str
    size: str
    encoded: str
    encoded_size: str
    differs: bool  # payload from encoded
    encoded_name: str
    version: str
    cuts: str
    has_cuts: str  # true: no other size than these and the whole is taken


@dataclass(frozen=True, slots=True)
class RejectView:
    name: str
    payload: str
    size: str
    error: str


@dataclass(frozen=True, slots=True)
class PacketView:
    tag: str
    id_macro: str
    min_macro: str
    max_macro: str
    is_canonical: str
    grows: bool
    samples: tuple[SampleView, ...]
    encodes: tuple[SampleView, ...]
    encode_count: str
    encodes_name: str
    has_encodes: bool
    rejects: tuple[RejectView, ...]
    reject_count: str
    rejects_name: str
    has_rejects: bool


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


def _unknown(union: ir.Union, value: ir.Chosen) -> list[str]:
    assert isinstance(value.value, bytes)
    return [f".tag = {naming.unknown_case(union)}", f".unknown_tag = {value.tag}",
            f".unknown_size = {len(value.value)}", f".unknown = {_borrowed(value.value)}"]


def _octal(data: bytes) -> str:
    return '"' + "".join(f"\\{byte:03o}" for byte in data) + '"'


def _borrowed(data: bytes) -> str:
    return f"(const uint8_t *){_octal(data)}"


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
            if case is None:
                return "{" + ", ".join(_unknown(type_, value)) + "}"
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
            text = _octal(value) if isinstance(type_, ir.Text) else _borrowed(value)
            return [f".{name}_size = {len(value)}", f".{name} = {text}"]
        case ir.Array():
            assert isinstance(value, bytes | tuple)
            items = ", ".join(_initialiser(type_.element, item) for item in value)
            count = [f".{name}_count = {len(value)}"] if type_.counted else []
            return [*count, f".{name} = {{{items}}}"] if value else count
        case _:
            return [f".{name} = {_initialiser(type_, value)}"]


def _accept(packet: ir.Packet, index: int, item: Accept) -> SampleView:
    differs = item.encoded != item.payload
    cuts = [f"{cut}u" for cut in item.cuts or ()] + [f"{len(item.payload)}u"]
    return SampleView(
        str(index), item.name, ",\n    ".join(_members(packet.fields, item.value)) or "0",
        _bytes(item.payload), str(len(item.payload)), _bytes(item.encoded),
        str(len(item.encoded)), differs, "encoded" if differs else "payload",
        f"{item.version}u", _wrapped(cuts), "false" if item.cuts is None else "true")


def _packet(cases: Cases) -> PacketView:
    packet = cases.packet
    encodes = [Accept(item.name, item.value, item.payload, item.payload) for item in cases.encode]
    return PacketView(
        naming.tag(packet), naming.packet_macro(packet, "ID"),
        naming.packet_macro(packet, "FRAME_MIN"), naming.packet_macro(packet, "FRAME_MAX"),
        "true" if cases.is_canonical else "false", packet.grows,
        tuple(_accept(packet, index, item) for index, item in enumerate(cases.accept)),
        tuple(_accept(packet, index, item) for index, item in enumerate(encodes)),
        str(len(encodes)), f"{naming.tag(packet)}__encodes" if encodes else "NULL", bool(encodes),
        tuple(RejectView(item.name, _bytes(item.payload), str(len(item.payload)),
                         _REASONS[item.reason]) for item in cases.reject),
        str(len(cases.reject)), f"{naming.tag(packet)}__rejects" if cases.reject else "NULL",
        bool(cases.reject))


def lower(protocols: Sequence[ProtocolCases]) -> VectorsView:
    """The C table of all packets of all protocols."""
    return VectorsView(
        tuple(naming.header(item.protocol.name, "codec") for item in protocols),
        tuple(_packet(cases) for item in protocols for cases in item.packets))
