"""Where the bytes of a packet lie: rows with offset, size, name and type, structs unfolded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pcgen import ir
from pcgen.spelling import spell

_NOTHING = ir.SizeRange(0, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """`offset`: from the frame's first byte; a range where what stands before varies. `depth`: how
    far inside other fields. `parts`: rows of its own follow, so its size is theirs."""

    offset: ir.SizeRange
    size: ir.SizeRange
    name: str
    type: str
    depth: int = 0
    parts: bool = False
    note: str = ""


def _at(where: ir.SizeRange, type_: ir.Type, name: str, depth: int) -> Iterator[Row]:
    """A field and, behind it, what it is made of."""
    match type_:
        case ir.Struct():
            yield Row(where, type_.size, name, spell(type_), depth, parts=True)
            inside = where
            if type_.extensible:
                yield Row(inside, _fixed(ir.LENGTH_WIDTH), "(length)", "u16", depth + 1)
                inside = inside + _fixed(ir.LENGTH_WIDTH)
            yield from _fields(inside, type_.fields, depth + 1)
        case ir.Union():
            yield Row(where, type_.size, name, spell(type_), depth, parts=True)
            yield Row(where, type_.tag.size, "(tag)", type_.tag.name, depth + 1)
            head = type_.tag.width + (ir.LENGTH_WIDTH if type_.open else 0)
            for case in type_.cases:
                size = case.type.size if case.type else _NOTHING
                yield Row(where + _fixed(head), size, f"{case.name} = {case.tag}",
                          spell(case.type) if case.type else "nothing", depth + 1)
        case _:
            yield Row(where, type_.size, name, spell(type_), depth, note=_note(type_))


def _fixed(size: int) -> ir.SizeRange:
    return ir.SizeRange(size, size)


def _note(type_: ir.Type) -> str:
    """What lies before the value, and how long an element is."""
    if isinstance(type_, ir.Text | ir.Bytes):
        return f"{type_.bound.prefix.name} size, then {type_.min}..{type_.bound.value} bytes"
    if isinstance(type_, ir.Array) and type_.counted:
        return f"{type_.bound.prefix.name} count, then 0..{type_.bound.value} elements"
    if isinstance(type_, ir.Optional):
        return "1 byte, then perhaps the value"
    if isinstance(type_, ir.Quant):
        return f"as {type_.base.name}, 0..{type_.steps}"
    return ""


def _fields(where: ir.SizeRange, fields: tuple[ir.Field, ...], depth: int) -> Iterator[Row]:
    for field in fields:
        yield from _at(where, field.type, field.name, depth)
        where = where + field.type.size


def rows(packet: ir.Packet) -> list[Row]:
    """The frame from its first byte on. Fields that came later may be absent, with all behind."""
    found = [Row(_fixed(0), _fixed(2), "(size)", "u16"), Row(_fixed(2), _fixed(2), "(id)", "u16")]
    where = _fixed(ir.HEADER_SIZE)
    for group in packet.groups:
        found.extend(_fields(where, group.fields, 0))
        where = where + ir.total_size(group.fields)
    return found


def versions(packet: ir.Packet) -> list[int]:
    """The versions that changed the packet's fields, and that which brought it."""
    return sorted({packet.since, *(group.since for group in packet.groups
                                   if group.fields and group.since > packet.since)})
