"""[D] How values of a type are declared, written, read and spelled in TypeScript."""

from __future__ import annotations

import json

from pcgen import ir
from pcgen.floats import single
from pcgen.passes.values import is_byte
from pcgen.typescript import naming


def is_big(scalar: ir.Scalar) -> bool:
    """True if a number cannot hold it."""
    return scalar.width == 8 and scalar.kind in (ir.ScalarKind.UNSIGNED, ir.ScalarKind.SIGNED)


def integer(scalar: ir.Scalar, value: int | float) -> str:
    """A number, or a bigint where the scalar needs one."""
    return f"{value}n" if is_big(scalar) else f"{value}"


def charset(text: ir.Text) -> str:
    return f'"{text.charset.value}"'


class Spell:
    """For one module, which says which names need a prefix."""

    def __init__(self, module: str) -> None:
        self.module = module

    def type(self, type_: ir.Type) -> str:
        match type_:
            case ir.Scalar():
                if type_.kind is ir.ScalarKind.BOOL:
                    return "boolean"
                return "bigint" if is_big(type_) else "number"
            case ir.Enum():
                kept = " | number" if type_.unknown is ir.Unknown.KEEP else ""
                return naming.qualified(type_, self.module) + kept
            case ir.Flags() | ir.Struct() | ir.Union():
                return naming.qualified(type_, self.module)
            case ir.Quant():
                return "number"
            case ir.Text():
                return "string"
            case ir.Bytes():
                return "Uint8Array"
            case ir.Array():
                if is_byte(type_.element):
                    return "Uint8Array"
                element = self.type(type_.element)
                return f"({element})[]" if " " in element else f"{element}[]"
            case ir.Optional():
                return f"{self.type(type_.inner)} | null"

    # ---- to the wire: statements ----

    def write(self, type_: ir.Type, value: str) -> tuple[str, ...]:
        match type_:
            case ir.Text():
                return (f"writer.text({value}, {type_.min}, {type_.bound.value}, "
                        f"{type_.bound.prefix.width}, {charset(type_)});",)
            case ir.Bytes():
                return (f"writer.count({value}.length, {type_.min}, {type_.bound.value}, "
                        f"{type_.bound.prefix.width});", f"writer.raw({value});")
            case ir.Array():
                return self.write_array(type_, value)
            case ir.Optional():
                inside = (f"  {line}" for line in self.write(type_.inner, value))
                return (f"if (writer.some({value})) {{", *inside, "}")
            case ir.Struct() | ir.Union():
                return (f"{naming.qualified(type_, self.module)}.write(writer, {value});",)
            case _:
                return (self.write_number(type_, value),)

    def write_number(self, type_: ir.Type, value: str) -> str:
        match type_:
            case ir.Scalar():
                return f"writer.{type_.name}({self.ranged('writer', type_, value)});"
            case ir.Enum(unknown=ir.Unknown.REJECT):
                name = naming.qualified(type_, self.module)
                return f"writer.{type_.base.name}(writer.known({name}, {value}));"
            case ir.Flags(unknown=ir.Unknown.REJECT):
                return f"writer.{type_.base.name}({self.masked('writer', type_, value)});"
            case ir.Enum() | ir.Flags():
                return f"writer.{type_.base.name}({value});"
            case ir.Quant():
                return (f"writer.{type_.base.name}(writer.steps({value}, {type_.least!r}, "
                        f"{type_.inverse!r}, {type_.steps}));")
            case _:
                raise AssertionError(type_)

    def write_array(self, array: ir.Array, value: str) -> tuple[str, ...]:
        bound = array.bound
        count = (f"writer.count({value}.length, 0, {bound.value}, {bound.prefix.width});"
                 if array.counted else f"writer.exactly({value}.length, {bound.value});")
        if is_byte(array.element):
            return count, f"writer.raw({value});"
        inside = (f"  {line}" for line in self.write(array.element, "item"))
        return count, f"for (const item of {value}) {{", *inside, "}"

    @staticmethod
    def ranged(stream: str, scalar: ir.Scalar, value: str) -> str:
        if scalar.range is None:
            return value
        low, high = (integer(scalar, end.value) for end in (scalar.range.low, scalar.range.high))
        if stream == "writer" and scalar.name == "f32":
            value = f"Math.fround({value})"  # the ends are floats of 32 bits
        return f"{stream}.range({value}, {low}, {high})"

    @staticmethod
    def masked(stream: str, flags: ir.Flags, value: str) -> str:
        if flags.unknown is ir.Unknown.KEEP:
            return value
        if is_big(flags.base):
            return f"{stream}.flags64({value}, 0x{flags.mask:x}n)"
        return f"{stream}.flags({value}, 0x{flags.mask:x})"

    # ---- from the wire: expressions ----

    def read(self, type_: ir.Type) -> str:
        match type_:
            case ir.Text():
                return (f"reader.text({type_.min}, {type_.bound.value}, "
                        f"{type_.bound.prefix.width}, {charset(type_)})")
            case ir.Bytes():
                return (f"reader.raw(reader.count({type_.min}, {type_.bound.value}, "
                        f"{type_.bound.prefix.width}))")
            case ir.Array():
                count = (f"reader.count(0, {type_.bound.value}, {type_.bound.prefix.width})"
                         if type_.counted else f"{type_.bound.value}")
                if is_byte(type_.element):
                    return f"reader.raw({count})"
                return f"reader.items({count}, () => {self.read(type_.element)})"
            case ir.Optional():
                return f"reader.bool() ? {self.read(type_.inner)} : null"
            case ir.Struct() | ir.Union():
                return f"{naming.qualified(type_, self.module)}.read(reader)"
            case _:
                return self.read_number(type_)

    def read_number(self, type_: ir.Type) -> str:
        match type_:
            case ir.Scalar():
                return self.ranged("reader", type_, f"reader.{type_.name}()")
            case ir.Enum(unknown=ir.Unknown.REJECT):
                name = naming.qualified(type_, self.module)
                return f"reader.known({name}, reader.{type_.base.name}())"
            case ir.Enum():
                return f"reader.{type_.base.name}()"
            case ir.Flags():
                return self.masked("reader", type_, f"reader.{type_.base.name}()")
            case ir.Quant():
                single = "false" if type_.is_double else "true"
                return (f"reader.quant(reader.{type_.base.name}(), {type_.least!r}, "
                        f"{type_.scale!r}, {type_.steps}, {single})")
            case _:
                raise AssertionError(type_)

    # ---- defaults: expressions ----

    def literal(self, type_: ir.Type, value: ir.Value) -> str:
        if value is None:
            return "null"
        match type_:
            case ir.Optional():
                return self.literal(type_.inner, value)
            case ir.Enum():
                name = next((item.name for item in type_.values if item.value == value), None)
                return f"{naming.qualified(type_, self.module)}.{name}" if name else repr(value)
            case ir.Text():
                assert isinstance(value, bytes)
                return json.dumps(value.decode())
            case ir.Struct():
                assert isinstance(value, tuple)
                inside = [f"{naming.field(field.name)}: {self.literal(field.type, item)}"
                          for field, item in zip(type_.fields, value, strict=True)]
                return f"{{ {', '.join(inside)} }}" if inside else "{}"
            case ir.Union():
                return self.chosen(type_, value)
            case ir.Array() if isinstance(value, tuple):
                return f"[{', '.join(self.literal(type_.element, item) for item in value)}]"
        return self.plain(type_, value)

    @staticmethod
    def plain(type_: ir.Type, value: ir.Value) -> str:
        if isinstance(value, bytes):
            return f"Uint8Array.of({', '.join(str(byte) for byte in value)})"
        if isinstance(value, bool):
            return "true" if value else "false"
        assert isinstance(value, int | float)
        match type_:
            case ir.Scalar():
                return integer(type_, value)
            case ir.Flags():
                return integer(type_.base, value)
            case ir.Quant(is_double=False):
                return repr(single(value))
            case _:
                return repr(value)

    def chosen(self, union: ir.Union, value: ir.Value) -> str:
        assert isinstance(value, ir.Chosen)
        case = union.case(value.tag)
        assert case is not None
        tag = f"tag: {naming.qualified_tag(union, self.module)}.{case.name.upper()}"
        if case.type is None:
            return f"{{ {tag} }}"
        return f"{{ {tag}, value: {self.literal(case.type, value.value)} }}"
