"""What the Python template may see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConstView:
    name: str
    value: str


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


@dataclass(frozen=True, slots=True)
class ClassView:
    name: str
    doc: str
    id: str
    fields: tuple[FieldView, ...]
    has_fields: bool


@dataclass(frozen=True, slots=True)
class ModuleView:
    source: str
    doc: str
    imports: tuple[str, ...]
    consts: tuple[ConstView, ...]
    enums: tuple[EnumView, ...]
    structs: tuple[ClassView, ...]
    packets: tuple[ClassView, ...]
    packet_union: str  # comma-separated
