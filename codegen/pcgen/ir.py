"""[C] The resolved protocol: frozen, complete, and without a word of any output language.

Whatever a backend needs is here and final: sizes, ids, order, tables. References are to the objects
themselves, so a backend never looks a name up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum as PythonEnum

from pcgen.ir_types import (
    Array as Array,
    Bound as Bound,
    Bytes as Bytes,
    Case as Case,
    Charset as Charset,
    Chosen as Chosen,
    Const as Const,
    Element as Element,
    Enum as Enum,
    EnumValue as EnumValue,
    Field as Field,
    FlagBit as FlagBit,
    Flags as Flags,
    Group as Group,
    HEADER_SIZE as HEADER_SIZE,
    LENGTH_WIDTH as LENGTH_WIDTH,
    Limit as Limit,
    Named as Named,
    Optional as Optional,
    PREFIX_U8_MAX as PREFIX_U8_MAX,
    Quant as Quant,
    Range as Range,
    SCALARS as SCALARS,
    Scalar as Scalar,
    ScalarKind as ScalarKind,
    SizeRange as SizeRange,
    Struct as Struct,
    Text as Text,
    Type as Type,
    Union as Union,
    Unknown as Unknown,
    Value as Value,
    groups as groups,
    grown_size as grown_size,
    inner_types as inner_types,
    is_open as is_open,
    prefix as prefix,
    total_size as total_size,
)


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
class IdRange:
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DeclaredFlow:
    """A flow with the ids that the file sets aside for it."""

    flow: Flow
    ids: IdRange


class Over(PythonEnum):
    """What becomes of a packet that comes too fast."""

    KICK = "kick"
    DROP = "drop"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class Rate:
    per_sec: int
    burst: int
    over: Over


@dataclass(frozen=True, slots=True)
class Example:
    """A value of a packet that the author wrote down, and its payload at the newest version."""

    value: tuple[Value, ...]
    payload: bytes
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """`states`: indexes into the flows' state machine, or None: legal in all. `reply`: the packet
    of the same protocol that answers this one. `latest`: of packets with the same value in this
    field only the newest matters. `skips_tail`: what a newer sender adds is skipped."""

    protocol: str
    name: str
    doc: str
    id: int
    flows: tuple[Flow, ...]
    states: tuple[int, ...] | None
    rate: Rate | None
    fields: tuple[Field, ...]
    frame_limit: int = 0xFFFF  # limits.frame_max of the protocol
    since: int = 1
    reply: str | None = None
    latest: str | None = None
    skips_tail: bool = False
    deprecated: str | None = None
    examples: tuple[Example, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        return groups(self.fields)

    @property
    def is_fixed(self) -> bool:
        """True if every payload has the same layout."""
        return (not self.skips_tail and len(self.groups) == 1
                and all(field.type.is_fixed for field in self.fields))

    @property
    def grows(self) -> bool:
        """True if versions differ in its fields."""
        return len(self.groups) > 1

    @property
    def is_open(self) -> bool:
        """True if a newer peer's frame may be longer than we know."""
        return self.skips_tail or any(is_open(field.type) for field in self.fields)

    @property
    def payload(self) -> SizeRange:
        """From the oldest version's least to the newest version's most."""
        return grown_size(self.fields)

    def payload_at(self, version: int) -> SizeRange:
        """What a sender of that version makes."""
        return total_size(tuple(field for field in self.fields if field.since <= version))

    @property
    def frame(self) -> SizeRange:
        """What is accepted: as payload, and the protocol's limit if a peer may know more."""
        size = self.payload + SizeRange(HEADER_SIZE, HEADER_SIZE)
        return SizeRange(size.min, self.frame_limit) if self.is_open else size

    def frame_at(self, version: int) -> SizeRange:
        """The same of what a sender of that version makes."""
        size = self.payload_at(version) + SizeRange(HEADER_SIZE, HEADER_SIZE)
        is_open_then = self.skips_tail or any(
            is_open(field.type) for field in self.fields if field.since <= version)
        return SizeRange(size.min, self.frame_limit) if is_open_then else size

    def brought(self, group: Group) -> int:
        """The version from which on senders have a group; the first comes with the packet."""
        return max(self.since, group.since)


@dataclass(frozen=True, slots=True)
class VersionHash:
    """The compatibility hash from `version` on, until the next one's."""

    version: int
    hash: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was in use once and must not come back with another meaning."""

    ids: tuple[IdRange, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Protocol:
    """One file. Composites stand behind those they contain; packets are sorted by id."""

    name: str
    source: str  # the YAML file's name without its folder
    version: int
    hashes: tuple[VersionHash, ...]  # of version 1 and each that changed the wire, rising
    schema_hash: int
    doc: str
    frame_max: int
    machines: tuple[StateMachine, ...]
    flows: tuple[DeclaredFlow, ...]
    consts: tuple[Const, ...]
    enums: tuple[Enum, ...]
    flags: tuple[Flags, ...]
    composites: tuple[Struct | Union, ...]
    packets: tuple[Packet, ...]
    reserved: Reserved

    @property
    def compat_hash(self) -> int:
        """Of the newest version."""
        return self.hashes[-1].hash

    @property
    def structs(self) -> tuple[Struct, ...]:
        return tuple(item for item in self.composites if isinstance(item, Struct))

    @property
    def unions(self) -> tuple[Union, ...]:
        return tuple(item for item in self.composites if isinstance(item, Union))

    def packet(self, name: str) -> Packet:
        """The packet of that name, which there is."""
        return next(packet for packet in self.packets if packet.name == name)


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
class Call:
    """A request that a role sends on a link between servers, and its answer. The first field of
    both is the correlation."""

    request: Packet
    reply: Packet


@dataclass(frozen=True, slots=True)
class Role:
    """`outside`: no server of ours; nobody vouches for what it sends."""

    name: str
    outside: bool
    accepts: tuple[AcceptTable, ...]
    sends: tuple[Send, ...]  # by packet id, then receiver
    calls: tuple[Call, ...]  # that the role makes, by the request's id
    answers: tuple[Call, ...] = ()  # that it answers, likewise


@dataclass(frozen=True, slots=True)
class Program:
    """Everything. Protocols are sorted so that each stands behind those it uses."""

    protocols: tuple[Protocol, ...]
    roles: tuple[Role, ...]
