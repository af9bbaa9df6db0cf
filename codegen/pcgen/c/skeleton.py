"""[D] A role's packet -> a handler for a person to fill in; and which packets have one already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pcgen import ir
from pcgen.c import layout, lower_role, naming

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_REGISTERED = re.compile(r"\bREGISTER_HANDLER\s*\(\s*(\w+)\s*,")


@dataclass(frozen=True, slots=True)
class StubView:
    """A handler. `sends`: the statement by which its answer goes out, if it has one."""

    doc: str
    tag: str
    function: str
    receiver: str
    parameter: str
    reply: str
    sends: str
    has_reply: bool
    is_silent: bool


@dataclass(frozen=True, slots=True)
class SkeletonView:
    """A file of handlers."""

    role: str
    includes: tuple[str, ...]
    stubs: tuple[StubView, ...]


def registered(folder: Path) -> set[str]:
    """The tags that REGISTER_HANDLER names in the .c files below a folder."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*.c")):
        text = _COMMENT.sub(" ", path.read_text(encoding="utf-8", errors="replace"))
        found.update(_REGISTERED.findall(text))
    return found


def _handled(role: ir.Role) -> tuple[ir.Packet, ...]:
    """The packets that need a handler of the role's, by id."""
    answers = {call.reply.id for call in role.calls}
    wanted = {entry.packet.id: entry.packet for table in role.accepts for entry in table.entries
              if entry.handled and entry.packet.id not in answers}
    return tuple(wanted[id_] for id_ in sorted(wanted))


def missing(role: ir.Role, have: set[str]) -> tuple[ir.Packet, ...]:
    """Those that have none."""
    return tuple(packet for packet in _handled(role) if naming.tag(packet) not in have)


def function(role: ir.Role, packet: ir.Packet) -> str:
    """`on_echo_request`; with the protocol's name where two of them have such a packet."""
    alike = [other for other in _handled(role) if other.name == packet.name]
    return f"on_{packet.name}" if len(alike) == 1 else f"on_{naming.tag(packet)}"


def _answer(role: ir.Role, packet: ir.Packet, parameter: str) -> tuple[str, str]:
    """The reply's tag, and the call that sends it; empty if the role has none to send."""
    if packet.reply is None:
        return "", ""
    for call in role.answers:
        if call.request is packet:
            function = naming.answer(role.name, packet)
            return (naming.tag(call.reply),
                    f"(void){function}({parameter}, packet->correlation, &reply);")
    for send in role.sends:
        if (send.packet.protocol, send.packet.name) == (packet.protocol, packet.reply):
            function = naming.sender(role.name, send.packet)
            return naming.tag(send.packet), f"(void){function}({parameter}, &reply);"
    return "", ""


def _table(role: ir.Role, packet: ir.Packet) -> ir.AcceptTable:
    return next(table for table in role.accepts
                if any(entry.handled and entry.packet is packet for entry in table.entries))


def _stub(role: ir.Role, packet: ir.Packet) -> StubView:
    tag, parameter = lower_role.receiver(_table(role, packet))
    reply, sends = _answer(role, packet, parameter)
    return StubView(
        doc=layout.comment(packet.doc), tag=naming.tag(packet), function=function(role, packet),
        receiver=f"struct {tag}", parameter=parameter, reply=reply, sends=sends,
        has_reply=bool(reply), is_silent=not reply)


def lower(role: ir.Role, packets: Iterable[ir.Packet]) -> SkeletonView:
    """One file with a handler for each of the packets."""
    stubs = tuple(_stub(role, packet) for packet in packets)
    sends = any("_send_" in stub.sends for stub in stubs)
    answers = any("_answer_" in stub.sends for stub in stubs)
    parts = [*(["calls"] if answers else []), "dispatch", *(["send"] if sends else [])]
    return SkeletonView(role.name, tuple(naming.header(role.name, part) for part in parts), stubs)
