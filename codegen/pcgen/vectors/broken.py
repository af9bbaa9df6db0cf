"""Payloads that must be refused: a good one with one thing wrong, and the reason expected."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pcgen import ir
from pcgen.floats import single
from pcgen.ir import Value
from pcgen.vectors.reference import Bend, Encoder, Part, Use, encode, pack
from pcgen.vectors.samples import next_f32


@dataclass(frozen=True, slots=True)
class Reject:
    """`reason`: as pc_wire_error_name and Python's DecodeError say it."""

    name: str
    payload: bytes
    reason: str


_LONG = 8  # text of more bytes meets the check by words too

_NOT_FINITE = {
    "f32": (("infinity", "0000807f"), ("a negative infinity", "000080ff"), ("a NaN", "0100807f")),
    "f64": (("infinity", "000000000000f07f"), ("a NaN", "000000000000f8ff")),
}

_BAD_TEXT = (
    ("a NUL", b"\0"),
    ("a lone continuation byte", b"\x80"),
    ("a byte that UTF-8 never has", b"\xff"),
    ("an overlong NUL", b"\xc0\x80"),
    ("an overlong slash", b"\xc1\xaf"),
    ("an overlong form of three bytes", b"\xe0\x9f\xbf"),
    ("a surrogate", b"\xed\xa0\x80"),
    ("an overlong form of four bytes", b"\xf0\x8f\xbf\xbf"),
    ("a code point above U+10FFFF", b"\xf4\x90\x80\x80"),
    ("a lead byte above F4", b"\xf5\x80\x80\x80"),
    ("a cut character", b"\xe2\x82"),
    ("a bad third byte", b"\xe2\x82\x41"),
)

_NOT_IN = {
    ir.Charset.UTF8: (),
    ir.Charset.ASCII: (("what is no ASCII", b"\xc3\xa4"),),
    ir.Charset.PRINTABLE: (("a tab", b"\t"), ("a DEL", b"\x7f"), ("a C1 control", b"\xc2\x85")),
}


def _with(data: bytearray, offset: int, piece: bytes) -> bytes:
    return bytes(data[:offset] + piece + data[offset + len(piece):])


def _enum_values(enum: ir.Enum) -> Iterator[int]:
    """Raw values next to the known ones that are not known themselves."""
    known = {value.value for value in enum.values}
    near = {value + step for value in known for step in (-1, 1)} | {enum.base.min, enum.base.max}
    yield from sorted(value for value in near - known if enum.base.min <= value <= enum.base.max)


def _texts(data: bytearray, part: Part) -> Iterator[Reject]:
    """Bad bytes at the end of the text, and where it is long enough at its beginning, so that the
    fast check by words and its remainder are both met."""
    for what, piece in _BAD_TEXT:
        if len(piece) > part.size:
            continue
        for offset in sorted({0, part.size - len(piece)}):
            plain = b"a" * part.size
            text = plain[:offset] + piece + plain[offset + len(piece):]
            yield Reject(f"{part.path}: {what} at {offset}", _with(data, part.offset, text),
                         "utf8")
    assert isinstance(part.type, ir.Text)
    for what, piece in _NOT_IN[part.type.charset]:
        if len(piece) <= part.size:
            text = b"a" * (part.size - len(piece)) + piece
            yield Reject(f"{part.path}: {what}", _with(data, part.offset, text), "charset")


def _packed(scalar: ir.Scalar, number: float) -> bytes:
    return struct.pack("<f" if scalar.width == 4 else "<d", number)


def _next_to(scalar: ir.Scalar) -> Iterator[float]:
    """The first numbers of the float's width outside its range, and far ones."""
    for end, away in ((float(scalar.low), float("-inf")), (float(scalar.high), float("inf"))):
        step = end if scalar.width == 8 else single(end)
        if scalar.low <= step <= scalar.high:
            step = math.nextafter(step, away) if scalar.width == 8 else next_f32(step, away)
        yield from (step, step + math.copysign(1e6, away))


def _outside(data: bytearray, part: Part, scalar: ir.Scalar) -> Iterator[Reject]:
    """Values next to the ends of a range."""
    if scalar.range is None:
        return
    if scalar.kind is ir.ScalarKind.FLOAT:
        for number in _next_to(scalar):
            yield Reject(f"{part.path}: {number!r}",
                         _with(data, part.offset, _packed(scalar, number)), "range")
        return
    for value in (int(scalar.low) - 1, int(scalar.high) + 1):
        if scalar.min <= value <= scalar.max:
            yield Reject(f"{part.path}: {value}",
                         _with(data, part.offset, pack(scalar, value)), "range")


def _lengths(data: bytearray, part: Part) -> Iterator[Reject]:
    if part.least > 0:
        yield Reject(f"{part.path}: a length of 0", _with(data, part.offset, b"\0\0"), "count")
    if len(data) - part.offset - 2 < 0xFFFF:
        yield Reject(f"{part.path}: a length beyond the end",
                     _with(data, part.offset, b"\xff\xff"), "truncated")


