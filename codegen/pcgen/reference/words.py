"""Values and rules in words, as the reference and the dissector show them."""

from __future__ import annotations

from pcgen import ir
from pcgen.floats import shortest
from pcgen.passes.values import is_byte
from pcgen.vectors.reference import steps_of

SECRET = "(secret)"


def number(value: int | float) -> str:
    """A number without a needless `.0`."""
    return f"{shortest(value):.15g}" if isinstance(value, float) else str(value)


def limit(limit_: ir.Limit) -> str:
    """As it was written: the constant's name, or the number."""
    return limit_.const.name if limit_.const else number(limit_.value)


def named_of(type_: ir.Type) -> ir.Named | None:
    """The enum, flags, struct or union that a type is made of."""
    match type_:
        case ir.Enum() | ir.Flags() | ir.Struct() | ir.Union():
            return type_
        case ir.Array():
            return named_of(type_.element)
        case ir.Optional():
            return named_of(type_.inner)
        case _:
            return None


def bits_text(flags: ir.Flags, value: int) -> str:
    """The names of the set bits, and what is left as a number."""
    names = [bit.name for bit in flags.bits if value & bit.mask]
    rest = value & ~flags.mask
    return "[" + ", ".join(names + ([hex(rest)] if rest else [])) + "]"


def value_text(type_: ir.Type, value: ir.Value) -> str:
    """As a person writes it in the YAML file."""
    match type_:
        case ir.Enum():
            return next((item.name for item in type_.values if item.value == value), str(value))
        case ir.Flags():
            assert isinstance(value, int)
            return bits_text(type_, value)
        case ir.Text():
            assert isinstance(value, bytes)
            return f'"{value.decode(errors="replace")}"'
        case ir.Optional():
            return "null" if value is None else value_text(type_.inner, value)
        case ir.Struct():
            return fields_text(type_.fields, value)
        case ir.Union():
            return _chosen_text(type_, value)
        case ir.Array() if not is_byte(type_.element):
            assert isinstance(value, tuple)
            return "[" + ", ".join(value_text(type_.element, item) for item in value) + "]"
        case _:
            pass
    return _plain_text(value)


def _plain_text(value: ir.Value) -> str:
    if isinstance(value, bytes):
        return value.hex(" ") if value else '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, int | float) else str(value)


def _chosen_text(union: ir.Union, value: ir.Value) -> str:
    assert isinstance(value, ir.Chosen)
    case = union.case(value.tag)
    if case is None:
        return f"{{{value.tag}: {_plain_text(value.value)}}}"
    if case.type is None:
        return case.name
    return f"{{{case.name}: {value_text(case.type, value.value)}}}"


def fields_text(fields: tuple[ir.Field, ...], values: ir.Value) -> str:
    """A packet's or struct's value; secrets are left out."""
    assert isinstance(values, tuple)
    shown = (f"{field.name}: {SECRET if field.secret else value_text(field.type, value)}"
             for field, value in zip(fields, values, strict=True))
    return "{" + ", ".join(shown) + "}"


def rules_of(type_: ir.Type) -> str:
    """What a decoder asks of the value beyond its size; empty if nothing worth saying."""
    match type_:
        case ir.Scalar():
            if type_.range is not None:
                return f"{limit(type_.range.low)} to {limit(type_.range.high)}"
            return "finite" if type_.kind is ir.ScalarKind.FLOAT else ""
        case ir.Quant():
            return (f"{number(type_.least)} to {number(type_.most)} in steps of "
                    f"{number(type_.scale)}; 0 to {steps_of(type_, type_.most)} on the wire")
        case ir.Text() | ir.Bytes():
            return _block_rules(type_)
        case ir.Array():
            return _array_rules(type_)
        case ir.Optional():
            return "may be absent" + (f"; {inner}" if (inner := rules_of(type_.inner)) else "")
        case ir.Enum() | ir.Flags():
            return "others are kept" if type_.unknown is ir.Unknown.KEEP else ""
        case _:
            return ""


def _block_rules(type_: ir.Text | ir.Bytes) -> str:
    size = f"{type_.min} to {type_.bound.value} bytes"
    if isinstance(type_, ir.Bytes):
        return size
    return size + {ir.Charset.UTF8: " of UTF-8", ir.Charset.ASCII: " of ASCII",
                   ir.Charset.PRINTABLE: " of UTF-8 without control characters"}[type_.charset]


def _array_rules(array: ir.Array) -> str:
    count = f"{'0 to ' if array.counted else ''}{array.bound.value} elements"
    inner = rules_of(array.element)
    return f"{count}, each {inner}" if inner else count
