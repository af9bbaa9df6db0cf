"""Makes the accept tables and senders of every role, and with them the whole program."""

from __future__ import annotations

from pcgen import ir
from pcgen.passes import routes
from pcgen.passes.context import Context

ALL_STATES = 0xFFFF_FFFF_FFFF_FFFF


def _states_mask(packet: ir.Packet, machine: ir.StateMachine | None) -> int:
    if machine is None or packet.states is None:
        return ALL_STATES
    return sum(1 << index for index in packet.states)


def _table(key: routes.TableKey, members: list[tuple[ir.Packet, ir.Flow, bool]]) -> ir.AcceptTable:
    """A relayed table checks ids and sizes only: states and rates are its peer's matter."""
    kind = ir.TableKind(key.kind)
    policy = kind is not ir.TableKind.RELAYED
    machine = next((flow.machine for _, flow, _ in members if flow.machine), None)
    machine = machine if policy else None
    rates: list[ir.Rate] = []
    entries: list[ir.AcceptEntry] = []
    for packet, _, handled in sorted(members, key=lambda member: member[0].id):
        rate = packet.rate if policy else None
        if rate is not None and rate not in rates:
            rates.append(rate)
        entries.append(ir.AcceptEntry(packet, handled, _states_mask(packet, machine),
                                      rates.index(rate) + 1 if rate is not None else 0))
    return ir.AcceptTable(key.owner, key.sender, key.receiver, kind, machine, tuple(rates),
                          tuple(entries))


def _tables(protocols: tuple[ir.Protocol, ...]) -> list[ir.AcceptTable]:
    """A packet of which two flows meet in one table stands there once."""
    members: dict[routes.TableKey, list[tuple[ir.Packet, ir.Flow, bool]]] = {}
    for protocol in protocols:
        for packet in protocol.packets:
            for flow in packet.flows:
                for stop in routes.stops(flow):
                    table = members.setdefault(stop.table, [])
                    if all(packet is not other for other, _, _ in table):
                        table.append((packet, flow, stop.handled))
    return [_table(key, members[key]) for key in sorted(members)]


def _sends(role: str, protocols: tuple[ir.Protocol, ...]) -> tuple[ir.Send, ...]:
    """Each packet once for a session, and once for each peer it reaches inside other packets."""
    sends: dict[tuple[int, str], ir.Send] = {}
    for protocol in protocols:
        for packet in protocol.packets:
            for flow in packet.flows:
                if flow.sender == role:
                    wrapped = routes.is_wrapped_at_sender(flow)
                    peer = flow.receiver if wrapped else ""
                    sends.setdefault((packet.id, peer), ir.Send(packet, flow.receiver, wrapped))
    return tuple(sends[key] for key in sorted(sends))


def _calls(context: Context) -> tuple[ir.Call, ...]:
    """Requests from one server to another, with the answers."""
    calls: list[ir.Call] = []
    for protocol in context.protocols:
        for packet in protocol.packets:
            ends = {end for flow in packet.flows for end in (flow.sender, flow.receiver)}
            if packet.reply is not None and not ends & context.outside:
                calls.append(ir.Call(packet, protocol.packet(packet.reply)))
    return tuple(sorted(calls, key=lambda call: call.request.id))


def _made_by(role: str, calls: tuple[ir.Call, ...]) -> tuple[ir.Call, ...]:
    return tuple(call for call in calls
                 if any(flow.sender == role for flow in call.request.flows))


def _answered_by(role: str, calls: tuple[ir.Call, ...]) -> tuple[ir.Call, ...]:
    return tuple(call for call in calls
                 if any(flow.receiver == role for flow in call.request.flows))


def run(context: Context) -> None:
    """Fill `program`."""
    tables = _tables(context.protocols)
    calls = _calls(context)
    roles = tuple(
        ir.Role(role, role in context.outside,
                tuple(table for table in tables if table.owner == role),
                _sends(role, context.protocols), _made_by(role, calls),
                _answered_by(role, calls))
        for role in context.roles)
    context.program = ir.Program(context.protocols, roles)
