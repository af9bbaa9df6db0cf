"""[C] The resolved protocol: frozen, complete, and without a word of any output language.

Whatever a backend needs is here and final: sizes, ids, order, tables. References are to the objects
themselves, so a backend never looks a name up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum as PythonEnum

HEADER_SIZE = 4
PREFIX_U8_MAX = 255


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
class Scalar:
    name: str
    kind: ScalarKind
    width: int  # bytes

    @property
    def size(self) -> SizeRange:
        return SizeRange(self.width, self.width)

    @property
    def min(self) -> int:
        """Least value of an integer."""
        return -(1 << (self.width * 8 - 1)) if self.kind is ScalarKind.SIGNED else 0

    @property
    def max(self) -> int:
        """Greatest value of an integer."""
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
class Const:
    protocol: str
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A number of elements or bytes; `const` is the constant it was written as, if any."""

    value: int
    const: Const | None = None

    @property
    def prefix(self) -> Scalar:
        """What counts up to this bound on the wire."""
        return SCALARS["u8" if self.value <= PREFIX_U8_MAX else "u16"]


@dataclass(frozen=True, slots=True)
class EnumValue:
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Enum:
    protocol: str
    name: str
    doc: str
    base: Scalar
    values: tuple[EnumValue, ...]

    @property
    def size(self) -> SizeRange:
        return self.base.size


@dataclass(frozen=True, slots=True)
class Text:
    bound: Bound

    @property
    def size(self) -> SizeRange:
        width = self.bound.prefix.width
        return SizeRange(width, width + self.bound.value)


@dataclass(frozen=True, slots=True)
class Bytes:
    bound: Bound

    @property
    def size(self) -> SizeRange:
        width = self.bound.prefix.width
        return SizeRange(width, width + self.bound.value)


@dataclass(frozen=True, slots=True)
class Array:
    """`counted`: a prefix says how many; otherwise always as many as the bound."""

    element: Scalar | Enum | Struct
    bound: Bound
    counted: bool

    @property
    def size(self) -> SizeRange:
        element, count = self.element.size, self.bound.value
        if not self.counted:
            return SizeRange(element.min * count, element.max * count)
        width = self.bound.prefix.width
        return SizeRange(width, width + element.max * count)


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    doc: str
    type: Type


@dataclass(frozen=True, slots=True)
class Struct:
    protocol: str
    name: str
    doc: str
    fields: tuple[Field, ...]

    @property
    def size(self) -> SizeRange:
        return total_size(self.fields)


Type = Scalar | Enum | Struct | Text | Bytes | Array


def total_size(fields: tuple[Field, ...]) -> SizeRange:
    """The sum of the fields."""
    total = SizeRange(0, 0)
    for field in fields:
        total = total + field.type.size
    return total


@dataclass(frozen=True, slots=True)
class StateMachine:
    protocol: str
    name: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """`via`: the role that relays, or None. `outer`: of a relayed flow, the end whose connection
    to `via` carries the frames as they are; the other end gets and gives them inside packets."""

    sender: str
    receiver: str
    via: str | None
    outer: str | None
    machine: StateMachine | None

    def __str__(self) -> str:
        relayed = f", via {self.via}" if self.via else ""
        return f"{self.sender} -> {self.receiver}{relayed}"


@dataclass(frozen=True, slots=True)
class Rate:
    per_sec: int
    burst: int
    drops: bool


@dataclass(frozen=True, slots=True)
class Packet:
    """`states`: indexes into the flows' state machine, or None: legal in all."""

    protocol: str
    name: str
    doc: str
    id: int
    flows: tuple[Flow, ...]
    states: tuple[int, ...] | None
    rate: Rate | None
    fields: tuple[Field, ...]

    @property
    def payload(self) -> SizeRange:
        return total_size(self.fields)

    @property
    def frame(self) -> SizeRange:
        return self.payload + SizeRange(HEADER_SIZE, HEADER_SIZE)


@dataclass(frozen=True, slots=True)
class Protocol:
    """One file. Structs stand behind those they contain; packets are sorted by id."""

    name: str
    source: str  # the YAML file's name without its folder
    version: int
    compat_hash: int
    doc: str
    frame_max: int
    machines: tuple[StateMachine, ...]
    consts: tuple[Const, ...]
    enums: tuple[Enum, ...]
    structs: tuple[Struct, ...]
    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class AcceptEntry:
    """`handled`: this role decodes it and has a handler; otherwise it only checks and relays.
    `rate`: 0 for none, else 1 + index into the table's rates. `states`: one bit each."""

    packet: Packet
    handled: bool
    states: int
    rate: int


class TableKind(PythonEnum):
    DIRECT = "direct"  # frames of one connection
    UNWRAPPED = "unwrapped"  # frames that a relay wrapped, at their final role
    RELAYED = "relayed"  # frames that pass through this role inside other packets


@dataclass(frozen=True, slots=True)
class AcceptTable:
    """What `owner` takes that `sender` sent to `receiver`; owner is receiver but for RELAYED."""

    owner: str
    sender: str
    receiver: str
    kind: TableKind
    machine: StateMachine | None
    rates: tuple[Rate, ...]
    entries: tuple[AcceptEntry, ...]  # sorted by packet id

    @property
    def frame_max(self) -> int:
        return max(entry.packet.frame.max for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Send:
    """A packet that a role may send to another. `wrapped`: it reaches the receiver inside packets
    of a relay, so the application says how it goes out."""

    packet: Packet
    receiver: str
    wrapped: bool


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    accepts: tuple[AcceptTable, ...]
    sends: tuple[Send, ...]  # by packet id, then receiver


@dataclass(frozen=True, slots=True)
class Program:
    """Everything. Protocols are sorted so that each stands behind those it uses."""

    protocols: tuple[Protocol, ...]
    roles: tuple[Role, ...]
