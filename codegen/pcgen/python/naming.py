"""The only place that spells a Python identifier."""

from __future__ import annotations

from pcgen import ir


def class_name(name: str) -> str:
    """`echo_request` -> `EchoRequest`."""
    return "".join(part.capitalize() for part in name.split("_"))


def machine(item: ir.StateMachine) -> str:
    """`ClientSessionState`."""
    return class_name(f"{item.name}_state")


def qualified(item: ir.Struct | ir.Union | ir.Enum, module: str) -> str:
    """The class as the module sees it: `Vec2` or `common.Vec2`."""
    prefix = "" if item.protocol == module else f"{item.protocol}."
    return prefix + class_name(item.name)


def table(item: ir.AcceptTable) -> str:
    """`ClientFromGate`."""
    return class_name(f"{item.owner}_from_{item.sender}")


def handler(packet: ir.Packet) -> str:
    """`on_client_echo_reply`."""
    return f"on_{packet.protocol}_{packet.name}"
