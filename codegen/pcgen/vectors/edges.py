"""Values at the edges of their types, one at a time, and bytes that other versions would make."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pcgen import ir
from pcgen.floats import SINGLE_MAX, single
from pcgen.ir import Value
from pcgen.passes.values import is_byte
from pcgen.vectors.reference import Bend
from pcgen.vectors.samples import inside, near, sample_of

_LARGE = 64  # elements or bytes: fuller ones are left to the sample `most`
_TAIL = b"\x5a\x00\xa5"
_CHARACTERS = {
    ir.Charset.UTF8: ("\x01", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff",
                      "\U00010000", "\U0010ffff"),
    ir.Charset.ASCII: ("\x01", "\x7f"),
    ir.Charset.PRINTABLE: (" ", "~", "\u00a0", "\uffff", "\U00010000", "\U0010ffff"),
}
_SMALLEST = {4: struct.unpack("<f", b"\x01\0\0\0")[0], 8: 5e-324}


@dataclass(frozen=True, slots=True)
class Edge:
    """`bend`: how the bytes differ from those that we would make of the value."""

    what: str
    value: Value
    bend: Bend | None = None


def _integers(scalar: ir.Scalar) -> set[int]:
    low, high = int(scalar.low), int(scalar.high)
    return {value for value in (low, low + 1, -1, 0, 1, high - 1, high) if low <= value <= high}


def _floats(scalar: ir.Scalar) -> list[float]:
    most = 3.4028234663852886e38 if scalar.width == 4 else 1.7976931348623157e308
    tries = (max(float(scalar.low), -most), min(float(scalar.high), most), 0.0, -0.0,
             _SMALLEST[scalar.width], -_SMALLEST[scalar.width])
    return [inside(scalar, value) for value in tries if scalar.low <= value <= scalar.high]


def _number(type_: ir.Scalar | ir.Enum | ir.Flags | ir.Quant) -> Iterator[tuple[str, Value]]:
    match type_:
        case ir.Scalar(kind=ir.ScalarKind.BOOL):
            yield from (("false", False), ("true", True))
        case ir.Scalar(kind=ir.ScalarKind.FLOAT):
            yield from ((repr(value), value) for value in _floats(type_))
        case ir.Scalar():
            yield from ((str(value), value) for value in sorted(_integers(type_)))
        case ir.Enum():
            yield from ((item.name, item.value) for item in type_.values)
            known = {item.value for item in type_.values}
            if type_.unknown is ir.Unknown.KEEP:
                for value in {type_.base.min, type_.base.max} - known:
                    yield f"{value}, which is not listed", value
        case ir.Flags():
            yield "no flag", 0
            yield from ((bit.name, bit.mask) for bit in type_.bits)
            yield "all flags", type_.mask
            if type_.unknown is ir.Unknown.KEEP:
                yield "all bits", type_.base.max
        case ir.Quant():
            for steps in sorted({0, 1, type_.steps // 2, type_.steps - 1, type_.steps}):
                yield f"{steps} steps", near(type_, steps)


def _block(type_: ir.Text | ir.Bytes) -> Iterator[tuple[str, Value]]:
    fill = b"a" if isinstance(type_, ir.Text) else b"\xff"
    most = type_.bound.value
    for size in sorted({type_.min, type_.min + 1, most - 1, most}):
        if type_.min <= size <= min(most, _LARGE):
            yield f"{size} bytes", fill * size
    if isinstance(type_, ir.Text):
        for character in _CHARACTERS[type_.charset]:
            data = character.encode()
            if len(data) <= most:
                yield f"U+{ord(character):04X}", data + b"z" * (type_.min - len(data))


def _array(array: ir.Array, base: Value, path: str) -> Iterator[Edge]:
    assert isinstance(base, bytes | tuple)
    item = base[0] if base else sample_of(array.element)
    for count in sorted({0, 1, array.bound.value}) if array.counted else ():
        if count <= _LARGE:
            yield Edge(f"{path}: {count} elements", _items(array, (item,) * count))
    rest = tuple(base[1:]) if array.counted else (item,) * (array.bound.value - 1)
    for edge in edges(array.element, item, f"{path}[0]"):
        yield replace(edge, value=_items(array, (edge.value, *rest)))


def _items(array: ir.Array, items: tuple[Value, ...]) -> Value:
    if is_byte(array.element):
        return bytes(item for item in items if isinstance(item, int))
    return items


def members(fields: tuple[ir.Field, ...], base: Value, path: str) -> Iterator[Edge]:
    """One field at its edges, the others as they are."""
    assert isinstance(base, tuple)
    for index, field in enumerate(fields):
        for edge in edges(field.type, base[index], path + field.name):
            yield replace(edge, value=(*base[:index], edge.value, *base[index + 1:]))


def as_of(fields: tuple[ir.Field, ...], value: Value, version: int) -> tuple[Value, ...]:
    """What a reader has of a sender of that version: the rest are defaults."""
    assert isinstance(value, tuple)
    return tuple(item if field.since <= version else field.default
                 for field, item in zip(fields, value, strict=True))


def _struct(type_: ir.Struct, base: Value, path: str) -> Iterator[Edge]:
    yield from members(type_.fields, base, path + ".")
    if type_.extensible:
        yield Edge(f"{path}: of a newer sender", base, Bend(path, tail=_TAIL))
        for group in type_.groups[:-1]:
            yield Edge(f"{path}: of a sender of version {group.since}",
                       as_of(type_.fields, base, group.since), Bend(path, version=group.since))


def _union(union: ir.Union, base: Value, path: str) -> Iterator[Edge]:
    assert isinstance(base, ir.Chosen)
    for case in union.cases:
        if case.type is None:
            yield Edge(f"{path}: {case.name}", ir.Chosen(case.tag, None))
        else:
            value = base.value if base.tag == case.tag else sample_of(case.type)
            yield Edge(f"{path}: {case.name}", ir.Chosen(case.tag, value))
            for edge in edges(case.type, value, f"{path}.{case.name}"):
                yield replace(edge, value=ir.Chosen(case.tag, edge.value))
    if union.open:
        known = {case.tag for case in union.cases}
        tag = next(tag for tag in range(union.tag.max, -1, -1) if tag not in known)
        yield Edge(f"{path}: a case that is not known, empty", ir.Chosen(tag, b""))
        yield Edge(f"{path}: a case that is not known", ir.Chosen(tag, _TAIL))


def edges(type_: ir.Type, base: Value, path: str) -> Iterator[Edge]:
    """`base`: a value to start from."""
    match type_:
        case ir.Scalar() | ir.Enum() | ir.Flags() | ir.Quant():
            yield from (Edge(f"{path}: {what}", value) for what, value in _number(type_))
        case ir.Text() | ir.Bytes():
            yield from (Edge(f"{path}: {what}", value) for what, value in _block(type_))
        case ir.Array():
            yield from _array(type_, base, path)
        case ir.Struct():
            yield from _struct(type_, base, path)
        case ir.Union():
            yield from _union(type_, base, path)
        case ir.Optional():
            yield Edge(f"{path}: absent", None)
            present = sample_of(type_.inner) if base is None else base
            yield Edge(f"{path}: present", present)
            yield from edges(type_.inner, present, path)


def between_steps(quant: ir.Quant) -> Iterator[tuple[str, float]]:
    """Values that lie on no step, or outside."""
    half = quant.scale / 2
    far = max(1e6, 1000 * quant.scale)
    for what, value in (("below the least", quant.least - quant.scale),
                        ("far below", quant.least - far), ("far above", quant.most + far),
                        ("above the most", quant.most + quant.scale),
                        ("half a step", quant.least + half),
                        ("less than half a step", quant.least + half * 0.875),
                        ("a step and a half", quant.least + 3 * half)):
        if quant.is_double or abs(value) <= SINGLE_MAX:
            yield what, value if quant.is_double else single(value)
