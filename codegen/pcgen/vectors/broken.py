"""Payloads that must be refused: a good one with one thing wrong, and the reason expected."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pcgen import ir
from pcgen.vectors.reference import Encoder, Part, Use, pack


@dataclass(frozen=True, slots=True)
class Broken:
    """`reason`: as pc_wire_error_name and Python's DecodeError say it."""

    what: str
    payload: bytes
    reason: str


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


def _texts(data: bytearray, part: Part) -> Iterator[Broken]:
    """Bad bytes at the end of the text, and where it is long enough at its beginning, so that the
    fast check by words and its remainder are both met."""
    for what, piece in _BAD_TEXT:
        if len(piece) > part.size:
            continue
        for offset in sorted({0, part.size - len(piece)}):
            plain = b"a" * part.size
            text = plain[:offset] + piece + plain[offset + len(piece):]
            yield Broken(f"{part.path}: {what} at {offset}", _with(data, part.offset, text),
                         "utf8")
    assert isinstance(part.type, ir.Text)
    for what, piece in _NOT_IN[part.type.charset]:
        if len(piece) <= part.size:
            text = b"a" * (part.size - len(piece)) + piece
            yield Broken(f"{part.path}: {what}", _with(data, part.offset, text), "charset")


def _outside(data: bytearray, part: Part, scalar: ir.Scalar) -> Iterator[Broken]:
    """Values next to the ends of a range."""
    if scalar.range is None:
        return
    if scalar.kind is ir.ScalarKind.FLOAT:
        form = "<f" if scalar.width == 4 else "<d"
        for number in (float(scalar.low) * 2 - 1e6, float(scalar.high) * 2 + 1e6):
            if not scalar.low <= number <= scalar.high and abs(number) < 1e38:
                yield Broken(f"{part.path}: {number}",
                             _with(data, part.offset, struct.pack(form, number)), "range")
        return
    for value in (int(scalar.low) - 1, int(scalar.high) + 1):
        if scalar.min <= value <= scalar.max:
            yield Broken(f"{part.path}: {value}",
                         _with(data, part.offset, pack(scalar, value)), "range")


def _part(data: bytearray, part: Part) -> Iterator[Broken]:
    match part.type:
        case ir.Text():
            yield from _texts(data, part)
        case ir.Union() if not part.type.open:
            tags = {case.tag for case in part.type.cases}
            unknown = next(tag for tag in range(0x10000) if tag not in tags)
            if unknown <= part.type.tag.max:
                yield Broken(f"{part.path}: {unknown}",
                             _with(data, part.offset, pack(part.type.tag, unknown)), "tag")
        case ir.Flags(unknown=ir.Unknown.REJECT):
            for bit in range(part.type.base.width * 8):
                if not part.type.mask >> bit & 1:
                    yield Broken(f"{part.path}: bit {bit}",
                                 _with(data, part.offset, pack(part.type.base, 1 << bit)), "flags")
        case ir.Quant() if part.type.steps < part.type.base.max:
            for value in sorted({part.type.steps + 1, part.type.base.max}):
                yield Broken(f"{part.path}: {value} steps",
                             _with(data, part.offset, pack(part.type.base, value)), "range")
        case _:
            yield from _plain_part(data, part)


def _plain_part(data: bytearray, part: Part) -> Iterator[Broken]:
    match part.type:
        case ir.Enum(unknown=ir.Unknown.REJECT):
            for value in _enum_values(part.type):
                yield Broken(f"{part.path}: {value}",
                             _with(data, part.offset, pack(part.type.base, value)), "enum")
        case ir.Scalar() if part.type.kind is ir.ScalarKind.BOOL:
            for value in (2, 128, 255):
                yield Broken(f"{part.path}: {value}", _with(data, part.offset, bytes([value])),
                             "bool")
        case ir.Scalar() if part.type.kind is ir.ScalarKind.FLOAT:
            for what, piece in _NOT_FINITE[part.type.name]:
                yield Broken(f"{part.path}: {what}",
                             _with(data, part.offset, bytes.fromhex(piece)), "float")
            yield from _outside(data, part, part.type)
        case ir.Scalar() if part.use is Use.PREFIX:
            for value in sorted({part.most + 1, part.type.max}):
                if part.most < value <= part.type.max:
                    yield Broken(f"{part.path}: {value}",
                                 _with(data, part.offset, pack(part.type, value)), "count")
            if part.least > 0:
                yield Broken(f"{part.path}: {part.least - 1}",
                             _with(data, part.offset, pack(part.type, part.least - 1)), "count")
        case ir.Scalar() if part.use is Use.VALUE:
            yield from _outside(data, part, part.type)


def broken(encoded: Encoder, skips_tail: bool) -> tuple[Broken, ...]:
    """All that can be made wrong about a payload; truncation is the reader's to try."""
    tail = Broken("one byte too many", bytes(encoded.data) + b"\0", "trailing")
    cut = Broken("one byte too few", bytes(encoded.data[:-1]), "truncated")
    found = [cut] if skips_tail else [tail]
    for part in encoded.parts:
        found.extend(_part(encoded.data, part))
    return tuple(found)
