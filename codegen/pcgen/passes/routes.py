"""Where a flow's packets are checked: the accept tables that a flow contributes to.

direct   S -> R            R accepts S
relayed  S -> R, via V, S outside (its connection to V carries the frames as they are):
                           V accepts S (checks, no handler); R accepts S (unwrapped, with handler)
relayed  S -> R, via V, R outside:
                           V relays S to R (checks, no handler); R accepts V (with handler)
"""

from __future__ import annotations

from dataclasses import dataclass

from pcgen import ir


@dataclass(frozen=True, slots=True, order=True)
class TableKey:
    owner: str
    sender: str
    receiver: str
    kind: str  # value of ir.TableKind


@dataclass(frozen=True, slots=True)
class Stop:
    """One table a flow's packets pass. `handled`: the packet ends here, at a handler."""

    table: TableKey
    handled: bool


def _key(owner: str, sender: str, receiver: str, kind: ir.TableKind) -> TableKey:
    return TableKey(owner, sender, receiver, kind.value)


def stops(flow: ir.Flow) -> tuple[Stop, ...]:
    """The tables of a flow, in the order a frame meets them."""
    sender, receiver, via = flow.sender, flow.receiver, flow.via
    if via is None:
        return (Stop(_key(receiver, sender, receiver, ir.TableKind.DIRECT), True),)
    if flow.outer == sender:
        return (Stop(_key(via, sender, via, ir.TableKind.DIRECT), False),
                Stop(_key(receiver, sender, receiver, ir.TableKind.UNWRAPPED), True))
    return (Stop(_key(via, sender, receiver, ir.TableKind.RELAYED), False),
            Stop(_key(receiver, via, receiver, ir.TableKind.DIRECT), True))


def is_wrapped_at_sender(flow: ir.Flow) -> bool:
    """True if the sender cannot put the frame on a connection as it is."""
    return flow.via is not None and flow.outer != flow.sender
