"""[D] Protocol -> the view of the types header: one struct for each struct and packet."""

from __future__ import annotations

from collections.abc import Iterable

from pcgen import ir
from pcgen.c import layout, naming
from pcgen.c.views import Member, StructView, TypesView

UNUSED = "uint8_t unused; /* the packet has no fields, and C has no empty structs */"


def bound(item: ir.Bound) -> str:
    """A bound as C sees it: the constant's macro, or the number."""
    return naming.const(item.const) if item.const else f"{item.value}u"


def value_type(type_: ir.Type) -> str:
    """The C type of one value."""
    match type_:
        case ir.Scalar():
            return naming.SCALAR_TYPES[type_.name]
        case ir.Enum():
            return naming.enum(type_)
        case ir.Struct():
            return naming.struct(type_)
        case _:
            raise NotImplementedError(type_)


def _lines(field: ir.Field) -> tuple[str, ...]:
    match field.type:
        case ir.Text():
            return (f"uint16_t {field.name}_size;",
                    f"char {field.name}[{bound(field.type.bound)} + 1];")
        case ir.Bytes():
            return (f"uint16_t {field.name}_size;",
                    f"const uint8_t *{field.name}; /* borrowed, {field.name}_size bytes */")
        case ir.Array():
            array = f"{value_type(field.type.element)} {field.name}[{bound(field.type.bound)}];"
            return (f"uint16_t {field.name}_count;", array) if field.type.counted else (array,)
        case _:
            return (f"{value_type(field.type)} {field.name};",)


def _members(fields: tuple[ir.Field, ...]) -> tuple[Member, ...]:
    if not fields:
        return (Member(UNUSED, ""),)
    members: list[Member] = []
    for field in fields:
        for index, line in enumerate(_lines(field)):
            members.append(Member(line, layout.comment(field.doc, 4) if index == 0 else ""))
    return tuple(members)


def used_protocols(bodies: Iterable[ir.Struct | ir.Packet]) -> set[str]:
    """The protocols whose constants and types the fields of these use."""
    used: set[str] = set()
    for body in bodies:
        for field in body.fields:
            match field.type:
                case ir.Text() | ir.Bytes():
                    used |= {field.type.bound.const.protocol} if field.type.bound.const else set()
                case ir.Array():
                    used |= {field.type.bound.const.protocol} if field.type.bound.const else set()
                    if isinstance(field.type.element, ir.Enum | ir.Struct):
                        used.add(field.type.element.protocol)
                case ir.Enum() | ir.Struct():
                    used.add(field.type.protocol)
                case _:
                    pass
    return used


def bodies(protocol: ir.Protocol) -> tuple[ir.Struct | ir.Packet, ...]:
    """Structs, then packets."""
    return (*protocol.structs, *protocol.packets)


def lower(protocol: ir.Protocol) -> TypesView:
    """The whole types header."""
    others = sorted(used_protocols(bodies(protocol)) - {protocol.name})
    includes = sorted([naming.header(protocol.name, "ids"),
                       *(naming.header(other, "types") for other in others)])
    structs = tuple(StructView(naming.tag(body), layout.comment(body.doc), _members(body.fields))
                    for body in bodies(protocol))
    return TypesView(protocol.source, protocol.name, tuple(includes), structs)
