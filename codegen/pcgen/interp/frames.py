"""Bytes -> frames: hexadecimal text as people and logs write it, and streams of frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pcgen import ir

_NOT_HEX = re.compile(r"0[xX]|[\s,:;-]+")


class BadStream(Exception):
    """The bytes cannot be cut into frames."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`offset`: where it began in the stream."""

    offset: int
    id: int
    payload: bytes


def from_hex(text: str) -> bytes:
    """`0e 00 01 01`, `0e:00:01:01`, `0x0e, 0x00`; lines with `#` end there. Raises BadStream."""
    lines = [line.split("#", 1)[0] for line in text.splitlines()]
    try:
        return bytes.fromhex(_NOT_HEX.sub("", " ".join(lines)))
    except ValueError:
        raise BadStream("the input is not hexadecimal; --raw reads bytes as they are") from None


def cut(data: bytes) -> Iterator[Frame]:
    """All frames of a stream. Raises BadStream where the next one is none."""
    at = 0
    while at < len(data):
        if len(data) - at < ir.HEADER_SIZE:
            raise BadStream(f"byte {at}: {len(data) - at} bytes are left, a header has "
                            f"{ir.HEADER_SIZE}")
        size = int.from_bytes(data[at:at + 2], "little")
        if size < ir.HEADER_SIZE:
            raise BadStream(f"byte {at}: a frame of {size} bytes is smaller than its header")
        if len(data) - at < size:
            raise BadStream(f"byte {at}: the header says {size} bytes, {len(data) - at} are left")
        yield Frame(at, int.from_bytes(data[at + 2:at + 4], "little"),
                    data[at + ir.HEADER_SIZE:at + size])
        at += size


def join(id_: int, payload: bytes) -> bytes:
    """A whole frame."""
    return ((ir.HEADER_SIZE + len(payload)).to_bytes(2, "little") + id_.to_bytes(2, "little")
            + payload)
