"""Changes of protocols: packets, policy, names."""

from __future__ import annotations

from collections.abc import Collection

from pcgen import fingerprint, ir
from pcgen.compat.against import Then
from pcgen.compat.declared import DeclaredComparer, renamed_states
from pcgen.compat.lock import Released
from pcgen.compat.rules import Change, Class, Rule, Where
from pcgen.compat.types_compare import TypeComparer

_HARSHNESS = {ir.Over.DELAY: 0, ir.Over.DROP: 1, ir.Over.KICK: 2}


class _Comparer:
    """One protocol then and now. `calls`: the packets that are requests between servers now."""

    def __init__(self, old: Released, new: ir.Protocol, calls: Collection[str]) -> None:
        self.released = old
        self.old = old.protocol
        self.new = new
        self.calls = calls
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
        if self.new.frame_max != self.old.frame_max:
            rule = Rule.FRAME_MAX_LOWERED if self.new.frame_max < self.old.frame_max else None
            self.say(rule, "", f"frame_max is {self.new.frame_max}, and was {self.old.frame_max}")
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
        DeclaredComparer(self.released, self.new, self.types, self.found.append).run()
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
        if self.was_released(packet.name):
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
            same = self.wire(old) == self.wire(new) and not self.was_released(new.name)
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

    def was_released(self, name: str) -> bool:
        """With whatever id."""
        return any(packet.name == name for packet in self.old.packets)

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
        for ends in now:
            if ends not in then:
                self.say(None, new.name, f"`{new.name}` may now go {ends[0]} -> {ends[1]}")

    def states(self, old: ir.Packet, new: ir.Packet) -> None:
        then, now = _states(old), _states(new)
        machine_then, machine_now = _machine(old), _machine(new)
        if now is None or machine_now is None:
            if then is not None:
                self.say(None, new.name, f"`{new.name}` is legal in all states")
            return
        if machine_then is None:
            before, renamed = machine_now.states, {}
        else:
            before = machine_then.states if then is None else then
            renamed = renamed_states(machine_then, machine_now)
        legal = [renamed.get(state, state) for state in before]
        gone = [state for state in legal if state not in now]
        more = [state for state in now if state not in legal]
        if gone:
            self.say(Rule.STATES_FEWER, new.name, f"`{new.name}` is no longer legal in "
                                                  f"{_listed(gone)}")
        elif then is None:
            self.say(None, new.name, f"`{new.name}` was legal in all states, and now is in "
                                     f"{_listed(now)}")
        elif more:
            self.say(None, new.name, f"`{new.name}` is now legal in {_listed(more)}, too")

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
        self.reply(old, new)
        if new.latest != old.latest and new.latest is None:
            self.say(None, new.name, f"each `{new.name}` is sent, no longer only the newest")
        elif new.latest != old.latest:
            self.say(Rule.LATEST_CHANGED, new.name,
                     f"of several `{new.name}` only the newest by `{new.latest}` is sent")
        if old.skips_tail != new.skips_tail:
            verb = "is now" if new.skips_tail else "is no longer"
            rule = None if new.skips_tail else Rule.OPENNESS
            self.say(rule, new.name, f"what follows the fields of `{new.name}` {verb} skipped")
        self.types.deprecated(old.deprecated, new.deprecated, Where(self.new.name, new.name),
                              f"`{new.name}`")

    def reply(self, old: ir.Packet, new: ir.Packet) -> None:
        if old.reply == new.reply:
            return
        if old.reply is None:
            rule = Rule.CALL_ADDED if new.name in self.calls else None
            self.say(rule, new.name, f"`{new.name}` is now answered by `{new.reply}`")
        elif self.is_renamed(old.reply, new.reply):
            self.say(None, new.name, f"the answer to `{new.name}` is now called `{new.reply}`")
        else:
            self.say(Rule.REPLY_CHANGED, new.name,
                     f"`{new.name}` is answered by `{new.reply or 'nothing'}`, and was by "
                     f"`{old.reply}`")

    def is_renamed(self, old: str, new: str | None) -> bool:
        before = next((packet.id for packet in self.old.packets if packet.name == old), 0)
        return any(packet.name == new and packet.id == before for packet in self.new.packets)

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


def _machine(packet: ir.Packet) -> ir.StateMachine | None:
    return next((flow.machine for flow in packet.flows if flow.machine), None)


def _states(packet: ir.Packet) -> tuple[str, ...] | None:
    machine = _machine(packet)
    if packet.states is None or machine is None:
        return None
    return tuple(machine.states[index] for index in packet.states)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _calls(program: ir.Program) -> frozenset[str]:
    return frozenset(call.request.name for role in program.roles for call in role.calls)


def _gone(one: Released, new: ir.Program) -> Change:
    """It is shown in the file that had it, if that is still there."""
    old = one.protocol
    here = next((item.name for item in new.protocols if item.source == old.source), old.name)
    return Change(Rule.PROTOCOL_REMOVED, Where(here), f"the protocol `{old.name}` is gone")


def _ids_of_others(then: Then, new: ir.Program) -> list[Change]:
    """Ids are one space over all files: what one has had, another does not take. A packet that
    only moved to another file is none of this."""
    found: list[Change] = []
    for protocol in new.protocols:
        own = then.protocols.get(protocol.name)
        known = {packet.id for packet in own.protocol.packets} if own else set()
        added = [packet for packet in protocol.packets if packet.id not in known]
        for other in then.protocols.values():
            if other is own:
                continue
            names = {packet.id: packet.name for packet in other.protocol.packets}
            for packet in added:
                if packet.id in other.retired.ids or names.get(packet.id, packet.name) != \
                        packet.name:
                    found.append(Change(Rule.ID_RETIRED, Where(protocol.name, packet.name),
                                        f"the id 0x{packet.id:04x} of `{packet.name}` was in use "
                                        f"in `{other.protocol.name}`"))
    return found


def compare(then: Then, new: ir.Program) -> list[Change]:
    """All changes, protocol by protocol."""
    now = {protocol.name: protocol for protocol in new.protocols}
    calls = _calls(new)
    found: list[Change] = []
    for name, one in sorted(then.protocols.items()):
        if name in now:
            found += _Comparer(one, now[name], calls).run()
        elif then.expects(one):
            found.append(_gone(one, new))
    if then.complete:
        found += [Change(None, Where(name), f"the protocol `{name}` is new")
                  for name in now if name not in then.protocols]
    found += _ids_of_others(then, new)
    return list(dict.fromkeys(found))
