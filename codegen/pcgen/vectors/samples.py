"""Values to try: the least of everything, the most of everything, and something in between."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from pcgen import ir
from pcgen.floats import SINGLE_MAX, single
from pcgen.ir import Value
from pcgen.passes.values import is_byte
from pcgen.vectors.reference import value_of

_F64_MAX = struct.unpack("<d", b"\xff\xff\xff\xff\xff\xff\xef\x7f")[0]
# One character of each UTF-8 size, each at the edge of its range.
_TEXT = ("z\u0080\u07ff\u0800\uffff\U00010000\U0010ffff\ud7ff\ue000" * 3).encode()
_PRINTABLE = ("z\u00a0\u07ff\u0800\uffff\U00010000\U0010ffff~ " * 3).encode()
_ASCII = b"\x01z\x1f \x7f~" * 9
_TEXTS = {ir.Charset.UTF8: _TEXT, ir.Charset.PRINTABLE: _PRINTABLE, ir.Charset.ASCII: _ASCII}
_FEW = 3


def _text_of(text: ir.Text, size: int) -> bytes:
    """At most size bytes, cut between characters; filled up to the least."""
    data = _TEXTS[text.charset][:size].decode(errors="ignore").encode()
    return data + b"z" * max(text.min - len(data), 0)


def _counts(array: ir.Array, count: int) -> int:
    return min(count, array.bound.value) if array.counted else array.bound.value


def next_f32(value: float, towards: float) -> float:
    """The next float of 32 bits in a direction."""
    if value == 0:
        return math.copysign(2.0**-149, towards)
    bits = struct.unpack("<i", struct.pack("<f", value))[0]
    step = 1 if (value > 0) == (towards > value) else -1
    return float(struct.unpack("<f", struct.pack("<i", bits + step))[0])


def near(quant: ir.Quant, steps: int) -> float:
    """The value of a number of steps, as wide as it is in memory."""
    value = value_of(quant, steps)
    return value if quant.is_double else single(value)


def inside(scalar: ir.Scalar, value: float) -> float:
    """A float drawn into the scalar's range, and to what 32 bits can say inside of it."""
    value = min(max(value, float(scalar.low)), float(scalar.high))
    if scalar.width == 8:
        return value
    near = single(value)
    if scalar.low <= near <= scalar.high:
        return near
    around = [next_f32(near, towards) for towards in (float("-inf"), float("inf"))]
    return next((item for item in around if scalar.low <= item <= scalar.high), near)


@dataclass(slots=True)
class Sampler:
    """What the samplers share: the way through structs, arrays and unions."""

    count: int

    def fields(self, fields: tuple[ir.Field, ...]) -> tuple[Value, ...]:
        return tuple(self.value(field.type) for field in fields)

    def value(self, type_: ir.Type) -> Value:
        match type_:
            case ir.Scalar():
                return self.scalar(type_)
            case ir.Enum():
                return self.enum([value.value for value in type_.values])
            case ir.Flags():
                return self.flags(type_)
            case ir.Quant():
                return self.quant(type_)
            case ir.Struct():
                return self.fields(type_.fields)
            case ir.Union():
                return self.union(type_)
            case ir.Text():
                return self.text(type_)
            case ir.Bytes():
                return self.block(type_)
            case ir.Array():
                items = [self.value(type_.element) for _ in range(_counts(type_, self.count))]
                if is_byte(type_.element):
                    return bytes(item for item in items if isinstance(item, int))
                return tuple(items)
            case ir.Optional():
                return self.optional(type_)

    def chosen(self, case: ir.Case) -> Value:
        return ir.Chosen(case.tag, self.value(case.type) if case.type else None)

    def scalar(self, scalar: ir.Scalar) -> Value:
        raise NotImplementedError

    def enum(self, values: list[int]) -> int:
        raise NotImplementedError

    def flags(self, flags: ir.Flags) -> int:
        raise NotImplementedError

    def quant(self, quant: ir.Quant) -> float:
        raise NotImplementedError

    def union(self, union: ir.Union) -> Value:
        raise NotImplementedError

    def text(self, text: ir.Text) -> bytes:
        raise NotImplementedError

    def block(self, block: ir.Bytes) -> bytes:
        raise NotImplementedError

    def optional(self, optional: ir.Optional) -> Value:
        raise NotImplementedError


