"""[D] Role -> the view of its dispatchers, for the languages of clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pcgen import ir


@dataclass(frozen=True, slots=True)
class EntryView:
    """`kept`: the field that holds a packet to be filled again; empty where none is."""

    id: str
    method: str
    type: str
    kept: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    name: str
    doc: str
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True)
class RoleView:
    role: str
    imports: tuple[str, ...]
    tables: tuple[TableView, ...]


def lower(role: ir.Role, name_of: Callable[[ir.AcceptTable], str],
          spelled: Callable[[ir.Packet], tuple[str, ...]]) -> RoleView | None:
    """spelled: what follows the id in an entry. None if the role handles nothing."""
    tables = []
    imports: set[str] = set()
    for table in role.accepts:
        handled = [entry.packet for entry in table.entries if entry.handled]
        imports.update(packet.protocol for packet in handled)
        if handled:
            tables.append(TableView(
                name_of(table),
                f"What {table.owner} hears from {table.sender}: a method for each packet.",
                tuple(EntryView(f"0x{packet.id:04x}", *spelled(packet)) for packet in handled)))
    return RoleView(role.name, tuple(sorted(imports)), tuple(tables)) if tables else None
