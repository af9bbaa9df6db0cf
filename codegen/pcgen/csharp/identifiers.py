"""Every name that C# declares in a namespace, and who is the cause of it."""

from __future__ import annotations

from collections.abc import Iterator

from pcgen import ir
from pcgen.csharp import naming

Cause = ir.Named | ir.StateMachine | ir.Packet | ir.Protocol | ir.Role


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
    for role in program.roles:
        yield from _roles(role)


def _roles(role: ir.Role) -> Iterator[tuple[str, Cause]]:
    """A role's file and class, and the methods of its handlers. TypeScript's are called alike."""
    space = f"Portcullis.Roles.{naming.type_name(role.name)}"
    yield space, role
    for table in role.accepts:
        for entry in table.entries:
            yield f"{space}.{naming.handler(entry.packet)}", entry.packet
