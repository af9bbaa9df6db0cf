"""Every name that C# declares in a namespace, and who is the cause of it."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.csharp import naming

Cause = ir.Named | ir.StateMachine | ir.Packet | ir.Protocol


def declared(program: ir.Program) -> Iterator[tuple[str, Cause]]:
    """With their namespaces."""
    for protocol in program.protocols:
        space = naming.namespace(protocol.name)
        yield space, protocol
        yield f"{space}.{naming.constants(protocol.name)}", protocol
        for machine in protocol.machines:
            yield f"{space}.{naming.machine(machine)}", machine
        types: tuple[ir.Named | ir.Packet, ...] = (
            *protocol.enums, *protocol.flags, *protocol.composites, *protocol.packets)
        for item in types:
            yield f"{space}.{naming.class_name(item)}", item
        for union in protocol.unions:
            yield f"{space}.{naming.tag_enum(union)}", union
