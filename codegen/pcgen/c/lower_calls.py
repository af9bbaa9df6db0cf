"""[D] Role -> the view of its calls: what it asks of other servers, and what it answers them."""

from __future__ import annotations

from dataclasses import dataclass

from pcgen import ir
from pcgen.c import naming


@dataclass(frozen=True, slots=True)
class CallView:
    """A request that the role makes. `end`: gives the erased types back."""

    function: str
    done_type: str
    end: str
    request: str
    reply: str
    reply_id: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A request that the role answers."""

    function: str
    request: str
    reply: str


@dataclass(frozen=True, slots=True)
class CallsView:
    role: str
    own_header: str
    includes: tuple[str, ...]
    source_includes: tuple[str, ...]
    calls: tuple[CallView, ...]
    has_calls: bool
    answers: tuple[AnswerView, ...]
    has_answers: bool


def _call(role: str, call: ir.Call) -> CallView:
    return CallView(
        function=naming.call(role, call.request), done_type=naming.call_done(role, call.request),
        end=f"{role}__end_{naming.tag(call.request)}", request=naming.tag(call.request),
        reply=naming.tag(call.reply), reply_id=naming.packet_macro(call.reply, "ID"))


def _answer(role: str, call: ir.Call) -> AnswerView:
    return AnswerView(naming.answer(role, call.request), naming.tag(call.request),
                      naming.tag(call.reply))


def lower(role: ir.Role) -> CallsView:
    """Header and source."""
    protocols = sorted({call.request.protocol for call in (*role.calls, *role.answers)})
    return CallsView(
        role=role.name, own_header=naming.header(role.name, "calls"),
        includes=tuple(naming.header(name, "types") for name in protocols),
        source_includes=tuple(naming.header(name, "codec") for name in protocols),
        calls=tuple(_call(role.name, call) for call in role.calls), has_calls=bool(role.calls),
        answers=tuple(_answer(role.name, call) for call in role.answers),
        has_answers=bool(role.answers))
