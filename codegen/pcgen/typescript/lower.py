"""[D] Protocol -> the view of its TypeScript module."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import dispatchers, ir
from pcgen.typescript import naming
from pcgen.typescript.spell import Spell, is_big
from pcgen.typescript.views import (
    BodyView,
    CaseView,
    ConstView,
    EnumView,
    FieldView,
    ModuleView,
    PartView,
    UnionView,
)

SAFE_INTEGER_MAX = (1 << 53) - 1


def _doc(text: str, deprecated: str | None = None) -> str:
    """A comment, on one line; empty if there is nothing to say."""
    words = text.replace("*/", "* /")
    if deprecated is not None:
        words = f"{words} @deprecated {deprecated.replace('*/', '* /')}".strip()
    return f"/** {words} */" if words else ""


def _field(spell: Spell, field: ir.Field) -> FieldView:
    comment = _doc(field.doc, field.deprecated)
    member = f"{naming.field(field.name)}: {spell.type(field.type)};"
    return FieldView(f"{comment} {member}" if comment else member)


def _write(spell: Spell, groups: tuple[ir.Group, ...], versioned: bool) -> Iterator[str]:
    for group in groups:
        if versioned and group.since > 1:
            yield f"if (version < {group.since}) {{"
            yield "  return;"
            yield "}"
        for field in group.fields:
            yield from spell.write(field.type, f"value.{naming.field(field.name)}")


def _read(spell: Spell, name: str, groups: tuple[ir.Group, ...]) -> Iterator[str]:
    """The first group makes the value; what older bytes have not keeps its default."""
    yield f"const value: {name} = {{"
    for group in groups:
        for field in group.fields:
            first = (spell.read(field.type) if group.since == 1
                     else spell.literal(field.type, field.default))
            yield f"  {naming.field(field.name)}: {first},"
    yield "};"
    for group in groups[1:]:
        yield "if (reader.atEnd) {"
        yield "  return value;"
        yield "}"
        for field in group.fields:
            yield f"value.{naming.field(field.name)} = {spell.read(field.type)};"
    yield "return value;"


def _struct(struct: ir.Struct) -> BodyView:
    spell, name = Spell(struct.protocol), naming.type_name(struct.name)
    write = tuple(_write(spell, struct.groups, versioned=False))
    read = tuple(_read(spell, name, struct.groups))
    if struct.extensible:
        write = ("const start = writer.begin();", *write, "writer.end(start);")
        read = ("reader = reader.inside(1);", *read)
    return BodyView(name, _doc(struct.doc, struct.deprecated),
                    tuple(_field(spell, field) for field in struct.fields), write, read)


def _packet(packet: ir.Packet) -> BodyView:
    spell, name = Spell(packet.protocol), naming.type_name(packet.name)
    flows = "; ".join(str(flow) for flow in packet.flows)
    arguments = (f"0x{packet.id:04x}", f'"{packet.protocol}.{packet.name}"',
                 str(packet.frame.min), str(packet.frame.max), str(packet.since),
                 "true" if packet.skips_tail else "false")
    return BodyView(
        name, _doc(f"{flows}. {packet.doc}".strip(), packet.deprecated),
        tuple(_field(spell, field) for field in packet.fields),
        tuple(_write(spell, packet.groups, versioned=True)),
        tuple(_read(spell, name, packet.groups)), f"0x{packet.id:04x}", packet.name,
        ", ".join(arguments))


class _Union:
    """The parts of one union."""

    def __init__(self, union: ir.Union) -> None:
        self.union = union
        self.spell = Spell(union.protocol)
        self.tags = naming.tag_enum(union)

    def tag(self, case: ir.Case) -> str:
        return f"{self.tags}.{case.name.upper()}"

    def alternatives(self) -> Iterator[str]:
        for case in self.union.cases:
            value = f"; value: {self.spell.type(case.type)}" if case.type else ""
            yield f"| {{ tag: {self.tag(case)}{value} }}"
        if self.union.open:
            yield f"| {{ tag: {self.tags}.UNKNOWN; unknownTag: number; value: Uint8Array }}"

    def write(self) -> Iterator[str]:
        union, number = self.union, self.union.tag.name
        tag = "value.tag"
        if union.open:
            tag = f"value.tag === {self.tags}.UNKNOWN ? value.unknownTag : value.tag"
        yield f"const tag: number = {tag};"
        yield f"writer.{number}(tag);"
        if union.open:
            yield "const start = writer.begin();"
        yield "switch (value.tag) {"
        for case in union.cases:
            yield f"  case {self.tag(case)}:"
            for line in self.spell.write(case.type, "value.value") if case.type else ():
                yield f"    {line}"
            yield "    break;"
        if union.open:
            yield f"  case {self.tags}.UNKNOWN:"
            yield "    writer.raw(value.value);"
            yield "    break;"
        yield "  default:"
        yield '    throw new _pcwire.EncodeError("tag", `${tag}`);'
        yield "}"
        if union.open:
            yield "writer.end(start);"

    def read(self) -> Iterator[str]:
        union = self.union
        yield f"const tag: number = reader.{union.tag.name}();"
        if union.open:
            yield "reader = reader.inside(0);"
            yield f"let value: {naming.type_name(union.name)};"
        yield "switch (tag) {"
        for case in union.cases:
            value = f", value: {self.spell.read(case.type)}" if case.type else ""
            made = f"{{ tag: {self.tag(case)}{value} }};"
            yield f"  case {self.tag(case)}:"
            if union.open:
                yield f"    value = {made}"
                yield "    break;"
            else:
                yield f"    return {made}"
        yield "  default:"
        if union.open:
            unknown = f"{{ tag: {self.tags}.UNKNOWN, unknownTag: tag, value: reader.rest() }};"
            yield f"    value = {unknown}"
            yield "    break;"
        else:
            yield '    throw new _pcwire.DecodeError("tag", `${tag}`);'
        yield "}"
        if union.open:
            yield "reader.end();"
            yield "return value;"

    def view(self) -> UnionView:
        union = self.union
        cases = [CaseView(case.name.upper(), str(case.tag)) for case in union.cases]
        if union.open:
            cases.append(CaseView("UNKNOWN", "-1"))
        *most, last = self.alternatives()
        return UnionView(naming.type_name(union.name), self.tags,
                         _doc(union.doc, union.deprecated), tuple(cases), (*most, f"{last};"),
                         tuple(self.write()), tuple(self.read()))


def _composite(item: ir.Struct | ir.Union) -> PartView:
    if isinstance(item, ir.Union):
        return PartView((), (_Union(item).view(),))
    return PartView((_struct(item),), ())


def _outer_names(type_: ir.Type) -> Iterator[ir.Named]:
    """The named types that a value's code mentions; what they are made of is their own code's."""
    match type_:
        case ir.Array():
            yield from _outer_names(type_.element)
        case ir.Optional():
            yield from _outer_names(type_.inner)
        case ir.Enum() | ir.Flags() | ir.Struct() | ir.Union():
            yield type_
        case _:
            pass


def _mentioned(type_: ir.Type, value: ir.Value) -> Iterator[str]:
    """Protocols that a default's literal mentions."""
    if value is not None:
        yield from (part.protocol for part in ir.inner_types(type_)
                    if isinstance(part, ir.Enum | ir.Union))