class _Least(Sampler):
    def scalar(self, scalar: ir.Scalar) -> Value:
        if scalar.kind is ir.ScalarKind.FLOAT:
            return inside(scalar, float(scalar.low)) if scalar.range else -0.0
        return False if scalar.kind is ir.ScalarKind.BOOL else int(scalar.low)

    def enum(self, values: list[int]) -> int:
        return min(values)

    def flags(self, flags: ir.Flags) -> int:
        return 0

    def quant(self, quant: ir.Quant) -> float:
        return near(quant, 0)

    def union(self, union: ir.Union) -> Value:
        return self.chosen(min(union.cases,
                               key=lambda case: case.type.size.min if case.type else 0))

    def text(self, text: ir.Text) -> bytes:
        return b"a" * text.min

    def block(self, block: ir.Bytes) -> bytes:
        return bytes(block.min)

    def optional(self, optional: ir.Optional) -> Value:
        return None


class _Most(Sampler):
    def scalar(self, scalar: ir.Scalar) -> Value:
        if scalar.kind is ir.ScalarKind.FLOAT:
            return inside(scalar, float(SINGLE_MAX if scalar.width == 4 else _F64_MAX))
        return True if scalar.kind is ir.ScalarKind.BOOL else int(scalar.high)

    def enum(self, values: list[int]) -> int:
        return max(values)

    def flags(self, flags: ir.Flags) -> int:
        return flags.mask if flags.unknown is ir.Unknown.REJECT else flags.base.max

    def quant(self, quant: ir.Quant) -> float:
        return near(quant, quant.steps)

    def union(self, union: ir.Union) -> Value:
        return self.chosen(max(union.cases,
                               key=lambda case: case.type.size.max if case.type else 0))

    def text(self, text: ir.Text) -> bytes:
        return b"~" * text.bound.value

    def block(self, block: ir.Bytes) -> bytes:
        return b"\xff" * block.bound.value

    def optional(self, optional: ir.Optional) -> Value:
        return self.value(optional.inner)


@dataclass(slots=True)
class _Mixed(Sampler):
    """Every value differs from its neighbours, so that a swapped pair is noticed."""

    step: int = 0

    def next(self) -> int:
        self.step += 1
        return self.step

    def scalar(self, scalar: ir.Scalar) -> Value:
        step = self.next()
        if scalar.kind is ir.ScalarKind.FLOAT:
            return inside(scalar, step * -0.375)
        if scalar.kind is ir.ScalarKind.BOOL:
            return step % 2 == 1
        pattern = int.from_bytes(bytes((step * 37 + 11 * i) % 256 for i in range(scalar.width)),
                                 "little", signed=scalar.kind is ir.ScalarKind.SIGNED)
        low, high = int(scalar.low), int(scalar.high)
        return pattern if low <= pattern <= high else low + pattern % (high - low + 1)

    def enum(self, values: list[int]) -> int:
        return values[self.next() % len(values)]

    def flags(self, flags: ir.Flags) -> int:
        return flags.bits[self.next() % len(flags.bits)].mask

    def quant(self, quant: ir.Quant) -> float:
        return near(quant, self.next() * 7919 % (quant.steps + 1))

    def union(self, union: ir.Union) -> Value:
        return self.chosen(union.cases[self.next() % len(union.cases)])

    def text(self, text: ir.Text) -> bytes:
        return _text_of(text, min(text.bound.value, 17 + self.next() % 5))

    def block(self, block: ir.Bytes) -> bytes:
        size = max(min(block.bound.value, _FEW), block.min)
        return bytes((self.next() * 29 + i) % 256 for i in range(size))

    def optional(self, optional: ir.Optional) -> Value:
        return self.value(optional.inner) if self.next() % 3 else None


def sample_of(type_: ir.Type) -> Value:
    """Some value of a type."""
    return _Mixed(_FEW, 1).value(type_)


def samples(packet: ir.Packet) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """Named values of the packet, its examples among them."""
    most = max((part.bound.value for field in packet.fields
                for part in ir.inner_types(field.type) if isinstance(part, ir.Array)), default=0)
    return (
        ("least", _Least(0).fields(packet.fields)),
        ("mixed", _Mixed(_FEW).fields(packet.fields)),
        ("more", _Mixed(_FEW, 1).fields(packet.fields)),
        *((f"example_{index}", example.value)
          for index, example in enumerate(packet.examples, 1)),
        ("most", _Most(max(most, 0xFFFF)).fields(packet.fields)),
    )
