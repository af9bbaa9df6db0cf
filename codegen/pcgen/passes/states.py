"""State machines, and the states in which each packet is legal."""

from __future__ import annotations

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.passes.context import Context
from pcgen.source import Text

STATES_MAX = 64


def run_machines(context: Context) -> None:
    """Fill `machines`. Their names are global, for C shares them between protocols."""
    seen: dict[str, Text] = {}
    for file in sorted(context.files, key=lambda file: file.source.shown):
        for machine in file.machines:
            first = seen.setdefault(machine.name.value, machine.name)
            if first is not machine.name:
                context.sink.error(Code.MACHINE_TWICE, machine.name.span,
                                   f"{first.span.file.shown} also declares the state machine "
                                   f"`{machine.name}`")
                continue
            if len(machine.states) > STATES_MAX:
                context.sink.error(Code.STATES_MANY, machine.states[STATES_MAX].span,
                                   f"a state machine has at most {STATES_MAX} states")
            context.machines[machine.name.value] = ir.StateMachine(
                file.protocol.value, machine.name.value,
                tuple(state.value for state in machine.states))


def _machine_of(context: Context, protocol: str, packet: schema.Packet) -> ir.StateMachine | None:
    """The machine that all flows of a packet share; None after an error."""
    found: ir.StateMachine | None = None
    for name in packet.flows:
        flow = context.flows.get((protocol, *name.key))
        if flow is None:
            return None
        if flow.machine is None:
            context.sink.error(Code.STATES_WITHOUT, packet.name.span,
                               f"`{packet.name}` names states, but its flow `{name}` has none",
                               "add `states: <state machine>` to the flow")
            return None
        if found is not None and found != flow.machine:
            context.sink.error(Code.MACHINE_MIXED, name.span,
                               f"the flows of `{packet.name}` have the state machines "
                               f"`{found.name}` and `{flow.machine.name}`")
            return None
        found = flow.machine
    return found


def _states(context: Context, protocol: str, packet: schema.Packet) -> tuple[int, ...] | None:
    if packet.states is None:
        return None
    machine = _machine_of(context, protocol, packet)
    if machine is None:
        return None
    seen: set[str] = set()
    indexes: list[int] = []
    for state in packet.states:
        if state.value in seen:
            context.sink.error(Code.STATE_TWICE, state.span, f"the state `{state}` stands twice")
        elif state.value in machine.states:
            indexes.append(machine.states.index(state.value))
        elif state.value:
            context.sink.error(Code.STATE_UNKNOWN, state.span,
                               f"`{machine.name}` has no state `{state}`",
                               did_you_mean(state.value, machine.states))
        seen.add(state.value)
    return tuple(sorted(indexes))


def run_packets(context: Context) -> None:
    """Fill `packet_states`."""
    for file in context.files:
        for packet in file.packets:
            key = (file.protocol.value, packet.name.value)
            context.packet_states[key] = _states(context, file.protocol.value, packet)
