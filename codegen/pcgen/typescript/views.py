"""What the TypeScript templates may see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConstView:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class EnumView:
    """`base`: of flags, the type that holds them."""

    name: str
    doc: str
    base: str
    values: tuple[ConstView, ...]


@dataclass(frozen=True, slots=True)
class FieldView:
    """A member of an interface: comments and all."""

    line: str


@dataclass(frozen=True, slots=True)
class BodyView:
    """A struct or packet; `write` and `read` are statements. Of a struct `arguments`, `id` and
    `yaml_name` are empty."""

    name: str
    doc: str
    fields: tuple[FieldView, ...]
    write: tuple[str, ...]
    read: tuple[str, ...]
    id: str = ""
    yaml_name: str = ""
    arguments: str = ""  # of PacketType, but for the codec


@dataclass(frozen=True, slots=True)
class CaseView:
    name: str
    tag: str


@dataclass(frozen=True, slots=True)
class UnionView:
    name: str
    tag_enum: str
    doc: str
    cases: tuple[CaseView, ...]
    alternatives: tuple[str, ...]
    write: tuple[str, ...]
    read: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """A struct or a union, as the one member of its tuple."""

    structs: tuple[BodyView, ...]
    unions: tuple[UnionView, ...]


@dataclass(frozen=True, slots=True)
class ModuleView:
    source: str
    doc: str
    imports: tuple[str, ...]
    consts: tuple[ConstView, ...]
    hashes: tuple[ConstView, ...]  # by the version that brought them, falling
    enums: tuple[EnumView, ...]
    flags: tuple[EnumView, ...]
    parts: tuple[PartView, ...]
    packets: tuple[BodyView, ...]
    never: str  # " never;" of a protocol without packets
    alternatives: tuple[str, ...]
