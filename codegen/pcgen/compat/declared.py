"""Changes of what a file declares beside packets: constants, types, state machines, flows, what is
reserved."""

from __future__ import annotations

from collections.abc import Callable

from pcgen import ir
from pcgen.compat.lock import Released, types_of
from pcgen.compat.rules import Change, Rule, Where
from pcgen.compat.types_compare import TypeComparer


def renamed_states(old: ir.StateMachine, new: ir.StateMachine) -> dict[str, str]:
    """States that have another name where they stood; peers never see the names."""
    return {a: b for a, b in zip(old.states, new.states, strict=False)
            if a not in new.states and b not in old.states}


class DeclaredComparer:
    """One file then and now. `types` has seen the types of its packets."""

    def __init__(self, old: Released, new: ir.Protocol, types: TypeComparer,
                 report: Callable[[Change], None]) -> None:
        self.released = old
        self.old = old.protocol
        self.new = new
        self.types = types
        self.report = report

    def say(self, rule: Rule | None, item: str, text: str) -> None:
        self.report(Change(rule, Where(self.new.name, item), text))

    def run(self) -> None:
        self.consts()
        self.named()
        self.machines()
        self.flows()
        self.reserved()

    def consts(self) -> None:
        now = {const.name: const.value for const in self.new.consts}
        then = {const.name: const.value for const in self.old.consts}
        for name, value in then.items():
            if name not in now:
                self.say(Rule.CONST_CHANGED, "", f"the constant `{name}` is gone")
            elif now[name] != value:
                self.say(Rule.CONST_CHANGED, name, f"`{name}` is {now[name]}, and was {value}")
        for name in now:
            if name not in then:
                self.say(None, name, f"the constant `{name}` is new")

    def named(self) -> None:
        """Types of this file, which need not be in a packet."""
        now = types_of(self.new)
        then = self.released.types
        for (owner, name), type_ in then.items():
            if owner != self.new.name:
                continue
            if (owner, name) in now:
                self.types.type(type_, now[owner, name], Where(owner, name), f"`{name}`")
            elif not any(key[:2] == (owner, name) for key in self.types.seen):
                self.say(Rule.TYPE_RENAMED, "", f"the type `{name}` is gone")
        called = {key[2:] for key in self.types.seen}
        for owner, name in now:
            if owner == self.new.name and (owner, name) not in {*then, *called}:
                self.say(None, name, f"the type `{name}` is new")

    # ---- states ----

    def machines(self) -> None:
        now = {machine.name: machine for machine in self.new.machines}
        then = {machine.name: machine for machine in self.old.machines}
        for name, machine in then.items():
            if name in now:
                self.machine(machine, now[name])
            else:
                self.say(Rule.STATE_REMOVED, "", f"the state machine `{name}` is gone")
        for name in now:
            if name not in then:
                self.say(None, name, f"the state machine `{name}` is new")

    def machine(self, old: ir.StateMachine, new: ir.StateMachine) -> None:
        renamed = renamed_states(old, new)
        then = [renamed.get(state, state) for state in old.states]
        if then[0] != new.states[0]:
            self.say(Rule.MACHINE_CHANGED, new.name, f"sessions of `{new.name}` begin in "
                     f"`{new.states[0]}`, and began in `{old.states[0]}`")
        for state in old.states:
            if state in renamed:
                self.say(Rule.STATE_REMOVED, new.name, f"the state `{state}` of `{new.name}` is "
                                                       f"now called `{renamed[state]}`")
            elif state not in new.states:
                self.say(Rule.STATE_REMOVED, new.name,
                         f"the state `{state}` of `{new.name}` is gone")
        for state in new.states:
            if state not in then:
                self.say(None, new.name, f"the state `{state}` of `{new.name}` is new")
        if [state for state in then if state in new.states] != [
                state for state in new.states if state in then]:
            self.say(None, new.name, f"the states of `{new.name}` stand in another order")

    # ---- flows ----

    def flows(self) -> None:
        now = {_ends(item): item for item in self.new.flows}
        then = {_ends(item): item for item in self.old.flows}
        for ends, item in then.items():
            if ends in now:
                self.flow(item, now[ends])
            else:
                self.say(None, "", f"the flow {ends} is gone")
        for ends in now:
            if ends not in then:
                self.say(None, "", f"the flow {ends} is new")

    def flow(self, old: ir.DeclaredFlow, new: ir.DeclaredFlow) -> None:
        """Packets say themselves by way of whom they go."""
        if old.ids != new.ids:
            self.say(None, "", f"the ids of {_ends(new)} are {_ids(new.ids)}, and were "
                               f"{_ids(old.ids)}")
        if (old.flow.via, old.flow.outer) != (new.flow.via, new.flow.outer):
            self.say(None, "", f"the flow {old.flow} is now {new.flow}")
        then, now = old.flow.machine, new.flow.machine
        if now is None:
            if then is not None:
                self.say(None, "", f"{new.flow} has no states any more, and had those of "
                                   f"`{then.name}`")
        elif then is None or (then.name != now.name and not self.is_renamed(then, now)):
            self.say(Rule.MACHINE_CHANGED, "", f"{new.flow} has the states of `{now.name}`, and "
                                               f"had those of `{then.name if then else 'nothing'}`")

    def is_renamed(self, old: ir.StateMachine, new: ir.StateMachine) -> bool:
        """The same states under another name; that the old one is gone has been said."""
        return (old.states == new.states
                and all(machine.name != old.name for machine in self.new.machines)
                and all(machine.name != new.name for machine in self.old.machines))

    # ---- what is reserved ----

    def reserved(self) -> None:
        """What lock files have retired stays so, whether the file still says it or not."""
        retired = self.released.retired
        for ids in self.new.reserved.ids:
            if any(id_ not in retired.ids for id_ in range(ids.first, ids.last + 1)):
                self.say(None, "", f"reserved now: {_ids(ids)}")
        for name in self.new.reserved.names:
            if name not in retired.names:
                self.say(None, "", f"reserved now: `{name}`")


def _ends(item: ir.DeclaredFlow) -> str:
    return f"{item.flow.sender} -> {item.flow.receiver}"


def _ids(ids: ir.IdRange) -> str:
    last = "" if ids.first == ids.last else f"-0x{ids.last:04x}"
    return f"0x{ids.first:04x}{last}"
