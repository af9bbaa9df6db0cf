"""Types: enums and flags, then structs and unions, then the fields of packets. Nothing contains
itself."""

from __future__ import annotations

from pcgen import grammar, ir, schema
from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.passes import scope, values
from pcgen.passes.context import Context
from pcgen.passes.field_types import FieldTypes
from pcgen.passes.sizes import FRAME_LIMIT
from pcgen.source import Number, Text

ENUM_BASES = ("u8", "u16", "u32", "i8", "i16", "i32")
FLAGS_BASES = ("u8", "u16", "u32", "u64")
TAG_BASES = ("u8", "u16")
# The values of a C enumeration are ints.
ENUM_MIN, ENUM_MAX = -0x8000_0000, 0x7FFF_FFFF
NESTING_MAX = 32


def since(number: Number | None) -> int:
    """The version that brought something; from the start if nothing is said."""
    return number.value if number else 1


class _Types:
    """Structs and unions are resolved when they are first used, depth first; `open` is the way
    there. `levels`: of what is resolved, itself included; `deepest`: the most met so far, in each
    of `open`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.sink = context.sink
        self.open: list[tuple[str, str]] = []
        self.failed: set[tuple[str, str]] = set()
        self.levels: dict[tuple[str, str], int] = {}
        self.deepest = [0]
        self.declared: dict[tuple[str, str], schema.Struct | schema.Union] = {
            (file.protocol.value, item.name.value): item
            for file in context.files for item in scope.composites(file)}

    # ---- enums and flags ----

    def base(self, type_: Text, allowed: tuple[str, ...], otherwise: str,
             refusal: tuple[Code, str]) -> ir.Scalar:
        """The integer that something travels as; refusal: code, and what it is called."""
        if type_.value in allowed:
            return ir.SCALARS[type_.value]
        if type_.value:
            code, what = refusal
            self.sink.error(code, type_.span, f"{what} cannot be `{type_}`",
                            "it is one of: " + ", ".join(allowed))
        return ir.SCALARS[otherwise]

    def unknown(self, word: Text | None) -> ir.Unknown:
        if word is None or not word.value:
            return ir.Unknown.REJECT
        if word.value not in grammar.UNKNOWN:
            self.sink.error(Code.UNKNOWN_WORD, word.span,
                            f"unknown must be reject or keep, not `{word}`",
                            did_you_mean(word.value, grammar.UNKNOWN))
            return ir.Unknown.REJECT
        return ir.Unknown(word.value)

    def members(self, enum: schema.Enum, limits: tuple[int, int],
                codes: tuple[Code, Code]) -> tuple[int, ...]:
        """Every value within limits, and none twice; codes for the one and the other. After an
        error the least stands for the value, as in fields.Reader.number."""
        seen: dict[int, str] = {}
        found: list[int] = []
        least, most = limits
        for member in enum.values:
            number = member.value.value
            if not least <= number <= most:
                self.sink.error(codes[0], member.value.span,
                                f"`{member.name}` must be {least}..{most}, not {number}")
            first = seen.setdefault(number, member.name.value)
            if first != member.name.value:
                self.sink.error(codes[1], member.value.span,
                                f"`{member.name}` and `{first}` are both {number}")
            found.append(number if least <= number <= most else least)
        return tuple(found)

    def enum(self, protocol: str, enum: schema.Enum) -> None:
        base = self.base(enum.type, ENUM_BASES, "u32", (Code.ENUM_WIDTH, "an enum's type"))
        numbers = self.members(enum, (max(base.min, ENUM_MIN), min(base.max, ENUM_MAX)),
                               (Code.ENUM_RANGE, Code.ENUM_TWICE))
        found = tuple(ir.EnumValue(value.name.value, number, value.doc, since(value.since),
                                   value.deprecated)
                      for value, number in zip(enum.values, numbers, strict=True))
        self.context.enums[protocol, enum.name.value] = ir.Enum(
            protocol, enum.name.value, enum.doc, base, found, self.unknown(enum.unknown),
            enum.deprecated)

    def flags(self, protocol: str, flags: schema.Enum) -> None:
        base = self.base(flags.type, FLAGS_BASES, "u64", (Code.FLAGS_WIDTH, "the type of flags"))
        numbers = self.members(flags, (0, base.width * 8 - 1), (Code.BIT_RANGE, Code.BIT_TWICE))
        found = tuple(ir.FlagBit(bit.name.value, number, bit.doc, since(bit.since), bit.deprecated)
                      for bit, number in zip(flags.values, numbers, strict=True))
        self.context.flags[protocol, flags.name.value] = ir.Flags(
            protocol, flags.name.value, flags.doc, base, found, self.unknown(flags.unknown),
            flags.deprecated)

    # ---- structs and unions ----

    def composite(self, key: tuple[str, str]) -> ir.Struct | ir.Union | None:
        """The resolved struct or union; None if it cannot be (that has been reported)."""
        if key in self.context.composites or key in self.failed:
            return self.context.composites.get(key)
        declared = self.declared[key]
        self.open.append(key)
        self.deepest.append(0)
        found = (self.struct(key[0], declared) if isinstance(declared, schema.Struct)
                 else self.union(key[0], declared))
        self.open.pop()
        self.levels[key] = self.deepest.pop() + 1
        if found is not None and found.size.max > FRAME_LIMIT - ir.HEADER_SIZE:
            self.sink.error(Code.FRAME_LARGE, declared.name.span,
                            f"`{declared.name}` can take {found.size.max} bytes, more than a frame")
            found = None
        if found is None:
            self.failed.add(key)
            return None
        self.context.composites[key] = found
        return found

    def struct(self, protocol: str, struct: schema.Struct) -> ir.Struct | None:
        fields = self.fields(protocol, struct.fields)
        if fields is None:
            return None
        return ir.Struct(protocol, struct.name.value, struct.doc, fields, struct.extensible,
                         struct.deprecated)

    def union(self, protocol: str, union: schema.Union) -> ir.Union | None:
        tag = self.base(union.tag, TAG_BASES, "u16", (Code.TAG_WIDTH, "a union's tag"))
        types = FieldTypes(self.context, protocol, self.named)
        seen: dict[int, str] = {}
        cases: list[ir.Case] = []
        for case in union.cases:
            number = case.tag.value
            if number > tag.max:
                self.sink.error(Code.TAG_RANGE, case.tag.span,
                                f"the tag of `{case.name}` must be 0..{tag.max}, not {number}")
            first = seen.setdefault(number, case.name.value)
            if first != case.name.value:
                self.sink.error(Code.TAG_TWICE, case.tag.span,
                                f"`{case.name}` and `{first}` both have the tag {number}")
            type_ = types.case(case.type) if case.type else None
            if case.type is None or type_ is not None:
                cases.append(ir.Case(case.name.value, number, case.doc, type_, since(case.since),
                                     case.deprecated))
        if len(cases) != len(union.cases) or not cases:
            return None
        return ir.Union(protocol, union.name.value, union.doc, tag, tuple(cases), union.open,
                        union.deprecated)

    def named(self, owner: str, name: Text) -> ir.Named | None:
        key = (owner, name.value)
        if key in self.context.enums:
            return self.context.enums[key]
        if key in self.context.flags:
            return self.context.flags[key]
        if key in self.open:
            path = " -> ".join([*(name for _, name in self.open[self.open.index(key):]),
                                name.value])
            what = "struct" if isinstance(self.declared[key], schema.Struct) else "union"
            self.sink.error(Code.STRUCT_CYCLE, name.span, f"a {what} contains itself: {path}")
            return None
        return self.nested(key, name)

    def nested(self, key: tuple[str, str], name: Text) -> ir.Named | None:
        """A struct or union within what is open. Looking before it is resolved bounds the way down;
        looking afterwards finds what was resolved by another way."""
        if len(self.open) < NESTING_MAX:
            found = self.composite(key)
            self.deepest[-1] = max(self.deepest[-1], self.levels[key])
            if self.levels[key] + bool(self.open) <= NESTING_MAX:
                return found
        self.sink.error(Code.NESTING, name.span,
                        f"`{name}` is nested too deeply: there may be {NESTING_MAX} levels")
        return None

    # ---- fields ----

    def fields(self, protocol: str,
               fields: tuple[schema.Field, ...]) -> tuple[ir.Field, ...] | None:
        types = FieldTypes(self.context, protocol, self.named)
        resolved = [self.field(types, field) for field in fields]
        found = tuple(field for field in resolved if field is not None)
        return found if len(found) == len(fields) else None

    def field(self, types: FieldTypes, field: schema.Field) -> ir.Field | None:
        type_ = types.field(field)
        if type_ is None:
            return None
        default: ir.Value = None
        if field.default is not None:
            value = values.value_of(type_, field.default, self.sink)
            if value is None:
                return None
            default = value[0]
        return ir.Field(field.name.value, field.doc, type_, since(field.since), default,
                        field.secret, field.deprecated)


def run(context: Context) -> None:
    """Fill `enums`, `flags`, `composites` and `packet_fields`."""
    types = _Types(context)
    for file in context.files:
        for enum in file.enums:
            types.enum(file.protocol.value, enum)
        for flags in file.flags:
            types.flags(file.protocol.value, flags)
    for file in context.files:
        for item in scope.composites(file):
            types.composite((file.protocol.value, item.name.value))
        for packet in file.packets:
            fields = types.fields(file.protocol.value, packet.fields)
            if fields is not None:
                context.packet_fields[file.protocol.value, packet.name.value] = fields
