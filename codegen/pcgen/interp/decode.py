"""Payload -> value, straight from the IR. The reasons to refuse are those of generated decoders."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from pcgen import ir
from pcgen.ir import Value
from pcgen.passes.values import is_byte, is_of_charset
from pcgen.vectors.reference import BOOL, LENGTH, value_of

_FORMS = {"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q", "i8": "<b", "i16": "<h", "i32": "<i",
          "i64": "<q", "f32": "<f", "f64": "<d", "bool": "<B"}


class Refused(Exception):
    """The bytes are not what the schema says. `reason`: as pc_wire_error_name says it."""

    def __init__(self, reason: str, offset: int, path: str) -> None:
        super().__init__(f"{reason} at byte {offset}" + (f", in {path}" if path else ""))
        self.reason = reason
        self.offset = offset  # in the payload
        self.path = path


@dataclass(slots=True)
class _Reader:
    """Invariant: at <= end <= len(data)."""

    data: bytes
    at: int
    end: int

    def take(self, size: int, path: str) -> bytes:
        if self.end - self.at < size:
            raise Refused("truncated", self.at, path)
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, scalar: ir.Scalar, path: str) -> int | float:
        value: int | float = struct.unpack(_FORMS[scalar.name], self.take(scalar.width, path))[0]
        return value

    def whole(self, scalar: ir.Scalar, path: str) -> int:
        return int(self.number(scalar, path))

    def refuse(self, reason: str, size: int, path: str) -> Refused:
        """Of the last size bytes."""
        return Refused(reason, self.at - size, path)

    def fields(self, fields: tuple[ir.Field, ...], path: str) -> tuple[Value, ...]:
        """What an older sender does not know takes its default."""
        values: list[Value] = []
        since = 1
        for field in fields:
            if field.since > since and self.at == self.end:
                break
            since = field.since
            values.append(self.value(field.type, f"{path}{field.name}"))
        return (*values, *(field.default for field in fields[len(values):]))

    def value(self, type_: ir.Type, path: str) -> Value:
        match type_:
            case ir.Scalar():
                return self.scalar(type_, path)
            case ir.Enum() | ir.Flags() | ir.Quant():
                return self.named(type_, path)
            case ir.Struct():
                return self.struct(type_, path)
            case ir.Union():
                return self.union(type_, path)
            case ir.Text() | ir.Bytes():
                return self.block(type_, path)
            case ir.Array():
                return self.array(type_, path)
            case ir.Optional():
                present = self.scalar(BOOL, f"{path}'s presence")
                return self.value(type_.inner, path) if present else None

    def scalar(self, scalar: ir.Scalar, path: str) -> Value:
        value = self.number(scalar, path)
        if scalar.kind is ir.ScalarKind.BOOL:
            if value > 1:
                raise self.refuse("bool", 1, path)
            return value == 1
        if not math.isfinite(value):
            raise self.refuse("float", scalar.width, path)
        if not scalar.low <= value <= scalar.high:
            raise self.refuse("range", scalar.width, path)
        return value

    def named(self, type_: ir.Enum | ir.Flags | ir.Quant, path: str) -> Value:
        raw = self.whole(type_.base, path)
        match type_:
            case ir.Enum(unknown=ir.Unknown.REJECT):
                if all(item.value != raw for item in type_.values):
                    raise self.refuse("enum", type_.base.width, path)
            case ir.Flags(unknown=ir.Unknown.REJECT):
                if raw & ~type_.mask:
                    raise self.refuse("flags", type_.base.width, path)
            case ir.Quant():
                if raw > type_.steps:
                    raise self.refuse("range", type_.base.width, path)
                return value_of(type_, raw)
            case _:
                pass
        return raw

    def count(self, bound: ir.Bound, least: int, path: str) -> int:
        count = self.whole(bound.prefix, path)
        if not least <= count <= bound.value:
            raise self.refuse("count", bound.prefix.width, path)
        return count

    def block(self, type_: ir.Text | ir.Bytes, path: str) -> bytes:
        size = self.count(type_.bound, type_.min, path)
        data = self.take(size, path)
        if isinstance(type_, ir.Text):
            if not is_of_charset(data, ir.Charset.UTF8):
                raise self.refuse("utf8", size, path)
            if not is_of_charset(data, type_.charset):
                raise self.refuse("charset", size, path)
        return data

    def array(self, array: ir.Array, path: str) -> Value:
        count = self.count(array.bound, 0, path) if array.counted else array.bound.value
        if is_byte(array.element):
            return self.take(count, path)
        return tuple(self.value(array.element, f"{path}[{index}]") for index in range(count))

    def inside(self, least: int, path: str) -> _Reader:
        """What lies behind a length."""
        size = self.whole(LENGTH, f"{path}'s length")
        if size < least:
            raise self.refuse("count", LENGTH.width, f"{path}'s length")
        self.take(size, path)
        return _Reader(self.data, self.at - size, self.at)

    def struct(self, struct: ir.Struct, path: str) -> Value:
        inside = self.inside(1, path) if struct.extensible else self
        return inside.fields(struct.fields, path + ".")

    def union(self, union: ir.Union, path: str) -> Value:
        tag = self.whole(union.tag, f"{path}'s tag")
        case = union.case(tag)
        if case is None and not union.open:
            raise self.refuse("tag", union.tag.width, f"{path}'s tag")
        inside = self.inside(0, path) if union.open else self
        if case is None:
            return ir.Chosen(tag, inside.take(inside.end - inside.at, path))
        value = self.value_of_case(case, inside, path)
        if union.open:
            inside.finish(path)
        return ir.Chosen(tag, value)

    @staticmethod
    def value_of_case(case: ir.Case, inside: _Reader, path: str) -> Value:
        return inside.value(case.type, f"{path}.{case.name}") if case.type else None

    def finish(self, path: str) -> None:
        if self.at != self.end:
            raise Refused("trailing", self.at, path)


def decode(packet: ir.Packet, payload: bytes) -> tuple[Value, ...]:
    """The values of the packet's fields. Raises Refused."""
    reader = _Reader(payload, 0, len(payload))
    values = reader.fields(packet.fields, "")
    if not packet.skips_tail:
        reader.finish("")
    return values
