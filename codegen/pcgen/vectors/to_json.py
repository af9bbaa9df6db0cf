"""[E] Vectors -> the JSON file that the tests of all languages read; codegen/README.md has its
form."""

from __future__ import annotations

import json

from pcgen import ir
from pcgen.ir import Value
from pcgen.vectors.cases import Accept, Cases, Encode, of_packet

FORMAT = 1
_EXACT_MAX = (1 << 53) - 1  # the greatest integer that every JSON reader keeps exactly


def _union(union: ir.Union, value: Value) -> object:
    assert isinstance(value, ir.Chosen)
    case = union.case(value.tag)
    inner = plain(case.type, value.value) if case and case.type else None
    if case is None:
        assert isinstance(value.value, bytes)
        inner = value.value.hex()
    return {"tag": value.tag, "case": case.name if case else None, "value": inner}


def _members(fields: tuple[ir.Field, ...], value: Value) -> dict[str, object]:
    assert isinstance(value, tuple)
    return {field.name: plain(field.type, item)
            for field, item in zip(fields, value, strict=True)}


def plain(type_: ir.Type, value: Value) -> object:
    """A value as JSON has it."""
    match type_:
        case ir.Struct():
            return _members(type_.fields, value)
        case ir.Union():
            return _union(type_, value)
        case ir.Optional():
            return None if value is None else plain(type_.inner, value)
        case ir.Text():
            assert isinstance(value, bytes)
            return value.decode()
        case ir.Array() if isinstance(value, tuple):
            return [plain(type_.element, item) for item in value]
        case ir.Bytes() | ir.Array():
            assert isinstance(value, bytes)
            return value.hex()
        case ir.Quant() | ir.Scalar(kind=ir.ScalarKind.FLOAT):
            assert isinstance(value, int | float)
            return float(value)
        case ir.Scalar() | ir.Enum() | ir.Flags():
            is_exact = not isinstance(value, int) or abs(value) <= _EXACT_MAX
            return value if is_exact else str(value)
    raise AssertionError(type_)


def _accept(packet: ir.Packet, item: Accept) -> dict[str, object]:
    found: dict[str, object] = {"name": item.name, "payload": item.payload.hex(),
                                "value": _members(packet.fields, item.value)}
    if item.encoded != item.payload:
        found["encoded"] = item.encoded.hex()
    if item.version:
        found["version"] = item.version
    if item.cuts is not None:
        found["cuts"] = list(item.cuts)
    return found


def _encode(packet: ir.Packet, item: Encode) -> dict[str, object]:
    return {"name": item.name, "value": _members(packet.fields, item.value),
            "payload": item.payload.hex()}


def _packet(cases: Cases) -> dict[str, object]:
    packet = cases.packet
    return {
        "name": packet.name, "id": packet.id, "frame_min": packet.frame.min,
        "frame_max": packet.frame.max, "canonical": cases.is_canonical,
        "accept": [_accept(packet, item) for item in cases.accept],
        "encode": [_encode(packet, item) for item in cases.encode],
        "reject": [{"name": item.name, "payload": item.payload.hex(), "reason": item.reason}
                   for item in cases.reject]}


def to_json(program: ir.Program) -> str:
    """The whole file."""
    protocols = [{"name": protocol.name, "version": protocol.version,
                  "packets": [_packet(of_packet(packet)) for packet in protocol.packets]}
                 for protocol in program.protocols if protocol.packets]
    return json.dumps({"format": FORMAT, "protocols": protocols}, indent=1) + "\n"
