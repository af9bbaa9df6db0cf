"""Types of the IR as the author would write them, for people to read."""

from __future__ import annotations

from pcgen import ir


def bound(limit: ir.Bound | ir.Limit) -> str:
    """A bound by the name of its constant, if it has one."""
    return limit.const.name if limit.const else f"{limit.value}"


def spell(type_: ir.Type) -> str:
    """`u8[<=4]`, `string<NAME_MAX>`, `place`."""
    match type_:
        case ir.Scalar():
            return type_.name
        case ir.Enum() | ir.Flags() | ir.Struct() | ir.Union():
            return type_.name
        case ir.Quant():
            ends = ", ".join(_decimal(float(part)) for part in (type_.low, type_.high, type_.step))
            return f"quant({ends})"
        case ir.Text():
            return f"string<{bound(type_.bound)}>"
        case ir.Bytes():
            return f"bytes<{bound(type_.bound)}>"
        case ir.Array():
            counted = "<=" if type_.counted else ""
            return f"{spell(type_.element)}[{counted}{bound(type_.bound)}]"
        case ir.Optional():
            return f"{spell(type_.inner)}?"


def _decimal(value: float) -> str:
    return f"{value:g}"


def span(size: ir.SizeRange) -> str:
    """`4`, or `1..25`."""
    return f"{size.min}" if size.is_fixed else f"{size.min}..{size.max}"
