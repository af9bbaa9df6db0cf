"""Rules about what is right but may not be wise. explanations/pl.txt says why, with examples.

A comment `pcgen: allow PL102` on a line, or alone on the one above, lets it pass there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from pcgen import ir, schema
from pcgen.comments import comments_of
from pcgen.diagnostics import NOTE, WARNING, Diagnostic
from pcgen.passes import scope
from pcgen.pipeline import Compiled
from pcgen.source import SourceFile, Span, resolved


class Rule(Enum):
    """The number that is printed; the comment says what was found."""

    # PL1xx: warnings
    RATE = "PL101"  # a packet from outside without a rate
    STATES = "PL102"  # a packet from outside that is legal in all states
    SECRET = "PL103"  # a field that sounds secret and is not
    UNUSED_CONST = "PL104"  # a constant that no file uses
    UNUSED_TYPE = "PL105"  # an enum, flags, struct or union that no file uses
    UNUSED_IMPORT = "PL106"  # an import of which nothing is used
    UNUSED_FLOW = "PL107"  # a flow without packets
    UNUSED_STATE = "PL108"  # a state in which no packet is legal
    CORRELATION = "PL109"  # packets between servers that are matched by hand
    DEPRECATED = "PL110"  # something new that uses what is deprecated

    # PL2xx: notes
    DOC = "PL201"  # a packet without a doc
    REPEATS = "PL202"  # a field that repeats its packet's name
    BOOLS = "PL203"  # many bools that could be flags
    REPLY = "PL204"  # a request and its answer by name only
    ZERO = "PL205"  # an enum without a value 0
    SCHEMA_LINE = "PL206"  # a file that does not tell editors its schema

    @property
    def severity(self) -> str:
        return WARNING if self.value[2] == "1" else NOTE


_SECRETS = re.compile(r"(^|_)(password|passwd|secret|token|credential|private_key)(_|$)")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ALLOW = re.compile(r"#\s*pcgen: allow ((?:PL\d+[ ,]*)+)")
_BOOLS_MAX = 3
SCHEMA_LINE = "# yaml-language-server: $schema="


@dataclass(frozen=True, slots=True)
class View:
    """All that rules look at."""

    files: tuple[schema.File, ...]
    program: ir.Program

    @property
    def outside(self) -> frozenset[str]:
        return frozenset(role.name for role in self.program.roles if role.outside)

    def packets(self) -> Iterator[tuple[schema.File, schema.Packet, ir.Packet]]:
        by_name = {(packet.protocol, packet.name): packet
                   for protocol in self.program.protocols for packet in protocol.packets}
        for file in self.files:
            for packet in file.packets:
                yield file, packet, by_name[file.protocol.value, packet.name.value]


Found = Iterator[tuple[Rule, Span, str]]
Check = Callable[[View], Found]


def _outside(view: View) -> Found:
    for _, written, packet in view.packets():
        flows = [flow for flow in packet.flows if flow.sender in view.outside]
        sender = flows[0].sender if flows else ""
        if flows and packet.rate is None:
            yield Rule.RATE, written.name.span, f"nothing limits how often a {sender} sends " \
                f"`{packet.name}`"
        if packet.states is None and any(flow.machine for flow in flows):
            yield Rule.STATES, written.name.span, f"a {sender} may send `{packet.name}` in all " \
                "states"


def _with_fields(file: schema.File) -> Iterator[schema.Packet | schema.Struct]:
    yield from file.packets
    yield from file.structs


def _secrets(view: View) -> Found:
    for file in view.files:
        for item in _with_fields(file):
            for field in item.fields:
                if not field.secret and _SECRETS.search(field.name.value):
                    yield Rule.SECRET, field.name.span, f"`{field.name}` will be printed"


def _words(file: schema.File) -> Iterator[str]:
    """All words in a file that could name a constant or type: types, ranges, least sizes."""
    for item in _with_fields(file):
        for field in item.fields:
            texts = [field.type, *(field.range or ()), *([field.min] if field.min else [])]
            for text in texts:
                yield from _WORD.findall(text.value)
    for union in file.unions:
        for case in union.cases:
            yield from _WORD.findall(case.type.value if case.type else "")


def _uses(view: View) -> Found:
    words = {file.protocol.value: set(_words(file)) for file in view.files}
    everywhere = set().union(*words.values())
    for file in view.files:
        for name in scope.constants(file):
            if name.value not in everywhere:
                yield Rule.UNUSED_CONST, name.span, f"no file uses `{name}`"
        for name in scope.types(file):
            if name.value not in everywhere:
                yield Rule.UNUSED_TYPE, name.span, f"no file uses `{name}`"


def _imports(view: View) -> Found:
    by_path = {resolved(file.source.path): file for file in view.files}
    for file in view.files:
        used = set(_words(file)) | {flow.states.value for flow in file.flows if flow.states}
        for name in file.imports:
            other = by_path[resolved(file.source.path.parent / name.value)]
            given = {text.value for declared in (scope.constants, scope.types, scope.machines)
                     for text in declared(other)}
            needed = bool(used & given) or (bool(file.flows) and other.roles is not None)
            if not needed:
                yield Rule.UNUSED_IMPORT, name.span, f"nothing of `{name}` is used here"


def _flows(view: View) -> Found:
    for file in view.files:
        used = {name.key for packet in file.packets for name in packet.flows}
        for flow in file.flows:
            if flow.name.key not in used:
                yield Rule.UNUSED_FLOW, flow.name.span, f"no packet goes `{flow.name}`"


def _states(view: View) -> Found:
    legal: dict[str, set[str]] = {}
    for _, _, packet in view.packets():
        for machine in {flow.machine for flow in packet.flows if flow.machine}:
            states = packet.states if packet.states is not None else range(len(machine.states))
            legal.setdefault(machine.name, set()).update(machine.states[i] for i in states)
    for file in view.files:
        for written in file.machines:
            for state in written.states:
                if state.value not in legal.get(written.name.value, {state.value}):
                    yield Rule.UNUSED_STATE, state.span, f"no packet is legal in `{state}`"


def _correlations(view: View) -> Found:
    replies = {(file.protocol.value, packet.reply.value)
               for file, packet, _ in view.packets() if packet.reply}
    for file, written, packet in view.packets():
        first = packet.fields[0].name if packet.fields else ""
        ends = {end for flow in packet.flows for end in (flow.sender, flow.receiver)}
        called = packet.reply or (file.protocol.value, packet.name) in replies
        if first == "correlation" and not called and not ends & view.outside:
            yield Rule.CORRELATION, written.name.span, f"`{packet.name}` has a correlation and " \
                "belongs to no call"


def _deprecated(view: View) -> Found:
    for _, written, packet in view.packets():
        if packet.deprecated is not None:
            continue
        for text, field in zip(written.fields, packet.fields, strict=True):
            for part in ir.inner_types(field.type) if field.deprecated is None else ():
                if isinstance(part, ir.Enum | ir.Flags | ir.Struct | ir.Union) \
                        and part.deprecated is not None:
                    yield Rule.DEPRECATED, text.type.span, f"`{text.type}` is deprecated"


def _notes(view: View) -> Found:
    for _, written, packet in view.packets():
        if not packet.doc:
            yield Rule.DOC, written.name.span, f"`{packet.name}` has no doc"
        for field in written.fields:
            if field.name.value.startswith(f"{packet.name}_"):
                yield Rule.REPEATS, field.name.span, f"`{field.name}` repeats `{packet.name}`"
        bools = [field for field in written.fields if field.type.value == "bool"]
        if len(bools) > _BOOLS_MAX:
            yield Rule.BOOLS, bools[_BOOLS_MAX].name.span, f"`{packet.name}` has {len(bools)} " \
                "bools, of a byte each"


def _replies(view: View) -> Found:
    for file, written, packet in view.packets():
        name = packet.name.removesuffix("_request")
        answers = {other.name.value for other in file.packets}
        if name != packet.name and packet.reply is None and f"{name}_reply" in answers:
            yield Rule.REPLY, written.name.span, f"`{packet.name}` does not say that " \
                f"`{name}_reply` answers it"


def _zeros(view: View) -> Found:
    for file in view.files:
        for enum in file.enums:
            if all(value.value.value != 0 for value in enum.values):
                yield Rule.ZERO, enum.name.span, f"`{enum.name}` has no value 0: a struct of " \
                    "zeros is not legal"


def _first_lines(view: View) -> Found:
    for file in view.files:
        if not file.source.text.startswith(SCHEMA_LINE):
            yield Rule.SCHEMA_LINE, Span(file.source, 1, 1), "the first line does not name the " \
                "language's schema"


CHECKS: tuple[Check, ...] = (_outside, _secrets, _uses, _imports, _flows, _states, _correlations,
                             _deprecated, _notes, _replies, _zeros, _first_lines)


def _allowed(source: SourceFile) -> dict[int, set[str]]:
    """By line: the rules that a comment lets pass."""
    found: dict[int, set[str]] = {}
    text = source.text.replace("\r\n", "\n")
    for comment in comments_of(text):
        match = _ALLOW.search(comment.text)
        if match is not None:
            line = comment.line + (2 if comment.alone else 1)
            found.setdefault(line, set()).update(re.findall(r"PL\d+", match[1]))
    return found


def run(compiled: Compiled) -> list[Diagnostic]:
    """All that is found, warnings and notes, in the order of files and lines."""
    assert compiled.program is not None
    view = View(compiled.files, compiled.program)
    allowed = {file.source.shown: _allowed(file.source) for file in compiled.files}
    found = [Diagnostic(rule, span, text, f"see: pcgen explain {rule.value}", rule.severity)
             for check in CHECKS for rule, span, text in check(view)
             if rule.value not in allowed[span.file.shown].get(span.line, set())]
    return sorted(set(found), key=Diagnostic.sort_key)
