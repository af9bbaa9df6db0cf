"""[D] Statements that give members their defaults, without making garbage."""

from __future__ import annotations

import json

from pcgen import ir
from pcgen.csharp import naming
from pcgen.csharp.spell import element, number
from pcgen.floats import single
from pcgen.passes.values import is_byte


def assign(field: ir.Field, owner: str, value: ir.Value, path: str = "") -> list[str]:
    """A field of a struct or packet. path: of the object it is in, with its dot."""
    member = f"{path}{naming.member(field.name, owner)}"
    if not isinstance(field.type, ir.Optional):
        return _set(field.type, member, value)
    presence = f"{path}{naming.presence(field.name, owner)}"
    if value is None:
        return [f"{presence} = false;"]
    return [f"{presence} = true;", *_set(field.type.inner, member, value)]


def _set(type_: ir.Type, member: str, value: ir.Value) -> list[str]:
    match type_:
        case ir.Text():
            assert isinstance(value, bytes)
            return [f"{member}.Set({json.dumps(value.decode())});"]
        case ir.Bytes() | ir.Array():
            return _list(type_, member, value)
        case ir.Struct():
            assert isinstance(value, tuple)
            return [line for field, item in zip(type_.fields, value, strict=True)
                    for line in assign(field, type_.name, item, f"{member}.")]
        case ir.Union():
            return _union(type_, member, value)
        case _:
            return [f"{member} = {_number(type_, value)};"]


def _list(type_: ir.Bytes | ir.Array, member: str, value: ir.Value) -> list[str]:
    assert isinstance(value, bytes | tuple)
    lines: list[str] = []
    if isinstance(type_, ir.Bytes) or type_.counted:
        lines.append(f"{member}.Resize({len(value)});")
    inner = type_.element if isinstance(type_, ir.Array) else ir.SCALARS["u8"]
    assert not isinstance(value, bytes) or is_byte(inner)
    for index, item in enumerate(value):
        lines += _set(inner, f"{member}[{index}]", item)
    return lines


def _union(union: ir.Union, member: str, value: ir.Value) -> list[str]:
    assert isinstance(value, ir.Chosen)
    case = union.case(value.tag)
    assert case is not None
    head = f"{member}.Tag = {naming.qualified_tag(union)}.{case.name.upper()};"
    if case.type is None:
        return [head]
    return [head, *_set(case.type, f"{member}.{naming.member(case.name, union.name)}",
                        value.value)]


def _number(type_: ir.Type, value: ir.Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    assert isinstance(value, int | float)
    match type_:
        case ir.Enum() if any(item.value == value for item in type_.values):
            name = next(item.name for item in type_.values if item.value == value)
            return f"{element(type_)}.{name}"
        case ir.Enum() | ir.Flags():
            return f"({element(type_)})({number(type_.base, value)})"
        case ir.Scalar(name="f32") | ir.Quant(is_double=False):
            return f"{single(value)!r}f"
        case ir.Scalar():
            return number(type_, value)
    return repr(value)