def _part(data: bytearray, part: Part) -> Iterator[Reject]:
    match part.type:
        case ir.Text():
            yield from _texts(data, part)
        case ir.Struct() | ir.Union() if part.use is Use.LENGTH:
            yield from _lengths(data, part)
        case ir.Union() if not part.type.open:
            tags = {case.tag for case in part.type.cases}
            unknown = next(tag for tag in range(0x10000) if tag not in tags)
            if unknown <= part.type.tag.max:
                yield Reject(f"{part.path}: {unknown}",
                             _with(data, part.offset, pack(part.type.tag, unknown)), "tag")
        case ir.Flags(unknown=ir.Unknown.REJECT):
            for bit in range(part.type.base.width * 8):
                if not part.type.mask >> bit & 1:
                    yield Reject(f"{part.path}: bit {bit}",
                                 _with(data, part.offset, pack(part.type.base, 1 << bit)), "flags")
        case ir.Quant() if part.type.steps < part.type.base.max:
            for value in sorted({part.type.steps + 1, part.type.base.max}):
                yield Reject(f"{part.path}: {value} steps",
                             _with(data, part.offset, pack(part.type.base, value)), "range")
        case _:
            yield from _plain_part(data, part)


def _plain_part(data: bytearray, part: Part) -> Iterator[Reject]:
    match part.type:
        case ir.Enum(unknown=ir.Unknown.REJECT):
            for value in _enum_values(part.type):
                yield Reject(f"{part.path}: {value}",
                             _with(data, part.offset, pack(part.type.base, value)), "enum")
        case ir.Scalar() if part.type.kind is ir.ScalarKind.BOOL:
            for value in (2, 128, 255):
                yield Reject(f"{part.path}: {value}", _with(data, part.offset, bytes([value])),
                             "bool")
        case ir.Scalar() if part.type.kind is ir.ScalarKind.FLOAT:
            for what, piece in _NOT_FINITE[part.type.name]:
                yield Reject(f"{part.path}: {what}",
                             _with(data, part.offset, bytes.fromhex(piece)), "float")
            yield from _outside(data, part, part.type)
        case ir.Scalar() if part.use is Use.PREFIX:
            for value in sorted({part.most + 1, part.type.max}):
                if part.most < value <= part.type.max:
                    yield Reject(f"{part.path}: {value}",
                                 _with(data, part.offset, pack(part.type, value)), "count")
            if part.least > 0:
                yield Reject(f"{part.path}: {part.least - 1}",
                             _with(data, part.offset, pack(part.type, part.least - 1)), "count")
        case ir.Scalar() if part.use is Use.VALUE:
            yield from _outside(data, part, part.type)


def _bent(packet: ir.Packet, value: Value, encoded: Encoder, part: Part) -> Iterator[Reject]:
    """What lies behind a length is cut, or is more than the case has."""
    if part.use is not Use.LENGTH:
        return
    if isinstance(part.type, ir.Struct):
        if ir.total_size(part.type.groups[0].fields).min > 1:
            bend = Bend(part.path, cut=1)
            yield Reject(f"{part.path}: cut behind its first byte",
                         bytes(encode(packet.fields, value, bend=bend).data), "truncated")
    elif isinstance(part.type, ir.Union):
        width = part.type.tag.width
        tag = int.from_bytes(encoded.data[part.offset - width:part.offset], "little")
        if part.type.case(tag) is not None:
            bend = Bend(part.path, tail=b"\0")
            yield Reject(f"{part.path}: one byte too many in the case {tag}",
                         bytes(encode(packet.fields, value, bend=bend).data), "trailing")


def _sizes(packet: ir.Packet, value: Value, data: bytearray) -> Iterator[Reject]:
    whole = {len(encode(packet.fields, value, group.since).data) for group in packet.groups}
    cut = next((size for size in range(len(data) - 1, -1, -1) if size not in whole), None)
    if cut is not None:
        yield Reject("too few bytes", bytes(data[:cut]), "truncated")
    if not packet.skips_tail:
        yield Reject("one byte too many", bytes(data) + b"\0", "trailing")


def rejects(packet: ir.Packet, values: Iterable[Value]) -> Iterator[Reject]:
    """All that can be made wrong about the values' payloads, once for each part that they have; of
    an array's elements one is enough. Cutting a payload anywhere is the reader's to try."""
    seen: set[tuple[str, Use, bool]] = set()
    for index, value in enumerate(values):
        encoded = encode(packet.fields, value)
        if index == 0:
            yield from _sizes(packet, value, encoded.data)
        for part in encoded.parts:
            key = (re.sub(r"\[\d+\]", "[]", part.path), part.use, part.size > _LONG)
            if key not in seen:
                seen.add(key)
                yield from _part(encoded.data, part)
                yield from _bent(packet, value, encoded, part)
