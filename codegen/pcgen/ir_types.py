"""[C] The types of the resolved protocol, with their sizes; ir.py offers them to the back ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum as PythonEnum
from fractions import Fraction

from pcgen.floats import SINGLE_MAX

HEADER_SIZE = 4
PREFIX_U8_MAX = 255
LENGTH_WIDTH = 2  # bytes of the length before an extensible struct and the case of an open union


class ScalarKind(PythonEnum):
    UNSIGNED = "unsigned"
    SIGNED = "signed"
    FLOAT = "float"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Bytes on the wire, least and most."""

    min: int
    max: int

    @property
    def is_fixed(self) -> bool:
        return self.min == self.max

    def __add__(self, other: SizeRange) -> SizeRange:
        return SizeRange(self.min + other.min, self.max + other.max)


@dataclass(frozen=True, slots=True)
class Const:
    protocol: str
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Limit:
    """One end of a range; `const` is the constant it was written as, if any."""

    value: int | float
    const: Const | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """The legal values of a number, both ends included."""

    low: Limit
    high: Limit


@dataclass(frozen=True, slots=True)
class Scalar:
    """`range`: what the field allows of it, if not everything."""

    name: str
    kind: ScalarKind
    width: int  # bytes
    range: Range | None = None

    @property
    def size(self) -> SizeRange:
        return SizeRange(self.width, self.width)

    @property
    def is_fixed(self) -> bool:
        return True

    @property
    def low(self) -> int | float:
        """Least legal value of a number; of a float without a range minus infinity."""
        if self.range:
            return self.range.low.value
        return float("-inf") if self.kind is ScalarKind.FLOAT else self.min

    @property
    def high(self) -> int | float:
        """Greatest legal value of a number."""
        if self.range:
            return self.range.high.value
        return float("inf") if self.kind is ScalarKind.FLOAT else self.max

    @property
    def min(self) -> int:
        """Least value that an integer of this width can hold."""
        return -(1 << (self.width * 8 - 1)) if self.kind is ScalarKind.SIGNED else 0

    @property
    def max(self) -> int:
        """Greatest value that an integer of this width can hold."""
        return (1 << (self.width * 8 - (1 if self.kind is ScalarKind.SIGNED else 0))) - 1


