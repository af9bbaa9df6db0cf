"""Values to try: the least of everything, the most of everything, and something in between."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pcgen import ir
from pcgen.vectors.reference import Value

_F32_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
_F64_MAX = struct.unpack("<d", b"\xff\xff\xff\xff\xff\xff\xef\x7f")[0]
# One character of each UTF-8 size, each at the edge of its range.
_TEXT = ("z\u0080\u07ff\u0800\uffff\U00010000\U0010ffff\ud7ff\ue000" * 3).encode()
_FEW = 3


def _text_of(size: int) -> bytes:
    """At most size bytes, cut between characters."""
    return _TEXT[:size].decode(errors="ignore").encode()


def _counts(array: ir.Array, count: int) -> int:
    return min(count, array.bound.value) if array.counted else array.bound.value


def _is_byte(type_: ir.Type) -> bool:
    return isinstance(type_, ir.Scalar) and type_.name == "u8"


@dataclass(slots=True)
class _Sampler:
    """What the three samplers share: the way through structs and arrays."""

    count: int

    def fields(self, fields: tuple[ir.Field, ...]) -> Value:
        return tuple(self.value(field.type) for field in fields)

    def value(self, type_: ir.Type) -> Value:
        match type_:
            case ir.Scalar():
                return self.scalar(type_)
            case ir.Enum():
                return self.enum([value.value for value in type_.values])
            case ir.Struct():
                return self.fields(type_.fields)
            case ir.Text():
                return self.text(type_.bound.value)
            case ir.Bytes():
                return self.block(type_.bound.value)
            case ir.Array():
                items = [self.value(type_.element) for _ in range(_counts(type_, self.count))]
                if _is_byte(type_.element):
                    return bytes(item for item in items if isinstance(item, int))
                return tuple(items)

    def scalar(self, scalar: ir.Scalar) -> Value:
        raise NotImplementedError

    def enum(self, values: list[int]) -> int:
        raise NotImplementedError

    def text(self, bound: int) -> bytes:
        raise NotImplementedError

    def block(self, bound: int) -> bytes:
        raise NotImplementedError


class _Least(_Sampler):
    def scalar(self, scalar: ir.Scalar) -> Value:
        if scalar.kind is ir.ScalarKind.FLOAT:
            return -0.0
        return False if scalar.kind is ir.ScalarKind.BOOL else scalar.min

    def enum(self, values: list[int]) -> int:
        return min(values)

    def text(self, bound: int) -> bytes:
        return b""

    def block(self, bound: int) -> bytes:
        return b""


class _Most(_Sampler):
    def scalar(self, scalar: ir.Scalar) -> Value:
        if scalar.kind is ir.ScalarKind.FLOAT:
            return float(_F32_MAX if scalar.width == 4 else _F64_MAX)
        return True if scalar.kind is ir.ScalarKind.BOOL else scalar.max

    def enum(self, values: list[int]) -> int:
        return max(values)

    def text(self, bound: int) -> bytes:
        return b"~" * bound

    def block(self, bound: int) -> bytes:
        return b"\xff" * bound


@dataclass(slots=True)
class _Mixed(_Sampler):
    """Every value differs from its neighbours, so that a swapped pair is noticed."""

    step: int = 0

    def next(self) -> int:
        self.step += 1
        return self.step

    def scalar(self, scalar: ir.Scalar) -> Value:
        step = self.next()
        if scalar.kind is ir.ScalarKind.FLOAT:
            return step * -0.375
        if scalar.kind is ir.ScalarKind.BOOL:
            return step % 2 == 1
        pattern = int.from_bytes(bytes((step * 37 + 11 * i) % 256 for i in range(scalar.width)),
                                 "little", signed=scalar.kind is ir.ScalarKind.SIGNED)
        return pattern

    def enum(self, values: list[int]) -> int:
        return values[self.next() % len(values)]

    def text(self, bound: int) -> bytes:
        return _text_of(min(bound, 17 + self.next() % 5))

    def block(self, bound: int) -> bytes:
        return bytes((self.next() * 29 + i) % 256 for i in range(min(bound, _FEW)))


def samples(packet: ir.Packet) -> tuple[tuple[str, Value], ...]:
    """Named values of the packet."""
    most = max((field.type.bound.value for field in packet.fields
                if isinstance(field.type, ir.Array)), default=0)
    return (
        ("least", _Least(0).fields(packet.fields)),
        ("mixed", _Mixed(_FEW).fields(packet.fields)),
        ("most", _Most(max(most, 0xFFFF)).fields(packet.fields)),
    )
