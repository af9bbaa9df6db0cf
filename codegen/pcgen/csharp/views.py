"""What the C# templates may see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConstView:
    type: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ValueView:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class EnumView:
    name: str
    qualified: str
    doc: str
    base: str
    is_flags: bool
    values: tuple[ValueView, ...]


@dataclass(frozen=True, slots=True)
class BodyView:
    """A class; `lines` stand in it as they are."""

    name: str
    doc: str
    base: str  # with a colon before it, or empty
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModuleView:
    source: str
    doc: str
    namespace: str
    constants: str
    consts: tuple[ConstView, ...]
    hashes: tuple[ValueView, ...]  # by the version that brought them, falling
    packets: tuple[ValueView, ...]  # id and name
    enums: tuple[EnumView, ...]
    checked: tuple[EnumView, ...]  # those that have to list a value
    bodies: tuple[BodyView, ...]