def _imports(protocol: ir.Protocol) -> tuple[str, ...]:
    found: set[str] = set()
    bodies: tuple[ir.Struct | ir.Packet, ...] = (*protocol.structs, *protocol.packets)
    types = [field.type for body in bodies for field in body.fields]
    types += [case.type for union in protocol.unions for case in union.cases if case.type]
    for type_ in types:
        found |= {item.protocol for item in _outer_names(type_)}
    for body in bodies:
        for field in body.fields:
            found |= set(_mentioned(field.type, field.default))
    return tuple(sorted(found - {protocol.name}))


def _enum(enum: ir.Enum) -> EnumView:
    return EnumView(naming.type_name(enum.name), _doc(enum.doc, enum.deprecated), "number",
                    tuple(ConstView(item.name, str(item.value)) for item in enum.values))


def _machine(machine: ir.StateMachine) -> EnumView:
    return EnumView(naming.machine(machine), _doc("Protocol states."), "number",
                    tuple(ConstView(state.upper(), str(index))
                          for index, state in enumerate(machine.states)))


def _flags(flags: ir.Flags) -> EnumView:
    big = is_big(flags.base)
    return EnumView(naming.type_name(flags.name), _doc(flags.doc, flags.deprecated),
                    "bigint" if big else "number",
                    tuple(ConstView(bit.name, f"0x{bit.mask:x}{'n' if big else ''}")
                          for bit in flags.bits))


def _consts(protocol: ir.Protocol) -> tuple[ConstView, ...]:
    return (ConstView("NAME", f'"{protocol.name}"'),
            ConstView("VERSION", str(protocol.version)),
            ConstView("COMPAT_HASH", f"0x{protocol.compat_hash:016x}n"),
            ConstView("SCHEMA_HASH", f"0x{protocol.schema_hash:016x}n"),
            ConstView("FRAME_MAX", str(protocol.frame_max)),
            *(ConstView(const.name, _exact(const.value)) for const in protocol.consts))


def _exact(value: int) -> str:
    """A number, or a bigint where a number would be another."""
    return str(value) if abs(value) <= SAFE_INTEGER_MAX else f"{value}n"


def lower(protocol: ir.Protocol) -> ModuleView:
    """The whole module."""
    packets = tuple(_packet(packet) for packet in protocol.packets)
    alternatives = [f'| {{ name: "{packet.yaml_name}"; packet: {packet.name} }}'
                    for packet in packets]
    if alternatives:
        alternatives[-1] += ";"
    return ModuleView(
        source=protocol.source, doc=protocol.doc.replace("\n", " "), imports=_imports(protocol),
        consts=_consts(protocol),
        hashes=tuple(ConstView(str(item.version), f"0x{item.hash:016x}n")
                     for item in reversed(protocol.hashes)),
        enums=(*(_enum(enum) for enum in protocol.enums),
               *(_machine(machine) for machine in protocol.machines)),
        flags=tuple(_flags(flags) for flags in protocol.flags),
        parts=tuple(_composite(item) for item in protocol.composites), packets=packets,
        never="" if alternatives else " never;", alternatives=tuple(alternatives))


def lower_role(role: ir.Role) -> dispatchers.RoleView | None:
    """The handlers and dispatchers of a role; None if it handles nothing."""
    return dispatchers.lower(role, naming.table, lambda packet: (
        naming.handler(packet), naming.qualified(packet, "")))
