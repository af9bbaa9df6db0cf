"""Every name that a TypeScript module declares, and who is the cause of it."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.typescript import naming

Cause = ir.Const | ir.Named | ir.StateMachine | ir.Packet | ir.Protocol

MODULE_NAMES = ("PACKETS", "Packet", "Uint8Array")


def declared(protocol: ir.Protocol) -> Iterator[tuple[str, Cause]]:
    """What stands at the module's top, but for MODULE_NAMES, which all have."""
    for const in protocol.consts:
        yield const.name, const
    for machine in protocol.machines:
        yield naming.machine(machine), machine
    types: tuple[ir.Named | ir.Packet, ...] = (
        *protocol.enums, *protocol.flags, *protocol.composites, *protocol.packets)
    for item in types:
        yield naming.type_name(item.name), item
    for union in protocol.unions:
        yield naming.tag_enum(union), union
