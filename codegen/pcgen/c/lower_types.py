"""[D] Protocol -> the view of the types header: one struct for each struct, union and packet."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.c import layout, naming
from pcgen.c.values import bound, value_type
from pcgen.c.views import Member, StructView, TypesView

UNUSED = "uint8_t unused; /* the packet has no fields, and C has no empty structs */"


def _lines(type_: ir.Type, name: str) -> tuple[str, ...]:
    match type_:
        case ir.Text():
            return (f"uint16_t {name}_size;", f"char {name}[{bound(type_.bound)} + 1];")
        case ir.Bytes():
            return (f"uint16_t {name}_size;",
                    f"const uint8_t *{name}; /* borrowed, {name}_size bytes */")
        case ir.Array():
            array = f"{value_type(type_.element)} {name}[{bound(type_.bound)}];"
            return (f"uint16_t {name}_count;", array) if type_.counted else (array,)
        case ir.Optional():
            return (f"bool has_{name};", *_lines(type_.inner, name))
        case _:
            return (f"{value_type(type_)} {name};",)


def _field_doc(field: ir.Field) -> str:
    parts = [field.doc]
    if field.deprecated is not None:
        parts.append(f"Deprecated{': ' if field.deprecated else '.'}{field.deprecated}")
    if field.since > 1:
        parts.append(f"Since version {field.since}.")
    return " ".join(part for part in parts if part)


def _members(fields: tuple[ir.Field, ...]) -> tuple[Member, ...]:
    if not fields:
        return (Member(UNUSED, ""),)
    members: list[Member] = []
    for field in fields:
        for index, line in enumerate(_lines(field.type, field.name)):
            members.append(Member(line, layout.comment(_field_doc(field), 4)
                                  if index == 0 else ""))
    return tuple(members)


def _union(union: ir.Union) -> StructView:
    members = [Member(f"enum {naming.union_tag(union)} tag;", "")]
    if union.open:
        tag = naming.SCALAR_TYPES[union.tag.name]
        members += [Member(f"{tag} unknown_tag;", layout.comment(
                        f"with {naming.unknown_case(union)}: what came", 4)),
                    Member("uint16_t unknown_size;", "")]
    cases = [Member(f"{value_type(case.type)} {case.name};", layout.comment(case.doc, 8))
             for case in union.cases if case.type is not None]
    if union.open:
        cases.append(Member("const uint8_t *unknown; /* borrowed, unknown_size bytes */", ""))
    return StructView(naming.tag(union), layout.comment(union.doc), tuple(members), bool(cases),
                      tuple(cases))


def _types_of(protocol: ir.Protocol) -> Iterator[ir.Type]:
    for body in bodies(protocol):
        yield from (field.type for field in body.fields)
    for union in protocol.unions:
        yield from (case.type for case in union.cases if case.type is not None)


def _used(type_: ir.Type) -> Iterator[str]:
    match type_:
        case ir.Text() | ir.Bytes():
            yield from {type_.bound.const.protocol} if type_.bound.const else ()
        case ir.Array():
            yield from {type_.bound.const.protocol} if type_.bound.const else ()
            yield from _used(type_.element)
        case ir.Optional():
            yield from _used(type_.inner)
        case ir.Scalar():
            if type_.range:
                ends = (type_.range.low.const, type_.range.high.const)
                yield from (const.protocol for const in ends if const)
        case ir.Enum() | ir.Flags() | ir.Struct() | ir.Union():
            yield type_.protocol
        case ir.Quant():
            pass


def used_protocols(protocol: ir.Protocol) -> set[str]:
    """The protocols whose constants and types this one's fields use."""
    return {used for type_ in _types_of(protocol) for used in _used(type_)}


def part_includes(protocol: ir.Protocol, part: str) -> tuple[str, ...]:
    """The headers of one kind that go with those of the types that this protocol's fields use."""
    return tuple(naming.header(other, part)
                 for other in sorted(used_protocols(protocol) - {protocol.name}))


def bodies(protocol: ir.Protocol) -> tuple[ir.Struct | ir.Packet, ...]:
    """Structs, then packets."""
    return (*protocol.structs, *protocol.packets)


def lower(protocol: ir.Protocol) -> TypesView:
    """The whole types header."""
    others = sorted(used_protocols(protocol) - {protocol.name})
    includes = sorted([naming.header(protocol.name, "ids"),
                       *(naming.header(other, "types") for other in others)])
    composites = [_union(item) if isinstance(item, ir.Union)
                  else StructView(naming.tag(item), layout.comment(item.doc),
                                  _members(item.fields)) for item in protocol.composites]
    packets = [StructView(naming.tag(packet), layout.comment(packet.doc), _members(packet.fields))
               for packet in protocol.packets]
    return TypesView(protocol.source, protocol.name, tuple(includes), (*composites, *packets))
