"""Types: enums and structs, then the type of every field. A struct never contains itself."""

from __future__ import annotations

import re

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.fields import parse_number
from pcgen.passes import scope
from pcgen.passes.context import Context
from pcgen.source import Text

BOUND_MAX = 0xFFFF
ENUM_BASES = ("u8", "u16", "u32", "i8", "i16", "i32")
# The values of a C enumeration are ints.
ENUM_MIN, ENUM_MAX = -0x8000_0000, 0x7FFF_FFFF

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_NAMED = re.compile(rf"(?P<name>{_WORD})\Z")
_ARRAY = re.compile(rf"(?P<name>{_WORD})\[(?P<counted><=)?\s*(?P<bound>\w+)\s*\]\Z")
_SIZED = re.compile(rf"(?P<name>{_WORD})<\s*(?P<bound>\w+)\s*>\Z")
_SYNTAX_HELP = "types are: u32, name, name[4], name[<=4], string<16>, bytes<16>"


def _piece(text: Text, match: re.Match[str], group: str) -> Text:
    return Text(match[group], text.span.part(match.start(group), len(match[group])))


class _Types:
    """Structs are resolved when they are first used, depth first; `open` is the way there."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.sink = context.sink
        self.open: list[tuple[str, str]] = []
        self.failed: set[tuple[str, str]] = set()
        self.declared = {(file.protocol.value, struct.name.value): struct
                         for file in context.files for struct in file.structs}

    # ---- enums ----

    def enum(self, protocol: str, enum: schema.Enum) -> None:
        base = ir.SCALARS.get(enum.type.value)
        if base is None or enum.type.value not in ENUM_BASES:
            if enum.type.value:
                self.sink.error(Code.ENUM_WIDTH, enum.type.span,
                                f"an enum's type cannot be `{enum.type}`",
                                "it is one of: " + ", ".join(ENUM_BASES))
            base = ir.SCALARS["u32"]
        seen: dict[int, str] = {}
        for value in enum.values:
            number = value.value.value
            least, most = max(base.min, ENUM_MIN), min(base.max, ENUM_MAX)
            if not least <= number <= most:
                self.sink.error(Code.ENUM_RANGE, value.value.span,
                                f"`{value.name}` must be {least}..{most}, not {number}")
            first = seen.setdefault(number, value.name.value)
            if first != value.name.value:
                self.sink.error(Code.ENUM_TWICE, value.value.span,
                                f"`{value.name}` and `{first}` are both {number}")
        values = tuple(ir.EnumValue(value.name.value, value.value.value) for value in enum.values)
        self.context.enums[protocol, enum.name.value] = ir.Enum(
            protocol, enum.name.value, enum.doc, base, values)

    # ---- structs ----

    def struct(self, key: tuple[str, str]) -> ir.Struct | None:
        """The resolved struct; None if it cannot be resolved (that has been reported)."""
        if key in self.context.structs or key in self.failed:
            return self.context.structs.get(key)
        declared = self.declared[key]
        self.open.append(key)
        fields = self.fields(key[0], declared.fields)
        self.open.pop()
        if fields is None:
            self.failed.add(key)
            return None
        struct = ir.Struct(key[0], key[1], declared.doc, fields)
        self.context.structs[key] = struct
        return struct

    def fields(self, protocol: str,
               fields: tuple[schema.Field, ...]) -> tuple[ir.Field, ...] | None:
        resolved = [(field, self.type(protocol, field.type)) for field in fields]
        if any(type_ is None for _, type_ in resolved):
            return None
        return tuple(ir.Field(field.name.value, field.doc, type_)
                     for field, type_ in resolved if type_ is not None)

    # ---- the type of a field ----

    def type(self, protocol: str, text: Text) -> ir.Type | None:
        if not text.value:
            return None
        if match := _NAMED.match(text.value):
            return self.named(protocol, _piece(text, match, "name"))
        if match := _ARRAY.match(text.value):
            element = self.element(protocol, _piece(text, match, "name"))
            bound = self.bound(protocol, _piece(text, match, "bound"))
            if element is None or bound is None:
                return None
            return ir.Array(element, bound, match["counted"] is not None)
        if match := _SIZED.match(text.value):
            return self.sized(protocol, text, match)
        self.sink.error(Code.TYPE_SYNTAX, text.span, f"`{text}` is not a type", _SYNTAX_HELP)
        return None

    def sized(self, protocol: str, text: Text, match: re.Match[str]) -> ir.Type | None:
        bound = self.bound(protocol, _piece(text, match, "bound"))
        if match["name"] not in ("string", "bytes"):
            self.sink.error(Code.TYPE_SYNTAX, text.span, f"`{match['name']}` takes no size",
                            _SYNTAX_HELP)
            return None
        if bound is None:
            return None
        return ir.Text(bound) if match["name"] == "string" else ir.Bytes(bound)

    def named(self, protocol: str, name: Text) -> ir.Scalar | ir.Enum | ir.Struct | None:
        if name.value in ir.SCALARS:
            return ir.SCALARS[name.value]
        if name.value in ("string", "bytes"):
            self.sink.error(Code.TYPE_SYNTAX, name.span, f"`{name}` needs a bound",
                            f"write it as: {name}<16>")
            return None
        owner = scope.owner_of(self.context, protocol, name, scope.types,
                               (Code.TYPE_UNKNOWN, "type"), (*ir.SCALARS, "string", "bytes"))
        if owner is None:
            return None
        key = (owner, name.value)
        if key in self.context.enums:
            return self.context.enums[key]
        if key in self.open:
            path = " -> ".join([*(name for _, name in self.open[self.open.index(key):]),
                                name.value])
            self.sink.error(Code.STRUCT_CYCLE, name.span, f"a struct contains itself: {path}")
            return None
        return self.struct(key)

    def element(self, protocol: str, name: Text) -> ir.Scalar | ir.Enum | ir.Struct | None:
        if name.value in ("string", "bytes"):
            self.sink.error(Code.ELEMENT, name.span, f"`{name}` cannot be an array's element",
                            "put it into a struct and make an array of that")
            return None
        return self.named(protocol, name)

    def bound(self, protocol: str, text: Text) -> ir.Bound | None:
        const = None
        value = parse_number(text.value)
        if value is None and text.value[:1].isdigit():
            self.sink.error(Code.BAD_NUMBER, text.span, f"the bound `{text}` is not a number")
            return None
        if value is None:
            owner = scope.owner_of(self.context, protocol, text, scope.constants,
                                   (Code.CONST_UNKNOWN, "constant"))
            if owner is None:
                return None
            const = self.context.consts[owner, text.value]
            value = const.value
        if not 1 <= value <= BOUND_MAX:
            self.sink.error(Code.BOUND_RANGE, text.span,
                            f"a bound must be 1..{BOUND_MAX}, not {value}")
            return None
        return ir.Bound(value, const)


def run(context: Context) -> None:
    """Fill `enums`, `structs` and `packet_fields`."""
    types = _Types(context)
    for file in context.files:
        for enum in file.enums:
            types.enum(file.protocol.value, enum)
    for file in context.files:
        for struct in file.structs:
            types.struct((file.protocol.value, struct.name.value))
        for packet in file.packets:
            fields = types.fields(file.protocol.value, packet.fields)
            if fields is not None:
                context.packet_fields[file.protocol.value, packet.name.value] = fields
