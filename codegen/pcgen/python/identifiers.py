"""Every name that a Python module declares, and who is the cause of it."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.python import naming

Cause = (ir.Const | ir.Enum | ir.Flags | ir.Struct | ir.Union | ir.StateMachine | ir.Packet
         | ir.Protocol)

MODULE_NAMES = ("Any", "ClassVar", "Literal", "IntEnum", "IntFlag", "Packet", "PACKETS", "Union",
                "dataclass", "decode_frame", "pcwire")


def declared(protocol: ir.Protocol) -> Iterator[tuple[str, Cause]]:
    """What stands at the module's top, but for MODULE_NAMES, which all have."""
    for const in protocol.consts:
        yield const.name, const
    for machine in protocol.machines:
        yield naming.machine(machine), machine
    classes: tuple[ir.Enum | ir.Flags | ir.Struct | ir.Union | ir.Packet, ...] = (
        *protocol.enums, *protocol.flags, *protocol.composites, *protocol.packets)
    for item in classes:
        yield naming.class_name(item.name), item
