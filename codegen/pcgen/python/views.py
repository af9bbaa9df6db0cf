"""What the Python template may see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConstView:
    """`comments`: whole lines above it."""

    name: str
    value: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnumView:
    name: str
    doc: str
    values: tuple[ConstView, ...]


@dataclass(frozen=True, slots=True)
class FieldView:
    """`write` is a statement, `read` an expression."""

    name: str
    annotation: str
    write: str
    read: str
    options: str = ""  # of a data class
    has_default: bool = False
    starts_group: bool = False  # older bytes may end before it
    since: str = ""
    comments: tuple[str, ...] = ()  # whole lines above it


@dataclass(frozen=True, slots=True)
class ClassView:
    name: str
    doc: str
    id: str
    fields: tuple[FieldView, ...]
    has_fields: bool
    extensible: bool
    grows: bool
    is_plain: bool
    ends: bool  # a packet's bytes that nothing may follow
    members: tuple[FieldView, ...]  # those with a default last


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case of a union; `write` and `read` as of a field. `parameter`: of what makes a value of
    it, with its comma; `value`: what that one holds."""

    name: str
    method: str
    parameter: str
    value: str
    has_value: bool
    comments: tuple[str, ...]
    tag: str
    annotation: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class UnionView:
    name: str
    doc: str
    tag: str  # u8, u16
    open: bool
    closed: bool
    annotation: str  # of any value
    cases: tuple[CaseView, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """A struct or a union, as the one member of its tuple."""

    structs: tuple[ClassView, ...]
    unions: tuple[UnionView, ...]


@dataclass(frozen=True, slots=True)
class ModuleView:
    source: str
    doc: str
    imports: tuple[str, ...]
    consts: tuple[ConstView, ...]
    enums: tuple[EnumView, ...]
    flags: tuple[EnumView, ...]
    parts: tuple[PartView, ...]
    packets: tuple[ClassView, ...]
    packet_union: str  # comma-separated
