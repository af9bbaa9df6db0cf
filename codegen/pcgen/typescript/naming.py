"""The only place that spells a TypeScript identifier."""

from __future__ import annotations

from pcgen import ir


def type_name(name: str) -> str:
    """`echo_request` -> `EchoRequest`."""
    return "".join(part.capitalize() for part in name.split("_"))


def field(name: str) -> str:
    """`first_row` -> `firstRow`."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def machine(item: ir.StateMachine) -> str:
    """`ClientSessionState`."""
    return type_name(f"{item.name}_state")


def tag_enum(union: ir.Union) -> str:
    """`TargetTag`."""
    return type_name(f"{union.name}_tag")


def module(protocol: str) -> str:
    """The imported module; an underscore keeps it apart from all that a function may declare."""
    return f"_{protocol}"


def qualified(item: ir.Named | ir.Packet, here: str) -> str:
    """The type as a module sees it: `Vec2` or `_common.Vec2`."""
    prefix = "" if item.protocol == here else f"{module(item.protocol)}."
    return prefix + type_name(item.name)


def qualified_tag(union: ir.Union, here: str) -> str:
    """The enum of a union's tags, likewise."""
    prefix = "" if union.protocol == here else f"{module(union.protocol)}."
    return prefix + tag_enum(union)


def table(item: ir.AcceptTable) -> str:
    """`ClientFromGate`."""
    return type_name(f"{item.owner}_from_{item.sender}")


def handler(packet: ir.Packet) -> str:
    """`onClientEchoReply`."""
    return field(f"on_{packet.protocol}_{packet.name}")
