"""[D] How values of a type are declared, written and read in C#."""

from __future__ import annotations

from pcgen import ir
from pcgen.csharp import naming
from pcgen.passes.values import is_byte

_TYPES = {"u8": "byte", "u16": "ushort", "u32": "uint", "u64": "ulong", "i8": "sbyte",
          "i16": "short", "i32": "int", "i64": "long", "f32": "float", "f64": "double",
          "bool": "bool"}
_SUFFIXES = {"u64": "UL", "i64": "L"}
ERROR = "_pc.WireError"


def scalar(item: ir.Scalar) -> str:
    return _TYPES[item.name]


def method(item: ir.Scalar) -> str:
    """Of Reader and Writer: `U8`."""
    return item.name.capitalize()


def number(item: ir.Scalar, value: int | float) -> str:
    """A constant of the scalar's type, but that floats of 32 bits are compared as doubles."""
    if item.kind is ir.ScalarKind.FLOAT:
        return repr(float(value))
    return f"{value}{_SUFFIXES.get(item.name, '')}"


def block(head: str, lines: list[str]) -> list[str]:
    """A statement and what belongs to it."""
    return [head, "{", *(f"    {line}" for line in lines), "}"]


def is_object(type_: ir.Type) -> bool:
    return isinstance(type_, ir.Struct | ir.Union)


def element(type_: ir.Type) -> str:
    """The type of a value that stands alone, in an array or a union's case."""
    match type_:
        case ir.Scalar():
            return scalar(type_)
        case ir.Quant():
            return "double" if type_.is_double else "float"
        case ir.Enum() | ir.Flags() | ir.Struct() | ir.Union():
            return naming.qualified(type_)
        case _:
            raise AssertionError(type_)


def _array(array: ir.Array) -> tuple[str, str]:
    """Type and initial value."""
    inner, count = element(array.element), array.bound.value
    lists = "_pc.ObjectList" if is_object(array.element) else "_pc.ValueList"
    if array.counted:
        return f"{lists}<{inner}>", f"new {lists}<{inner}>({count})"
    made = f"{lists}<{inner}>.Fixed({count})" if is_object(array.element) else \
        f"new {inner}[{count}]"
    return f"{inner}[]", made


def declare(type_: ir.Type, name: str, owner: str) -> list[str]:
    """The members that a field becomes. name, owner: as in the YAML."""
    member = naming.member(name, owner)
    match type_:
        case ir.Optional():
            presence = naming.presence(name, owner)
            return [f"public bool {presence};", *declare(type_.inner, name, owner)]
        case ir.Text():
            kind, made = "_pc.Utf8Text", f"new _pc.Utf8Text({type_.bound.value})"
        case ir.Bytes():
            kind, made = "_pc.ValueList<byte>", f"new _pc.ValueList<byte>({type_.bound.value})"
        case ir.Array():
            kind, made = _array(type_)
        case ir.Struct() | ir.Union():
            kind, made = element(type_), f"new {element(type_)}()"
        case ir.Scalar() | ir.Enum() | ir.Flags() | ir.Quant():
            return [f"public {element(type_)} {member};"]
    return [f"public readonly {kind} {member} = {made};"]


def _checks(stream: str, type_: ir.Type, value: str) -> list[str]:
    """What a number is refused for, once it is read or before it is written."""
    match type_:
        case ir.Scalar() if type_.range is not None:
            ends = [f"{value} {sign} {number(type_, end.value)}"
                    for sign, end in ((">=", type_.range.low), ("<=", type_.range.high))]
            return [f"{stream}.Check({' && '.join(ends)}, {ERROR}.RANGE);"]
        case ir.Enum(unknown=ir.Unknown.REJECT):
            return [f"{stream}.Check({naming.known(type_)}({value}), {ERROR}.ENUM);"]
        case ir.Flags(unknown=ir.Unknown.REJECT):
            mask = f"0x{type_.mask:x}UL"
            return [f"{stream}.Check(((ulong){value} & ~{mask}) == 0, {ERROR}.FLAGS);"]
    return []


