"""[C] Two fingerprints of a protocol.

compat_hash  two sides with the same one at a version read each other's frames at that version. It
             covers what lies on the wire: ids, the order and types of fields, widths, bounds,
             ranges and the values of enums. Names, comments, flows, states and rates are left
             out: they can change alone. What came with a later version is left out too, so that
             appending keeps the hashes of the versions before. Of an imported file, whose versions
             are its own, only what was there from the start counts. A struct or union that takes
             very much text stands there as the text's own hash: types that are used twice on each
             of many levels would take more than any memory.
schema_hash  everything but prose: names, defaults and policy as well. Another one means that
             somebody edited something, not that anything is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields as members
from dataclasses import is_dataclass
from enum import Enum as PythonEnum
from typing import Protocol as Shape

from pcgen import ir

# Longer texts of a struct or union are hashed. Never to change: released hashes hang on it.
SPELLED_MAX = 0x10000
_PROSE = ("doc", "source", "hashes", "schema_hash")


class _Aged(Shape):
    @property
    def since(self) -> int: ...


class _Wire:
    """Spells types as the wire has them at one version; each struct and union once."""

    def __init__(self, protocol: str, version: int) -> None:
        self.protocol = protocol
        self.version = version
        self.spelled: dict[tuple[str, str], str] = {}

    def is_there(self, item: _Aged, owner: str) -> bool:
        return item.since <= (self.version if owner == self.protocol else 1)

    def type(self, type_: ir.Type) -> str:
        match type_:
            case ir.Scalar():
                if type_.range is None:
                    return type_.name
                return f"{type_.name}({type_.range.low.value}..{type_.range.high.value})"
            case ir.Enum():
                return self.enum(type_)
            case ir.Flags():
                bits = (bit.mask for bit in type_.bits if self.is_there(bit, type_.protocol))
                known = type_.unknown is ir.Unknown.KEEP
                return f"flags:{type_.base.name}({'any' if known else sum(bits)})"
            case ir.Quant():
                return f"quant({type_.low},{type_.high},{type_.step})"
            case ir.Text():
                charset = "" if type_.charset is ir.Charset.UTF8 else f",{type_.charset.value}"
                return f"string<{_least(type_)}{type_.bound.value}{charset}>"
            case ir.Bytes():
                return f"bytes<{_least(type_)}{type_.bound.value}>"
            case ir.Array():
                bound = f"{'<=' if type_.counted else ''}{type_.bound.value}"
                return f"{self.type(type_.element)}[{bound}]"
            case ir.Optional():
                return f"{self.type(type_.inner)}?"
            case ir.Struct() | ir.Union():
                return self.composite(type_)

    def composite(self, type_: ir.Struct | ir.Union) -> str:
        key = (type_.protocol, type_.name)
        if key not in self.spelled:
            text = self.union(type_) if isinstance(type_, ir.Union) else self.struct(type_)
            if len(text) > SPELLED_MAX:
                text = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
            self.spelled[key] = text
        return self.spelled[key]

    def struct(self, struct: ir.Struct) -> str:
        length = "length" if struct.extensible else ""
        return length + self.fields(struct.fields, struct.protocol)

    def enum(self, enum: ir.Enum) -> str:
        if enum.unknown is ir.Unknown.KEEP:
            return f"enum:{enum.base.name}(any)"
        values = sorted(value.value for value in enum.values
                        if self.is_there(value, enum.protocol))
        return f"enum:{enum.base.name}({','.join(str(value) for value in values)})"

    def union(self, union: ir.Union) -> str:
        cases = sorted((case.tag, self.type(case.type) if case.type else "")
                       for case in union.cases if self.is_there(case, union.protocol))
        listed = ",".join(f"{tag}={type_}" for tag, type_ in cases)
        return f"{'open' if union.open else ''}union:{union.tag.name}({listed})"

    def fields(self, fields: tuple[ir.Field, ...], owner: str) -> str:
        there = (field for field in fields if self.is_there(field, owner))
        return "{" + ";".join(self.type(field.type) for field in there) + "}"


def _least(type_: ir.Text | ir.Bytes) -> str:
    return f"{type_.min}.." if type_.min else ""


def wire_type(type_: ir.Type, protocol: str, version: int) -> str:
    """What a type in a protocol's packet is on the wire of a version."""
    return _Wire(protocol, version).type(type_)


def canonical(packets: Iterable[ir.Packet], version: int) -> str:
    """The text that is hashed: one line for each packet of that version, by id."""
    lines = []
    wires: dict[str, _Wire] = {}
    for packet in sorted(packets, key=lambda packet: packet.id):
        if packet.since <= version:
            wire = wires.setdefault(packet.protocol, _Wire(packet.protocol, version))
            lines.append(f"{packet.id} {wire.fields(packet.fields, packet.protocol)}\n")
    return "".join(lines)


def _hash(text: str) -> int:
    """64 bits of SHA-256."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _versions(protocol: str, packets: tuple[ir.Packet, ...]) -> Iterator[int]:
    """Those that brought something."""
    for packet in packets:
        yield packet.since
        for field in packet.fields:
            yield field.since
            for part in ir.inner_types(field.type):
                yield from _ages(protocol, part)


def _ages(protocol: str, part: ir.Type) -> Iterator[int]:
    items: tuple[_Aged, ...] = ()
    match part:
        case ir.Enum():
            items = part.values
        case ir.Flags():
            items = part.bits
        case ir.Struct():
            items = part.fields
        case ir.Union():
            items = part.cases
        case _:
            return
    if part.protocol == protocol:
        yield from (item.since for item in items)


def compat_hashes(protocol: str, packets: tuple[ir.Packet, ...]) -> tuple[ir.VersionHash, ...]:
    """The hash of version 1 and of each later one that changed the wire."""
    hashes: list[ir.VersionHash] = []
    for version in sorted({1, *_versions(protocol, packets)}):
        found = _hash(canonical(packets, version))
        if not hashes or hashes[-1].hash != found:
            hashes.append(ir.VersionHash(version, found))
    return tuple(hashes)


def _spelled(value: object, seen: dict[tuple[str, str], ir.Named]) -> str:
    """Any part of the IR as text. Named types are spelled by name here and once on their own."""
    if isinstance(value, ir.Enum | ir.Flags | ir.Struct | ir.Union):
        seen.setdefault((value.protocol, value.name), value)
        return f"{value.protocol}.{value.name}"
    return _parts(value, seen)


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """The members of a part of the IR that are neither prose nor worked out from the others."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(item.name for item in members(kind)
                             if item.compare and item.name not in (*_PROSE, "examples"))
    return _NAMES[kind]


def _parts(value: object, seen: dict[tuple[str, str], ir.Named]) -> str:
    if isinstance(value, PythonEnum):
        return str(value.value)
    if is_dataclass(value):
        inside = ";".join([f"{name}={_spelled(getattr(value, name), seen)}"
                           for name in _names(type(value))])
        return f"{type(value).__name__}({inside})"
    if isinstance(value, tuple):
        return "[" + ",".join([_spelled(item, seen) for item in value]) + "]"
    return repr(value)


def schema_hash(protocol: ir.Protocol) -> int:
    """All that the protocol says, and the types it uses."""
    seen: dict[tuple[str, str], ir.Named] = {}
    lines = [_parts(protocol, seen)]
    done: set[tuple[str, str]] = set()
    while todo := sorted(seen.keys() - done):
        done |= set(todo)
        lines += [_parts(seen[key], seen) for key in todo]
    return _hash("\n".join(sorted(lines)))
