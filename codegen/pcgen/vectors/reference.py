"""The reference encoder: values of the IR's types to bytes, and where each part came to lie.

Values: int, float and bool for scalars, int for enums, bytes for text and bytes and arrays of u8,
tuple for other arrays and for structs (in field order).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from pcgen import ir

Value = int | float | bool | bytes | tuple["Value", ...]

_FORMS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i8": "b", "i16": "h", "i32": "i",
          "i64": "q", "f32": "f", "f64": "d", "bool": "B"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the payload. `bound`: of a prefix, the most it may say."""

    offset: int
    size: int
    path: str
    type: ir.Scalar | ir.Enum | ir.Text
    bound: int = 0


@dataclass(slots=True)
class Encoder:
    """Appends to `data` and remembers the parts."""

    data: bytearray = field(default_factory=bytearray)
    parts: list[Part] = field(default_factory=list)

    def fields(self, fields: tuple[ir.Field, ...], values: Value, path: str = "") -> None:
        assert isinstance(values, tuple)
        for member, value in zip(fields, values, strict=True):
            self.value(member.type, value, f"{path}{member.name}")

    def value(self, type_: ir.Type, value: Value, path: str) -> None:
        match type_:
            case ir.Scalar():
                self.scalar(type_, value, path)
            case ir.Enum():
                self.scalar(type_.base, value, path, type_)
            case ir.Struct():
                self.fields(type_.fields, value, path + ".")
            case ir.Text() | ir.Bytes():
                self.block(type_, value, path)
            case ir.Array():
                self.array(type_, value, path)

    def scalar(self, scalar: ir.Scalar, value: Value, path: str, type_: ir.Enum | None = None,
               bound: int = 0) -> None:
        self.parts.append(Part(len(self.data), scalar.width, path, type_ or scalar, bound))
        self.data += struct.pack("<" + _FORMS[scalar.name], value)

    def prefix(self, bound: ir.Bound, count: int, path: str) -> None:
        self.scalar(bound.prefix, count, f"{path}'s prefix", bound=bound.value)

    def block(self, type_: ir.Text | ir.Bytes, value: Value, path: str) -> None:
        assert isinstance(value, bytes)
        self.prefix(type_.bound, len(value), path)
        if isinstance(type_, ir.Text):
            self.parts.append(Part(len(self.data), len(value), path, type_))
        self.data += value

    def array(self, array: ir.Array, value: Value, path: str) -> None:
        assert isinstance(value, bytes | tuple)
        if array.counted:
            self.prefix(array.bound, len(value), path)
        for index, item in enumerate(value):
            self.value(array.element, item, f"{path}[{index}]")


def encode(packet: ir.Packet, values: Value) -> Encoder:
    """The payload of a packet."""
    encoder = Encoder()
    encoder.fields(packet.fields, values)
    return encoder


def pack(scalar: ir.Scalar, value: int) -> bytes:
    """The bytes of one integer."""
    return struct.pack("<" + _FORMS[scalar.name], value)
