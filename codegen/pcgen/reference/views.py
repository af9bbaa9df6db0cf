"""[D] What the pages show, as plain text; templates set it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, perhaps a link to an anchor."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that stands out: `kind` is secret, deprecated, since or plain."""

    text: str
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    offset: str
    size: str
    type: Piece
    rules: str
    doc: tuple[Piece, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    doc: str
    value: str
    hex: str


@dataclass(frozen=True, slots=True)
class Packet:
    anchor: str
    name: str
    id: str
    protocol: str
    doc: tuple[Piece, ...]
    marks: tuple[Mark, ...]
    facts: tuple[Fact, ...]
    drawing: Markup
    fields: tuple[Field, ...]
    examples: tuple[Example, ...]
    find: str  # what the search box looks at


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A packet where flows are listed."""

    anchor: str
    name: str
    id: str
    size: str
    states: str
    rate: str
    reply: Piece
    find: str


@dataclass(frozen=True, slots=True)
class Flow:
    title: str
    note: str
    rows: tuple[FlowRow, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A value of an enum, a bit of flags, a case of a union."""

    number: str
    name: str
    type: Piece
    doc: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """`fields` of a struct, `members` of the others; those of a union have types."""

    anchor: str
    kind: str
    has_types: bool
    name: str
    protocol: str
    doc: tuple[Piece, ...]
    marks: tuple[Mark, ...]
    facts: tuple[Fact, ...]
    drawing: Markup
    fields: tuple[Field, ...]
    members: tuple[Member, ...]
    find: str


@dataclass(frozen=True, slots=True)
class Const:
    name: str
    value: str
    find: str


@dataclass(frozen=True, slots=True)
class Machine:
    name: str
    states: str


@dataclass(frozen=True, slots=True)
class Protocol:
    anchor: str
    name: str
    doc: tuple[Piece, ...]
    facts: tuple[Fact, ...]
    flows: tuple[Flow, ...]
    packets: tuple[Packet, ...]
    types: tuple[Type, ...]
    consts: tuple[Const, ...]
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """`is_legal`: the packet is taken in this state."""

    is_legal: bool
    is_refused: bool
    state: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    packet: Piece
    cells: tuple[Cell, ...]
    rate: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What a role takes from another, by state."""

    title: str
    note: str
    states: tuple[str, ...]
    rows: tuple[PolicyRow, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Release:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A line of the table of protocols."""

    anchor: str
    name: str
    source: str
    version: str
    packets: str
    frame_max: str
    hash: str
    doc: str


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    summary: tuple[Summary, ...]
    legend: Markup
    protocols: tuple[Protocol, ...]
    policies: tuple[Policy, ...]
    releases: tuple[Release, ...]
    is_unreleased: bool
    style: Markup
    script: Markup
