"""Flows: who may send to whom, over which connection, under which state machine."""

from __future__ import annotations

from pcgen import ir, schema
from pcgen.codes import Code
from pcgen.diagnostics import did_you_mean
from pcgen.passes import routes, scope
from pcgen.passes.context import Context
from pcgen.source import Text


class _Flows:
    def __init__(self, context: Context, file: schema.File) -> None:
        self.context = context
        self.sink = context.sink
        self.file = file
        self.protocol = file.protocol.value

    def role_is_known(self, role: Text) -> bool:
        if role.value in self.context.roles:
            return True
        if role.value and self.context.roles:
            self.sink.error(Code.ROLE_UNKNOWN, role.span, f"there is no role `{role}`",
                            did_you_mean(role.value, self.context.roles))
        return False

    def declared(self, flow: schema.Flow) -> None:
        name = flow.name
        roles = [name.sender, name.receiver, *([flow.via] if flow.via else [])]
        if not all([self.role_is_known(role) for role in roles]):
            return
        if len({role.value for role in roles}) != len(roles):
            self.sink.error(Code.FLOW_ENDS, name.span,
                            "sender, receiver and relay of a flow must differ")
            return
        key = (self.protocol, *name.key)
        if key in self.context.flows:
            self.sink.error(Code.FLOW_TWICE, name.span, f"the flow `{name}` is listed twice")
            return
        self.context.flows[key] = ir.Flow(
            name.sender.value, name.receiver.value, flow.via.value if flow.via else None,
            self.outer(flow) if flow.via else None, self.machine(flow))

    def machine(self, flow: schema.Flow) -> ir.StateMachine | None:
        if flow.states is None:
            return None
        owner = scope.owner_of(self.context, self.protocol, flow.states, scope.machines,
                               (Code.MACHINE_UNKNOWN, "state machine"))
        return self.context.machines[flow.states.value] if owner else None

    def outer(self, flow: schema.Flow) -> str | None:
        """The end that this file also connects to the relay."""
        via = flow.via.value if flow.via else ""
        linked = [end for end in flow.name.key
                  if any(other.via is None and {end, via} == set(other.name.key)
                         for other in self.file.flows)]
        if len(linked) == 1:
            return linked[0]
        which = "neither" if not linked else "each"
        self.sink.error(Code.RELAY_CARRIER, flow.name.span,
                        f"`{flow.name}` is relayed by {via}, but on which connection it lies "
                        f"is not clear: {which} of the two has flows to {via} in this file",
                        f"a file with relayed flows has direct flows between {via} and one end")
        return None

    def packet(self, packet: schema.Packet) -> None:
        known = [f"{sender} -> {receiver}" for protocol, sender, receiver in self.context.flows
                 if protocol == self.protocol]
        seen: set[tuple[str, str]] = set()
        for name in packet.flows:
            if not name.sender.value:
                continue
            if name.key in seen:
                self.sink.error(Code.FLOW_TWICE, name.span, f"`{name}` stands twice")
            seen.add(name.key)
            declared = any(name.key == flow.name.key for flow in self.file.flows)
            known_roles = [self.role_is_known(role) for role in (name.sender, name.receiver)]
            if not declared and all(known_roles):
                self.sink.error(Code.FLOW_UNDECLARED, name.span,
                                f"`{name}` is not among this file's flows",
                                did_you_mean(str(name), known))
        self.receivers(packet)

    def receivers(self, packet: schema.Packet) -> None:
        """A handler and a sender take one kind of peer: a session, or an unwrapped one's."""
        kinds: dict[tuple[str, str], str] = {}
        for name in packet.flows:
            flow = self.context.flows.get((self.protocol, *name.key))
            if flow is None:
                continue
            wrapped = routes.is_wrapped_at_sender(flow)
            ends = [("sends", flow.sender, flow.receiver if wrapped else "")]
            for stop in routes.stops(flow):
                ends.append(("takes", str(stop.table), "to handle" if stop.handled else "to relay"))
                if stop.handled:
                    unwrapped = stop.table.kind == ir.TableKind.UNWRAPPED.value
                    ends.append(("gets", stop.table.owner, flow.sender if unwrapped else ""))
            for verb, role, kind in ends:
                if kinds.setdefault((verb, role), kind) != kind:
                    self.sink.error(Code.RECEIVER_MIXED, name.span,
                                    f"the flows of `{packet.name}` make one role handle it both "
                                    "directly and relayed", "make two packets of it")


def _machines_of_tables(context: Context) -> None:
    """All flows that meet in one table and name a state machine name the same."""
    first: dict[routes.TableKey, ir.StateMachine] = {}
    for file in sorted(context.files, key=lambda file: file.source.shown):
        for declared in file.flows:
            flow = context.flows.get((file.protocol.value, *declared.name.key))
            if flow is None or flow.machine is None or declared.states is None:
                continue
            for stop in routes.stops(flow):
                other = first.setdefault(stop.table, flow.machine)
                if other != flow.machine:
                    context.sink.error(
                        Code.MACHINE_MIXED, declared.states.span,
                        f"what {stop.table.owner} takes from {stop.table.sender} has the state "
                        f"machines `{other.name}` and `{flow.machine.name}`")


def run(context: Context) -> None:
    """Fill `flows`."""
    for file in context.files:
        flows = _Flows(context, file)
        for flow in file.flows:
            flows.declared(flow)
        for packet in file.packets:
            flows.packet(packet)
    _machines_of_tables(context)
