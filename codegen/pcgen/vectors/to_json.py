"""[E] Vectors -> the JSON file that the tests of all languages read; codegen/README.md has its
form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from pcgen import ir
from pcgen.ir import Value
from pcgen.vectors.broken import Reject
from pcgen.vectors.cases import Accept, Cases, Encode, ProtocolCases

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


def _reject(item: Reject) -> dict[str, object]:
    return {"name": item.name, "payload": item.payload.hex(), "reason": item.reason}


def _list(items: Iterable[str]) -> str:
    return "[\n" + ",\n".join(items) + "\n]"


def _object(members: dict[str, object], lists: dict[str, Iterable[str]]) -> str:
    parts = [json.dumps(members)[1:-1],
             *(f"{json.dumps(name)}: {_list(items)}" for name, items in lists.items())]
    return "{" + ",\n".join(parts) + "}"


def _packet(cases: Cases) -> str:
    packet = cases.packet
    members: dict[str, object] = {
        "name": packet.name, "id": packet.id, "frame_min": packet.frame.min,
        "frame_max": packet.frame.max, "canonical": cases.is_canonical}
    return _object(members, {
        "accept": (json.dumps(_accept(packet, item)) for item in cases.accept),
        "encode": (json.dumps(_encode(packet, item)) for item in cases.encode),
        "reject": (json.dumps(_reject(item)) for item in cases.reject)})


def to_json(protocols: Sequence[ProtocolCases]) -> str:
    """The whole file, with a line for each case."""
    return _object({"format": FORMAT}, {"protocols": (
        _object({"name": item.protocol.name, "version": item.protocol.version},
                {"packets": (_packet(cases) for cases in item.packets)})
        for item in protocols)}) + "\n"
