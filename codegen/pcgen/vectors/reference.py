"""The reference encoder: values of the IR's types to bytes, and where each part came to lie.

What values look like is said at ir.Value.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from enum import Enum

from pcgen import ir
from pcgen.ir import Value

_FORMS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i",
          "i64": "q", "f32": "f", "f64": "d", "bool": "B"}
BOOL = ir.SCALARS["bool"]
LENGTH = ir.SCALARS["u16"]


class Use(Enum):
    """What a part of the payload is for."""

    VALUE = "value"  # of the part's type
    PREFIX = "prefix"  # a size or count
    LENGTH = "length"  # of an extensible struct or the case of an open union
    TAG = "tag"  # of a union, which is the part's type


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the payload. `least`, `most`: of a prefix, what it may say; of a length, what
    lies behind it."""

    offset: int
    size: int
    path: str
    type: ir.Type
    use: Use = Use.VALUE
    least: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Bend:
    """Where the bytes are not as we would make them: inside of the extensible struct or the open
    union's case at this path."""

    path: str
    tail: bytes = b""  # what a newer sender appends
    version: int = 0  # of an older sender; 0: ours
    cut: int = 0xFFFF  # where the bytes end


def steps_of(quant: ir.Quant, value: float) -> int:
    """The nearest number of steps, as every language computes it; encoders draw it to the ends.
    What is far outside is one step outside."""
    steps = (value - quant.least) * quant.inverse + 0.5
    return math.floor(min(max(steps, -1.0), quant.steps + 1.0))


def value_of(quant: ir.Quant, steps: int) -> float:
    """What a number on the wire stands for."""
    return quant.least + steps * quant.scale


@dataclass(slots=True)
class Encoder:
    """Appends to `data` and remembers the parts."""

    bend: Bend | None = None
    data: bytearray = field(default_factory=bytearray)
    parts: list[Part] = field(default_factory=list)

    def fields(self, fields: tuple[ir.Field, ...], values: Value, path: str,
               version: int) -> None:
        """Those that a sender of that version knows."""
        assert isinstance(values, tuple)
        for member, value in zip(fields, values, strict=True):
            if member.since <= version:
                self.value(member.type, value, f"{path}{member.name}")

    def value(self, type_: ir.Type, value: Value, path: str) -> None:
        match type_:
            case ir.Scalar():
                self.number(type_, value, Part(len(self.data), type_.width, path, type_))
            case ir.Enum() | ir.Flags():
                self.number(type_.base, value, Part(len(self.data), type_.base.width, path, type_))
            case ir.Quant():
                assert isinstance(value, int | float)
                steps = min(max(steps_of(type_, value), 0), type_.steps)
                self.number(type_.base, steps,
                            Part(len(self.data), type_.base.width, path, type_))
            case ir.Struct():
                self.struct(type_, value, path)
            case ir.Union():
                self.union(type_, value, path)
            case ir.Text() | ir.Bytes():
                self.block(type_, value, path)
            case ir.Array():
                self.array(type_, value, path)
            case ir.Optional():
                self.value(BOOL, value is not None, f"{path}'s presence")
                if value is not None:
                    self.value(type_.inner, value, path)

    def number(self, scalar: ir.Scalar, value: Value, part: Part) -> None:
        self.parts.append(part)
        self.data += struct.pack("<" + _FORMS[scalar.name], value)

    def prefix(self, bound: ir.Bound, limits: tuple[int, int], count: int, path: str) -> None:
        prefix = bound.prefix
        self.number(prefix, count, Part(len(self.data), prefix.width, f"{path}'s prefix", prefix,
                                        Use.PREFIX, *limits))

    def block(self, type_: ir.Text | ir.Bytes, value: Value, path: str) -> None:
        assert isinstance(value, bytes)
        self.prefix(type_.bound, (type_.min, type_.bound.value), len(value), path)
        if isinstance(type_, ir.Text):
            self.parts.append(Part(len(self.data), len(value), path, type_))
        self.data += value

    def array(self, array: ir.Array, value: Value, path: str) -> None:
        assert isinstance(value, bytes | tuple)
        if array.counted:
            self.prefix(array.bound, (0, array.bound.value), len(value), path)
        for index, item in enumerate(value):
            self.value(array.element, item, f"{path}[{index}]")

    def measured(self, inside: Encoder, type_: ir.Struct | ir.Union, path: str) -> None:
        """A length, and what it measures."""
        if self.bend is not None and self.bend.path == path:
            inside.data += self.bend.tail
            del inside.data[self.bend.cut:]
        size = len(inside.data)
        self.number(LENGTH, size, Part(len(self.data), LENGTH.width, path, type_, Use.LENGTH,
                                       1 if isinstance(type_, ir.Struct) else 0, size))
        self.append(inside)

    def append(self, inside: Encoder) -> None:
        start = len(self.data)
        self.parts += [Part(part.offset + start, part.size, part.path, part.type, part.use,
                            part.least, part.most) for part in inside.parts]
        self.data += inside.data

    def struct(self, type_: ir.Struct, value: Value, path: str) -> None:
        inside = Encoder(self.bend)
        version = self.bend.version if self.bend and self.bend.path == path else 0
        inside.fields(type_.fields, value, path + ".", version or 0xFFFF)
        if type_.extensible:
            self.measured(inside, type_, path)
        else:
            self.append(inside)

    def union(self, union: ir.Union, value: Value, path: str) -> None:
        assert isinstance(value, ir.Chosen)
        self.number(union.tag, value.tag,
                    Part(len(self.data), union.tag.width, f"{path}'s tag", union, Use.TAG))
        case = union.case(value.tag)
        inside = Encoder(self.bend)
        if case is None:
            assert isinstance(value.value, bytes)
            inside.data += value.value
        elif case.type is not None:
            inside.value(case.type, value.value, f"{path}.{case.name}")
        if union.open:
            self.measured(inside, union, path)
        else:
            self.append(inside)


def encode(fields: tuple[ir.Field, ...], values: Value, version: int = 0xFFFF,
           bend: Bend | None = None) -> Encoder:
    """The payload of a packet with these fields, as a sender of that version makes it."""
    encoder = Encoder(bend)
    encoder.fields(fields, values, "", version)
    return encoder


def pack(scalar: ir.Scalar, value: int) -> bytes:
    """The bytes of one integer."""
    return struct.pack("<" + _FORMS[scalar.name], value)
