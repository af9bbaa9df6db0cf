"""Random values of the IR's types, and payloads that are damaged at random."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from random import Random

from pcgen import ir
from pcgen.ir import Value
from pcgen.passes.values import is_byte
from pcgen.vectors.reference import Encoder
from pcgen.vectors.samples import Sampler, inside, near

_CHARACTERS = {
    ir.Charset.ASCII: [chr(code) for code in range(1, 128)],
    ir.Charset.PRINTABLE: list("ab z~\u00a0\u07ff\uac00\uffff\U0001f3ae"),
    ir.Charset.UTF8: list("\x01ab z\x7f\u0080\u07ff\u0800\uac00\uffff\U00010000\U0010ffff"),
}
_PLAIN = [chr(code) for code in range(32, 127)]
_EDGES = (0x00, 0x01, 0x02, 0x7F, 0x80, 0xC2, 0xED, 0xF0, 0xFF)
_COUNT_MAX = 40


@dataclass(slots=True)
class RandomSampler(Sampler):
    """Ends of ranges come up often."""

    count: int = 0
    random: Random = field(default_factory=Random)

    def value(self, type_: ir.Type) -> Value:
        if not isinstance(type_, ir.Array):
            # No super() in a class with slots.
            return Sampler.value(self, type_)
        count = self.size(0, type_.bound.value) if type_.counted else type_.bound.value
        items = [self.value(type_.element) for _ in range(count)]
        if is_byte(type_.element):
            return bytes(item for item in items if isinstance(item, int))
        return tuple(items)

    def size(self, least: int, most: int) -> int:
        if self.random.randrange(4) == 0:
            return self.random.choice((least, most))
        return self.random.randint(least, min(most, least + _COUNT_MAX))

    def scalar(self, scalar: ir.Scalar) -> Value:
        if scalar.kind is ir.ScalarKind.BOOL:
            return self.random.random() < 0.5
        if scalar.kind is ir.ScalarKind.FLOAT:
            return self.real(scalar)
        low, high = int(scalar.low), int(scalar.high)
        if self.random.randrange(3) == 0:
            return self.random.choice((low, high))
        return self.random.randint(low, high)

    def real(self, scalar: ir.Scalar) -> float:
        if scalar.range:
            return inside(scalar, self.random.uniform(float(scalar.low), float(scalar.high)))
        form = "<f" if scalar.width == 4 else "<d"
        value = float(struct.unpack(form, self.random.randbytes(scalar.width))[0])
        return value if math.isfinite(value) else -0.0

    def enum(self, values: list[int]) -> int:
        return self.random.choice(values)

    def flags(self, flags: ir.Flags) -> int:
        legal = flags.mask if flags.unknown is ir.Unknown.REJECT else flags.base.max
        return self.random.randrange(1 << (flags.base.width * 8)) & legal

    def quant(self, quant: ir.Quant) -> float:
        if self.random.randrange(3) == 0:
            return near(quant, self.random.choice((0, quant.steps)))
        return near(quant, self.random.randint(0, quant.steps))

    def union(self, union: ir.Union) -> Value:
        if union.open and self.random.randrange(4) == 0:
            tag = self.random.randint(0, union.tag.max)
            if union.case(tag) is None:
                return ir.Chosen(tag, self.random.randbytes(self.random.randrange(9)))
        return self.chosen(self.random.choice(union.cases))

    def text(self, text: ir.Text) -> bytes:
        # Decoders have a short way for text that is plain.
        charset = text.charset if self.random.randrange(3) == 0 else None
        wanted, data = self.size(text.min, text.bound.value), b""
        while len(data) < wanted:
            more = self.random.choice(_CHARACTERS[charset] if charset else _PLAIN).encode()
            data += more if len(data) + len(more) <= text.bound.value else b"z"
        return data

    def block(self, block: ir.Bytes) -> bytes:
        return self.random.randbytes(self.size(block.min, block.bound.value))

    def optional(self, optional: ir.Optional) -> Value:
        return self.value(optional.inner) if self.random.random() < 0.6 else None


def damaged(random: Random, payload: bytes, other: bytes) -> bytes:
    """The payload with one to three things done to it; a piece of another one may get in."""
    data = bytearray(payload)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(data) + 1)
        match random.randrange(7):
            case 0:
                del data[at:]
            case 1:
                data[at:at] = random.randbytes(random.randint(1, 4))
            case 2:
                del data[at:at + random.randint(1, 4)]
            case 3 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 4 if at < len(data):
                data[at] = random.choice(_EDGES)
            case 5 if at < len(data):
                data[at] = (data[at] + random.choice((-1, 1))) % 256
            case 6:
                start = random.randrange(len(other) + 1)
                data[at:at + 8] = other[start:start + random.randint(1, 16)]
    return bytes(data)


def one_byte_off(random: Random, encoder: Encoder) -> bytes:
    """The payload with another byte somewhere in one of its parts: each part is as likely as any
    other, however small it is."""
    data = bytearray(encoder.data)
    parts = [part for part in encoder.parts if part.size]
    if parts:
        part = random.choice(parts)
        at = part.offset + random.randrange(part.size)
        data[at] = random.choice((*_EDGES, random.randrange(256)))
    return bytes(data)
