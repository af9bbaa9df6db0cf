"""Changes of protocols: packets, policy, names."""

from __future__ import annotations

from collections.abc import Mapping

from pcgen import fingerprint, ir
from pcgen.compat.lock import Released, types_of
from pcgen.compat.rules import Change, Class, Rule, Where
from pcgen.compat.types_compare import TypeComparer

_HARSHNESS = {ir.Over.DELAY: 0, ir.Over.DROP: 1, ir.Over.KICK: 2}


class _Comparer:
    """One protocol then and now."""

    def __init__(self, old: Released, new: ir.Protocol) -> None:
        self.released = old
        self.old = old.protocol
        self.new = new
        self.found: list[Change] = []
        self.types = TypeComparer(new.name, old.protocol.version, self.found.append)

    def say(self, rule: Rule | None, item: str, text: str, member: str = "") -> None:
        self.found.append(Change(rule, Where(self.new.name, item, member), text))

    def run(self) -> list[Change]:
        if self.new.version < self.old.version:
            self.say(Rule.VERSION_LOWERED, "", f"the version is {self.new.version}, and "
                                               f"{self.old.version} has been released")
        elif self.new.version > self.old.version:
            self.say(None, "", f"the version is {self.new.version}; {self.old.version} was "
                               "released")
        if self.new.frame_max < self.old.frame_max:
            self.say(Rule.FRAME_MAX_LOWERED, "", f"frame_max is {self.new.frame_max}, and was "
                                                 f"{self.old.frame_max}")
        now = {packet.id: packet for packet in self.new.packets}
        then = {packet.id: packet for packet in self.old.packets}
        for packet in self.old.packets:
            if packet.id in now:
                self.packet(packet, now[packet.id])
            else:
                self.gone(packet)
        for packet in self.new.packets:
            if packet.id not in then:
                self.added(packet)
        self.declared()
        self.hashes()
        return self.found

    # ---- packets that came and went ----

    def gone(self, packet: ir.Packet) -> None:
        other = next((item for item in self.new.packets if item.name == packet.name), None)
        if other is not None:
            self.say(Rule.PACKET_ID, other.name, f"`{other.name}` has the id 0x{other.id:04x}, and "
                                                 f"was released with 0x{packet.id:04x}")
            return
        self.say(Rule.PACKET_REMOVED, "", f"the packet `{packet.name}` (0x{packet.id:04x}) is gone")
        if not any(ids.first <= packet.id <= ids.last for ids in self.new.reserved.ids):
            self.say(Rule.ID_NOT_RESERVED, "", f"0x{packet.id:04x} was the id of `{packet.name}`: "
                                               "put it into `reserved`")
        if packet.name not in self.new.reserved.names:
            self.say(Rule.NAME_NOT_RESERVED, "", f"`{packet.name}` was the name of a packet: put "
                                                 "it into `reserved`")

    def added(self, packet: ir.Packet) -> None:
        if packet.id in self.released.retired.ids:
            self.say(Rule.ID_RETIRED, packet.name,
                     f"the id 0x{packet.id:04x} of `{packet.name}` was retired")
        if packet.name in self.released.retired.names:
            self.say(Rule.NAME_RETIRED, packet.name, f"the name `{packet.name}` was retired")
        if any(item.name == packet.name for item in self.old.packets):
            return
        if packet.since > self.old.version:
            self.say(None, packet.name, f"the packet `{packet.name}` came with version "
                                        f"{packet.since}")
        else:
            self.say(Rule.PACKET_ADDED, packet.name,
                     f"the packet `{packet.name}` is new, but `since` is not above the released "
                     f"version {self.old.version}")

    # ---- packets that stayed ----

    def packet(self, old: ir.Packet, new: ir.Packet) -> None:
        if old.name != new.name:
            same = self.wire(old) == self.wire(new)
            rule = Rule.PACKET_RENAMED if same else Rule.ID_REUSED
            verb = "is now called" if same else "now belongs to"
            subject = f"the packet `{old.name}`" if same else f"0x{old.id:04x}, which was " \
                f"`{old.name}`,"
            self.say(rule, new.name, f"{subject} {verb} `{new.name}`")
            if not same:
                return
        if old.since != new.since:
            self.say(Rule.SINCE_CHANGED, new.name, f"`{new.name}` came with version {old.since}, "
                                                   f"not {new.since}")
        self.types.fields(old.fields, new.fields, Where(self.new.name, new.name), True)
        self.flows(old, new)
        self.states(old, new)
        self.rate(old, new)
        self.promises(old, new)

    def wire(self, packet: ir.Packet) -> str:
        return fingerprint.canonical([packet], self.old.version)

    def flows(self, old: ir.Packet, new: ir.Packet) -> None:
        now = {(flow.sender, flow.receiver): flow for flow in new.flows}
        then = {(flow.sender, flow.receiver): flow for flow in old.flows}
        for ends, flow in then.items():
            if ends not in now:
                self.say(Rule.FLOW_REMOVED, new.name, f"`{new.name}` may no longer go "
                                                      f"{ends[0]} -> {ends[1]}")
            elif (flow.via, flow.outer) != (now[ends].via, now[ends].outer):
                self.say(Rule.RELAY_CHANGED, new.name,
                         f"`{new.name}` goes {now[ends]}, and went {flow}")
        for ends in now.keys() - then.keys():
            self.say(None, new.name, f"`{new.name}` may now go {ends[0]} -> {ends[1]}")

    def states(self, old: ir.Packet, new: ir.Packet) -> None:
        then, now = _states(old), _states(new)
        if now is None or then == now:
            if then != now:
                self.say(None, new.name, f"`{new.name}` is legal in all states")
            return
        gone = now_missing(then, now, new)
        if gone:
            self.say(Rule.STATES_FEWER, new.name, f"`{new.name}` is no longer legal in "
                     + ", ".join(f"`{state}`" for state in gone))
        elif then is not None:
            self.say(None, new.name, f"`{new.name}` is legal in more states")

    def rate(self, old: ir.Packet, new: ir.Packet) -> None:
        then, now = old.rate, new.rate
        if now is None:
            if then is not None:
                self.say(None, new.name, f"`{new.name}` has no rate any more")
            return
        text = f"{now.per_sec} per second, burst {now.burst}"
        if then is None:
            self.say(Rule.RATE_TIGHTER, new.name, f"`{new.name}` now has a rate: {text}")
            return
        if now.per_sec < then.per_sec or now.burst < then.burst:
            self.say(Rule.RATE_TIGHTER, new.name, f"the rate of `{new.name}` is {text}, and was "
                                                  f"{then.per_sec}, burst {then.burst}")
        elif now != then:
            self.say(None, new.name, f"the rate of `{new.name}` is {text}, over {now.over.value}")
        if _HARSHNESS[now.over] > _HARSHNESS[then.over]:
            self.say(Rule.OVER_HARSHER, new.name, f"too much `{new.name}` means {now.over.value}, "
                                                  f"and meant {then.over.value}")

    def promises(self, old: ir.Packet, new: ir.Packet) -> None:
        if old.reply is not None and old.reply != new.reply and not self.is_renamed(old.reply,
                                                                                    new.reply):
            self.say(Rule.REPLY_CHANGED, new.name,
                     f"`{new.name}` is answered by `{new.reply or 'nothing'}`, and was by "
                     f"`{old.reply}`")
        if new.latest is not None and new.latest != old.latest:
            self.say(Rule.LATEST_CHANGED, new.name,
                     f"of several `{new.name}` only the newest by `{new.latest}` is sent")
        if old.skips_tail != new.skips_tail:
            verb = "is now" if new.skips_tail else "is no longer"
            rule = None if new.skips_tail else Rule.OPENNESS
            self.say(rule, new.name, f"what follows the fields of `{new.name}` {verb} skipped")

    def is_renamed(self, old: str, new: str | None) -> bool:
        before = next((packet.id for packet in self.old.packets if packet.name == old), 0)
        return any(packet.name == new and packet.id == before for packet in self.new.packets)

    # ---- what is declared besides ----

    def declared(self) -> None:
        now = {const.name: const.value for const in self.new.consts}
        for const in self.old.consts:
            if const.name not in now:
                self.say(Rule.CONST_CHANGED, "", f"the constant `{const.name}` is gone")
            elif now[const.name] != const.value:
                self.say(Rule.CONST_CHANGED, const.name,
                         f"`{const.name}` is {now[const.name]}, and was {const.value}")
        types = types_of(self.new)
        for (owner, name), type_ in self.released.types.items():
            if owner != self.new.name:
                continue
            if (owner, name) in types:
                self.types.type(type_, types[owner, name], Where(owner, name), f"`{name}`")
            elif not any(key[:2] == (owner, name) for key in self.types.seen):
                self.say(Rule.TYPE_RENAMED, "", f"the type `{name}` is gone")
        machines = {machine.name: machine for machine in self.new.machines}
        for machine in self.old.machines:
            self.machine(machine, machines.get(machine.name))
        self.flow_machines()

    def machine(self, old: ir.StateMachine, new: ir.StateMachine | None) -> None:
        if new is None:
            self.say(Rule.STATE_REMOVED, "", f"the state machine `{old.name}` is gone")
            return
        if old.states[0] != new.states[0]:
            self.say(Rule.MACHINE_CHANGED, new.name, f"sessions of `{new.name}` begin in "
                     f"`{new.states[0]}`, and began in `{old.states[0]}`")
        for state in old.states:
            if state not in new.states:
                self.say(Rule.STATE_REMOVED, new.name,
                         f"the state `{state}` of `{new.name}` is gone")

    def flow_machines(self) -> None:
        now = {(item.flow.sender, item.flow.receiver): item.flow for item in self.new.flows}
        for item in self.old.flows:
            flow = now.get((item.flow.sender, item.flow.receiver))
            if flow is None or flow.machine is None:
                continue
            then = item.flow.machine.name if item.flow.machine else None
            if then != flow.machine.name:
                self.say(Rule.MACHINE_CHANGED, "", f"{flow} has the states of "
                         f"`{flow.machine.name}`, and had those of `{then or 'nothing'}`")

    def hashes(self) -> None:
        """The net below all other rules."""
        wire = any(change.rule and change.rule.of is Class.WIRE for change in self.found)
        for version in range(1, self.old.version + 1):
            then = fingerprint.canonical(self.old.packets, version)
            now = fingerprint.canonical(self.new.packets, version)
            if then != now and not wire:
                self.say(Rule.HASH_CHANGED, "", f"the wire of version {version} is not what was "
                                                "released")
                return


def _states(packet: ir.Packet) -> tuple[str, ...] | None:
    machine = next((flow.machine for flow in packet.flows if flow.machine), None)
    if packet.states is None or machine is None:
        return None
    return tuple(machine.states[index] for index in packet.states)


def now_missing(then: tuple[str, ...] | None, now: tuple[str, ...],
                packet: ir.Packet) -> list[str]:
    """The states in which a packet was legal and is not any more."""
    machine = next(flow.machine for flow in packet.flows if flow.machine)
    before = machine.states if then is None else then
    return [state for state in before if state not in now]


def compare(old: Mapping[str, Released], new: ir.Program) -> list[Change]:
    """All changes, protocol by protocol. Protocols that were not released are not looked at."""
    now = {protocol.name: protocol for protocol in new.protocols}
    found: list[Change] = []
    for name in sorted(old):
        if name in now:
            found += _Comparer(old[name], now[name]).run()
        else:
            found.append(Change(Rule.PROTOCOL_REMOVED, Where(name),
                                f"the protocol `{name}` is gone"))
    return list(dict.fromkeys(found))
