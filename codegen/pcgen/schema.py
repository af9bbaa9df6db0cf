"""[A] What the author wrote, with places; nothing is resolved and nothing is added."""

from __future__ import annotations

from dataclasses import dataclass

from pcgen.source import Number, SourceFile, Span, Text
from pcgen.tree import Node


@dataclass(frozen=True, slots=True)
class Const:
    name: Text
    value: Number


@dataclass(frozen=True, slots=True)
class Member:
    """A value of an enum or a bit of flags. `deprecated`: None, or why, perhaps empty."""

    name: Text
    value: Number
    doc: str
    since: Number | None
    deprecated: str | None


@dataclass(frozen=True, slots=True)
class Enum:
    """Also flags: then the members' values are bits."""

    name: Text
    type: Text
    doc: str
    values: tuple[Member, ...]
    unknown: Text | None
    deprecated: str | None


@dataclass(frozen=True, slots=True)
class Field:
    """`type` is still text, `default` still a tree: the types pass reads them."""

    name: Text
    type: Text
    doc: str
    range: tuple[Text, Text] | None = None
    range_span: Span | None = None
    min: Text | None = None
    charset: Text | None = None
    since: Number | None = None
    default: Node | None = None
    secret: bool = False
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class Struct:
    name: Text
    doc: str
    fields: tuple[Field, ...]
    extensible: bool
    deprecated: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """`type` is None where nothing follows the tag."""

    name: Text
    tag: Number
    type: Text | None
    doc: str
    since: Number | None
    deprecated: str | None


@dataclass(frozen=True, slots=True)
class Union:
    name: Text
    tag: Text
    doc: str
    cases: tuple[Case, ...]
    open: bool
    deprecated: str | None


@dataclass(frozen=True, slots=True)
class StateMachine:
    name: Text
    states: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class FlowName:
    """`sender -> receiver`."""

    sender: Text
    receiver: Text
    span: Span

    @property
    def key(self) -> tuple[str, str]:
        return (self.sender.value, self.receiver.value)

    def __str__(self) -> str:
        return f"{self.sender} -> {self.receiver}"


@dataclass(frozen=True, slots=True)
class IdRange:
    first: int
    last: int
    span: Span

    def __contains__(self, value: int) -> bool:
        return self.first <= value <= self.last

    def __str__(self) -> str:
        return f"0x{self.first:04x}-0x{self.last:04x}"


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow the file declares; `via` is the role that relays it."""

    name: FlowName
    ids: IdRange
    states: Text | None
    via: Text | None


@dataclass(frozen=True, slots=True)
class Rate:
    per_sec: Number
    burst: Number
    over: Text
    span: Span


@dataclass(frozen=True, slots=True)
class Example:
    value: Node
    hex: Text | None
    doc: str


@dataclass(frozen=True, slots=True)
class Packet:
    """`states` is None where none are named: the packet is legal in all of them."""

    name: Text
    id: Number
    doc: str
    flows: tuple[FlowName, ...]
    states: tuple[Text, ...] | None
    rate: Rate | None
    fields: tuple[Field, ...]
    reply: Text | None
    latest: Text | None
    tail: Text | None
    since: Number | None
    deprecated: str | None
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Reserved:
    ids: tuple[IdRange, ...]
    names: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One YAML file: one protocol, one namespace."""

    source: SourceFile
    protocol: Text
    version: Number
    doc: str
    imports: tuple[Text, ...]
    roles: tuple[Text, ...] | None
    roles_span: Span | None
    outside: tuple[Text, ...] | None
    frame_max: Number | None
    reserved: Reserved
    machines: tuple[StateMachine, ...]
    flows: tuple[Flow, ...]
    consts: tuple[Const, ...]
    enums: tuple[Enum, ...]
    flags: tuple[Enum, ...]
    structs: tuple[Struct, ...]
    unions: tuple[Union, ...]
    packets: tuple[Packet, ...]
