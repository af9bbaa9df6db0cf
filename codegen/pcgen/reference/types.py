"""[D] Fields and named types -> what the pages show of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pcgen import ir
from pcgen.reference import drawing, views, words
from pcgen.reference.views import Fact, Mark, Piece
from pcgen.spelling import span, spell


def anchor(protocol: str, name: str) -> str:
    """Of a packet; a type's begins with `type-`."""
    return f"{protocol}.{name}"


def type_anchor(type_: ir.Named) -> str:
    return f"type-{type_.protocol}.{type_.name}"


@dataclass(frozen=True, slots=True)
class Names:
    """Packets and types that prose may mean, as anchors; `here` is the protocol that speaks."""

    packets: dict[str, dict[str, str]]
    here: str = ""

    @staticmethod
    def of_program(program: ir.Program) -> Names:
        return Names({protocol.name: {packet.name: anchor(protocol.name, packet.name)
                                      for packet in protocol.packets}
                      for protocol in program.protocols})

    def of(self, protocol: ir.Protocol) -> Names:
        return Names(self.packets, protocol.name)

    def linked(self, text: str) -> tuple[Piece, ...]:
        """Prose with links. One word alone may be plain English, so a link needs an underscore."""
        known = self.packets.get(self.here, {})
        parts = re.split(r"(\b[a-z0-9]+_[a-z0-9_]+\b)", text)
        return tuple(Piece(part, known.get(part, "")) for part in parts if part)


def marks_of(deprecated: str | None, since: int = 1, secret: bool = False) -> tuple[Mark, ...]:
    found = []
    if secret:
        found.append(Mark("secret", "secret"))
    if deprecated is not None:
        found.append(Mark(f"deprecated: {deprecated}" if deprecated else "deprecated",
                          "deprecated"))
    if since > 1:
        found.append(Mark(f"since version {since}", "since"))
    return tuple(found)


def has_secret(fields: Sequence[ir.Field]) -> bool:
    """True if one of the fields, or of those inside of them, is secret."""
    inside = [part for field in fields for part in ir.inner_types(field.type)
              if isinstance(part, ir.Struct)]
    return any(field.secret for field in fields) or any(
        field.secret for struct in inside for field in struct.fields)


def _type(type_: ir.Type) -> Piece:
    named = words.named_of(type_)
    return Piece(spell(type_), type_anchor(named) if named else "")


def _field(field: ir.Field, offset: ir.SizeRange, names: Names) -> views.Field:
    rules = [words.rules_of(field.type)]
    if field.since > 1:
        default = words.SECRET if field.secret else words.value_text(field.type, field.default)
        rules.append(f"{default} if an older sender leaves it out")
    return views.Field(field.name, span(offset), span(field.type.size), _type(field.type),
                       "; ".join(rule for rule in rules if rule), names.linked(field.doc),
                       marks_of(field.deprecated, field.since, field.secret))


def fields_of(fields: Sequence[ir.Field], names: Names, start: int = 0) -> tuple[views.Field, ...]:
    """start: the offset of the first one."""
    found = []
    offset = ir.SizeRange(start, start)
    for field in fields:
        found.append(_field(field, offset, names))
        offset = offset + field.type.size
    return tuple(found)


def _members(type_: ir.Named) -> tuple[views.Member, ...]:
    match type_:
        case ir.Enum():
            return tuple(views.Member(str(item.value), item.name, Piece(""), item.doc,
                                      marks_of(item.deprecated, item.since))
                         for item in type_.values)
        case ir.Flags():
            return tuple(views.Member(f"bit {item.bit} ({item.mask:#x})", item.name, Piece(""),
                                      item.doc, marks_of(item.deprecated, item.since))
                         for item in type_.bits)
        case ir.Union():
            return tuple(views.Member(str(case.tag), case.name,
                                      _type(case.type) if case.type else Piece("nothing"),
                                      case.doc, marks_of(case.deprecated, case.since))
                         for case in type_.cases)
        case ir.Struct():
            return ()


_KINDS = {ir.Enum: "enum", ir.Flags: "flags", ir.Struct: "struct", ir.Union: "union"}


def _facts(type_: ir.Named) -> tuple[Fact, ...]:
    size = Fact("size", f"{span(type_.size)} bytes" if type_.size.max > 1 else "1 byte")
    match type_:
        case ir.Enum() | ir.Flags():
            keep = type_.unknown is ir.Unknown.KEEP
            return (size, Fact("on the wire", type_.base.name),
                    Fact("unknown ones", "are kept" if keep else "are refused"))
        case ir.Union():
            tag = Fact("tag", type_.tag.name)
            return (size, tag, Fact("unknown cases", "are kept as bytes" if type_.open
                                    else "are refused"))
        case ir.Struct(extensible=True):
            return (size, Fact("extensible", "what a newer sender appends is skipped"))
        case _:
            return (size,)


def _drawing(type_: ir.Named) -> Markup:
    if not isinstance(type_, ir.Struct):
        return Markup("")
    boxes = drawing.boxes_of(type_.fields)
    if type_.extensible:
        boxes.insert(0, drawing.Box("length", "u16", ir.SizeRange(2, 2), "prefix"))
    return drawing.draw(boxes, f"{type_.protocol}.{type_.name}")


def lower(type_: ir.Named, names: Names) -> views.Type:
    """A named type of the protocol."""
    fields: tuple[views.Field, ...] = ()
    if isinstance(type_, ir.Struct):
        fields = fields_of(type_.fields, names, ir.LENGTH_WIDTH if type_.extensible else 0)
    found = _members(type_)
    kind, has_types = _KINDS[type(type_)], isinstance(type_, ir.Union)
    text = " ".join([f"{type_.protocol}.{type_.name}", kind, type_.doc,
                     *(f"{field.name} {field.type.text}" for field in fields),
                     *(f"{member.name} {member.type.text} {member.doc}" for member in found)])
    return views.Type(type_anchor(type_), kind, has_types, type_.name, type_.protocol,
                      names.linked(type_.doc), marks_of(type_.deprecated), _facts(type_),
                      _drawing(type_), fields, found, text.lower())
