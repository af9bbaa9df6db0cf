"""[D] Protocol -> the view of its views: reading fields where they lie, without decoding.

Fields have a fixed place as long as nothing of variable size stands before them. A struct of fixed
layout is seen by its own views, at the place that the packet's view of it gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pcgen import ir
from pcgen.c import layout, naming
from pcgen.c.values import value_type


@dataclass(frozen=True, slots=True)
class SeenField:
    function: str
    type: str  # with the gap behind it
    value: str


@dataclass(frozen=True, slots=True)
class SeenPart:
    doc: str
    fields: tuple[SeenField, ...]


@dataclass(frozen=True, slots=True)
class LookView:
    source: str
    types_header: str
    parts: tuple[SeenPart, ...]


Body = ir.Struct | ir.Packet


def prefix(item: Body) -> Iterator[tuple[int, ir.Field]]:
    """The fields of fixed place, each with its offset in the payload or struct."""
    if isinstance(item, ir.Struct) and item.extensible:
        return
    yield from ir.prefix(item.fields)


def function(item: Body, field: ir.Field) -> str:
    """`client_move_view_sequence`."""
    return f"{naming.tag(item)}_view_{field.name}"


def _at(offset: int) -> str:
    return f"bytes + {offset}" if offset else "bytes"


def _read(type_: ir.Type, at: str) -> tuple[str, str]:
    """C type and expression. Values are as they lie there: nothing is checked."""
    match type_:
        case ir.Scalar(kind=ir.ScalarKind.BOOL):
            return "bool", f"pc_wire_get_u8({at}) != 0"
        case ir.Scalar():
            return value_type(type_), f"pc_wire_get_{type_.name}({at})"
        case ir.Enum():
            return value_type(type_), f"({value_type(type_)})pc_wire_get_{type_.base.name}({at})"
        case ir.Flags():
            return value_type(type_), f"pc_wire_get_{type_.base.name}({at})"
        case ir.Quant():
            steps = f"pc_wire_get_{type_.base.name}({at})"
            value = f"pc_wire_value_of({steps}, {type_.least!r}, {type_.scale!r})"
            return value_type(type_), value if type_.is_double else f"(float){value}"
        case _:
            return "const uint8_t *", at


def _part(item: Body) -> SeenPart:
    fields: list[SeenField] = []
    for offset, field in prefix(item):
        type_, value = _read(field.type, _at(offset))
        gap = "" if type_.endswith("*") else " "
        fields.append(SeenField(function(item, field), type_ + gap, value))
    size = max((offset + field.type.size.min for offset, field in prefix(item)), default=0)
    what = "payload" if isinstance(item, ir.Packet) else "struct"
    doc = layout.comment(f"{naming.tag(item)}: bytes is its {what}, of which {size} bytes are "
                         "there.")
    return SeenPart(doc, tuple(fields))


def lower(protocol: ir.Protocol) -> LookView:
    """The whole header."""
    bodies: tuple[Body, ...] = (*protocol.structs, *protocol.packets)
    parts = [_part(body) for body in bodies]
    return LookView(protocol.source, naming.header(protocol.name, "types"),
                    tuple(part for part in parts if part.fields))