# ---- to the wire ----

def write(type_: ir.Type, value: str, presence: str = "") -> list[str]:
    """Statements. presence: of an optional, the member that says whether it is there."""
    match type_:
        case ir.Text():
            charset = f"_pc.Charset.{type_.charset.value.upper()}"
            return [f"writer.Text({value}, {_sized(type_)}, {charset});"]
        case ir.Bytes():
            return [f"writer.Bytes({value}, {_sized(type_)});"]
        case ir.Array():
            return _write_array(type_, value)
        case ir.Optional():
            return [f"writer.Bool({presence});",
                    *block(f"if ({presence})", write(type_.inner, value))]
        case ir.Struct() | ir.Union():
            return [f"{value}.Write(ref writer);"]
        case ir.Quant():
            steps = (f"writer.Steps({value}, {type_.least!r}, {type_.inverse!r}, "
                     f"{type_.steps})")
            return [f"writer.{method(type_.base)}(({scalar(type_.base)}){steps});"]
        case ir.Enum() | ir.Flags():
            return [*_checks("writer", type_, value),
                    f"writer.{method(type_.base)}(({scalar(type_.base)}){value});"]
        case ir.Scalar():
            return [*_checks("writer", type_, value), f"writer.{method(type_)}({value});"]


def _sized(type_: ir.Text | ir.Bytes) -> str:
    return f"{type_.min}, {type_.bound.value}, {type_.bound.prefix.width}"


def _write_array(array: ir.Array, value: str) -> list[str]:
    bound, width = array.bound.value, array.bound.prefix.width
    if is_byte(array.element):
        return [f"writer.Bytes({value}, 0, {bound}, {width});" if array.counted
                else f"writer.Raw({value});"]
    count = f"{value}.Count" if array.counted else f"{value}.Length"
    head = [f"writer.Count({count}, 0, {bound}, {width});"] if array.counted else []
    return [*head, *block(f"for (int i = 0; i < {count}; i++)",
                          write(array.element, f"{value}[i]"))]


# ---- from the wire ----

def read(type_: ir.Type, value: str, presence: str = "") -> list[str]:
    """Statements that fill a member."""
    match type_:
        case ir.Text():
            charset = f"_pc.Charset.{type_.charset.value.upper()}"
            return [f"reader.Text({value}, {_sized(type_)}, {charset});"]
        case ir.Bytes():
            return [f"reader.Bytes({value}, {_sized(type_)});"]
        case ir.Array():
            return _read_array(type_, value)
        case ir.Optional():
            return [f"{presence} = reader.Bool();",
                    *block(f"if ({presence})", read(type_.inner, value))]
        case ir.Struct() | ir.Union():
            return [f"{value}.Read(ref reader);"]
        case ir.Quant():
            cast = "" if type_.is_double else "(float)"
            return [f"{value} = {cast}reader.Quant(reader.{method(type_.base)}(), "
                    f"{type_.least!r}, {type_.scale!r}, {type_.steps});"]
        case ir.Enum() | ir.Flags():
            return [f"{value} = ({element(type_)})reader.{method(type_.base)}();",
                    *_checks("reader", type_, value)]
        case ir.Scalar():
            return [f"{value} = reader.{method(type_)}();", *_checks("reader", type_, value)]


def _read_array(array: ir.Array, value: str) -> list[str]:
    bound, width = array.bound.value, array.bound.prefix.width
    if is_byte(array.element):
        return [f"reader.Bytes({value}, 0, {bound}, {width});" if array.counted
                else f"reader.Bytes({value});"]
    count = f"{value}.Count" if array.counted else f"{value}.Length"
    head = [f"{value}.Resize(reader.Count(0, {bound}, {width}));"] if array.counted else []
    return [*head, *block(f"for (int i = 0; i < {count}; i++)",
                          read(array.element, f"{value}[i]"))]