SCALARS = {
    scalar.name: scalar
    for scalar in (
        *(Scalar(f"u{8 * width}", ScalarKind.UNSIGNED, width) for width in (1, 2, 4, 8)),
        *(Scalar(f"i{8 * width}", ScalarKind.SIGNED, width) for width in (1, 2, 4, 8)),
        Scalar("f32", ScalarKind.FLOAT, 4),
        Scalar("f64", ScalarKind.FLOAT, 8),
        Scalar("bool", ScalarKind.BOOL, 1),
    )
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value of a union: the tag, and the value of that case (None if it carries nothing). Of a
    case that is not known to us the bytes."""

    tag: int
    value: Value


# A value of a type, as defaults, examples and test vectors have it: numbers for scalars, enums,
# flags and quantised numbers; bytes for text, bytes and arrays of u8; a tuple for other arrays and,
# in the order of fields, for structs; None for an optional that is absent.
Value = int | float | bool | bytes | tuple["Value", ...] | Chosen | None


@dataclass(frozen=True, slots=True)
class Bound:
    """A number of elements or bytes; `const` is the constant it was written as, if any."""

    value: int
    const: Const | None = None

    @property
    def prefix(self) -> Scalar:
        """What counts up to this bound on the wire."""
        return SCALARS["u8" if self.value <= PREFIX_U8_MAX else "u16"]


class Unknown(PythonEnum):
    """What a decoder does with a value that an enum, or a bit that flags do not list."""

    REJECT = "reject"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class EnumValue:
    name: str
    value: int
    doc: str = ""
    since: int = 1
    deprecated: str | None = None  # None: it is not; else why, perhaps empty


@dataclass(frozen=True, slots=True)
class Enum:
    protocol: str
    name: str
    doc: str
    base: Scalar
    values: tuple[EnumValue, ...]
    unknown: Unknown = Unknown.REJECT
    deprecated: str | None = None

    @property
    def size(self) -> SizeRange:
        return self.base.size

    @property
    def is_fixed(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class FlagBit:
    name: str
    bit: int  # from 0, the least significant
    doc: str = ""
    since: int = 1
    deprecated: str | None = None

    @property
    def mask(self) -> int:
        return 1 << self.bit


@dataclass(frozen=True, slots=True)
class Flags:
    """A set of named bits in an unsigned integer."""

    protocol: str
    name: str
    doc: str
    base: Scalar
    bits: tuple[FlagBit, ...]
    unknown: Unknown = Unknown.REJECT
    deprecated: str | None = None

    @property
    def mask(self) -> int:
        """All known bits."""
        return sum(bit.mask for bit in self.bits)

    @property
    def size(self) -> SizeRange:
        return self.base.size

    @property
    def is_fixed(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Quant:
    """A float that travels as a number of steps above `low`: an unsigned integer of `base`.

    All languages compute alike, in doubles: value = least + steps * scale, and steps =
    floor((value - least) * inverse + 0.5).
    """

    low: Fraction
    high: Fraction
    step: Fraction
    base: Scalar

    @property
    def steps(self) -> int:
        """The greatest number on the wire."""
        return int((self.high - self.low) / self.step)

    @property
    def least(self) -> float:
        return float(self.low)

    @property
    def most(self) -> float:
        return float(self.high)

    @property
    def scale(self) -> float:
        return float(self.step)

    @property
    def inverse(self) -> float:
        return float(1 / self.step)

    @property
    def is_double(self) -> bool:
        """True if a float of 32 bits cannot tell two neighbouring values apart safely, or cannot
        hold the ends."""
        most = max(abs(self.low), abs(self.high))
        return most > SINGLE_MAX or most / (1 << 24) > self.step / 4

    @property
    def size(self) -> SizeRange:
        return self.base.size

    @property
    def is_fixed(self) -> bool:
        return True


class Charset(PythonEnum):
    """What text may hold; never a NUL."""

    UTF8 = "utf8"
    ASCII = "ascii"
    PRINTABLE = "printable"  # UTF-8 without control characters: no U+0001..1F, U+007F..9F


@dataclass(frozen=True, slots=True)
class Text:
    bound: Bound
    min: int = 0  # bytes
    charset: Charset = Charset.UTF8

    @property
    def size(self) -> SizeRange:
        width = self.bound.prefix.width
        return SizeRange(width + self.min, width + self.bound.value)

    @property
    def is_fixed(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Bytes:
    bound: Bound
    min: int = 0

    @property
    def size(self) -> SizeRange:
        width = self.bound.prefix.width
        return SizeRange(width + self.min, width + self.bound.value)

    @property
    def is_fixed(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Array:
    """`counted`: a prefix says how many; otherwise always as many as the bound."""

    element: Element
    bound: Bound
    counted: bool

    @property
    def size(self) -> SizeRange:
        element, count = self.element.size, self.bound.value
        if not self.counted:
            return SizeRange(element.min * count, element.max * count)
        width = self.bound.prefix.width
        return SizeRange(width, width + element.max * count)

    @property
    def is_fixed(self) -> bool:
        return self.element.is_fixed and not self.counted


@dataclass(frozen=True, slots=True)
class Optional:
    """A byte 0 or 1, and behind a 1 the value."""

    inner: Scalar | Enum | Flags | Quant | Struct | Union | Text | Bytes | Array

    @property
    def size(self) -> SizeRange:
        return SizeRange(1, 1 + self.inner.size.max)

    @property
    def is_fixed(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Field:
    """`since`: the version of the protocol that brought the field; above 1 there is a `default`,
    which stands in where an older peer's bytes end. `secret`: never printed."""

    name: str
    doc: str
    type: Type
    since: int = 1
    default: Value = None
    secret: bool = False
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that came with one version. Bytes may end only behind a whole group."""

    since: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """`extensible`: its bytes stand behind a u16 with their length, so that a newer sender may add
    fields; what a reader does not know it skips. Always sent whole, whatever the version.
    `is_fixed`: every value has the same layout: one size, and each field at one place."""

    protocol: str
    name: str
    doc: str
    fields: tuple[Field, ...]
    extensible: bool = False
    deprecated: str | None = None
    size: SizeRange = field(init=False, compare=False, repr=False)
    is_fixed: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Once: asking each level anew takes twice as long for every level of nesting."""
        inside = grown_size(self.fields)
        length = SizeRange(LENGTH_WIDTH, LENGTH_WIDTH)
        object.__setattr__(self, "size", inside + length if self.extensible else inside)
        object.__setattr__(self, "is_fixed", not self.extensible and all(
            member.type.is_fixed for member in self.fields))

    @property
    def groups(self) -> tuple[Group, ...]:
        return groups(self.fields)


@dataclass(frozen=True, slots=True)
class Case:
    """`type`: what follows the tag, or None."""

    name: str
    tag: int
    doc: str
    type: Element | None
    since: int = 1
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """A tag, then the value of its case. `open`: between them a u16 with the value's length; a
    case that the reader does not know is kept as its tag and bytes."""

    protocol: str
    name: str
    doc: str
    tag: Scalar
    cases: tuple[Case, ...]
    open: bool = False
    deprecated: str | None = None
    size: SizeRange = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        sizes = [case.type.size if case.type else SizeRange(0, 0) for case in self.cases]
        head = self.tag.width + (LENGTH_WIDTH if self.open else 0)
        least = 0 if self.open else min(size.min for size in sizes)
        object.__setattr__(self, "size", SizeRange(head + least,
                                                   head + max(size.max for size in sizes)))

    def case(self, tag: int) -> Case | None:
        """The case of a tag; None if there is none."""
        return next((case for case in self.cases if case.tag == tag), None)

    @property
    def is_fixed(self) -> bool:
        return False


# What an array or a union's case may hold.
Element = Scalar | Enum | Flags | Quant | Struct | Union
Type = Element | Text | Bytes | Array | Optional
Named = Enum | Flags | Struct | Union


def total_size(fields: tuple[Field, ...]) -> SizeRange:
    """The sum of the fields."""
    total = SizeRange(0, 0)
    for field in fields:
        total = total + field.type.size
    return total


def groups(fields: tuple[Field, ...]) -> tuple[Group, ...]:
    """The fields by the version that brought them. The first group is there always, though it may
    be empty; the fields stand in order."""
    found: dict[int, list[Field]] = {1: []}
    for field in fields:
        found.setdefault(field.since, []).append(field)
    return tuple(Group(since, tuple(found[since])) for since in sorted(found))


def prefix(fields: tuple[Field, ...]) -> Iterator[tuple[int, Field]]:
    """Those that have the same place in every frame, each with its offset."""
    offset = 0
    for field in groups(fields)[0].fields:
        if not field.type.is_fixed:
            return
        yield offset, field
        offset += field.type.size.min


def grown_size(fields: tuple[Field, ...]) -> SizeRange:
    """From the oldest version's least to the newest version's most."""
    oldest = tuple(field for field in fields if field.since == 1)
    return SizeRange(total_size(oldest).min, total_size(fields).max)


def _made_of(type_: Type) -> tuple[Type, ...]:
    """What stands directly in a type."""
    match type_:
        case Array():
            return (type_.element,)
        case Optional():
            return (type_.inner,)
        case Struct():
            return tuple(field.type for field in type_.fields)
        case Union():
            return tuple(case.type for case in type_.cases if case.type is not None)
        case _:
            return ()


def inner_types(type_: Type) -> Iterator[Type]:
    """The type itself and all that it is made of, each named type's members included. A whole comes
    before its parts, and a named type once: the ways to one may double with each level."""
    found: list[Type] = []
    seen: set[tuple[str, str]] = set()

    def visit(part: Type) -> None:
        if isinstance(part, Enum | Flags | Struct | Union):
            if (part.protocol, part.name) in seen:
                return
            seen.add((part.protocol, part.name))
        for inner in reversed(_made_of(part)):
            visit(inner)
        found.append(part)

    visit(type_)
    return reversed(found)


def is_open(type_: Type) -> bool:
    """True if a newer peer's value may be longer than we know."""
    return any(isinstance(part, Struct) and part.extensible or isinstance(part, Union) and part.open
               for part in inner_types(type_))
